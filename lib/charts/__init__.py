"""Table in, Plotly figure out. No Streamlit, no queries, no colours: those come from the theme."""

from lib.charts.base import Manner, plain
from lib.charts.first_day import first_day
from lib.charts.intervals import intervals, intervals_apart
from lib.charts.life import life
from lib.charts.pins import pinned
from lib.charts.ranked import ranked
from lib.charts.rates import rates_over_time
from lib.charts.side_by_side import side_by_side
from lib.charts.variants import variants
from lib.charts.world import world

__all__ = [
    "Manner",
    "first_day",
    "intervals",
    "intervals_apart",
    "life",
    "pinned",
    "plain",
    "ranked",
    "rates_over_time",
    "side_by_side",
    "variants",
    "world",
]
