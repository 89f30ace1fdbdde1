"""Horizontal bars with their labels, the largest at the top."""

from collections.abc import Sequence

import plotly.graph_objects as go

from lib.charts.base import ENGLISH, Manner, dressed, plain

BAR = 30
"""Pixels of one bar with the gap below it."""
AROUND = 16
LONGEST = 34
"""Characters of a name beside its bar; hovering shows more of it."""


def ranked(
    names: Sequence[str],
    values: Sequence[float],
    texts: Sequence[str],
    label: str,
    manner: Manner = ENGLISH,
) -> go.Figure:
    """A bar per name from top to bottom in the order given, `texts` being its value as the reader writes it.

    `label` says what the bars count. Two names that look alike stay two bars. An unknown value (NaN) has no
    bar, its text stays.
    """
    places = list(range(len(names)))
    hover = [
        f"{plain(name, 120)}<br>{plain(label)}: {plain(text)}"
        for name, text in zip(names, texts, strict=True)
    ]
    figure = go.Figure(
        go.Bar(
            x=list(values),
            y=places,
            orientation="h",
            name=plain(label),
            text=[plain(text) for text in texts],
            textposition="auto",
            textangle=0,
            hovertext=hover,
            hoverinfo="text",
        )
    )
    figure.update_layout(bargap=0.3, showlegend=False)
    figure.update_xaxes(rangemode="tozero", fixedrange=True, visible=False)
    figure.update_yaxes(
        autorange="reversed",
        fixedrange=True,
        tickmode="array",
        tickvals=places,
        ticktext=[plain(name, LONGEST) for name in names],
        automargin=True,
        showgrid=False,
        zeroline=False,
    )
    dressed(figure, manner)
    figure.update_layout(hovermode="closest", height=BAR * max(len(names), 1) + AROUND)
    return figure
