"""Rows on disk in the order in which they came, any number of them; each campaign's can be read by itself.

They lie there in blocks as Arrow has them in memory, so that a block is not read but looked at: the rows of
one campaign cost what they take themselves, however many others lie between them.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.store.coded import joined, narrowed, own_words
from lib.store.lots import Held

AT_ONCE = 64
"""Blocks that are looked at together: each of them is an open file."""


class _Run(NamedTuple):
    """Where some rows of a campaign lie side by side."""

    block: int
    start: int
    length: int


class Stack:
    """Takes tables of one schema, with a coded column `campaign`, and gives rows back as often as they are
    asked for, to several threads at once. Its files lie in `folder` and go with it.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder = folder
        self._schema = schema
        self._runs: dict[str, array[int]] = {}
        """By campaign; three numbers each, so that millions of them take little memory."""
        self._sizes: dict[str, int] = {}
        self._blocks = 0

    def add(self, table: pa.Table) -> None:
        """Put rows on top. Texts are coded."""
        if not len(table):
            return
        table = table.combine_chunks()
        campaigns = table.column("campaign").chunk(0)
        codes = campaigns.indices.to_numpy(zero_copy_only=False)
        if (codes[1:] < codes[:-1]).any():
            order = np.argsort(codes, kind="stable")
            table, codes = table.take(pa.array(order)), codes[order]
        _write(table, self._path(self._blocks))
        for start, end, code in _runs(codes):
            name = campaigns.dictionary[code].as_py()
            self._runs.setdefault(name, array("q")).extend((self._blocks, start, end - start))
            self._sizes[name] = self._sizes.get(name, 0) + end - start
        self._blocks += 1

    def size(self, campaign: str) -> int:
        """How many rows it has."""
        return self._sizes.get(campaign, 0)

    def rows(self, campaigns: Sequence[str], names: Sequence[str]) -> Held:
        """Columns of the campaigns' rows; each one's in the order in which they came."""
        runs = list(_side_by_side(chain.from_iterable(map(self._runs_of, campaigns))))
        parts = [self._some(names, runs[first : first + AT_ONCE]) for first in range(0, len(runs), AT_ONCE)]
        columns = {name: self._joined(name, [part[name] for part in parts]) for name in names}
        starts = np.cumsum([0, *map(self.size, campaigns)], dtype=np.int64)
        return Held(pa.table({name: narrowed(column) for name, column in columns.items()}), starts)

    def _runs_of(self, campaign: str) -> Iterator[_Run]:
        parts = iter(self._runs.get(campaign, ()))
        return map(_Run, parts, parts, parts)

    def _some(self, names: Sequence[str], runs: Sequence[_Run]) -> dict[str, pa.Array]:
        batches = [self._block(run.block).slice(run.start, run.length) for run in runs]
        return {name: self._joined(name, [self._column(name, batch) for batch in batches]) for name in names}

    def _column(self, name: str, batch: pa.RecordBatch) -> pa.Array:
        if name in batch.schema.names:
            return own_words(batch.column(name))
        return pa.nulls(len(batch), self._schema.field(name).type)

    def _joined(self, name: str, pieces: list[pa.Array]) -> pa.Array:
        return joined(pieces) if pieces else pa.nulls(0, self._schema.field(name).type)

    def _block(self, number: int) -> pa.RecordBatch:
        return pa.ipc.open_file(pa.memory_map(str(self._path(number)))).get_batch(0)

    def _path(self, number: int) -> Path:
        return self._folder / f"block-{number}.arrow"


def _write(table: pa.Table, path: Path) -> None:
    """In as few bytes as looking at it allows: without columns that hold nothing, places of words narrow."""
    columns = {
        name: narrowed(column.chunk(0))
        for name, column in zip(table.column_names, table.columns, strict=True)
        if column.null_count < len(table)
    }
    batch = pa.RecordBatch.from_pydict(columns)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def _runs(codes: npt.NDArray[np.integer]) -> Iterator[tuple[int, int, int]]:
    """(start, end, code) of rows with the same code, which lie together."""
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return ((start, end, int(codes[start])) for start, end in pairwise(edges))


def _side_by_side(runs: Iterable[_Run]) -> Iterator[_Run]:
    """The same, those in one that lie beside each other."""
    last: _Run | None = None
    for run in runs:
        if last and (last.block, last.start + last.length) == (run.block, run.start):
            last = last._replace(length=last.length + run.length)
            continue
        if last:
            yield last
        last = run
    if last:
        yield last
