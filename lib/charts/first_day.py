"""Counts over the first 24 hours."""

import pandas as pd
import plotly.graph_objects as go

from lib.charts.base import ENGLISH, Manner, dressed, plain


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
    return dressed(figure, manner)


def _bars(hours: list[str], counts: "pd.Series[int]", label: str) -> go.Bar:
    return go.Bar(x=hours, y=counts, name=plain(label), hovertemplate="%{y:,}")
