"""The facts of some campaigns as columns of numbers, so that they can be counted without a query each.

One row per fact, in the order of the messages. What a fact counts for is one number, `marks`: bit n is set
where the condition of the nth of MARKED holds, so that a message's marks are the marks of its rows, joined
by «or».
"""

# ruff: noqa: S608 - the SQL is made of metrics and closed names

from dataclasses import dataclass
from functools import cached_property

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.reports.codes import Numbers, firsts
from lib.reports.metrics import COUNTS
from lib.reports.rules import WINDOWS
from lib.reports.sources import CODED, Pages, Source
from lib.store.coded import own_words

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

BARE_LINK = "bare_link"
"""The dimension of links without the recipients' own tokens."""

ASKED = (
    *("hour", "link", "product", "domain", "country", "region", "device", "client", "variant", "reason"),
    "machine_reason",
)
"""The dimensions that facts have; bare links, pages and placements are made of their links."""

BATCH = 100_000
CENTS = 10_000
"""An amount is counted in these parts of one, the places of DECIMAL(18, 4)."""


@dataclass(frozen=True)
class Keyed:
    """A column of keys: `names` in their order, and for each row its place there, or -1 without a key."""

    names: pa.StringArray
    codes: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Facts:
    """What counts are made of. `message` says which message a row is of; rows are in this order.

    `sales` are the places of the rows with an order or an amount; `purchase` and `amount` belong to those
    rows: which purchase it is, and how many CENTS. `mixed`: the amounts of a campaign are in several
    currencies.
    """

    message: Numbers
    marks: Numbers
    keyed: dict[str, Keyed]
    sales: Numbers
    purchase: Numbers
    amount: Numbers
    mixed: npt.NDArray[np.bool_]

    def having(self, mark: str) -> Numbers:
        """The places of the rows with a mark."""
        return np.flatnonzero(self.marks & BITS[mark])


