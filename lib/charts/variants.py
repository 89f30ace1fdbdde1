"""The variants of a test under each other, each with its interval."""

import pandas as pd
import plotly.graph_objects as go

from lib.charts.base import ENGLISH, Manner
from lib.charts.intervals import intervals


def variants(
    table: pd.DataFrame, labels: dict[str, str], manner: Manner = ENGLISH, *, rate: bool = True
) -> go.Figure:
    """A dot per variant on the interval in which its real value lies, the first row on top.

    `table` has the columns `name`, `value`, `low`, `high` and `words`, which is told of a dot; the numbers
    are fractions of 1 where they are rates, else amounts. `labels` as for `intervals`.
    """
    if rate:
        return intervals(table, labels, manner)
    numbers = {name: table[name] / 100 for name in ("value", "low", "high")}  # they will be per cent there
    return intervals(table.assign(**numbers), labels, manner).update_xaxes(ticksuffix="")
