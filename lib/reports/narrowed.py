"""One campaign narrowed by filters: what no rollup holds is counted from that campaign's events alone.

The rules are those of every figure (lib/reports/facts.py), and so are the keys: what lies beyond the largest
keys of a dimension in the rollup is «*» here too, in the rows of an answer as in a filter.
"""

# ruff: noqa: S608 - the SQL is made of metrics, closed names and paths that the manifest names

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import sqlalchemy as sa

from lib.model import Scope
from lib.reports.facts import facts_sql
from lib.reports.metrics import Count
from lib.reports.parts import Key, Part, Rollup, read, retrying
from lib.reports.rollup import ANYWHERE, KEYS, ONLY, OTHER, TYPES, cut_tokens, with_pages
from lib.store.analytics import Analytics
from lib.store.events import reading as reading_files
from lib.store.records import reading
from lib.store.tables import campaigns, files

Filter = tuple[str, str | None]
"""A dimension and one of its keys; None is «not known»."""

OF_PAGES = frozenset({"page", "placement"})
"""Dimensions that are made of links without the recipients' tokens."""

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
    """A campaign's live files, and by what its rollup was made of them."""

    covers: Sequence[str]
    rollup: Rollup
    paths: list[Path]
    start: datetime | None
    currency: str | None


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
    wanted = {count.name: count for count in counts}
    rows = _counted(analytics, source, by, where, wanted) if not by or _keys(source, by) else []
    keys = [_key(by, row[0]) if by else campaign for row in rows]
    values = {
        name: np.array([row[place] for row in rows], dtype=np.float64)  # None becomes NaN
        for place, name in enumerate(wanted, start=1)
    }
    return [Part(source.covers, keys, values)]


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
    each = f"SELECT DISTINCT id, ordinal FROM {reading_files(source.paths)}"
    with analytics.events.cursor() as cursor:
        return int(_rows(cursor, source, f"SELECT COUNT(*) FROM ({each})", [])[0][0])


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
    return _Source(row.covers, read(analytics, row.rollup), paths, row.sent_at, row.currency)


def _counted(
    analytics: Analytics, source: _Source, by: str, where: Sequence[Filter], counts: dict[str, Count]
) -> list[Any]:
    """One row per key: the key, then each count; without a dimension one row, with something for a key."""
    key, values = _key_sql(source, by)
    conditions = [ONLY.get(by, "TRUE")]
    for dimension, wanted in where:
        condition, more = _condition(source, dimension, wanted)
        conditions.append(condition)
        values += more
    told = [f"CAST({count.sql} AS {TYPES[count.format]})" for count in counts.values()]
    with analytics.events.cursor() as cursor:
        facts = _facts(cursor, source, {by, *(dimension for dimension, _ in where)})
        kept = f"SELECT *, {key} AS key FROM ({facts}) AS facts WHERE {' AND '.join(conditions)}"
        columns, groups = ("key", " GROUP BY key") if by else ("COUNT(*)", "")
        sql = f"SELECT {', '.join([columns, *told])} FROM ({kept}) AS kept{groups}"
        return _rows(cursor, source, sql, values)


def _facts(cursor: duckdb.DuckDBPyConnection, source: _Source, dimensions: set[str]) -> str:
    """The facts with all columns that `dimensions` need: tokens are cut only where pages are asked."""
    events = reading_files(source.paths)
    facts = facts_sql(events, source.start, source.currency, overlapping=len(source.paths) > 1)
    if not dimensions & OF_PAGES:
        return facts
    with _noticing_what_is_gone(source):
        cut_tokens(cursor, events)
    return with_pages(facts)


def _rows(cursor: duckdb.DuckDBPyConnection, source: _Source, sql: str, values: list[Any]) -> list[Any]:
    with _noticing_what_is_gone(source):
        return cursor.execute(sql, values).fetchall()


@contextmanager
def _noticing_what_is_gone(source: _Source) -> Iterator[None]:
    """An import that was taken back meanwhile took its files along: DuckDB says only that it cannot read."""
    try:
        yield
    except duckdb.IOException as problem:
        for path in source.paths:
            if not path.exists():
                raise FileNotFoundError(path) from problem
        raise


def _key_sql(source: _Source, dimension: str) -> tuple[str, list[Any]]:
    """The key of an event as the rollup has it, and the values in it."""
    if not dimension:
        return "NULL", []
    text = f"CAST({dimension} AS VARCHAR)"
    kept = _keys(source, dimension)
    if OTHER not in kept:
        return text, []
    known = f"{dimension} IS NULL OR {text} IN (SELECT UNNEST(?::VARCHAR[]))"
    return f"CASE WHEN {known} THEN {text} ELSE '{OTHER}' END", [_texts(kept)]


def _condition(source: _Source, dimension: str, wanted: str | None) -> tuple[str, list[Any]]:
    """What holds for an event whose key of a dimension is `wanted`, and the values in it."""
    asked = ONLY.get(dimension, "TRUE")
    if wanted is None:
        return f"({asked} AND {dimension} IS NULL)", []
    key, values = _key_sql(source, dimension) if wanted == OTHER else (f"CAST({dimension} AS VARCHAR)", [])
    return f"({asked} AND {key} = ?)", [*values, wanted]


def _keys(source: _Source, dimension: str) -> list[str | None]:
    """The keys of a dimension in the rollup; none where no event has one."""
    keys: list[str | None] = source.rollup.rows(dimension).column("key").to_pylist()
    return keys


def _texts(keys: Iterable[str | None]) -> list[str]:
    return [key for key in keys if key is not None]


def _key(dimension: str, key: str | None) -> Key:
    return int(key) if dimension == "hour" and key else key
