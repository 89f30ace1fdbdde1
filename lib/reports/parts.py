"""The rows of one dimension of a campaign's rollup, as a scope may see them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.model import Scope
from lib.reports.metrics import COUNTS
from lib.reports.rollup import BARE_LINK, FEW, MERGED

Key = str | int | None
Read = TypeVar("Read")


@dataclass(frozen=True)
class Part:
    """One campaign's rows of a dimension."""

    covers: Sequence[str]
    keys: list[Key]
    counts: dict[str, npt.NDArray[np.float64]]


def retrying(read: Callable[[], Read]) -> Read:
    """Read again when an import replaced a rollup between the question to the records and the file."""
    for _attempt in range(5):
        try:
            return read()
        except FileNotFoundError:
            continue
    return read()


def part_of(rollup: pa.Table, dimension: str, covers: Sequence[str], scope: Scope) -> Part:
    """The rows of one dimension of a rollup as `scope` may see them."""
    rows = rollup.filter(pc.equal(rollup.column("dimension"), _redacted(dimension, scope)))
    keys = rows.column("key").to_pylist()
    counts = {name: _counted(rows, name) for name in COUNTS}
    return Part(covers, [int(key) if dimension == "hour" and key else key for key in keys], counts)


def _counted(rows: pa.Table, name: str) -> npt.NDArray[np.float64]:
    """A column of the rollup; unknown where an older one does not hold it."""
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    values: npt.NDArray[np.float64] = rows.column(name).cast(pa.float64()).to_numpy()
    return values


def _redacted(dimension: str, scope: Scope) -> str:
    """Where the rollup holds a dimension for `scope`; without it nothing is found, rather than too much."""
    if not scope.people and dimension in MERGED:
        return f"{FEW}{dimension}"
    return BARE_LINK if dimension == "link" and not scope.raw_links else dimension
