"""A campaign's events, at hand as a table, written as its file of events and its file of people.

Texts are dictionaries all the way, so that a file holds each word once.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.store.coded import TEXT, is_coded, own_words
from lib.store.events import PEOPLE

Numbers = npt.NDArray[np.int64]

ROW_GROUP = 122_880
"""As DuckDB writes them."""
SMALL = 20_000
"""Rows of a file that is packed to be read and written quickly: beyond, how large it is counts for more."""
SEARCHED = ("message", "kind", "happened_at")
IMPORT = pa.field("import", pa.int32(), nullable=False)


def write(rows: pa.Table, stored: list[str], import_id: int, target: Path) -> None:
    """Write the columns `stored` of the rows, beside their id and ordinal, and who the rows are about."""
    names = ["id", "ordinal", *stored]
    _write(rows.select(names), _order(*(rows[name].chunk(0) for name in _SORTED_BY)), target, import_id)
    _write(*_people(rows), target.with_suffix(PEOPLE))


def packing(rows: int) -> str:
    """How a file of so many rows is packed."""
    return "lz4" if rows < SMALL else "zstd"


_SORTED_BY = ("kind", "happened_at", "id", "ordinal")


def _write(rows: pa.Table, order: Numbers, target: Path, import_id: int | None = None) -> None:
    """Write rows in this order, one group after the other, so that only one of them is copied at a time.

    Without Arrow's own schema: whoever reads it finds plain texts. The smallest and the largest are told
    only of columns that are searched by them.
    """
    schema = pa.schema([pa.field(field.name, _kind(field)) for field in rows.schema])
    if import_id is not None:
        schema = schema.insert(2, IMPORT)
    with pq.ParquetWriter(
        target,
        schema,
        compression=packing(len(order)),
        store_schema=False,
        use_dictionary=[field.name for field in schema if is_coded(field.type)],
        write_statistics=[name for name in SEARCHED if name in schema.names],
    ) as writer:
        for places in np.split(order, range(ROW_GROUP, len(order), ROW_GROUP)):
            columns = [own_words(column.chunk(0).take(pa.array(places))) for column in rows.columns]
            if import_id is not None:
                columns.insert(2, pa.array(np.full(len(places), import_id, np.int32)))
            writer.write_table(pa.table(columns, schema=schema), row_group_size=ROW_GROUP)


def _kind(field: pa.Field) -> pa.DataType:
    return TEXT if is_coded(field.type) else field.type


def _order(kind: pa.DictionaryArray, at: pa.Array, ids: pa.Array, ordinals: pa.Array) -> Numbers:
    """By kind, by time with what has none first, by id, by ordinal."""
    times = at.cast(pa.int64()).fill_null(np.iinfo(np.int64).min).to_numpy()
    return np.lexsort((ordinals.to_numpy(), ids.to_numpy(), times, _ranks(kind)))


def _ranks(texts: pa.DictionaryArray) -> Numbers:
    """The place of each text in the alphabet of all."""
    found: Numbers = pc.rank(texts.dictionary).to_numpy().astype(np.int64)[texts.indices.to_numpy()]
    return found


def _people(rows: pa.Table) -> tuple[pa.Table, Numbers]:
    """Message, address and domain, and the rows of the first of each message, in order. Of addresses that
    are one but for their case the first in the alphabet.
    """
    message = rows["message"].to_numpy()
    order = np.lexsort((_ranks(rows["address"].chunk(0)), message))
    is_new = np.ones(len(order), bool)
    is_new[1:] = np.diff(message[order]) != 0
    return rows.select(["message", "address", "domain"]), order[is_new]
