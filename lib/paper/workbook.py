"""Tables of a report for a spreadsheet: XLSX, and CSV with the headings that the reader sees.

What comes from a file stays a text: no cell of a workbook is ever a formula or a link, and in a CSV the
signs with which a formula could begin are defused. Numbers are numbers, times are times in the campaign's
zone, and unknown is an empty cell.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import pandas as pd
import xlsxwriter

from lib.paper import naming, numbers
from lib.paper.sections import TABLES, table_of
from lib.paper.tables import Column, Table
from lib.reports import Report
from lib.store import sheet
from lib.words import t

LONGEST_CELL = 32_767
"""Signs in a cell, Excel's own limit."""
MOST_ROWS = 1_048_576
"""Of a sheet, Excel's own limit; what does not fit goes on on a further sheet."""
LONGEST_NAME = 31
"""Signs in the name of a sheet."""
FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\uffff\U00010000-\U0010ffff]")
"""In the name of a sheet; signs that count as two are left out as well."""
EDGES = " '\xa0"
MEASURED = 200
"""Rows by which the width of a column is chosen."""
FORMATS = {
    "count": "#,##0",
    "rate": "0.00%",
    "share": "0.0%",
    "decimal": "#,##0.0",
    "money": "#,##0.00",
    "moment": "d mmm yyyy hh:mm",
}
LITERALLY = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "default_date_format": FORMATS["moment"],
}

Rows = Iterable[Sequence[Any]]
Step = Callable[[str, int, int], None]
"""Told what is made now, how many parts are done, and of how many."""


@dataclass(frozen=True)
class Leaf:
    """What becomes one sheet: its name, its columns with their headings, its rows in words."""

    name: str
    columns: tuple[Column, ...]
    headings: tuple[str, ...]
    rows: Rows
    zone: str = "UTC"


def leaf(report: Report, name: str, language: str) -> Leaf | None:
    """A table of the report by its name in TABLES; None where it has no data or is not shown."""
    table = table_of(report, name)
    if table is None:
        return None
    declared = TABLES[name]
    rows = declared.in_words(table, language).astype(object).itertuples(index=False, name=None)
    headings = naming.headings(declared, table, report, language)
    return Leaf(naming.table(name, language), declared.shown(table), headings, rows, report.campaign.zone)


def flowing(
    declared: Table, frames: Iterable[pd.DataFrame], name: str, report: Report, language: str
) -> Leaf:
    """A table too long to be held whole, from frames of its rows one after the other."""
    pieces = iter(frames)
    first = next(pieces, pd.DataFrame(columns=[column.name for column in declared.columns]))
    shown = declared.shown(first)

    def rows() -> Iterator[Sequence[Any]]:
        for frame in chain((first,), pieces):
            yield from declared.in_words(frame, language).astype(object).itertuples(index=False, name=None)

    headings = naming.headings(declared, first, report, language)
    return Leaf(name, shown, headings, rows(), report.campaign.zone)


# --- CSV ------------------------------------------------------------------------------------------


def csv(one: Leaf) -> Iterator[str]:
    """The lines of a table: rates as fractions of 1, times in ISO 8601 with the campaign's zone."""
    zone = ZoneInfo(one.zone)
    yield _line(one.headings)
    for row in one.rows:
        yield _line([_plain(value, zone) for value in row])


def _line(cells: Sequence[Any]) -> str:
    file = io.StringIO(newline="")
    sheet.write(file, [cells])
    return file.getvalue()


def _plain(value: Any, zone: ZoneInfo) -> Any:
    if _is_unknown(value):
        return ""
    if isinstance(value, datetime):
        return _local(value, zone).isoformat(timespec="seconds")
    if isinstance(value, float) and value.is_integer() and abs(value) > 1:
        return int(value)
    return value


# --- XLSX -----------------------------------------------------------------------------------------


def xlsx(
    leaves: Iterable[Leaf], to: Path | BinaryIO, cover: Sequence[Sequence[Any]] = (), language: str = "en"
) -> None:
    """Write a workbook of one sheet per leaf, behind a cover of names and values where one is given."""
    book = xlsxwriter.Workbook(to, {**LITERALLY, "constant_memory": True})
    try:
        names: set[str] = set()
        if cover:
            _cover(book, _sheet_name(t(language, "files.cover"), names), cover)
        for one in leaves:
            _sheets(book, one, names)
    finally:
        book.close()


def whole(report: Report, language: str, to: Path | BinaryIO, on_step: Step | None = None) -> None:
    """The report as a workbook: a cover with its figures, then every table that it has."""
    known = [name for name in TABLES if table_of(report, name) is not None]

    def leaves() -> Iterator[Leaf]:
        for done, name in enumerate(known):
            if on_step:
                on_step(naming.table(name, language), done, len(known))
            found = leaf(report, name, language)
            if found is not None:
                yield found

    xlsx(leaves(), to, cover_of(report, language), language)


