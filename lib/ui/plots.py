"""A chart of the report on the screen, as lib/paper/sections draws it."""

import plotly.graph_objects as go
import plotly.io as pio
import streamlit as st

from lib.paper.sections import CHARTS
from lib.reports import Report
from lib.ui import session
from lib.ui.i18n import language

CHART = {"displayModeBar": False}
NO_DATA = 1  # of the ten steps of the theme's sequence; the first is almost the page itself


def draw(report: Report, name: str, alt: str, on_a_phone: int | None = None) -> None:
    """Draw the chart of this name; `alt` tells what it shows to those who do not see it.

    `on_a_phone` is its height in pixels there, where that is another.
    """
    height = on_a_phone if session.on_a_phone() else None
    figure = _painted(report.mark, report, name, language(), height)
    if figure is None:
        return
    st.plotly_chart(figure, config=CHART, alt=alt, key=f"chart-{name}-{report.form}")


def drawn(report: Report) -> frozenset[str]:
    """The names of the charts for which this report has data."""
    return _drawn(report.mark, report, language())


@st.cache_resource(max_entries=256, show_spinner=False)
def _painted(mark: str, _report: Report, name: str, spoken: str, height: int | None) -> go.Figure | None:  # noqa: ARG001 - hashed
    """Kept, for making a figure takes longer than all else on the page; never changed after this."""
    figure = CHARTS[name](_report, spoken)
    if figure is not None:
        _paint(figure)
        figure.update_layout(height=height or figure.layout.height)
    return figure


@st.cache_resource(max_entries=512, show_spinner=False)
def _drawn(mark: str, _report: Report, spoken: str) -> frozenset[str]:  # noqa: ARG001 - hashed
    return frozenset(name for name, chart in CHARTS.items() if chart(_report, spoken) is not None)


def _paint(figure: go.Figure) -> None:
    """Fill what has a shade in the theme's sequence of colours.

    Plotly fills an outline by no colour scale. What stands in Streamlit's template are stand-ins that the
    browser replaces by the colours of the theme it shows, light or dark.
    """
    for trace in figure.data:
        if isinstance(trace.meta, dict) and "shade" in trace.meta:
            steps = [colour for _place, colour in pio.templates["streamlit"].layout.colorscale.sequential]
            colour = steps[round(trace.meta["shade"] * (len(steps) - 1)) or NO_DATA]
            if "lines" in trace.mode:
                trace.update(fillcolor=colour, line_color=steps[0])
            else:
                trace.update(marker_color=colour, marker_line_color=steps[0])
