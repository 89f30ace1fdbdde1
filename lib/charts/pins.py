"""Notes on a chart: a thin line with a number at each moment."""

from collections.abc import Sequence

import plotly.graph_objects as go

from lib.charts.base import plain

LINE = {"width": 1, "dash": "dot", "color": "gray"}
"""A line without a colour of its own is nearly black, also on a dark page."""
LONGEST = 400
"""Characters of a note that a chart tells."""
TOGETHER = 0.03
"""Numbers nearer to each other than this part of the chart stand as one: they would cover each other."""

Pin = tuple[float, int, str]
"""A place on the x axis, the number that stands there, and the words behind it."""


def pinned(figure: go.Figure, pins: Sequence[Pin], span: float) -> go.Figure:
    """The figure with a line and a number for each of `pins`; `span` is the length of its x axis.

    On an axis of categories a place is counted in categories from 0, and may lie between two.
    """
    for x, _number, _text in pins:
        figure.add_shape(type="line", x0=x, x1=x, y0=0, y1=1, yref="paper", line=LINE, layer="above")
    for near in _gathered(sorted(pins), span * TOGETHER):
        figure.add_annotation(
            x=near[0][0],
            y=1,
            yref="paper",
            xanchor="left",
            yanchor="top",
            showarrow=False,
            text=f"<b>{', '.join(str(number) for _x, number, _text in near)}</b>",
            hovertext="<br>".join(plain(text, LONGEST) for _x, _number, text in near),
        )
    return figure


def _gathered(pins: Sequence[Pin], near: float) -> list[list[Pin]]:
    found: list[list[Pin]] = []
    for pin in pins:
        if found and pin[0] - found[-1][0][0] <= near:
            found[-1].append(pin)
        else:
            found.append([pin])
    return found
