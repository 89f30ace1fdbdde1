"""A campaign's rollup, read once, and the rows of its dimensions as a scope may see them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from lib.model import Scope
from lib.reports.columns import BARE_LINK
from lib.reports.metrics import COUNTS
from lib.reports.rollup import FEW, MERGED
from lib.store.analytics import Analytics
from lib.store.remembered import remembered

Key = str | int | None
Read = TypeVar("Read")

KEPT = 16
"""Rollups that stay in memory. A large one takes a few megabytes."""


@dataclass(frozen=True)
class Part:
    """One campaign's rows of a dimension."""

    covers: Sequence[str]
    keys: list[Key]
    counts: Mapping[str, npt.NDArray[np.float64]]


class Rollup:
    """A rollup as columns; its rows lie dimension by dimension. Nothing of it ever changes."""

    def __init__(self, table: pa.Table) -> None:
        table = _by_dimension(table)
        self._table = table
        self._keys: list[str | None] = table.column("key").to_pylist()
        self._spans = _spans(table.column("dimension").to_pylist())
        self._counts = {name: _counted(table, name) for name in COUNTS}

    def holds(self, column: str) -> bool:
        """Whether it has this column; an older one may not."""
        return column in self._table.column_names

    def rows(self, dimension: str) -> pa.Table:
        """All columns of the rows of one dimension, whoever may see them."""
        span = self._span(dimension)
        return self._table.slice(span.start, span.stop - span.start)

    def part(self, dimension: str, covers: Sequence[str], scope: Scope) -> Part:
        """The rows of one dimension as `scope` may see them."""
        span = self._span(_redacted(dimension, scope))
        keys: list[Key] = list(self._keys[span])
        if dimension == "hour":
            keys = [int(key) if key else key for key in keys]
        return Part(covers, keys, {name: values[span] for name, values in self._counts.items()})

    def _span(self, dimension: str) -> slice:
        return self._spans.get(dimension, slice(0, 0))


def read(analytics: Analytics, place: str) -> Rollup:
    """The rollup at a place that the records name. Raises FileNotFoundError when an import has just replaced
    it.
    """
    return once(_read, analytics.events.path(place))


def once(reader: Callable[[Path, int], Read], path: Path) -> Read:
    """What `reader` makes of a file, given also when it was written: a reader that keeps what it made keeps
    it of this very file. Raises FileNotFoundError when it is gone.
    """
    return reader(path, path.stat().st_mtime_ns)


def retrying(read: Callable[[], Read]) -> Read:
    """Read again when an import replaced a rollup between the question to the records and the file."""
    for _attempt in range(5):
        try:
            return read()
        except FileNotFoundError:
            continue
    return read()


@remembered(KEPT)
def _read(path: Path, _written: int) -> Rollup:
    return Rollup(table_of(path))


def table_of(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A small file as a table: in one go, without the threads that pay for large ones."""
    return pq.ParquetFile(pa.BufferReader(path.read_bytes())).read(columns, use_threads=False)


def _by_dimension(table: pa.Table) -> pa.Table:
    """The rows of each dimension together, as they lie in all but old rollups."""
    dimensions = table.column("dimension").to_pylist()
    runs = sum(1 for _run in groupby(dimensions))
    return table if runs == len(set(dimensions)) else table.take(np.argsort(dimensions, kind="stable"))


def _spans(dimensions: list[str]) -> dict[str, slice]:
    """Where the rows of each dimension lie."""
    spans, start = {}, 0
    for dimension, rows in groupby(dimensions):
        stop = start + sum(1 for _row in rows)
        spans[dimension] = slice(start, stop)
        start = stop
    return spans


def _counted(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    """A column of the rollup; unknown where an older one does not hold it."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    values: npt.NDArray[np.float64] = table.column(name).to_numpy().astype(np.float64)
    values.setflags(write=False)
    return values


def _redacted(dimension: str, scope: Scope) -> str:
    """Where the rollup holds a dimension for `scope`; without it nothing is found, rather than too much."""
    if not scope.people and dimension in MERGED:
        return f"{FEW}{dimension}"
    return BARE_LINK if dimension == "link" and not scope.raw_links else dimension
