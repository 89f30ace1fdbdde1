"""One campaign narrowed by filters: what no rollup holds is counted from that campaign's events alone.

The rules are those of every figure (lib/reports/facts.py), and so are the keys: what lies beyond the largest
keys of a dimension in the rollup is «*» here too, in the rows of an answer as in a filter.
"""

# ruff: noqa: S608 - the SQL is made of paths that the manifest names

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import sqlalchemy as sa

from lib.model import Scope
from lib.reports import kept_facts
from lib.reports.codes import Numbers
from lib.reports.columns import BITS, Facts
from lib.reports.metrics import Count
from lib.reports.parts import Key, Part, Rollup, read, retrying
from lib.reports.rollup import ANYWHERE, KEYS, ONLY_OF, OTHER
from lib.reports.tallies import counted
from lib.store.analytics import Analytics
from lib.store.events import reading as reading_files
from lib.store.library import Uncounted
from lib.store.records import reading
from lib.store.tables import campaigns, files

Filter = tuple[str, str | None]
"""A dimension and one of its keys; None is «not known»."""

SIZE = ("recipients", "opens", "clicks", "bounces", "unsubscribes", "complaints", "orders")
"""What is added up to tell the large keys of a dimension from the small ones."""


class FilterRefused(Exception):
    """A question whose filters are not answered. `reason` is «hidden» (the scope hides recipients or their
    links, and answers to several filters would tell small groups apart), «several» (more than one campaign)
    or «no_key» (a dimension without «not known»).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class _Source:
    """A campaign's rollup, where it lies, and what it was made of."""

    covers: Sequence[str]
    place: str
    rollup: Rollup
    uncounted: Uncounted


def only_campaign(scope: Scope, where: Sequence[Filter]) -> str:
    """The campaign that filters may be asked of within `scope`; "" where it shows none.

    Raises FilterRefused.
    """
    if not (scope.people and scope.raw_links):
        raise FilterRefused("hidden")
    if any(key is None and dimension not in ANYWHERE for dimension, key in where):
        raise FilterRefused("no_key")
    if scope.campaigns is None or len(set(scope.campaigns)) > 1:
        raise FilterRefused("several")
    return next(iter(scope.campaigns), "")


def parts(
    analytics: Analytics, campaign: str, by: str, where: Sequence[Filter], counts: Iterable[Count]
) -> list[Part]:
    """The rows of the dimension `by` over the events that every filter of `where` lets through; with `by`
    empty one row whose key is the campaign. Without event files there is no part.
    """
    return retrying(lambda: _parts(analytics, campaign, by, where, counts))


def keys(analytics: Analytics, campaign: str) -> dict[str, list[Key]]:
    """What can be filtered by: the keys of each dimension that the events of a campaign have. First those of
    which most happened, «*» and None last; hours in their order. No scope is asked: for who sees everything.
    """
    source = retrying(lambda: _source_of(analytics, campaign))
    if source is None:
        return {}
    rows = {name: source.rollup.part(name, source.covers, Scope()) for name in KEYS}
    return {name: _ordered(name, part) for name, part in rows.items() if part.keys}


def events(analytics: Analytics, campaign: str) -> int:
    """How many events a campaign has, those in several files once; no scope is asked, as with `keys`."""
    return retrying(lambda: _events(analytics, campaign))


def _parts(
    analytics: Analytics, campaign: str, by: str, where: Sequence[Filter], counts: Iterable[Count]
) -> list[Part]:
    source = _source_of(analytics, campaign)
    if source is None:
        return []
    asked = {by, *(dimension for dimension, _ in where)} - {""}
    facts = kept_facts.facts(analytics.events, source.place, source.uncounted, asked)
    kept = _is_asked(facts, by)
    for dimension, key in where:
        kept &= _is_asked(facts, dimension) & _having(source.rollup, facts, dimension, key)
    groups = (
        _as_in_rollup(source.rollup, facts, by) if by else _Groups([campaign], np.zeros(len(kept), np.int64))
    )
    found, _ = counted(facts, np.where(kept, groups.place, -1), np.zeros(len(groups.keys), np.int64))
    values = {count.name: found.get(count.name, np.zeros(len(groups.keys))).astype(float) for count in counts}
    held = np.bincount(groups.place[kept], minlength=len(groups.keys)) > 0
    if not by:
        return [Part(source.covers, [campaign], values if held[0] else dict.fromkeys(values, np.zeros(1)))]
    rows = np.flatnonzero(held) if len(source.rollup.rows(by)) else np.zeros(0, np.int64)
    keys = [_key(by, groups.keys[row]) for row in rows.tolist()]
    return [Part(source.covers, keys, {name: value[rows] for name, value in values.items()})]


