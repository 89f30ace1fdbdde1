"""A campaign's counts by every dimension, made once at import so that a report reads no events.

A rollup is one small Parquet file: one row per (dimension, key) with one column per count. Distinct messages
are exact in every row. Beside the dimensions of KEYS there are:

- "", the whole campaign. Its row says more: last_opened_at, last_clicked_at (times in UTC), half_opens and
  half_clicks (the seconds from the beginning within which half of the messages that were ever opened or
  clicked were so for the first time), each also with `_people`; null where it is unknown.
- "window", the whole campaign once more for each length of WINDOWS, as if every window of the rules were so
  many seconds long. Only the counts of people differ.
- "message", the most active recipients.
- BARE_LINK, and FEW before a dimension: see there.

The file of messages lies beside it: see lib/reports/outcomes.py.
"""

# ruff: noqa: S608 - the SQL is made of closed names and paths that the manifest names

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple
from uuid import uuid4

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.reports import few, tokens
from lib.reports.columns import (
    BITS,
    CLICKS_BEYOND,
    NO_TIME,
    TOLD_OPENS,
    Columns,
    Numbers,
    apart,
    columns,
    question,
    read,
)
from lib.reports.facts import facts_of_several, facts_sql, numbered
from lib.reports.metrics import COUNTS
from lib.reports.outcomes import FORMS, outcomes
from lib.reports.rules import RULES_VERSION, WINDOWS
from lib.reports.tallies import OF_EVENTS, OF_MESSAGES, Pairs, Values, counted, is_among, sold
from lib.store import library
from lib.store.analytics import Analytics
from lib.store.events import Events, quoted, reading
from lib.store.library import Rolled, Uncounted
from lib.store.spool import STORED

OTHER = "*"
"""The key of the row that holds the long tail of a dimension."""

KEYS: dict[str, int | None] = {  # dimension: how many keys it keeps; None is all
    "hour": None,
    "link": 1000,
    "page": 1000,
    "placement": 1000,
    "product": 250,
    "domain": 50,
    "country": 250,
    "region": 250,
    "device": 50,
    "client": 50,
    "variant": 50,
    "reason": 100,
    "machine_reason": 50,
}

ANYWHERE = frozenset({"domain", "country", "region", "device", "client", "product", "variant"})
"""Dimensions where «not known» is a key of its own: None. Elsewhere what has no key is not shown."""

BARE_LINK = "bare_link"
"""The dimension of links without the recipients' own tokens."""

COUNTED_BY = (*KEYS, BARE_LINK)
"""The dimensions of each campaign's columns."""

FEW = "few_"
"""Before a dimension: the same with groups of few recipients merged; links are bare in it."""

ONLY_OF = {"product": "orders"}
"""Dimensions that not every event is asked for, and the count whose events are: an open has no product, known
or not.
"""

ONLY = {name: COUNTS[count].where for name, count in ONLY_OF.items()}

MERGED = tuple(name for name in KEYS if name != "hour")

MERGED_OF = {BARE_LINK if name == "link" else name: name for name in MERGED}
"""By dimension what it is called where groups of few recipients are merged."""

MOST_ACTIVE = 50
ROW_GROUP = 122_880
MANY_ROWS = 500_000
"""Beyond so many rows the facts are read in a database of their own."""
HELD, NAMED = "held", "named"
EVENTS = pa.schema(
    {"campaign": pa.int32(), "id": pa.int64(), "ordinal": pa.int32(), "import": pa.int32()}
    | {name: kind for name, kind in STORED.items() if name != "url"}
)
"""Of the events that are held in memory while their facts are asked for."""
NAMED_AS = pa.schema({"campaign": pa.int32(), "start": pa.float64(), "currency": pa.string()})
BARE = pa.schema({"campaign": pa.int32(), "link": pa.string(), "bare": pa.string(), "page": pa.string()})
TYPES = {"count": "BIGINT", "money": "DOUBLE"}


