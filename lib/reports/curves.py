"""How counts grew since a sending: what had been reached at each moment."""

from collections.abc import Mapping, Sequence

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
    # so many of the hours with events had ended at each moment
    ended = np.searchsorted(hours + 1, grid, side="right")
    table = {name: np.concatenate([[0.0], np.cumsum(column)])[ended] for name, column in counts.items()}
    unknown = {name: np.full(len(grid), np.nan) for name, column in counts.items() if np.isnan(column).any()}
    kept = _bends(list((table | unknown).values()), len(grid))
    return pd.DataFrame(
        {"hours": grid[kept]} | {name: column[kept] for name, column in (table | unknown).items()}
    )


def moments(last: int) -> Hours:
    """Every hour of the first week, then every day, and the last one."""
    days = np.arange(FINE + DAY, last, DAY)
    return np.unique(np.concatenate([np.arange(min(FINE, last) + 1), days, [last]]))


def _bends(columns: Sequence[Column], rows: int) -> npt.NDArray[np.bool_]:
    """All but the rows between two rows that say the same: the curves through the others are the same."""
    said = np.nan_to_num(np.array(columns).reshape(len(columns), rows), nan=-1)
    same = (said[:, 1:] == said[:, :-1]).all(axis=0)
    level: npt.NDArray[np.bool_] = np.concatenate([[False], same]) & np.concatenate([same, [False]])
    return ~level
