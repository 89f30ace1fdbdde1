"""The notes in the reader's language, in a list and on the charts."""

import pandas as pd
import plotly.graph_objects as go

from lib import charts
from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.reports import Report
from lib.words import t


def where(chart: object, language: str) -> str:
    """On what a note is pinned: a chart by its code, else the whole report."""
    known = isinstance(chart, str)
    return t(language, f"report.section.{chart}") if known else t(language, "notes.whole_report")


def pinned(report: Report, chart: str, figure: go.Figure, span: float, shift: float = 0.0) -> go.Figure:
    """The figure with the report's notes on this chart.

    `span` is the length of its x axis in hours, `shift` how far beside its hour a moment is drawn.
    """
    section = report.sections.get("notes")
    if section is None or section.table is None:
        return figure
    mine: pd.DataFrame = section.table[section.table["chart"] == chart]
    rows = zip(mine["hour"], mine["number"], mine["text"], strict=True)
    return charts.pinned(figure, [(hour + shift, int(number), text) for hour, number, text in rows], span)


TABLES = {
    "notes": Table(
        (
            Column("number", "notes.number"),
            Column("text", "notes.text", "text", wide=True),
            Column("chart", "notes.where", "text", words=where),
            Column("hour", "notes.hour", "decimal"),
            Column("author", "notes.author", "text"),
            Column("at", "notes.at", "moment"),
        )
    )
}

CHARTS: dict[str, Draw] = {}
