"""The facts of a campaign as a file beside its rollup, for what no rollup holds.

One row per fact, in the order of the messages: `message` (counted from 0), `marks` (lib/reports/columns.py),
a column of keys for each dimension, `purchase` and `amount` where the row has any. It has no recipients, but
links as they stand in the mails.
"""

import hashlib
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.reports.codes import Numbers
from lib.reports.columns import BITS, Facts, Keyed
from lib.store.coded import TEXT
from lib.store.event_files import packing

NUMBERS = {"message": pa.int32(), "marks": pa.int64()}
SOLD = {"purchase": pa.int64(), "amount": pa.int64()}
MIXED = b"mixed"
"""In the file's own words: whether the amounts are in several currencies."""
FORM = b"form"
"""What its marks and columns mean. A file of another form is of another version of Vitrine."""


class Unreadable(Exception):
    """A file of facts that is damaged, or of another form."""


def form() -> bytes:
    """A number of what the marks and columns of a file mean."""
    said = repr((sorted(BITS.items()), [*NUMBERS, *SOLD]))
    return hashlib.sha256(said.encode()).hexdigest().encode()


def write(made: Facts, dimensions: Collection[str], target: Path) -> None:
    """The facts of one campaign, with their keys in these dimensions."""
    count = len(made.marks)
    columns = {"message": made.message, "marks": made.marks}
    keys = {name: _column(made.keyed[name]) for name in dimensions}
    sold = {name: _spread(getattr(made, name), made.sales, count) for name in SOLD}
    schema = pa.schema(NUMBERS | dict.fromkeys(dimensions, TEXT) | SOLD)
    told = {MIXED: b"yes" if made.mixed[0] else b"no", FORM: form()}
    table = pa.table(columns | keys | sold, schema=schema).replace_schema_metadata(told)
    pq.write_table(table, target, compression=packing(count))


def read(path: Path, dimensions: Collection[str]) -> Facts:
    """The facts with their keys in these dimensions. Raises FileNotFoundError and Unreadable."""
    try:
        return _read(path, dimensions)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, KeyError, OSError) as problem:
        raise Unreadable(problem) from problem


def _read(path: Path, dimensions: Collection[str]) -> Facts:
    names = [*NUMBERS, *sorted(dimensions), *SOLD]
    with path.open("rb") as opened, pq.ParquetFile(opened, read_dictionary=list(dimensions)) as file:
        told = file.metadata.metadata or {}
        if told.get(FORM) != form():
            raise Unreadable("of another form")
        table = file.read(names, use_threads=False)
    is_sold = table.column("purchase").is_valid()
    purchase, amount = (table.column(name).filter(is_sold).to_numpy() for name in SOLD)
    return Facts(
        message=table.column("message").to_numpy().astype(np.int64),
        marks=table.column("marks").to_numpy(),
        keyed={name: _keyed(table.column(name)) for name in dimensions},
        sales=np.flatnonzero(is_sold.to_numpy()),
        purchase=purchase,
        amount=amount,
        mixed=np.array([told[MIXED] == b"yes"]),
    )


def _keyed(column: pa.ChunkedArray) -> Keyed:
    held = column.combine_chunks()
    return Keyed(held.dictionary, pc.fill_null(held.indices, -1).to_numpy())


def _column(keyed: Keyed) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(keyed.codes, mask=keyed.codes < 0), keyed.names)


def _spread(values: Numbers, places: Numbers, count: int) -> pa.Array:
    spread, known = np.zeros(count, np.int64), np.zeros(count, bool)
    spread[places], known[places] = values, True
    return pa.array(spread, mask=~known)
