"""How counts grew over the whole life of a campaign."""

import pandas as pd
import plotly.graph_objects as go

from lib.charts.base import ENGLISH, Manner, dressed, plain

DAY = 24
LONGEST_IN_HOURS = 4 * DAY


def life(table: pd.DataFrame, labels: dict[str, str], manner: Manner = ENGLISH) -> go.Figure:
    """A line per key of `labels` over the `hours` since the sending, as the rows of `table` give it.

    A column that ends in `_share` holds fractions of 1 and is drawn in per cent. The axis counts hours; over
    more than four days its marks stand at whole days.
    """
    figure = go.Figure([_line(table, column, label, manner) for column, label in labels.items()])
    rates = any(column.endswith("_share") for column in labels)
    figure.update_yaxes(rangemode="tozero", fixedrange=True, ticksuffix=manner.percent if rates else "")
    figure.update_yaxes(tickformat="" if rates else ",d")
    last = int(table["hours"].max())
    figure.update_xaxes(
        nticks=8, ticksuffix=manner.hour.format("")
    )  # also told on hovering, between the marks
    if last > LONGEST_IN_HOURS:
        days = _days(last)
        figure.update_xaxes(
            tickvals=[day * DAY for day in days], ticktext=[manner.in_days.format(day) for day in days]
        )
    figure.update_xaxes(range=[0, last], fixedrange=True, unifiedhovertitle_text=manner.since)
    return dressed(figure, manner)


def _line(table: pd.DataFrame, column: str, label: str, manner: Manner) -> go.Scatter:
    rate = column.endswith("_share")
    return go.Scatter(
        x=table["hours"],
        y=table[column] * 100 if rate else table[column],
        name=plain(label),
        mode="lines",
        hovertemplate=f"%{{y:.2f}}{manner.percent}" if rate else "%{y:,}",
    )


def _days(last: int) -> list[int]:
    """About six marks at round numbers of days."""
    whole = last // DAY
    step = next(step for step in (1, 2, 5, 7, 14, 30, 60, 90, 180, 365, 730, whole) if whole / step <= 7)
    return list(range(0, whole + 1, step))
