"""Events of some campaigns as the question about their facts takes them: texts that are only compared are
numbers, in the order of the alphabet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.reports import tokens
from lib.reports.codes import Numbers, distinct, firsts
from lib.store.coded import TEXT, joined
from lib.store.event_ids import EPOCH
from lib.store.library import Uncounted
from lib.store.lots import Held
from lib.store.spool import STORED

CODED = frozenset(
    {
        *("reason", "link", "domain", "ip", "user_agent", "client", "device", "country", "region"),
        *("variant", "product"),
    }
)
EVENTS = pa.schema(
    {"campaign": pa.int32(), "id": pa.int64(), "ordinal": pa.int32(), "import": pa.int32()}
    | {name: pa.int32() if name in CODED else kind for name, kind in STORED.items() if name != "url"}
)
AGENTS = pa.schema({"user_agent": pa.int32(), "name": pa.string()})
NAMED = pa.schema({"campaign": pa.int32(), "start": pa.float64(), "currency": pa.string()})

KINDS = {name: TEXT if kind == pa.string() else kind for name, kind in STORED.items() if name != "url"}
KINDS |= {name: EVENTS.field(name).type for name in ("id", "ordinal", "import")}
"""Of the columns that are read from files."""

BEGINNING = ("sent", "delivered")
"""The kinds whose first event is the beginning; else the first of all is."""
NEVER = np.iinfo(np.int64).max
UNKNOWN = np.int32(-1)


@dataclass(frozen=True)
class Source:
    """`events` has the columns of EVENTS, those of each campaign together, from `starts` on; `words` are what
    the numbers in its columns of CODED stand for. A region has its country before it.
    """

    events: pa.Table
    words: dict[str, pa.StringArray]
    starts: Numbers

    @property
    def campaigns(self) -> int:
        return len(self.starts) - 1

    @property
    def agents(self) -> pa.Table:
        """The name of each program, as AGENTS."""
        names = self.words["user_agent"]
        return pa.table([pa.array(range(len(names)), pa.int32()), names], schema=AGENTS)


class Named(NamedTuple):
    """When a campaign began, and its currency."""

    start: datetime | None
    currency: str | None


@dataclass(frozen=True)
class Pages:
    """What each link of each campaign is without recipients' tokens, and its page. `pair` is the campaign
    times the number of all links, plus the number of the link; in order.
    """

    pair: Numbers
    bare: npt.NDArray[np.int32]
    page: npt.NDArray[np.int32]
    bares: pa.StringArray
    pages: pa.StringArray


def read(files: Sequence[Sequence[Path]]) -> Held:
    """The events in the files of each campaign. Raises FileNotFoundError."""
    tables = [[_read(path) for path in ours] for ours in files]
    every = [table for ours in tables for table in ours]
    columns = {name: joined(list(_pieces(every, name))) for name in KINDS}
    return Held(pa.table(columns), np.cumsum([0, *(sum(map(len, ours)) for ours in tables)], dtype=np.int64))


def _read(path: Path) -> pa.Table:
    texts = [name for name, kind in KINDS.items() if kind == TEXT]
    with path.open("rb") as opened, pq.ParquetFile(opened, read_dictionary=texts) as file:
        return file.read([name for name in KINDS if name in file.schema_arrow.names])


def _pieces(tables: list[pa.Table], name: str) -> Iterator[pa.Array]:
    """A column; what an older file does not have is unknown."""
    yield pa.nulls(0, KINDS[name])
    for table in tables:
        if name in table.column_names:
            yield from table.column(name).cast(KINDS[name]).chunks
        else:
            yield pa.nulls(len(table), KINDS[name])


def source_of(held: Held) -> Source:
    """The events as numbers, and their words."""
    columns: dict[str, pa.Array] = {"campaign": pa.array(held.campaign)}
    words: dict[str, pa.StringArray] = {}
    for name in EVENTS.names[1:]:
        if name in CODED:
            columns[name], words[name] = _in_order(held.events.column(name).chunk(0))
        elif name in held.events.column_names:
            columns[name] = held.events.column(name).chunk(0)
        else:  # all from one import: which one does not matter
            columns[name] = pa.array(np.zeros(len(held.events), np.int32))
    columns["region"], words["region"] = _places(columns["country"], columns["region"], words)
    return Source(pa.table(columns), words, held.starts)


def _in_order(column: pa.DictionaryArray) -> tuple[pa.Array, pa.StringArray]:
    order = pc.sort_indices(column.dictionary)
    places = np.empty(len(order), np.int32)
    places[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
    return pa.array(places).take(column.indices), column.dictionary.take(order)


def _places(
    country: pa.Array, region: pa.Array, words: dict[str, pa.StringArray]
) -> tuple[pa.Array, pa.StringArray]:
    """Country and region in one, as lib.reports.facts.PLACE."""
    countries, regions = (["", *words[name].to_pylist()] for name in ("country", "region"))
    codes = [column.fill_null(UNKNOWN).to_numpy().astype(np.int64) + 1 for column in (country, region)]
    pairs = distinct(codes[0] * len(regions) + codes[1], len(countries) * len(regions))
    names = [
        f"{countries[pair // len(regions)]}/{regions[pair % len(regions)]}" if pair else None
        for pair in pairs.values.tolist()
    ]
    return _in_order(pa.array(names, pa.string()).take(pa.array(pairs.place)).dictionary_encode())


def named(source: Source, uncounted: Sequence[Uncounted]) -> list[Named]:
    """What the claims of a campaign leave open its events say: it began with the first of them, and its
    currency is the one that all amounts name.
    """
    events = source.events
    at = events.column("happened_at").chunk(0).cast(pa.int64()).fill_null(NEVER).to_numpy()
    kinds = {name: _is(events.column("kind").chunk(0), name) for name in BEGINNING}
    found = []
    for place, one in enumerate(uncounted):
        mine = slice(*source.starts[place : place + 2].tolist())
        start = one.sent_at or _start(at[mine], [kinds[name][mine] for name in BEGINNING])
        found.append(
            Named(start, one.currency or _currency(events.slice(mine.start, mine.stop - mine.start)))
        )
    return found


def _is(column: pa.DictionaryArray, word: str) -> npt.NDArray[np.bool_]:
    place = pc.index(column.dictionary, word).as_py()
    found: npt.NDArray[np.bool_] = column.indices.to_numpy() == place
    return found


def _start(at: Numbers, kinds: list[npt.NDArray[np.bool_]]) -> datetime | None:
    for is_it in kinds:
        if (first := at[is_it].min(initial=NEVER)) < NEVER:
            return EPOCH + timedelta(microseconds=int(first))
    first = at.min(initial=NEVER)
    return EPOCH + timedelta(microseconds=int(first)) if first < NEVER else None


def _currency(events: pa.Table) -> str | None:
    paid = events.column("currency").filter(events.column("revenue").is_valid())
    named = paid.unique().drop_null().to_pylist()
    return named[0] if len(named) == 1 else None


def table_of(named: Sequence[Named]) -> pa.Table:
    """As NAMED."""
    starts = [one.start.timestamp() if one.start else None for one in named]
    return pa.table([range(len(named)), starts, [one.currency for one in named]], schema=NAMED)


def pages_of(source: Source) -> Pages:
    """Every link that a campaign has, taken apart."""
    links = source.words["link"]
    linked = source.events.select(["campaign", "link", "message"]).filter(source.events["link"].is_valid())
    campaign, link, message = (column.to_numpy() for column in linked.columns)
    pair = campaign.astype(np.int64) * len(links) + link
    order = np.lexsort((message, pair))
    pair, message = pair[order], message[order]
    starts, clicks = firsts(pair), firsts(pair, message)
    clickers = np.diff(np.searchsorted(clicks, np.append(starts, len(pair))))
    pair, message = pair[starts], message[starts]
    of, link = np.divmod(pair, max(len(links), 1))
    told = zip(links.take(pa.array(link)).to_pylist(), message.tolist(), clickers.tolist(), strict=True)
    cut: list[tuple[str, str]] = []
    for _campaign, ours in groupby(zip(of.tolist(), told, strict=True), key=itemgetter(0)):
        mine = [one for _, one in ours]
        cut += tokens.cut([name for name, _, _ in mine], tokens.differing(mine))
    bare, page = (pa.array([one[side] for one in cut], pa.string()).dictionary_encode() for side in (0, 1))
    return Pages(pair, bare.indices.to_numpy(), page.indices.to_numpy(), bare.dictionary, page.dictionary)
