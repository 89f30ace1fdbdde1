"""What all charts share: their manner, their margins, and names that are never read as HTML.

Plotly reads a small HTML in every text, so each name that comes from a file goes through `plain`.
"""

import html
from dataclasses import dataclass

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
    in_days: str = "{0}d"


ENGLISH = Manner()


def plain(text: object, length: int = 60) -> str:
    """`text` on one line, at most `length` characters, its signs never read as HTML or as a formula."""
    line = " ".join(str(text).split())
    short = line if len(line) <= length else line[: length - 1] + "…"
    return html.escape(short).replace("$", "&#36;").replace("%{", "%&#123;")


def dressed(figure: go.Figure, manner: Manner) -> go.Figure:
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
