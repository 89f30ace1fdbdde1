"""The facts of one campaign as columns of numbers, so that they can be counted without a query each.

One row per fact, in the order of the messages. What a fact counts for is one number, `marks`: bit n is set
where the condition of the nth of MARKED holds, so that a message's marks are the marks of its rows, joined
by «or».
"""

# ruff: noqa: S608 - the SQL is made of metrics and closed names

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.reports.metrics import COUNTS
from lib.reports.rules import WINDOWS
from lib.store.coded import own_words

Numbers = npt.NDArray[np.int64]

NO_TIME = np.iinfo(np.int64).min
"""Stands in `at` for a time that is not known; else it is in microseconds since 1970, UTC."""

TOLD_OPENS = "told_opens"
"""The mark of a person's open that an event tells."""

CLICKS_BEYOND = {window: f"clicks_beyond_{window}" for window in WINDOWS}
"""The mark of a click that is a person's if the windows of the rules were so many seconds long."""

MARKED: dict[str, str] = (
    {name: count.where for name, count in COUNTS.items()}
    | {TOLD_OPENS: "kind = 'opened' AND told AND people"}
    | {
        name: f"kind = 'clicked' AND COALESCE(apart_within > {window}, TRUE)"
        for window, name in CLICKS_BEYOND.items()
    }
)
BITS = {name: np.int64(1 << place) for place, name in enumerate(MARKED)}

BATCH = 100_000
CENTS = 10_000
"""An amount is counted in these parts of one, the places of DECIMAL(18, 4)."""


@dataclass(frozen=True)
class Keyed:
    """A column of keys: `names` in their order, and for each row its place there, or -1 without a key."""

    names: list[str]
    codes: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Columns:
    """`messages` are the names of all messages in order, `message` is a row's place among them.

    `sales` are the places of the rows with an order or an amount; `purchase` and `amount` belong to those
    rows: which purchase it is, and how many CENTS. `mixed`: the amounts are in several currencies.
    """

    messages: Numbers
    message: Numbers
    marks: Numbers
    at: Numbers
    keyed: dict[str, Keyed]
    sales: Numbers
    purchase: Numbers
    amount: Numbers
    mixed: bool

    def having(self, mark: str) -> Numbers:
        """The places of the rows with a mark."""
        return np.flatnonzero(self.marks & BITS[mark])


def question(facts: str, dimensions: Iterable[str]) -> str:
    """What `read` asks of the SELECT `facts`, with the keys of `dimensions`."""
    marks = " + ".join(f"CASE WHEN {where} THEN {BITS[name]} ELSE 0 END" for name, where in MARKED.items())
    sold = " OR ".join(COUNTS[name].where for name in ("orders", "revenue"))
    return (
        f"SELECT campaign, message, CAST({marks} AS BIGINT) AS marks, happened_at, mixed,"
        f" {', '.join(dimensions)},"
        f" CASE WHEN {sold} THEN purchase END AS purchase,"
        f" CASE WHEN {sold} THEN CAST(revenue * {CENTS} AS BIGINT) END AS amount"
        f" FROM ({facts}) AS facts"
    )


def read(answer: duckdb.DuckDBPyRelation) -> pa.Table:
    """The answer to `question`, as `columns` needs it; texts as dictionaries."""
    reader = answer.to_arrow_reader(BATCH)
    return pa.Table.from_batches([_coded(batch) for batch in reader], _schema(reader.schema))


def apart(table: pa.Table, campaigns: int) -> Iterator[pa.Table]:
    """The table of `read` for each campaign, from 0 to `campaigns`, as if it had been read alone."""
    if campaigns == 1:
        yield table
        return
    numbers = table.column("campaign").to_numpy()
    ordered = table.unify_dictionaries().take(pa.array(np.argsort(numbers, kind="stable")))
    starts = np.concatenate(([0], np.cumsum(np.bincount(numbers, minlength=campaigns))))
    for start, end in pairwise(starts.tolist()):
        yield ordered.slice(start, end - start)


def _coded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with its texts as places in a dictionary, which needs a tenth of the memory."""
    coded = [
        column.dictionary_encode() if pa.types.is_string(column.type) else column for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(coded, schema=_schema(batch.schema))


def _schema(schema: pa.Schema) -> pa.Schema:
    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [(field.name, text if pa.types.is_string(field.type) else field.type) for field in schema]
    )


def columns(table: pa.Table, dimensions: Iterable[str]) -> Columns:
    """The table of `read` as numbers, in the order of the messages."""
    names = table.column("message").to_numpy()
    order = np.argsort(names, kind="stable")
    names = names[order]
    is_new = np.ones(len(names), dtype=bool)
    is_new[1:] = names[1:] != names[:-1]
    at = pc.fill_null(table.column("happened_at").cast(pa.int64()), NO_TIME).to_numpy()[order]
    marks = table.column("marks").to_numpy()[order]
    sales = np.flatnonzero(marks & (BITS["orders"] | BITS["revenue"]))
    sold = table.select(["purchase", "amount"]).unify_dictionaries().take(pa.array(order[sales]))
    return Columns(
        messages=names[is_new],
        message=np.cumsum(is_new) - 1,
        marks=marks,
        at=at,
        keyed={name: _keyed(table.column(name), order) for name in dimensions},
        sales=sales,
        purchase=_keyed(sold.column("purchase"), np.arange(len(sales))).codes.astype(np.int64),
        amount=pc.fill_null(sold.column("amount"), 0).to_numpy(),
        mixed=bool(pc.any(table.column("mixed")).as_py()),
    )


def _keyed(column: pa.ChunkedArray, order: Numbers) -> Keyed:
    held = column.unify_dictionaries().combine_chunks()  # one column at a time: all at once need much more
    held = own_words(held) if pa.types.is_dictionary(held.type) else held.dictionary_encode()
    ranks = pc.sort_indices(held.dictionary).to_numpy()
    places = np.full(len(ranks) + 1, -1, dtype=np.int32)  # the last one stands for -1
    places[ranks] = np.arange(len(ranks), dtype=np.int32)
    codes = places[pc.fill_null(held.indices, -1).to_numpy()[order]]
    return Keyed([str(one) for one in held.dictionary.take(pa.array(ranks)).to_pylist()], codes)