def make(analytics: Analytics, uncounted: Sequence[Uncounted]) -> list[Rolled]:
    """Count the live event files of some campaigns and write the rollup and the messages of each.

    Hours are counted from `sent_at`, or else from the first event. Amounts are in `currency`, or else in the
    one that all of them name. A rollup is read by nobody until the records name it. Several campaigns at once
    are together in memory.
    """
    places = [analytics.events.place(one.campaign, f"rollup-{uuid4().hex}.parquet") for one in uncounted]
    try:
        told = _told(analytics.events, uncounted)
        return [_written(analytics.events, place, one) for place, one in zip(places, told, strict=True)]
    except BaseException:
        analytics.events.remove_rollups(places)
        raise


def remake_stale(analytics: Analytics, now: datetime) -> int:
    """Remake the rollups that older rules made; gives how many there were."""
    return library.reroll(analytics, make, RULES_VERSION, now)


class _Named(NamedTuple):
    """When a campaign began, and its currency: as its claims say, or else its events."""

    start: datetime | None
    currency: str | None


class _Told(NamedTuple):
    """The facts of a campaign's events as columns. The table they are made of is not held on to: with a
    million recipients it is a tenth of a gigabyte.
    """

    named: _Named
    found: Columns


def _written(events: Events, place: str, told: _Told) -> Rolled:
    target, (start, currency) = events.path(place), told.named
    target.parent.mkdir(parents=True, exist_ok=True)
    became = outcomes(told.found)
    pq.write_table(became, events.messages(place), compression="zstd", row_group_size=ROW_GROUP)
    rows = _rows(told.found, became, start)
    pq.write_table(rows, target, compression="zstd")
    return Rolled(_totals(rows), place, RULES_VERSION, start, currency)


def _told(events: Events, uncounted: Sequence[Uncounted]) -> Iterator[_Told]:
    files = [file for one in uncounted for file in one.files]
    if len(uncounted) == 1 and sum(pq.read_metadata(file).num_rows for file in files) > MANY_ROWS:
        yield _told_by_many(events, *uncounted)
    else:
        yield from _told_at_desk(events, uncounted)


def _told_at_desk(events: Events, uncounted: Sequence[Uncounted]) -> Iterator[_Told]:
    """The events are held in memory: the question looks at them a dozen times. It is asked for all campaigns
    at once, which are told apart by their place among `uncounted`.
    """
    with events.desk() as desk:
        desk.put(HELD, _sources(uncounted), EVENTS)
        named = _named(desk.connection, HELD, uncounted)
        desk.put(NAMED, _table_of(named), NAMED_AS)
        desk.put("bare", cut_links(desk.connection, HELD), BARE)
        overlapping = any(len(one.files) > 1 for one in uncounted)
        facts = read(desk.ask(_asked(facts_of_several(HELD, NAMED, overlapping=overlapping))))
    for one, part in zip(named, apart(facts, len(named)), strict=True):
        yield _Told(one, columns(part, COUNTED_BY))


def _told_by_many(events: Events, one: Uncounted) -> _Told:
    """The events are read from their files, and the answer as it comes: neither fits into memory."""
    with events.apart() as cursor:
        source = reading(one.files)
        (named,) = _named(cursor, numbered(source), [one])
        cut_tokens(cursor, source)
        asked = _asked(facts_sql(source, *named, overlapping=len(one.files) > 1))
        return _Told(named, columns(read(cursor.sql(asked)), COUNTED_BY))


def _sources(uncounted: Sequence[Uncounted]) -> str:
    """The SELECT of all events, each with the place of its campaign."""
    places = [f"({quoted(str(file))}, {place})" for place, one in enumerate(uncounted) for file in one.files]
    source = reading((file for one in uncounted for file in one.files), "filename = true")
    names = ", ".join(f'held."{name}"' for name in EVENTS.names if name != "campaign")
    return (
        f"SELECT named.campaign, {names} FROM {source} AS held"
        f" JOIN (VALUES {', '.join(places)}) AS named(file, campaign) ON named.file = held.filename"
    )


def _asked(facts: str) -> str:
    return question(with_pages(facts), COUNTED_BY)


