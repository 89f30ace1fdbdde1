"""Events at hand, written as the file of events and the file of people of each campaign."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.store.coded import TEXT, is_coded, own_words
from lib.store.events import PEOPLE
from lib.store.lots import Held

Numbers = npt.NDArray[np.int64]

ROW_GROUP = 122_880
"""As DuckDB writes them."""
SMALL = 20_000
"""Rows of a file that is packed to be read and written quickly: beyond, how large it is counts for more."""
SEARCHED = ("message", "kind", "happened_at")
IMPORT = pa.field("import", pa.int32(), nullable=False)


def write(held: Held, stored: list[str], import_id: int, targets: Sequence[Path]) -> None:
    """Write the columns `stored` of each campaign's events, beside their id and ordinal, and who they are
    about, into the campaign's own place.
    """
    for target in targets:
        target.parent.mkdir(parents=True, exist_ok=True)
    events, campaign = held.events, held.campaign
    columns = events.select(["id", "ordinal", *stored])
    columns = columns.add_column(2, IMPORT, pa.array(np.full(len(columns), import_id, np.int32)))
    _write(columns, np.split(_order(campaign, events), held.starts[1:-1]), targets)
    firsts = _first_of_each(campaign, events)
    ends = np.searchsorted(campaign[firsts], np.arange(1, len(targets)))
    people = [target.with_suffix(PEOPLE) for target in targets]
    _write(events.select(["message", "address", "domain"]), np.split(firsts, ends), people)


def packing(rows: int) -> str:
    """How a file of so many rows is packed."""
    return "lz4" if rows < SMALL else "zstd"


def _write(rows: pa.Table, orders: list[Numbers], targets: Sequence[Path]) -> None:
    """Write the rows of each campaign in its order.

    Of one campaign as they are coded, one group of rows after the other, so that only one of them is copied
    at a time. Of several as plain texts, for a file holds no word of another campaign; to look for the words
    of each by itself takes longer.
    """
    if len(orders) == 1:
        groups = np.split(orders[0], range(ROW_GROUP, len(orders[0]), ROW_GROUP))
        _write_file((_coded(rows, places) for places in groups), len(orders[0]), targets[0])
        return
    plain = _plain(rows, np.concatenate(orders))
    start = 0
    for order, target in zip(orders, targets, strict=True):
        _write_file(iter([plain.slice(start, len(order))]), len(order), target)
        start += len(order)


def _coded(rows: pa.Table, places: Numbers) -> pa.Table:
    columns = {name: own_words(rows[name].chunk(0).take(pa.array(places))) for name in rows.column_names}
    return pa.table(columns, schema=_schema(rows, TEXT))


def _plain(rows: pa.Table, places: Numbers) -> pa.Table:
    columns = {
        name: column.chunk(0).take(pa.array(places))
        for name, column in zip(rows.column_names, rows.columns, strict=True)
    }
    texts = {name: column.dictionary_decode() for name, column in columns.items() if is_coded(column.type)}
    return pa.table(columns | texts, schema=_schema(rows, pa.string()))


def _write_file(groups: Iterator[pa.Table], rows: int, target: Path) -> None:
    """Without Arrow's own schema: whoever reads it finds plain texts. The smallest and the largest are told
    only of columns that are searched by them.
    """
    first = next(groups)
    texts = [field.name for field in first.schema if is_coded(field.type) or field.type == pa.string()]
    with pq.ParquetWriter(
        target,
        first.schema,
        compression=packing(rows),
        store_schema=False,
        use_dictionary=texts,
        write_statistics=[name for name in SEARCHED if name in first.column_names],
    ) as writer:
        for group in chain([first], groups):
            writer.write_table(group, row_group_size=ROW_GROUP)


def _schema(rows: pa.Table, text: pa.DataType) -> pa.Schema:
    return pa.schema([field.with_type(text) if is_coded(field.type) else field for field in rows.schema])


def _order(campaign: npt.NDArray[np.int32], events: pa.Table) -> Numbers:
    """By campaign, by kind, by time with what has none first, by id, by ordinal."""
    ids, ordinals = (events[name].to_numpy() for name in ("id", "ordinal"))
    at = events["happened_at"].chunk(0).cast(pa.int64()).fill_null(np.iinfo(np.int64).min).to_numpy()
    return np.lexsort((ordinals, ids, at, _ranks(events["kind"].chunk(0)), campaign))


def _ranks(texts: pa.DictionaryArray) -> Numbers:
    """The place of each text in the alphabet of all."""
    found: Numbers = pc.rank(texts.dictionary).to_numpy().astype(np.int64)[texts.indices.to_numpy()]
    return found


def _first_of_each(campaign: npt.NDArray[np.int32], events: pa.Table) -> Numbers:
    """The event of each message in which its address stands. Of addresses that are one but for their case
    the first in the alphabet.
    """
    message = events["message"].to_numpy()
    order = np.lexsort((_ranks(events["address"].chunk(0)), message, campaign))
    is_new = np.ones(len(order), bool)
    is_new[1:] = (np.diff(message[order]) != 0) | (np.diff(campaign[order]) != 0)
    return order[is_new]
