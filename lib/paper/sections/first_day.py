"""The first day in the reader's language."""

import plotly.graph_objects as go

from lib import charts
from lib.paper import numbers
from lib.paper.charted import Draw
from lib.paper.sections import notes
from lib.paper.tables import Column, Table
from lib.reports import Report
from lib.words import t

TABLES = {
    "first_day": Table(
        (
            Column("hour", "first_day.hour"),
            Column("first_opens", "first_day.first_opens"),
            Column("first_clicks", "first_day.first_clicks"),
            Column("opens", "metric.opens"),
            Column("clicks", "metric.clicks"),
        )
    )
}
FIRST = {"first_opens": "first_day.first_opens", "first_clicks": "first_day.first_clicks"}
TOTALS = {"opens": "metric.opens", "clicks": "metric.clicks"}

BEFORE_THE_MIDDLE = -0.5
"""An hour's bar stands around the hour's number, and holds what came after it."""


def _chart(report: Report, language: str) -> go.Figure | None:
    section = report.sections.get("first_day")
    if section is None or section.table is None:
        return None
    known = set(section.table.columns[section.table.notna().any()])
    first, totals = (
        {name: t(language, key) for name, key in names.items() if name in known} for names in (FIRST, TOTALS)
    )
    figure = charts.first_day(section.table, first, numbers.MANNERS[language], totals)
    return notes.pinned(report, "first_day", figure, len(section.table), BEFORE_THE_MIDDLE)


CHARTS: dict[str, Draw] = {"first_day": _chart}
