"""A chart of the report on the screen, as lib/paper/sections draws it."""

import streamlit as st

from lib.paper.sections import CHARTS
from lib.reports import Report
from lib.ui.i18n import language

CHART = {"displayModeBar": False}


def draw(report: Report, name: str, alt: str) -> None:
    """Draw the chart of this name; `alt` tells what it shows to those who do not see it."""
    figure = CHARTS[name](report, language())
    if figure is not None:
        st.plotly_chart(figure, config=CHART, alt=alt, key=f"chart-{name}-{report.form}")
