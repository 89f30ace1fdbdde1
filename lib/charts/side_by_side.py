"""How several campaigns' opens or clicks came in, each counted from its own sending."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from lib.charts.base import ENGLISH, Manner, dressed, plain

DASHES = ("solid", "dash", "dot", "dashdot")
"""In turn: lines differ by more than their colour, and still do where the theme's colours begin anew."""
NAME = 30
"""Characters of a campaign's name beside its line."""
HEIGHT = 330
ENTRY = 20
"""Pixels of one name below the chart."""


def side_by_side(
    table: pd.DataFrame, share: str, names: Mapping[str, str], hours: str, manner: Manner = ENGLISH
) -> go.Figure:
    """A rising line per campaign in per cent.

    `table` has the columns `campaign`, `hours` since the sending, and the one named by `share`, a fraction
    of 1, each campaign's rows by hours; `names` has what the campaigns are called, in the order of their
    lines. `hours` is the title of the axis.
    """
    figure = go.Figure()
    for place, (campaign, name) in enumerate(names.items()):
        own = table[(table["campaign"] == campaign) & table[share].notna()]
        if not own.empty:
            figure.add_trace(_line(own, share, name, DASHES[place % len(DASHES)], manner))
    figure.update_yaxes(ticksuffix=manner.percent, rangemode="tozero", fixedrange=True)
    figure.update_xaxes(rangemode="tozero", fixedrange=True, title_text=plain(hours), tickformat=",d")
    dressed(figure, manner)
    figure.update_layout(
        hovermode="closest",
        legend={"orientation": "v", "yanchor": "top", "y": -0.2, "xanchor": "left", "x": 0},
        height=HEIGHT + ENTRY * len(figure.data),
    )
    return figure


def _line(own: pd.DataFrame, share: str, name: str, dash: str, manner: Manner) -> go.Scatter:
    hour = manner.hour.format("%{x:,d}")
    return go.Scatter(
        x=own["hours"],
        y=own[share] * 100,
        name=plain(name, NAME),
        mode="lines",
        line={"dash": dash, "width": 2},
        hovertemplate=f"{plain(name)}<br>{hour} · %{{y:.2f}}{manner.percent}<extra></extra>",
    )
