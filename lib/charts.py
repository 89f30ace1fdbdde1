"""Table in, Plotly figure out. No Streamlit, no queries, no colours: those come from the theme.

Plotly reads a small HTML in every text, so each name that comes from a file goes through `plain`.
"""

import html
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

MARGIN = {"l": 0, "r": 0, "t": 8, "b": 0}
LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0, "title_text": ""}
HEIGHT = 260


@dataclass(frozen=True)
class Manner:
    """How a language writes numbers and dates; months as numbers where Plotly knows only English names."""

    separators: str = ".,"
    """The decimal sign, then that of the thousands."""
    percent: str = "%"
    hour: str = "{0}h"
    day: str = "%-d %b %Y"
    month: str = "%b %Y"
    since: str = "%{x} after sending"


ENGLISH = Manner()


def plain(text: object, length: int = 60) -> str:
    """`text` on one line, at most `length` characters, its signs never read as HTML or as a formula."""
    line = " ".join(str(text).split())
    short = line if len(line) <= length else line[: length - 1] + "…"
    return html.escape(short).replace("$", "&#36;").replace("%{", "%&#123;")


def rates_over_time(table: pd.DataFrame, labels: dict[str, str], manner: Manner = ENGLISH) -> go.Figure:
    """Lines over time, a point per row, in per cent.

    `table` has the columns `at` (time), `name` (what the point is) and one per key of `labels`, each a rate
    as a fraction of 1. Unknown rates (NaN) leave a gap, never a zero.
    """
    names = [plain(name) for name in table["name"]]
    figure = go.Figure([_line(table, column, label, names, manner) for column, label in labels.items()])
    figure.update_yaxes(ticksuffix=manner.percent, rangemode="tozero", fixedrange=True)
    figure.update_xaxes(tickformat=manner.month, hoverformat=manner.day, fixedrange=True)
    return _dressed(figure, manner)


def first_day(table: pd.DataFrame, labels: dict[str, str], manner: Manner = ENGLISH) -> go.Figure:
    """Counts over the first 24 hours after the sending.

    `table` has one row per `hour` since the sending and one column of counts per key of `labels`.
    """
    hours = [manner.hour.format(int(hour)) for hour in table["hour"]]
    figure = go.Figure([_bars(hours, table[column], label) for column, label in labels.items()])
    figure.update_layout(barmode="group", bargap=0.25, bargroupgap=0.05)
    figure.update_yaxes(rangemode="tozero", fixedrange=True, tickformat=",d")
    figure.update_xaxes(type="category", fixedrange=True, nticks=8, tickangle=0)
    figure.update_xaxes(unifiedhovertitle_text=manner.since)
    return _dressed(figure, manner)


def _bars(hours: list[str], counts: "pd.Series[int]", label: str) -> go.Bar:
    return go.Bar(x=hours, y=counts, name=plain(label), hovertemplate="%{y:,}")


def _line(table: pd.DataFrame, column: str, label: str, names: list[str], manner: Manner) -> go.Scatter:
    return go.Scatter(
        x=table["at"],
        y=table[column] * 100,
        name=plain(label),
        mode="lines+markers",
        connectgaps=False,
        customdata=names,
        hovertemplate=f"%{{y:.2f}}{manner.percent} · %{{customdata}}",
    )


def _dressed(figure: go.Figure, manner: Manner) -> go.Figure:
    """The figure in the manner of the house."""
    figure.update_layout(
        margin=MARGIN,
        legend=LEGEND,
        height=HEIGHT,
        hovermode="x unified",
        separators=manner.separators,
        dragmode=False,
    )
    return figure
