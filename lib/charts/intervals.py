"""Dots on bands: a value in each row, and the range in which it may be expected."""

import pandas as pd
import plotly.graph_objects as go

from lib.charts.base import ENGLISH, Manner, dressed, plain

ROW = 46  # pixels of a row on one scale
ROW_APART = 62  # of a row with a line of words above it
FRAME = 90  # what axis and legend need besides
THICK = 0.42
THICK_APART = 0.3
LINE = 0.34  # how far above its band a line of words stands
WORDS = 100  # characters of a line of words
EDGE = -0.02  # room for half a dot at 0, of the width


def intervals(table: pd.DataFrame, labels: dict[str, str], manner: Manner = ENGLISH) -> go.Figure:
    """A dot on a band in each row, all on one scale in per cent, the first row on top.

    `table` has one row per dot: `name` (what it is) and `value`, `low`, `high` as fractions of 1. Without a
    `low` and `high` (NaN) a row has no band, without a `value` no dot. `labels` names what dots (`value`) and
    bands (`band`) are, in the legend.
    """
    places = [-float(number) for number in range(len(table))]
    spans = [table[name] * 100 for name in ("low", "high", "value")]
    figure = go.Figure(_dots_on_bands(spans, places, THICK, labels, _hover(table, manner)))
    figure.update_xaxes(ticksuffix=manner.percent, rangemode="tozero", fixedrange=True)
    figure.update_yaxes(tickvals=places, ticktext=[plain(name, 30) for name in table["name"]])
    return _framed(figure, ROW * len(table) + FRAME, manner)


def intervals_apart(table: pd.DataFrame, labels: dict[str, str], manner: Manner = ENGLISH) -> go.Figure:
    """A dot on a band in each row, each row on a scale of its own that begins with 0.

    For rates of different sizes, which one scale would make unreadable. `table` is as for `intervals`, and
    has `words`, the line that stands above a row and tells its numbers.
    """
    places = [-float(number) for number in range(len(table))]
    furthest = table[["value", "high"]].max(axis=1).replace(0, 1)
    spans = [table[name] / furthest for name in ("low", "high", "value")]
    figure = go.Figure(_dots_on_bands(spans, places, THICK_APART, labels, _hover(table, manner)))
    figure.add_scatter(
        x=[EDGE] * len(table),
        y=[place + LINE for place in places],
        text=[plain(words, WORDS) for words in table["words"]],
        mode="text",
        textposition="middle right",
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_xaxes(range=[EDGE, 1.04], visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, range=[-len(table) + 0.6, 0.6])
    return _framed(figure, ROW_APART * len(table) + FRAME // 2, manner)


def _dots_on_bands(
    spans: "list[pd.Series[float]]",
    places: list[float],
    thick: float,
    labels: dict[str, str],
    hover: list[str],
) -> list[go.Bar | go.Scatter]:
    low, high, value = spans
    band = go.Bar(
        x=high - low,
        base=low,
        y=places,
        width=thick,
        orientation="h",
        opacity=0.35,
        name=plain(labels["band"]),
        hoverinfo="skip",
    )
    dot = go.Scatter(
        x=value,
        y=places,
        mode="markers",
        marker={"size": 13},
        name=plain(labels["value"]),
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
    )
    return [band, dot]


def _hover(table: pd.DataFrame, manner: Manner) -> list[str]:
    if "words" in table:
        return [plain(words, WORDS) for words in table["words"]]
    numbers = [f"{value * 100:.2f}".replace(".", manner.separators[0]) for value in table["value"]]
    return [
        f"{plain(name)}: {number}{manner.percent}"
        for name, number in zip(table["name"], numbers, strict=True)
    ]


def _framed(figure: go.Figure, height: int, manner: Manner) -> go.Figure:
    figure.update_yaxes(fixedrange=True, zeroline=False, showgrid=False)
    dressed(figure, manner)
    figure.update_layout(height=height, hovermode="closest", bargap=0)
    return figure
