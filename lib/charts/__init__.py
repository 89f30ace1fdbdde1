"""Table in, Plotly figure out. No Streamlit, no queries, no colours: those come from the theme."""

from lib.charts.base import Manner, plain
from lib.charts.first_day import first_day
from lib.charts.pins import pinned
from lib.charts.ranked import ranked
from lib.charts.rates import rates_over_time

__all__ = ["Manner", "first_day", "pinned", "plain", "ranked", "rates_over_time"]
