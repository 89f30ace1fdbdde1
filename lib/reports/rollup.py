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

The file of messages lies beside it (lib/reports/outcomes.py), and that of facts where there is one
(lib/reports/facts_file.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.reports import facts_file, few, sources
from lib.reports.codes import Numbers, distinct, firsts
from lib.reports.columns import (
    BARE_LINK,
    BITS,
    CLICKS_BEYOND,
    NO_TIME,
    TOLD_OPENS,
    Columns,
    columns,
    question,
    read,
)
from lib.reports.facts import facts_sql
from lib.reports.metrics import COUNTS
from lib.reports.outcomes import FORMS, outcomes
from lib.reports.rules import RULES_VERSION, WINDOWS
from lib.reports.sources import Named, Source
from lib.reports.tallies import OF_EVENTS, OF_MESSAGES, Pairs, Values, counted, sold
from lib.store import library
from lib.store.analytics import Analytics
from lib.store.event_files import packing
from lib.store.events import Events
from lib.store.library import Rolled, Uncounted
from lib.store.lots import Held

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

COUNTED_BY = (*KEYS, BARE_LINK)
"""The dimensions of each campaign's columns."""

FEW = "few_"
"""Before a dimension: the same with groups of few recipients merged; links are bare in it."""

ONLY_OF = {"product": "orders"}
"""Dimensions that not every event is asked for, and the count whose events are: an open has no product, known
or not.
"""

MERGED = tuple(name for name in KEYS if name != "hour")

MERGED_OF = {BARE_LINK if name == "link" else name: name for name in MERGED}
"""By dimension what it is called where groups of few recipients are merged."""

MOST_ACTIVE = 50
ROW_GROUP = 122_880
MANY_ROWS = 500_000
"""Beyond so many rows the facts of a campaign are asked for in a database of their own, and kept with its
rollup: to make them once more, for a filter, would take more memory than a server should need.
"""
HELD, NAMED, AGENTS = "held", "named", "agents"
"""The tables that the question about facts is asked of."""
READ, TOLD, BECAME = 0.1, 0.6, 0.8
"""How much of the work is done when the events are read, when their facts are told, and when it is known what
became of each message.
"""


def make(
    analytics: Analytics,
    uncounted: Sequence[Uncounted],
    held: Held | None = None,
    told: library.Step = lambda _part: None,
) -> list[Rolled]:
    """Count the live event files of some campaigns and write the rollup and the messages of each.

    `held` are the events in these files, where they are at hand. Hours are counted from `sent_at`, or else
    from the first event. Amounts are in `currency`, or else in the one that all of them name. A rollup is
    read by nobody until the records name it. Several campaigns at once are together in memory.
    """
    places = [analytics.events.place(one.campaign, f"rollup-{uuid4().hex}.parquet") for one in uncounted]
    overlapping = any(len(one.files) > 1 for one in uncounted)
    try:
        source = sources.source_of(held or sources.read([one.files for one in uncounted]))
        named = sources.named(source, uncounted)
        told(READ)
        found = _columns(analytics.events, source, named, overlapping=overlapping)
        del source
        told(TOLD)
        counts = _written(analytics.events, places, found, [one.start for one in named], told)
    except BaseException:
        analytics.events.remove_rollups(places)
        raise
    return [
        Rolled(totals, place, RULES_VERSION, one.start, one.currency)
        for totals, place, one in zip(counts, places, named, strict=True)
    ]


def remake_stale(analytics: Analytics, now: datetime) -> int:
    """Remake the rollups that older rules made; gives how many there were."""
    return library.reroll(analytics, make, RULES_VERSION, now)


def facts_of(events: Events, one: Uncounted) -> Columns:
    """The facts of one campaign, read from its files. Raises FileNotFoundError."""
    source = sources.source_of(sources.read([one.files]))
    return _columns(events, source, sources.named(source, [one]), overlapping=len(one.files) > 1)


def _columns(events: Events, source: Source, named: Sequence[Named], *, overlapping: bool) -> Columns:
    """A large campaign is asked about in a database of its own; small ones, one lot after the other, where
    the question is planned already: it looks at the events a dozen times.
    """
    asked = question(facts_sql(HELD, NAMED, AGENTS, overlapping=overlapping))
    tables = {HELD: source.events, NAMED: sources.table_of(named), AGENTS: source.agents}
    pages = sources.pages_of(source)
    if len(source.events) > MANY_ROWS:
        with events.apart() as database:
            for name, table in tables.items():
                database.register(name, table)
            return columns(read(database.sql(asked)), source, pages)
    with events.desk() as desk:
        for name, table in tables.items():
            desk.put(name, table)
        return columns(read(desk.ask(asked)), source, pages)


def _written(
    events: Events,
    places: Sequence[str],
    found: Columns,
    starts: Sequence[datetime | None],
    told: library.Step,
) -> list[dict[str, float]]:
    """Write the files of each campaign; gives the totals of each."""
    became = outcomes(found)
    told(BECAME)
    blocks = list(_blocks(found))
    rows = _rows(found, blocks, became, starts)
    edges = np.searchsorted(rows.column("campaign").to_numpy(), np.arange(found.campaigns + 1)).tolist()
    rows = rows.drop_columns("campaign")
    spans = zip(places, pairwise(edges), pairwise(found.starts.tolist()), strict=True)
    for place, (start, end), (first, last) in spans:
        target = events.path(place)
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(became.slice(first, last - first), events.messages(place))
        _write(rows.slice(start, end - start), target)
    if found.campaigns == 1 and len(found.marks) > MANY_ROWS:
        facts_file.write(found, KEYS, events.facts(places[0]))
    return _totals(blocks, found.campaigns)


def _write(rows: pa.Table, target: Path) -> None:
    texts = [field.name for field in rows.schema if field.type == pa.string()]
    pq.write_table(
        rows,
        target,
        compression=packing(len(rows)),
        row_group_size=ROW_GROUP,
        use_dictionary=texts,
        write_statistics=["message"] if "message" in rows.column_names else False,
        store_schema=False,
    )


@dataclass(frozen=True)
class _Groups:
    """The keys of a dimension, of each its campaign, and of each row the place of its own, or -1."""

    campaign: Numbers
    keys: list[str | None]
    key: Numbers


@dataclass(frozen=True)
class _Block:
    """The rows of one dimension: their campaigns, keys and counts."""

    dimension: str
    campaign: Numbers
    keys: list[str | None]
    counts: dict[str, Values]

    def only(self, rows: Numbers, dimension: str) -> "_Block":
        """Some of the rows, under another name."""
        return _Block(
            dimension,
            self.campaign[rows],
            [self.keys[row] for row in rows],
            {name: values[rows] for name, values in self.counts.items()},
        )


def _blocks(found: Columns) -> Iterator[_Block]:
    """The whole campaigns first; nothing of one where nothing happened."""
    if not len(found.marks):
        return
    held, place = np.unique(found.campaign, return_inverse=True)
    counts, _ = counted(found, place, held)
    whole = _Block("", held, [None] * len(held), counts)
    yield whole
    yield from _windows(found, whole)
    for name in COUNTED_BY:
        groups = _groups(found, name)
        if groups is None:
            continue
        counts, pairs = counted(found, groups.key, groups.campaign)
        block = _Block(name, groups.campaign, groups.keys, counts)
        yield block
        if name in MERGED_OF:
            yield from _with_few_merged(found, groups, block, pairs)


def _groups(found: Columns, dimension: str) -> _Groups | None:
    """The keys of a dimension: of each campaign its largest, OTHER for what lies beyond, and None where «not
    known» is one. None where no row has a key.
    """
    keyed = found.keyed[dimension]
    names = keyed.names.to_pylist()
    rows = np.flatnonzero(keyed.codes >= 0)
    if not len(rows):
        return None
    size = len(names)
    pairs = distinct(found.campaign[rows] * size + keyed.codes[rows], found.campaigns * size)
    campaign, code = np.divmod(pairs.values, size)
    kept = _largest(campaign, pairs.counts, KEYS["link" if dimension == BARE_LINK else dimension])
    groups = _Growing(campaign[kept], [names[one] for one in code[kept].tolist()])
    place = np.zeros(len(pairs.values), np.int64)
    place[kept] = np.arange(np.count_nonzero(kept))
    if not kept.all():
        place[~kept] = groups.of(campaign[~kept], OTHER)
    key = np.full(len(keyed.codes), -1)
    key[rows] = place[pairs.place]
    if dimension in ANYWHERE or dimension == "hour":
        has_keys = np.zeros(found.campaigns, bool)
        has_keys[campaign] = True
        unknown = np.flatnonzero((keyed.codes < 0) & has_keys[found.campaign])
        key[unknown] = groups.of(found.campaign[unknown], None)
    if dimension in ONLY_OF:
        key[found.marks & BITS[ONLY_OF[dimension]] == 0] = -1
    return groups.with_rows(key)


class _Growing:
    """Groups that more are added to, one for each campaign that has none of its key yet."""

    def __init__(self, campaign: Numbers, keys: list[str | None]) -> None:
        self.campaign = campaign
        self.keys = keys

    def of(self, campaign: Numbers, key: str | None) -> Numbers:
        """The place of the group with this key, for each of these campaigns."""
        wanted = np.bincount(campaign, minlength=int(self.campaign.max(initial=-1)) + 1) > 0
        found = np.full(len(wanted), -1)
        known = [place for place, one in enumerate(self.keys) if one == key]
        found[self.campaign[known]] = known
        new = np.flatnonzero(wanted & (found < 0))
        found[new] = len(self.keys) + np.arange(len(new))
        self.campaign = np.append(self.campaign, new)
        self.keys = [*self.keys, *([key] * len(new))]
        return found[campaign]

    def with_rows(self, key: Numbers) -> _Groups:
        """Those that any row belongs to."""
        held = np.bincount(key[key >= 0], minlength=len(self.keys)) > 0
        places = np.append(np.cumsum(held) - 1, -1)
        keys = [self.keys[place] for place in np.flatnonzero(held).tolist()]
        return _Groups(self.campaign[held], keys, places[key])


def _largest(campaign: Numbers, counts: Numbers, most: int | None) -> npt.NDArray[np.bool_]:
    """The groups of each campaign that most rows have; of such as are alike, the first ones."""
    kept = np.ones(len(campaign), bool)
    if most is None or np.bincount(campaign).max() <= most:
        return kept
    order = np.lexsort((np.arange(len(campaign)), -counts, campaign))
    rank = np.arange(len(order)) - np.searchsorted(campaign[order], campaign[order])
    kept[order] = rank < most
    return kept


def _with_few_merged(found: Columns, groups: _Groups, block: _Block, pairs: Pairs) -> Iterator[_Block]:
    """The rows once more, groups of few recipients of a campaign in one; exact there too."""
    dimension = f"{FEW}{MERGED_OF[block.dimension]}"
    is_small = _are_merged(found, groups, block, pairs)
    yield block.only(np.flatnonzero(~is_small), dimension)
    if not is_small.any():
        return
    campaign, place = np.unique(groups.campaign[is_small], return_inverse=True)
    ones = np.full(len(is_small) + 1, -1)  # the last one is for rows without a key
    ones[:-1][is_small] = place
    merged: dict[str, Values] = dict(pairs.renamed(ones).messages(len(campaign)))
    merged |= {name: np.bincount(place, block.counts[name][is_small]).astype(np.int64) for name in OF_EVENTS}
    merged |= sold(found, ones[groups.key], campaign)
    yield _Block(dimension, campaign, [OTHER] * len(campaign), merged)


def _are_merged(found: Columns, groups: _Groups, block: _Block, pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Which groups are shown as one with others of their campaign: see lib/reports/few.py."""
    is_small = np.zeros(len(groups.keys), bool)
    sizes = few.sizes({name: block.counts[name] for name in OF_MESSAGES})
    order = np.argsort(groups.campaign, kind="stable")
    for ours in np.split(order, firsts(groups.campaign[order])[1:]):
        if (sizes[ours] >= few.FEWEST).all():
            continue
        campaign = int(groups.campaign[ours[0]])
        mine = pairs.between(*found.starts[campaign : campaign + 2].tolist())
        is_small[_small_of(groups, ours, sizes, mine)] = True
    return is_small


def _small_of(groups: _Groups, ours: Numbers, sizes: npt.NDArray[np.number], pairs: Pairs) -> list[int]:
    """Of the groups of one campaign."""

    def places(some: frozenset[str | None]) -> list[int]:  # an empty text is no key either
        texts = {key or "" for key in some}
        return [place for place in ours.tolist() if (groups.keys[place] or "") in texts]

    def together(some: frozenset[str | None]) -> int:
        one = np.zeros(len(groups.keys), bool)
        one[places(some)] = True
        return few.size(pairs.together(one))

    by_key = {groups.keys[place]: int(sizes[place]) for place in ours.tolist()}
    return places(few.merged(by_key, together, OTHER))


def _windows(found: Columns, whole: _Block) -> Iterator[_Block]:
    """The whole campaigns for each of WINDOWS. A person's click implies that a person opened."""
    size, campaigns = len(found.messages), whole.campaign
    opens = np.bincount(found.message[found.having(TOLD_OPENS)], minlength=size)
    for window in WINDOWS:
        clicks = np.bincount(found.message[found.having(CLICKS_BEYOND[window])], minlength=size)
        implied = (opens == 0) & (clicks > 0)
        told = {
            "opens_people": opens + implied,
            "clicks_people": clicks,
            "unique_opens_people": (opens > 0) | implied,
            "unique_clicks_people": clicks > 0,
        }
        told |= {f"first_{name}_people": told[f"unique_{name}_people"] for name in ("opens", "clicks")}
        counts = dict(whole.counts)
        for name, values in told.items():
            counts[name] = np.bincount(found.of_message, values, found.campaigns).astype(np.int64)[campaigns]
        yield _Block("window", campaigns, [str(window)] * len(campaigns), counts)


def _rows(
    found: Columns, blocks: Sequence[_Block], became: pa.Table, starts: Sequence[datetime | None]
) -> pa.Table:
    """All rows of all rollups, campaign by campaign, in order, so that the same events give the same
    report.
    """
    rows = _table(blocks or [_Block("", np.zeros(0, np.int64), [], dict.fromkeys(COUNTS, np.zeros(0)))])
    whole = blocks[0].campaign if blocks else np.zeros(0, np.int64)
    for name, values in _of_whole(found, became, starts).items():
        others = pa.nulls(len(rows) - len(whole), values.type)
        rows = rows.append_column(name, pa.concat_arrays([values.take(pa.array(whole)), others]))
    rows = pa.concat_tables([rows, _most_active(found, became)], promote_options="default").combine_chunks()
    return rows.take(
        pc.sort_indices(rows, [("campaign", "ascending"), ("dimension", "ascending"), ("key", "ascending")])
    )


def _table(blocks: Sequence[_Block]) -> pa.Table:
    """The rows of all blocks: at once, for there are many small ones."""
    types = {"count": pa.int64(), "money": pa.float64()}
    sizes = [len(block.keys) for block in blocks]
    texts = {
        "campaign": pa.array(np.concatenate([block.campaign for block in blocks])),
        "dimension": pa.array([block.dimension for block in blocks], pa.string()).take(
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


def _of_whole(found: Columns, became: pa.Table, starts: Sequence[datetime | None]) -> dict[str, pa.Array]:
    """By campaign when it was opened and clicked last, and how soon half of it was."""
    told: dict[str, pa.Array] = {}
    for verb, _, end in FORMS:
        times = pc.fill_null(became.column(f"last_{verb}_at{end}").cast(pa.int64()), NO_TIME).to_numpy()
        last = np.full(found.campaigns, NO_TIME)
        np.maximum.at(last, found.of_message, times)
        told[f"last_{verb}_at{end}"] = pa.array(last, pa.timestamp("us"), mask=last == NO_TIME)
    for verb, name, end in FORMS:
        halves = _halves(found, became, f"first_{verb}_at{end}", f"{name}{end}", starts)
        told[f"half_{name}{end}"] = pa.array(halves, pa.float64())
    return told


def _halves(
    found: Columns, became: pa.Table, first_at: str, count: str, starts: Sequence[datetime | None]
) -> list[float | None]:
    """Seconds from the beginning to the first time of the middle one; unknown where that has no time, or one
    before the beginning.
    """
    counts = became.column(count).to_numpy()
    times = pc.fill_null(became.column(first_at).cast(pa.int64()), NO_TIME).to_numpy()
    halves: list[float | None] = []
    for start, (first, last) in zip(starts, pairwise(found.starts.tolist()), strict=True):
        theirs = times[first:last][counts[first:last] > 0]
        known = np.sort(theirs[theirs != NO_TIME])
        middle = (len(theirs) - 1) // 2
        seconds = -1.0
        if start is not None and 0 <= middle < len(known):
            seconds = float(known[middle] / 1e6 - start.timestamp())
        halves.append(seconds if seconds >= 0 else None)
    return halves


def _most_active(found: Columns, became: pa.Table) -> pa.Table:
    """The most active recipients of each campaign in either form, so that both rankings can be drawn."""
    deeds = {name: became.column(name).to_numpy() for _, name, end in FORMS for name in (f"{name}{end}",)}
    last_at = {
        end: pc.max_element_wise(
            became.column(f"last_opened_at{end}"), became.column(f"last_clicked_at{end}")
        )
        for end in ("", "_people")
    }
    late = pc.fill_null(last_at[""].cast(pa.int64()), NO_TIME).to_numpy()
    chosen = [
        first + places
        for first, last in pairwise(found.starts.tolist())
        for places in _busiest_of(
            {name: values[first:last] for name, values in deeds.items()}, late[first:last]
        )
    ]
    rows = pa.array(np.unique(np.concatenate(chosen)))
    table = pa.table(
        {"last_at": last_at[""], "last_at_people": last_at["_people"]}
        | {name: became.column(name) for name in deeds}
    ).take(rows)
    return (
        table.append_column("campaign", pa.array(found.of_message).take(rows))
        .append_column("dimension", pa.array(["message"] * len(rows), pa.string()))
        .append_column("key", became.column("message").take(rows).cast(pa.string()))
    )


def _busiest_of(deeds: dict[str, Numbers], late: Numbers) -> Iterator[Numbers]:
    active = np.flatnonzero(deeds["opens"] + deeds["clicks"])
    for end in ("", "_people"):
        opens, clicks = (deeds[f"{name}{end}"][active] for name in ("opens", "clicks"))
        yield active[_busiest(opens, clicks, late[active])]


def _busiest(opens: Numbers, clicks: Numbers, late: Numbers) -> Numbers:
    """The places of MOST_ACTIVE messages: who did most, then who clicked most, then who did so last."""
    deeds = opens + clicks
    least = np.partition(deeds, -MOST_ACTIVE)[-MOST_ACTIVE] if len(deeds) > MOST_ACTIVE else 0
    near = np.flatnonzero(deeds >= least)
    return near[np.lexsort((near, ~late[near], -clicks[near], -deeds[near]))[:MOST_ACTIVE]]


def _totals(blocks: Sequence[_Block], campaigns: int) -> list[dict[str, float]]:
    """The counts of each whole campaign, zeros where nothing happened."""
    totals: list[dict[str, float]] = [dict.fromkeys(COUNTS, 0) for _ in range(campaigns)]
    for whole in blocks[:1]:
        told = {name: pa.array(values, from_pandas=True).to_pylist() for name, values in whole.counts.items()}
        for place, campaign in enumerate(whole.campaign.tolist()):
            totals[campaign] = {name: values[place] for name, values in told.items()}
    return totals
