"""What draws a chart of a report."""

from collections.abc import Callable

import plotly.graph_objects as go

from lib.reports import Report

Draw = Callable[[Report, str], go.Figure | None]
"""The figure of a report in a language; None where the report has no data for it."""