@dataclass(frozen=True)
class Columns(Facts):
    """All that is known of the facts of several campaigns. `messages` are the names of the messages, those of
    each campaign in order, from `starts` on; `message` is a row's place among them.
    """

    messages: Numbers
    starts: Numbers
    at: Numbers

    @property
    def campaigns(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def of_message(self) -> Numbers:
        """Of each message its campaign."""
        return np.repeat(np.arange(self.campaigns), np.diff(self.starts))

    @cached_property
    def campaign(self) -> Numbers:
        """Of each row its campaign."""
        return self.of_message[self.message]


def question(facts: str) -> str:
    """What `read` asks of the SELECT `facts`."""
    marks = " + ".join(f"CASE WHEN {where} THEN {BITS[name]} ELSE 0 END" for name, where in MARKED.items())
    sold = " OR ".join(COUNTS[name].where for name in ("orders", "revenue"))
    return (
        f"SELECT campaign, message, CAST({marks} AS BIGINT) AS marks, happened_at, mixed,"
        f" {', '.join(ASKED)},"
        " CASE WHEN kind = 'clicked' THEN link_position END AS position,"
        f" CASE WHEN {sold} THEN purchase END AS purchase,"
        f" CASE WHEN {sold} THEN CAST(revenue * {CENTS} AS BIGINT) END AS amount"
        f" FROM ({facts}) AS facts"
    )


def read(answer: duckdb.DuckDBPyRelation) -> pa.Table:
    """The answer to `question`, as `columns` needs it; texts as dictionaries."""
    reader = answer.to_arrow_reader(BATCH)
    return pa.Table.from_batches([_coded(batch) for batch in reader], _schema(reader.schema))


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


def columns(table: pa.Table, source: Source, pages: Pages) -> Columns:
    """The table of `read` as numbers, in the order of the messages, with what its source says of them."""
    campaign, names = (table.column(name).to_numpy() for name in ("campaign", "message"))
    order = np.argsort(names, kind="stable") if source.campaigns == 1 else np.lexsort((names, campaign))
    campaign, names = campaign[order], names[order]
    new = firsts(campaign, names)
    at = pc.fill_null(table.column("happened_at").cast(pa.int64()), NO_TIME).to_numpy()[order]
    marks = table.column("marks").to_numpy()[order]
    sales = np.flatnonzero(marks & (BITS["orders"] | BITS["revenue"]))
    mixed = np.zeros(source.campaigns, bool)
    mixed[table.column("campaign").filter(table.column("mixed")).to_numpy()] = True
    sold = table.select(["purchase", "amount"]).combine_chunks().take(pa.array(order[sales]))
    return Columns(
        messages=names[new],
        starts=np.searchsorted(campaign[new], np.arange(source.campaigns + 1)),
        message=np.repeat(np.arange(len(new)), np.diff(np.append(new, len(names)))),
        marks=marks,
        at=at,
        keyed=_keyed(table, campaign, order, source, pages),
        sales=sales,
        purchase=_texts(sold.column("purchase"), np.arange(len(sales))).codes.astype(np.int64),
        amount=pc.fill_null(sold.column("amount"), 0).to_numpy(),
        mixed=mixed,
    )


def _keyed(
    table: pa.Table, campaign: Numbers, order: Numbers, source: Source, pages: Pages
) -> dict[str, Keyed]:
    """One column at a time: all at once need much more memory."""
    found: dict[str, Keyed] = {}
    for name in ASKED:
        if name in CODED:
            found[name] = Keyed(source.words[name], _codes(table.column(name), order))
        else:
            found[name] = _texts(table.column(name), order)
    return found | _of_links(campaign, found["link"], _codes(table.column("position"), order), pages)


def _codes(column: pa.ChunkedArray, order: Numbers) -> npt.NDArray[np.int32]:
    codes: npt.NDArray[np.int32] = pc.fill_null(column, -1).to_numpy()[order]
    return codes


def _of_links(
    campaign: Numbers, links: Keyed, position: npt.NDArray[np.int32], pages: Pages
) -> dict[str, Keyed]:
    linked = np.flatnonzero(links.codes >= 0)
    pairs = campaign[linked].astype(np.int64) * len(links.names) + links.codes[linked]
    place = np.searchsorted(pages.pair, pairs)
    bare, page = (np.full(len(campaign), -1, np.int32) for _ in range(2))
    bare[linked], page[linked] = pages.bare[place], pages.page[place]
    found = {BARE_LINK: _in_order(pages.bares, bare), "page": _in_order(pages.pages, page)}
    return found | {"placement": _placed(found["page"], position)}


def _placed(pages: Keyed, position: npt.NDArray[np.int32]) -> Keyed:
    """«position page» of the rows that have both."""
    rows = np.flatnonzero((pages.codes >= 0) & (position >= 0))
    size = len(pages.names)
    pairs, place = np.unique(position[rows].astype(np.int64) * size + pages.codes[rows], return_inverse=True)
    names = pages.names.to_pylist()
    told = [f"{pair // size} {names[pair % size]}" for pair in pairs.tolist()]
    codes = np.full(len(position), -1, np.int32)
    codes[rows] = place
    return _in_order(pa.array(told, pa.string()), codes)


def _texts(column: pa.ChunkedArray, order: Numbers) -> Keyed:
    """A column of texts or of numbers; the latter in their own order."""
    held = column.combine_chunks()
    held = own_words(held) if pa.types.is_dictionary(held.type) else held.dictionary_encode()
    return _in_order(held.dictionary, pc.fill_null(held.indices, -1).to_numpy()[order])


def _in_order(names: pa.Array, codes: npt.NDArray[np.int32]) -> Keyed:
    ranks = pc.sort_indices(names)
    places = np.full(len(ranks) + 1, -1, dtype=np.int32)  # the last one stands for -1
    places[ranks.to_numpy()] = np.arange(len(ranks), dtype=np.int32)
    return Keyed(names.take(ranks).cast(pa.string()), places[codes])
