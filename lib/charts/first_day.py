"""Counts over the first 24 hours."""

import pandas as pd
import plotly.graph_objects as go

from lib.charts.base import ENGLISH, Manner, dressed, plain


def first_day(
    table: pd.DataFrame,
    labels: dict[str, str],
    manner: Manner = ENGLISH,
    totals: dict[str, str] | None = None,
) -> go.Figure:
    """Counts over the first 24 hours after the sending.

    `table` has one row per `hour` since the sending and one column of counts per key of `labels`, which are
    bars at the hour's number, and per key of `totals`, which are thin lines over them.
    """
    figure = go.Figure([_bars(table["hour"], table[column], label) for column, label in labels.items()])
    figure.add_traces(
        [_line(table["hour"], table[column], label) for column, label in (totals or {}).items()]
    )
    figure.update_layout(barmode="group", bargap=0.25, bargroupgap=0.05)
    figure.update_yaxes(rangemode="tozero", fixedrange=True, tickformat=",d")
    figure.update_xaxes(dtick=3, tick0=0, ticksuffix=manner.hour.format(""), fixedrange=True, tickangle=0)
    figure.update_xaxes(range=[-0.6, len(table) - 0.4], unifiedhovertitle_text=manner.since)
    return dressed(figure, manner)


def _bars(hours: "pd.Series[int]", counts: "pd.Series[int]", label: str) -> go.Bar:
    return go.Bar(x=hours, y=counts, name=plain(label), hovertemplate="%{y:,}")


def _line(hours: "pd.Series[int]", counts: "pd.Series[int]", label: str) -> go.Scatter:
    """A step per hour; the eye then takes it for a count, not for a speed."""
    return go.Scatter(
        x=hours,
        y=counts,
        name=plain(label),
        mode="lines",
        line={"shape": "hvh", "dash": "dot", "width": 1.5},
        hovertemplate="%{y:,}",
    )
