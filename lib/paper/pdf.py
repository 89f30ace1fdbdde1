"""A report as a PDF on A4, set by Typst from a template of ours (docs/adr/0012-typst-sets-the-pdf.md).

All that a report says goes in as JSON and is set as text, never read as markup. The compiler may open the
folder of the template and the fonts, knows no packages and asks no network.
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import typst

from lib.paper import drawing, naming, numbers, story
from lib.paper.colours import palette
from lib.paper.sections import CHARTS, SENTENCES, TABLES, of_section, table_of
from lib.paper.tables import Column
from lib.paper.text import DEJAVU, FONTS
from lib.paper.workbook import Step
from lib.reports import FEWEST, METRICS, Report
from lib.reports.metrics import ABOUT_MONEY
from lib.words import REGIONS, t

TEMPLATE = Path(__file__).parent / "template"
WIDTH = 720
"""Pixels of a chart over the width of the text: its letters are then about as large as those of a table."""
MOST_ROWS = 40
"""Of a table; the whole of it leaves as CSV and XLSX."""
LONGEST_TITLE = 220
LONGEST_CELL = 160
NUMERIC = ("count", "rate", "share", "decimal", "money", "moment")


@dataclass(frozen=True)
class Edition:
    """For whom a PDF is made: by which agency, for which reader, when (aware), in which language."""

    brand: str
    reader: str
    made_at: datetime
    language: str


def make(report: Report, edition: Edition, on_step: Step | None = None) -> bytes:
    """The whole report; `on_step` is told before each section."""
    told = json.dumps(_data(report, edition, on_step), ensure_ascii=False)
    if on_step:
        on_step("", len(report.sections), len(report.sections))
    made = typst.compile(
        TEMPLATE / "report.typ",
        root=TEMPLATE,
        font_paths=[FONTS, DEJAVU],
        ignore_system_fonts=True,
        sys_inputs={"data": told},
        package_path=TEMPLATE,  # there are none
        package_cache_path=TEMPLATE,
        timestamp=int(edition.made_at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("Typst made no single file")
    return made


def _data(report: Report, edition: Edition, on_step: Step | None) -> dict[str, Any]:
    language, campaign = edition.language, report.campaign
    title = _cut(naming.campaign(report), LONGEST_TITLE)
    look = palette()
    made_on = numbers.moment(edition.made_at, language, campaign.zone)
    return {
        "lang": language,
        "region": REGIONS[language].partition("_")[2],
        "look": {
            "text": look.text,
            "quiet": look.quiet,
            "line": look.line,
            "ground": look.ground,
            "accent": look.accent,
        },
        "title": title,
        "running": _cut(title, 90),
        "description": t(language, "files.kind"),
        "brand": edition.brand,
        "badge": t(language, "sample.badge") if campaign.sample else "",
        "facts": [{"label": t(language, key), "value": value} for key, value in _facts(report, language)],
        "sentences": list(story.sentences(report, language)),
        "large": [
            {"label": t(language, f"metric.{one.name}"), "value": one.value, "below": one.words}
            for one in story.figures(report, language)
        ],
        "made_for": t(language, "files.made_for", name=edition.reader),
        "made_on": t(language, "files.made_on", moment=made_on),
        "sections": list(_sections(report, language, on_step)),
        "missing": [
            {"title": naming.table(name, language), "text": t(language, section.missing)}
            for name, section in report.sections.items()
            if section.table is None and section.missing
        ],
        "definitions": [_definition(name, language) for name in METRICS if _is_defined(report, name)],
        "words": {
            "kind": t(language, "files.kind"),
            "contents": t(language, "files.contents"),
            "missing": t(language, "files.missing"),
            "definitions": t(language, "files.definitions"),
            "rule": t(language, "report.people_rule"),
        },
    }


# --- the cover ------------------------------------------------------------------------------------


def _facts(report: Report, language: str) -> Iterator[tuple[str, str]]:
    campaign = report.campaign
    known = {
        "report.subject": campaign.subject,
        "report.audience": campaign.audience,
        "report.from": campaign.from_name or campaign.from_email,
        "report.sent": numbers.moment(campaign.sent_at, language, campaign.zone) if campaign.sent_at else "",
        "report.count": t(language, f"report.{report.form}") if campaign.has_events else "",
    }
    for key, value in known.items():
        if value:
            yield key, _cut(value, LONGEST_TITLE)


# --- sections -------------------------------------------------------------------------------------


def _sections(report: Report, language: str, on_step: Step | None) -> Iterator[dict[str, Any]]:
    known = [(name, section) for name, section in report.sections.items() if section.table is not None]
    for done, (name, section) in enumerate(known):
        title = naming.table(name, language)
        if on_step:
            on_step(title, done, len(known))
        parts = [*_charts(report, name, language), *_tables(report, name, language)]
        if not parts and not section.rows.empty:
            continue
        yield {
            "title": title,
            "lead": [t(language, "report.nothing")] if section.rows.empty else _told(report, name, language),
            "parts": parts,
            "note": t(language, section.note, number=FEWEST) if section.note else "",
        }


def _told(report: Report, section: str, language: str) -> list[str]:
    say = SENTENCES.get(section)
    return list(say(report, language)) if say else []


def _charts(report: Report, section: str, language: str) -> Iterator[dict[str, Any]]:
    for name in of_section(section, CHARTS):
        figure = CHARTS[name](report, language)
        if figure is not None:
            title = naming.table(name, language)
            picture = drawing.svg(figure, width=WIDTH).decode()
            own = "" if name == section else _headed(naming.part(name, language))
            yield {"kind": "chart", "title": own, "svg": picture, "alt": title}


def _tables(report: Report, section: str, language: str) -> Iterator[dict[str, Any]]:
    for name in of_section(section, TABLES):
        table = table_of(report, name)
        if table is not None and not table.empty and TABLES[name].shown(table):
            yield _table(report, name, table, language)


def _headed(title: str) -> str:
    return title[:1].upper() + title[1:]


def _table(report: Report, name: str, table: pd.DataFrame, language: str) -> dict[str, Any]:
    declared = TABLES[name]
    columns = declared.shown(table)
    headings = naming.headings(declared, table, report, language)
    some = declared.in_words(table.head(MOST_ROWS), language).astype(object)
    rows = [
        [_said(value, column, report, language) for value, column in zip(row, columns, strict=True)]
        for row in some.itertuples(index=False, name=None)
    ]
    left = len(table) - len(rows)
    return {
        "kind": "table",
        "title": "" if "." not in name else _headed(naming.part(name, language)),
        "headings": list(headings),
        "numeric": [column.kind in NUMERIC for column in columns],
        "widths": [_width(heading, [row[n] for row in rows]) for n, heading in enumerate(headings)],
        "rows": rows,
        "more": t(language, "files.more_rows", count=left, number=numbers.whole(left, language))
        if left
        else "",
    }


def _said(value: Any, column: Column, report: Report, language: str) -> Any:
    """A cell in the reader's language; a share with the length of its bar."""
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return numbers.UNKNOWN
    if column.kind == "share":
        return {"text": numbers.percent(float(value), language, 1), "bar": float(value)}
    if column.kind == "moment":
        return numbers.moment(value, language, report.campaign.zone)
    said = SAID.get(column.kind)
    return said(float(value), language) if said else _cut(value, LONGEST_CELL)


