"""For tests: what stands in an XLSX file, read from its own XML without a spreadsheet."""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True)
class Cell:
    """`kind` is "n" for a number, "s" for a text, "" for a cell that is only formatted."""

    kind: str
    value: str
    format: str


@dataclass(frozen=True)
class Book:
    """The sheets by name, each a list of rows, each a dictionary of cells by column letter."""

    sheets: dict[str, list[dict[str, Cell]]]
    xml: bytes
    """All parts of the file in one."""


def read(content: bytes) -> Book:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    shared = [
        "".join(text.text or "" for text in item.iter(f"{MAIN}t"))
        for item in ET.fromstring(parts.get("xl/sharedStrings.xml", b"<sst/>"))
    ]
    formats = _formats(parts["xl/styles.xml"])
    names = [sheet.get("name") for sheet in ET.fromstring(parts["xl/workbook.xml"]).iter(f"{MAIN}sheet")]
    sheets = {
        name: _rows(parts[f"xl/worksheets/sheet{number}.xml"], shared, formats)
        for number, name in enumerate(names, start=1)
    }
    return Book(sheets, b"\n".join(parts.values()))


def _formats(styles: bytes) -> list[str]:
    root = ET.fromstring(styles)
    own = {one.get("numFmtId"): one.get("formatCode") for one in root.iter(f"{MAIN}numFmt")}
    built_in = {"3": "#,##0", "4": "#,##0.00", "10": "0.00%", "49": "@", "0": "General"}
    cells = root.find(f"{MAIN}cellXfs")
    return [(own | built_in).get(one.get("numFmtId"), "?") for one in cells] if cells is not None else []


def _rows(sheet: bytes, shared: list[str], formats: list[str]) -> list[dict[str, Cell]]:
    root = ET.fromstring(sheet)
    assert root.find(f".//{MAIN}f") is None, "a formula"
    return [
        {re.sub(r"\d", "", cell.get("r", "")): _cell(cell, shared, formats) for cell in row}
        for row in root.iter(f"{MAIN}row")
    ]


def _cell(cell: ET.Element, shared: list[str], formats: list[str]) -> Cell:
    looks = formats[int(cell.get("s") or 0)]
    value = cell.find(f"{MAIN}v")
    if cell.get("t") == "s" and value is not None:
        return Cell("s", shared[int(value.text or 0)], looks)
    if cell.get("t") == "inlineStr":
        return Cell("s", "".join(text.text or "" for text in cell.iter(f"{MAIN}t")), looks)
    return Cell("n" if value is not None else "", (value.text or "") if value is not None else "", looks)
