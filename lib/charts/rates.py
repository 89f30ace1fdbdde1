"""Rates over time."""

import pandas as pd
import plotly.graph_objects as go

from lib.charts.base import ENGLISH, Manner, dressed, plain


def rates_over_time(table: pd.DataFrame, labels: dict[str, str], manner: Manner = ENGLISH) -> go.Figure:
    """Lines over time, a point per row, in per cent.

    `table` has the columns `at` (time), `name` (what the point is) and one per key of `labels`, each a rate
    as a fraction of 1. Unknown rates (NaN) leave a gap, never a zero.
    """
    names = [plain(name) for name in table["name"]]
    figure = go.Figure([_line(table, column, label, names, manner) for column, label in labels.items()])
    figure.update_yaxes(ticksuffix=manner.percent, rangemode="tozero", fixedrange=True)
    figure.update_xaxes(tickformat=manner.month, hoverformat=manner.day, fixedrange=True)
    return dressed(figure, manner)


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