@dataclass(frozen=True)
class _Groups:
    """The keys of a dimension, and of each fact the place of its own."""

    keys: list[str | None]
    place: Numbers


def _having(rollup: Rollup, facts: Facts, dimension: str, key: str | None) -> npt.NDArray[np.bool_]:
    """Which facts have this key; also one that the rollup counts among «*» can be asked for by its name."""
    if key == OTHER:
        groups = _as_in_rollup(rollup, facts, dimension)
        return np.asarray(groups.place == (groups.keys.index(OTHER) if OTHER in groups.keys else -1))
    keyed = facts.keyed[dimension]
    code = -1 if key is None else pc.index(keyed.names, key).as_py()
    return np.asarray((keyed.codes == code) & ((code >= 0) == (key is not None)))


def _as_in_rollup(rollup: Rollup, facts: Facts, dimension: str) -> _Groups:
    """What lies beyond the keys of the rollup is «*»; a fact without a key has None."""
    keyed = facts.keyed[dimension]
    kept = {*rollup.rows(dimension).column("key").to_pylist()}
    names = [name if name in kept or OTHER not in kept else OTHER for name in keyed.names.to_pylist()]
    places = {name: place for place, name in enumerate(dict.fromkeys([*names, None]))}
    of_code = np.array([places[name] for name in [*names, None]])  # the last one is for the code -1
    return _Groups(list(places), of_code[keyed.codes])


def _is_asked(facts: Facts, dimension: str) -> npt.NDArray[np.bool_]:
    """Whether a fact has this dimension at all: an open has no product, known or not."""
    mark = ONLY_OF.get(dimension)
    return np.ones(len(facts.marks), bool) if mark is None else facts.marks & BITS[mark] != 0


def _ordered(dimension: str, part: Part) -> list[Key]:
    sums = np.nansum([part.counts[name] for name in SIZE], axis=0)
    happened = dict(zip(part.keys, sums, strict=True))
    told = [key for key in part.keys if key is not None or dimension in ANYWHERE]
    if dimension == "hour":
        return sorted(told, key=lambda key: int(key or 0))
    return sorted(told, key=lambda key: (key is None, key == OTHER, -happened[key], str(key)))


def _events(analytics: Analytics, campaign: str) -> int:
    source = _source_of(analytics, campaign)
    if source is None:
        return 0
    paths = source.uncounted.files
    each = f"SELECT DISTINCT id, ordinal FROM {reading_files(paths)}"
    with analytics.events.cursor() as cursor, _noticing_what_is_gone(paths):
        (count,) = cursor.execute(f"SELECT COUNT(*) FROM ({each})").fetchall()[0]
    return int(count)


def _source_of(analytics: Analytics, campaign: str) -> _Source | None:
    """None without event files. Raises FileNotFoundError when an import has just replaced the rollup."""
    table = campaigns.c
    known = sa.select(table.rollup, table.covers, table.sent_at, table.currency).where(
        table.id == campaign, table.rollup.is_not(None)
    )
    held = sa.select(files.c.path).where(files.c.campaign_id == campaign).order_by(files.c.import_id)
    with reading(analytics.records) as db:
        row, places = db.execute(known).first(), list(db.scalars(held))
    if row is None:
        return None
    paths = [analytics.events.path(place) for place in places]
    uncounted = Uncounted(campaign, paths, row.sent_at, row.currency)
    return _Source(row.covers, row.rollup, read(analytics, row.rollup), uncounted)


@contextmanager
def _noticing_what_is_gone(paths: list[Path]) -> Iterator[None]:
    """An import that was taken back meanwhile took its files along: DuckDB says only that it cannot read."""
    try:
        yield
    except duckdb.IOException as problem:
        for path in paths:
            if not path.exists():
                raise FileNotFoundError(path) from problem
        raise


def _key(dimension: str, key: str | None) -> Key:
    return int(key) if dimension == "hour" and key else key