def _named(cursor: duckdb.DuckDBPyConnection, source: str, uncounted: Sequence[Uncounted]) -> list[_Named]:
    """What the claims of a campaign leave open its events say: it began with the first of them, and its
    currency is the one that all amounts name.
    """
    rows = cursor.execute(
        "SELECT campaign, COALESCE(MIN(CASE WHEN kind = 'sent' THEN happened_at END),"
        " MIN(CASE WHEN kind = 'delivered' THEN happened_at END), MIN(happened_at)),"
        f" LIST(DISTINCT currency) FILTER (revenue IS NOT NULL) FROM {source} GROUP BY campaign"
    ).fetchall()
    told = {campaign: (first, set(currencies or ()) - {None}) for campaign, first, currencies in rows}
    found = []
    for place, one in enumerate(uncounted):
        first, currencies = told.get(place, (None, set()))
        start = first.replace(tzinfo=UTC) if first else None
        currency = currencies.pop() if len(currencies) == 1 else None
        found.append(_Named(one.sent_at or start, one.currency or currency))
    return found


def _table_of(named: Sequence[_Named]) -> pa.Table:
    starts = [one.start.timestamp() if one.start else None for one in named]
    return pa.table([range(len(named)), starts, [one.currency for one in named]], schema=NAMED_AS)


def with_pages(facts: str) -> str:
    """`facts` with the columns of BARE_LINK, page and placement, where the table `bare` is filled."""
    return (
        f"SELECT told.*, bare.bare AS {BARE_LINK}, bare.page,"
        " CASE WHEN told.kind = 'clicked' THEN told.link_position || ' ' || bare.page END AS placement"
        f" FROM ({facts}) AS told LEFT JOIN bare ON bare.campaign = told.campaign AND bare.link = told.link"
    )


def cut_tokens(cursor: duckdb.DuckDBPyConnection, source: str) -> None:
    """Fill the table `bare` for one campaign."""
    cursor.register("bare", cut_links(cursor, numbered(source)))


def cut_links(cursor: duckdb.DuckDBPyConnection, source: str) -> pa.Table:
    """Each link of each campaign, what it is without recipients' tokens, and its page."""
    cursor.execute(
        "SELECT campaign, link, MIN(message), COUNT(DISTINCT message)"
        f" FROM {source} WHERE link IS NOT NULL GROUP BY campaign, link ORDER BY campaign"
    )
    told: list[tuple[int, str, str, str]] = []
    for campaign, rows in groupby(cursor.fetchall(), key=itemgetter(0)):
        links = [row[1:] for row in rows]
        names = [link for link, _, _ in links]
        cut = tokens.cut(names, tokens.differing(links))
        told += ((campaign, link, bare, page) for link, (bare, page) in zip(names, cut, strict=True))
    return pa.table([list(column) for column in zip(*told, strict=True)] or [[]] * 4, schema=BARE)


@dataclass(frozen=True)
class _Groups:
    """The keys of a dimension, of each row the place of its own (-1 where it has none), and the places that
    any row has.
    """

    keys: list[str | None]
    key: Numbers
    held: Numbers


@dataclass(frozen=True)
class _Block:
    """The rows of one dimension: their keys and counts."""

    dimension: str
    keys: list[str | None]
    counts: dict[str, Values]

    def only(self, rows: Numbers, dimension: str = "") -> "_Block":
        """Some of the rows, under another name where one is given."""
        return _Block(
            dimension or self.dimension,
            [self.keys[row] for row in rows],
            {name: values[rows] for name, values in self.counts.items()},
        )


def _rows(found: Columns, became: pa.Table, start: datetime | None) -> pa.Table:
    """All rows of the rollup, in order, so that the same events give the same report."""
    blocks = list(_blocks(found)) or [_Block("", [], dict.fromkeys(COUNTS, np.zeros(0)))]
    rows, whole = _table(blocks), len(blocks[0].keys)
    for name, value in _of_whole(became, start).items():
        others = pa.nulls(len(rows) - whole, value.type)
        rows = rows.append_column(name, pa.concat_arrays([value.slice(0, whole), others]))
    rows = pa.concat_tables([rows, _most_active(became)], promote_options="default")
    return rows.sort_by([("dimension", "ascending"), ("key", "ascending")])


