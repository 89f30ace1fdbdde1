"""How counts grew since a sending: what had been reached at each moment."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

DAY = 24
FINE = 7 * DAY
"""Hours after the sending in which each is looked at; later only each day."""

Column = npt.NDArray[np.float64]
Hours = npt.NDArray[np.int64]


def grown(hours: Hours, counts: Mapping[str, Column]) -> pd.DataFrame:
    """The curves of some counts, given what each of the ascending whole `hours` since the sending added.

    Columns: `hours` (whole, from 0 to the end of the last one), and each count up to that moment. Between two
    rows a curve is a straight line. Rows on a line between their neighbours are left out, and after a week
    each day is one step, so each row is exact. A count that is not known (NaN) stays so.
    """
    grid = moments(int(hours[-1]) + 1 if len(hours) else 0)
    table = pd.DataFrame({"hours": grid})
    for name, column in counts.items():
        reached = np.concatenate([[0.0], np.cumsum(column)])
        # so many of the hours with events had ended at each moment
        reached_then = reached[np.searchsorted(hours + 1, grid, side="right")]
        table[name] = np.nan if np.isnan(column).any() else reached_then
    return without_level_rows(table)


def moments(last: int) -> Hours:
    """Every hour of the first week, then every day, and the last one."""
    days = np.arange(FINE + DAY, last, DAY)
    return np.unique(np.concatenate([np.arange(min(FINE, last) + 1), days, [last]]))


def without_level_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Without the rows between two rows that say the same: the curves through the others are the same."""
    said = table.drop(columns="hours").fillna(-1)
    same = (said == said.shift(1)).all(axis=1) & (said == said.shift(-1)).all(axis=1)
    return table[~same].reset_index(drop=True)
