"""Rows on disk in the order in which they came, any number of them; each campaign's can be read by itself.

They lie there in blocks as Arrow has them in memory, so that a block is not read but looked at: the rows of
one campaign cost what they take themselves, however many others lie between them.
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.store.coded import joined, narrowed, own_words


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

    def rows(self, campaign: str, names: Sequence[str]) -> pa.Table:
        """Columns of a campaign's rows in the order in which they came, texts with their own words."""
        runs = [_Run(*run) for run in _by_three(self._runs.get(campaign, array("q")))]
        parts = [self._some(names, runs[first : first + AT_ONCE]) for first in range(0, len(runs), AT_ONCE)]
        columns = {name: [part[name] for part in parts] for name in names}
        return pa.table({name: narrowed(self._joined(name, pieces)) for name, pieces in columns.items()})

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


def _by_three(numbers: "array[int]") -> Iterator[tuple[int, int, int]]:
    parts = iter(numbers)
    return zip(parts, parts, parts, strict=True)
