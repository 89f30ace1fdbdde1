"""The facts of a campaign as a file beside its rollup, made when somebody first asks for what no rollup
holds.

One row per fact, in the order of the messages: `message` (counted from 0), `marks` (lib/reports/columns.py),
a column of keys for each dimension of DIMENSIONS, `purchase` and `amount` where the row has any. It has no
recipients, but links as they stand in the mails. What cannot be read of it is made anew.
"""

import hashlib
import logging
from contextlib import suppress
from pathlib import Path
from threading import Lock
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.reports.codes import Numbers
from lib.reports.columns import BITS, Facts, Keyed
from lib.reports.rollup import KEYS, facts_of
from lib.store.coded import TEXT
from lib.store.event_files import packing
from lib.store.events import APART, Events
from lib.store.library import Uncounted

DIMENSIONS = tuple(KEYS)
SOLD = {"purchase": pa.int64(), "amount": pa.int64()}
SCHEMA = pa.schema({"message": pa.int32(), "marks": pa.int64()} | dict.fromkeys(DIMENSIONS, TEXT) | SOLD)
MIXED = b"mixed"
"""In the file's own words: whether the amounts are in several currencies."""
FORM = b"form"
"""What its marks and columns mean. A file of another form is of another version of Vitrine."""

_one_at_a_time = Lock()
"""To make facts takes a processor for long; who waits mostly finds them made."""

log = logging.getLogger(__name__)


def facts(events: Events, place: str, one: Uncounted, dimensions: set[str]) -> Facts:
    """The facts of a campaign whose rollup is at `place`, with the keys of `dimensions`. Raises
    FileNotFoundError when its files have just been taken back.
    """
    path = events.facts(place)
    with suppress(FileNotFoundError, Unreadable):
        return _read(path, dimensions)
    with _one_at_a_time:
        with suppress(FileNotFoundError, Unreadable):
            return _read(path, dimensions)
        made = facts_of(events, one)
        _keep(events, made, path, events.path(place))
        return made


class Unreadable(Exception):
    """A file of facts that is damaged, or of another form."""


def form() -> bytes:
    """A number of what stands in a file of facts."""
    said = repr((sorted(BITS.items()), SCHEMA.names))
    return hashlib.sha256(said.encode()).hexdigest().encode()


def _read(path: Path, dimensions: set[str]) -> Facts:
    try:
        return _facts_in(path, dimensions)
    except (pa.ArrowException, KeyError, OSError) as problem:
        if isinstance(problem, FileNotFoundError):
            raise
        log.warning("the kept facts of a campaign cannot be read and are made anew: %s", problem)
        raise Unreadable from problem


def _facts_in(path: Path, dimensions: set[str]) -> Facts:
    names = ["message", "marks", *sorted(dimensions), *SOLD]
    with path.open("rb") as opened, pq.ParquetFile(opened, read_dictionary=list(dimensions)) as file:
        told = file.metadata.metadata or {}
        if told.get(FORM) != form():
            raise Unreadable
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


def _keep(events: Events, made: Facts, path: Path, rollup: Path) -> None:
    """Written elsewhere and moved, so that nobody reads half of it, and what a killed process leaves is swept
    up. What is not kept only has to be made again: on a full disk, or when an import has just replaced the
    rollup.
    """
    try:
        with events.workbench(f"{APART}{uuid4().hex}") as folder:
            unfinished = folder / path.name
            pq.write_table(_table(made), unfinished, compression=packing(len(made.marks)))
            unfinished.replace(path)
        if not rollup.exists():
            path.unlink(missing_ok=True)
    except OSError as problem:
        log.warning("the facts of a campaign are not kept: %s", problem)


def _table(made: Facts) -> pa.Table:
    count = len(made.marks)
    columns = {"message": made.message, "marks": made.marks}
    keys = {name: _column(made.keyed[name]) for name in DIMENSIONS}
    sold = {name: _spread(getattr(made, name), made.sales, count) for name in SOLD}
    mixed = b"yes" if made.mixed[0] else b"no"
    return pa.table(columns | keys | sold, schema=SCHEMA).replace_schema_metadata(
        {MIXED: mixed, FORM: form()}
    )


def _column(keyed: Keyed) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(keyed.codes, mask=keyed.codes < 0), keyed.names)


def _spread(values: Numbers, places: Numbers, count: int) -> pa.Array:
    spread, known = np.zeros(count, np.int64), np.zeros(count, bool)
    spread[places], known[places] = values, True
    return pa.array(spread, mask=~known)
