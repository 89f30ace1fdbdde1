"""One campaign's rows of a spool, at hand as a table, written as its file of events and its file of people.

Texts are dictionaries all the way. A file holds only the words of its own rows: those of a spool's
dictionary belong to other campaigns too.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.store.events import PEOPLE

Numbers = npt.NDArray[np.int64]

ROW_GROUP = 122_880
"""As DuckDB writes them."""
SEARCHED = ("message", "kind", "happened_at")


def write(rows: pa.Table, stored: list[str], import_id: int, target: Path) -> None:
    """Write the columns `stored` of the rows, beside their id and ordinal, and who the rows are about."""
    names = ["id", "ordinal", *stored]
    columns = [_column(rows, name) for name in names]
    order = _order(*(columns[names.index(name)] for name in ("kind", "happened_at", "id", "ordinal")))
    made = [own_words(column.take(pa.array(order))) for column in columns]
    fields = [pa.field(name, column.type) for name, column in zip(names, made, strict=True)]
    fields.insert(2, pa.field("import", pa.int32(), nullable=False))
    made.insert(2, pa.array(np.full(len(order), import_id, np.int32)))
    _write(pa.table(made, schema=pa.schema(fields)), target)
    _write(_people(rows), target.with_suffix(PEOPLE))


def _write(table: pa.Table, target: Path) -> None:
    """Without Arrow's own schema: whoever reads it finds plain texts. The smallest and the largest are told
    only of columns that are searched by them.
    """
    texts = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    pq.write_table(
        table,
        target,
        compression="zstd",
        row_group_size=ROW_GROUP,
        store_schema=False,
        use_dictionary=texts,
        write_statistics=[name for name in SEARCHED if name in table.column_names],
    )


def _column(rows: pa.Table, name: str) -> pa.Array:
    return rows.column(name).unify_dictionaries().combine_chunks()


def _order(kind: pa.DictionaryArray, at: pa.Array, ids: pa.Array, ordinals: pa.Array) -> Numbers:
    """By kind, by time with what has none first, by id, by ordinal."""
    ranks = pc.rank(kind.dictionary).to_numpy().astype(np.int64)[kind.indices.to_numpy()]
    times = at.cast(pa.int64()).fill_null(np.iinfo(np.int64).min).to_numpy()
    return np.lexsort((ordinals.to_numpy(), ids.to_numpy(), times, ranks))


def own_words(column: pa.Array) -> pa.Array:
    """A column of texts with the words that it uses, and no others; other columns as they are."""
    if not pa.types.is_dictionary(column.type):
        return column
    codes = column.indices.fill_null(-1).to_numpy()
    used = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(column.dictionary)))
    places = np.full(len(column.dictionary) + 1, -1, np.int32)  # the last one is for what is not known
    places[used] = np.arange(len(used))
    codes = pa.array(places[codes], mask=codes < 0)
    return pa.DictionaryArray.from_arrays(codes, column.dictionary.take(pa.array(used)))


def _people(rows: pa.Table) -> pa.Table:
    """Each message with its address and domain, in order. Of addresses that are one but for their case the
    first in the alphabet.
    """
    message, address = rows.column("message").to_numpy(), own_words(_column(rows, "address"))
    alphabet = pc.rank(address.dictionary).to_numpy().astype(np.int64)[address.indices.to_numpy()]
    order = np.lexsort((alphabet, message))
    is_new = np.ones(len(order), bool)
    is_new[1:] = np.diff(message[order]) != 0
    firsts = order[is_new]
    chosen = pa.array(firsts)
    people = [address.take(chosen), _column(rows, "domain").take(chosen)]
    return pa.table([pa.array(message[firsts]), *map(own_words, people)], ["message", "address", "domain"])