def _blocks(found: Columns) -> Iterator[_Block]:
    """The whole campaign first; nothing where nothing happened."""
    if not len(found.marks):
        return
    counts, _ = counted(found, np.zeros(len(found.marks), dtype=np.int64), 1)
    whole = _Block("", [None], counts)
    yield whole
    yield _windows(found, whole)
    for name in COUNTED_BY:
        if groups := _groups(found, name):
            counts, pairs = counted(found, groups.key, len(groups.keys))
            block = _Block(name, groups.keys, counts).only(groups.held)
            yield block
            if name in MERGED_OF:
                yield from _with_few_merged(found, groups, block, pairs)


def _groups(found: Columns, dimension: str) -> _Groups | None:
    """The keys of a dimension: its largest, OTHER for what lies beyond, and None where «not known» is one."""
    keyed = found.keyed[dimension]
    if not keyed.names:
        return None
    most = KEYS["link" if dimension == BARE_LINK else dimension] or len(keyed.names)
    counts = np.bincount(keyed.codes[keyed.codes >= 0], minlength=len(keyed.names))
    kept = np.sort(np.lexsort((np.arange(len(counts)), -counts))[:most])
    keys: list[str | None] = [keyed.names[code] for code in kept]
    places = np.full(len(counts) + 1, -1)  # the last one is for what has no key
    places[kept] = np.arange(len(kept))
    if len(kept) < len(counts):
        places[:-1][places[:-1] < 0] = keys.index(OTHER) if OTHER in keys else len(keys)
        keys += [OTHER] if OTHER not in keys else []
    if dimension in ANYWHERE or dimension == "hour":
        places[-1] = len(keys)
        keys.append(None)
    key = places[keyed.codes]
    if dimension in ONLY_OF:
        key[found.marks & BITS[ONLY_OF[dimension]] == 0] = -1
    return _Groups(keys, key, np.flatnonzero(np.bincount(key[key >= 0], minlength=len(keys))))


def _with_few_merged(found: Columns, groups: _Groups, block: _Block, pairs: Pairs) -> Iterator[_Block]:
    """The rows once more, groups of few recipients in one; exact there too."""
    dimension = f"{FEW}{MERGED_OF[block.dimension]}"

    def places(keys: frozenset[str | None]) -> list[int]:  # an empty text is no key either
        texts = {key or "" for key in keys}
        return [place for place in groups.held if (groups.keys[place] or "") in texts]

    def together(keys: frozenset[str | None]) -> int:
        counts = pairs.among(places(keys)).messages(1)
        return few.size({name: int(values[0]) for name, values in counts.items()})

    sizes = few.sizes({name: block.counts[name] for name in OF_MESSAGES}).tolist()
    small = places(few.merged(dict(zip(block.keys, sizes, strict=True)), together, OTHER))
    is_small = is_among(groups.held, small)
    yield block.only(np.flatnonzero(~is_small), dimension)
    if small:
        key = np.where(is_among(groups.key, small), 0, -1)
        one: dict[str, Values] = {}
        one |= pairs.among(small).messages(1)
        one |= {name: block.counts[name][is_small].sum(keepdims=True) for name in OF_EVENTS}
        one |= sold(found, key, 1)
        yield _Block(dimension, [OTHER], one)


def _windows(found: Columns, whole: _Block) -> _Block:
    """The whole campaign for each of WINDOWS. A person's click implies that a person opened."""
    size = len(found.messages)
    opens = np.bincount(found.message[found.having(TOLD_OPENS)], minlength=size)
    bands = []
    for window in WINDOWS:
        clicks = np.bincount(found.message[found.having(CLICKS_BEYOND[window])], minlength=size)
        openers, clickers = ((opens > 0) | (clicks > 0)).sum(), (clicks > 0).sum()
        bands.append(
            {
                "opens_people": opens.sum() + ((opens == 0) & (clicks > 0)).sum(),
                "clicks_people": clicks.sum(),
                "unique_opens_people": openers,
                "unique_clicks_people": clickers,
                "first_opens_people": openers,
                "first_clicks_people": clickers,
            }
        )
    counts = {
        name: np.array([band.get(name, values[0]) for band in bands]) for name, values in whole.counts.items()
    }
    return _Block("window", [str(window) for window in WINDOWS], counts)


