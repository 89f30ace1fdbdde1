"""Rows on disk in the order in which they came, any number of them; each campaign's can be read by itself.

They lie there in blocks as Arrow has them in memory, so that a block is not read but looked at, by some
campaigns at a time: what their rows take, and once the words of the block.
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.store.coded import compact, joined, own_words
from lib.store.lots import Held

AT_ONCE = 64
"""Blocks that are looked at together: each of them is an open file."""
NOTHING = array("q")
NO_NUMBERS = np.zeros(0, np.int64)

Numbers = npt.NDArray[np.int64]


class _Runs(NamedTuple):
    """Rows of campaigns that lie side by side: in which block, from where on, and how many."""

    block: Numbers
    start: Numbers
    length: Numbers

    def at(self, places: Any) -> "_Runs":
        return _Runs(*(column[places] for column in self))


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
        """Columns of the campaigns' rows; each one's in the order in which they came.

        Each block is looked at once, for all of these campaigns together, however their rows lie mixed.
        """
        runs = self._runs_of(campaigns)
        order = np.argsort(runs.block, kind="stable")
        by_block, blocks = runs.at(order), np.unique(runs.block)
        parts = [
            self._some(names, by_block, blocks[first : first + AT_ONCE])
            for first in range(0, len(blocks), AT_ONCE)
        ]
        columns = {name: self._joined(name, [part[name] for part in parts]) for name in names}
        table = pa.table({name: compact(column) for name, column in columns.items()})
        starts = np.cumsum([0, *map(self.size, campaigns)], dtype=np.int64)
        return Held(_put_in_order(table, runs, order), starts)

    def _runs_of(self, campaigns: Sequence[str]) -> _Runs:
        """Campaign by campaign, in the order in which they came."""
        found = [np.frombuffer(self._runs.get(name, NOTHING), np.int64) for name in campaigns]
        return _Runs(*np.concatenate([*found, NO_NUMBERS]).reshape(-1, 3).T)

    def _some(self, names: Sequence[str], runs: _Runs, blocks: Numbers) -> dict[str, pa.Array]:
        """Of each of the blocks the rows of these runs, which are sorted by block."""
        edges = zip(*(np.searchsorted(runs.block, blocks, side) for side in ("left", "right")), strict=True)
        taken = [
            _taken(self._block(int(block), names), runs.at(slice(first, end)))
            for block, (first, end) in zip(blocks, edges, strict=True)
        ]
        return {name: self._joined(name, [self._column(name, batch) for batch in taken]) for name in names}

    def _column(self, name: str, batch: pa.RecordBatch) -> pa.Array:
        if name in batch.schema.names:
            return own_words(batch.column(name))
        return pa.nulls(len(batch), self._schema.field(name).type)

    def _joined(self, name: str, pieces: list[pa.Array]) -> pa.Array:
        return joined(pieces) if pieces else pa.nulls(0, self._schema.field(name).type)

    def _block(self, number: int, names: Sequence[str]) -> pa.RecordBatch:
        """Those of the columns that hold anything."""
        batch = pa.ipc.open_file(pa.memory_map(str(self._path(number)))).get_batch(0)
        return batch.select([name for name in names if name in batch.schema.names])

    def _path(self, number: int) -> Path:
        return self._folder / f"block-{number}.arrow"


def _write(table: pa.Table, path: Path) -> None:
    """In as few bytes as looking at it allows: without columns that hold nothing, places of words narrow."""
    columns = {
        name: compact(column.chunk(0))
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


def _taken(batch: pa.RecordBatch, runs: _Runs) -> pa.RecordBatch:
    """The rows of a block that lie in these runs; without a copy where they lie side by side."""
    first, end = int(runs.start[0]), int(runs.start[-1] + runs.length[-1])
    if (runs.start[1:] == runs.start[:-1] + runs.length[:-1]).all():
        return batch.slice(first, end - first)
    return batch.take(pa.array(_places(runs.start, runs.length)))


def _places(starts: Numbers, lengths: Numbers) -> Numbers:
    """All numbers from each start on, as many as its length."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - ends + lengths, lengths) + np.arange(ends[-1] if len(ends) else 0)


def _put_in_order(table: pa.Table, runs: _Runs, order: Numbers) -> pa.Table:
    """The rows of `runs`, which are in the table in the `order` of their blocks, in their own."""
    if (np.diff(order) == 1).all():
        return table
    starts = np.empty_like(runs.start)
    starts[order] = np.cumsum(runs.length[order]) - runs.length[order]
    return table.take(pa.array(_places(starts, runs.length)))