SAID: dict[str, Callable[[float, str], str]] = {
    "count": numbers.whole,
    "rate": numbers.percent,
    "decimal": numbers.decimal,
    "money": lambda value, language: numbers.money(value, language, None),
}


def _width(heading: str, cells: list[Any]) -> float:
    """How much of the page a column asks for, in signs."""
    words = max((len(word) for word in heading.split()), default=1)
    longest = max((len(cell) if isinstance(cell, str) else 22 for cell in cells), default=1)
    return float(min(max(words, longest, 4), 44) + 2)


# --- the end --------------------------------------------------------------------------------------


def _is_defined(report: Report, name: str) -> bool:
    """Money is not explained to those who may not see it."""
    hidden = name in ABOUT_MONEY and numbers.is_unknown(report.figures[name].value)
    return not name.endswith(naming.PEOPLE) and not hidden


def _definition(name: str, language: str) -> dict[str, str]:
    metric = METRICS[name]
    part, whole = getattr(metric, "part", None), getattr(metric, "whole", None)
    formula = (
        f"{t(language, f'metric.{part.name}')} ÷ {t(language, f'metric.{whole.name}')}"
        if part and whole
        else ""
    )
    return {
        "name": t(language, f"metric.{name}"),
        "formula": formula,
        "meaning": t(language, f"definition.{name}"),
    }


def _cut(text: object, longest: int) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
