"""Table in, Plotly figure out. No Streamlit, no queries, no colours: those come from the theme."""

from lib.charts.base import Manner, plain
from lib.charts.first_day import first_day
from lib.charts.rates import rates_over_time

__all__ = ["Manner", "first_day", "plain", "rates_over_time"]