def _table(blocks: Sequence[_Block]) -> pa.Table:
    """The rows of all blocks: at once, for there are many small ones."""
    types = {"count": pa.int64(), "money": pa.float64()}
    sizes = [len(block.keys) for block in blocks]
    texts = {
        "dimension": pa.array([block.dimension for block in blocks]).take(
            pa.array(np.repeat(np.arange(len(blocks)), sizes))
        ),
        "key": pa.array([key for block in blocks for key in block.keys], pa.string()),
    }
    counts = {
        name: pa.array(
            np.concatenate([block.counts[name] for block in blocks]), types[count.format], from_pandas=True
        )
        for name, count in COUNTS.items()
    }
    return pa.table(texts | counts)


def _of_whole(became: pa.Table, start: datetime | None) -> dict[str, pa.Array]:
    """When the campaign was opened and clicked last, and how soon half of it was."""
    last = {
        f"last_{verb}_at{end}": pa.array(
            [pc.max(became.column(f"last_{verb}_at{end}")).as_py()], pa.timestamp("us")
        )
        for verb, _, end in FORMS
    }
    halves = {
        f"half_{name}{end}": pa.array(
            [_half(became, f"first_{verb}_at{end}", f"{name}{end}", start)], pa.float64()
        )
        for verb, name, end in FORMS
    }
    return last | halves


def _half(became: pa.Table, first_at: str, count: str, start: datetime | None) -> float | None:
    """Seconds from the beginning to the first time of the middle one; unknown where that has no time, or one
    before the beginning.
    """
    theirs = became.filter(pc.greater(became.column(count), 0)).column(first_at)
    times = np.sort(theirs.drop_null().cast(pa.int64()).to_numpy())
    middle = (len(theirs) - 1) // 2
    if start is None or not 0 <= middle < len(times):
        return None
    seconds = float(times[middle] / 1e6 - start.timestamp())
    return seconds if seconds >= 0 else None


def _most_active(became: pa.Table) -> pa.Table:
    """The most active recipients in either form, so that both rankings can be drawn."""
    opens, clicks, opens_people, clicks_people = (
        became.column(name).to_numpy() for name in ("opens", "clicks", "opens_people", "clicks_people")
    )
    last_at = {
        end: pc.max_element_wise(
            became.column(f"last_opened_at{end}"), became.column(f"last_clicked_at{end}")
        )
        for end in ("", "_people")
    }
    late = pc.fill_null(last_at[""].cast(pa.int64()), NO_TIME).to_numpy()
    active = np.flatnonzero(opens + clicks)
    places = [
        _busiest(*(column[active] for column in (*form, late)))
        for form in ((opens, clicks), (opens_people, clicks_people))
    ]
    chosen = pa.array(active[np.union1d(*places)])
    told = {name: became.column(name) for name in ("opens", "clicks", "opens_people", "clicks_people")}
    rows = pa.table({"last_at": last_at[""], "last_at_people": last_at["_people"]} | told).take(chosen)
    return rows.append_column("dimension", pa.array(["message"] * len(chosen), pa.string())).append_column(
        "key", became.column("message").take(chosen).cast(pa.string())
    )


def _busiest(opens: Numbers, clicks: Numbers, late: Numbers) -> Numbers:
    """The places of MOST_ACTIVE messages: who did most, then who clicked most, then who did so last."""
    deeds = opens + clicks
    least = np.partition(deeds, -MOST_ACTIVE)[-MOST_ACTIVE] if len(deeds) > MOST_ACTIVE else 0
    near = np.flatnonzero(deeds >= least)
    return near[np.lexsort((near, ~late[near], -clicks[near], -deeds[near]))[:MOST_ACTIVE]]


def _totals(rows: pa.Table) -> dict[str, float]:
    whole = rows.filter(pc.equal(rows.column("dimension"), "")).to_pylist()
    counts: dict[str, float] = whole[0] if whole else dict.fromkeys(COUNTS, 0)
    return {name: counts[name] for name in COUNTS}