def cover_of(report: Report, language: str) -> list[tuple[Any, ...]]:
    """Names and values: what the campaign is, in which form it is counted, its figures."""
    campaign = report.campaign
    rows: list[tuple[Any, ...]] = [
        (t(language, "files.campaign"), campaign.title or campaign.subject or campaign.native_id),
        (t(language, "report.subject"), campaign.subject or ""),
        (t(language, "report.audience"), campaign.audience or ""),
        (t(language, "report.sent"), numbers.moment(campaign.sent_at, language, campaign.zone)),
        (t(language, "report.count"), t(language, f"report.{report.form}")),
        (),
    ]
    for name, value, form in naming.figures(report):
        label = t(language, f"metric.{name}")
        money = f" ({campaign.currency})" if form == "money" and campaign.currency else ""
        rows.append((f"{label}{money}", value, form))
    return rows


def _cover(book: Any, name: str, rows: Sequence[Sequence[Any]]) -> None:
    page = book.add_worksheet(name)
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 60)
    page.hide_gridlines(2)
    bold = book.add_format({"bold": True, "valign": "top"})
    for line, row in enumerate(rows):
        if not row:
            continue
        page.write_string(line, 0, _text(row[0]), bold)
        form = row[2] if len(row) > 2 else "text"
        looks = {"num_format": FORMATS[form], "align": "left"} if form in FORMATS else {"text_wrap": True}
        _cell(page, line, 1, row[1], book.add_format(looks), ZoneInfo("UTC"))


def _sheets(book: Any, one: Leaf, names: set[str]) -> None:
    """The sheet of a table, and further ones where it is longer than a sheet may be."""
    rows = iter(one.rows)
    first = [row for row, _ in zip(rows, range(MEASURED), strict=False)]
    widths = [_width(column, heading, [row[n] for row in first])
              for n, (column, heading) in enumerate(zip(one.columns, one.headings, strict=True))]  # fmt: skip
    looks = [book.add_format(_look(column)) for column in one.columns]
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    page, line = _page(book, one, names, widths, head), 1
    for row in chain(first, rows):
        if line == MOST_ROWS:
            _finish(page, line, one)
            page, line = _page(book, one, names, widths, head), 1
        for place, value in enumerate(row):
            _cell(page, line, place, value, looks[place], ZoneInfo(one.zone))
        line += 1
    _finish(page, line, one)


def _page(book: Any, one: Leaf, names: set[str], widths: list[float], head: Any) -> Any:
    page = book.add_worksheet(_sheet_name(one.name, names))
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    for place, width in enumerate(widths):
        page.set_column(place, place, width)
    for place, heading in enumerate(one.headings):
        page.write_string(0, place, _text(heading), head)
    return page


def _finish(page: Any, lines: int, one: Leaf) -> None:
    if one.columns:
        page.autofilter(0, 0, max(lines - 1, 1), len(one.columns) - 1)


def _look(column: Column) -> dict[str, Any]:
    return {"num_format": FORMATS[column.kind]} if column.kind in FORMATS else {"num_format": "@"}


def _width(column: Column, heading: str, values: list[Any]) -> float:
    """In signs."""
    if column.kind == "moment":
        return 19
    longest = max((len(str(value)) for value in values if not _is_unknown(value)), default=0)
    if column.kind in FORMATS:
        longest = min(longest, 12)
    return float(min(max(10, longest + 2, min(len(heading) + 4, 24)), 70))


def _cell(page: Any, line: int, place: int, value: Any, look: Any, zone: ZoneInfo) -> None:
    if _is_unknown(value):
        page.write_blank(line, place, None, look)
    elif isinstance(value, bool):
        page.write_boolean(line, place, value, look)
    elif isinstance(value, datetime):
        page.write_datetime(line, place, _local(value, zone).replace(tzinfo=None), look)
    elif isinstance(value, int | float) or hasattr(value, "item"):
        page.write_number(line, place, float(value), look)
    else:
        page.write_string(line, place, _text(value), look)


def _text(value: Any) -> str:
    """Such as XML can hold, and never what XlsxWriter would take for markup of its own and write as it is."""
    text = re.sub(r"[\ud800-\udfff\ufffe\uffff]", "\ufffd", str(value))[:LONGEST_CELL]
    is_markup = text.startswith("<r>") and text.endswith("</r>")
    return f"{text[: LONGEST_CELL - 1]}\u200b" if is_markup else text


def _sheet_name(wanted: str, names: set[str]) -> str:
    """Legal in Excel, and no other sheet's, whatever the case of its letters; `names` learns it."""
    plain = FORBIDDEN.sub(" ", wanted).strip(EDGES) or "Table"
    name, number = plain[:LONGEST_NAME].strip(EDGES), 2
    while name.casefold() in names or name.casefold() == "history":  # Excel keeps that name for itself
        behind = f" {number}"
        name, number = f"{plain[: LONGEST_NAME - len(behind)].strip(EDGES)}{behind}", number + 1
    names.add(name.casefold())
    return name


def _local(value: datetime, zone: ZoneInfo) -> datetime:
    """A naive time is UTC."""
    at = pd.Timestamp(value)
    return (at.tz_localize("UTC") if at.tzinfo is None else at).tz_convert(zone).to_pydatetime()


def _is_unknown(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (
        isinstance(value, float) and (pd.isna(value) or value in (float("inf"), float("-inf")))
    )  # fmt: skip
