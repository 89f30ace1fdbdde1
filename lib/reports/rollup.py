"""A campaign's counts by every dimension, made once at import so that a report reads no events.

A rollup is one small Parquet file: one row per (dimension, key) with one column per count; dimension "" is
the whole campaign, dimension "message" holds the most active recipients. Distinct messages are exact in
every row.
"""

# ruff: noqa: S608 - the SQL is made of metrics, closed names and paths that the manifest names

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import duckdb

from lib.reports.facts import facts_sql
from lib.reports.metrics import COUNTS
from lib.store import library
from lib.store.analytics import Analytics
from lib.store.events import quoted, reading
from lib.store.library import Rolled

RULES_VERSION = 1
"""Raised when a rule or a metric changes; older rollups are then remade."""

OTHER = "*"
"""The key of the row that holds the long tail of a dimension."""

KEYS: dict[str, int | None] = {  # dimension: how many keys it keeps; None is all
    "hour": None,
    "link": 1000,
    "domain": 50,
    "country": 250,
    "region": 250,
    "device": 50,
    "client": 50,
    "variant": 50,
    "reason": 100,
    "machine_reason": 50,
}

MOST_ACTIVE = 50
TYPES = {"count": "BIGINT", "money": "DOUBLE"}


def make(
    analytics: Analytics, campaign_id: str, files: list[Path], sent_at: datetime | None = None
) -> Rolled:
    """Count the campaign's live event files and write the rollup beside them.

    Hours are counted from `sent_at`, or else from the first event. The rollup is read by nobody until the
    records name it.
    """
    place = analytics.events.place(campaign_id, f"rollup-{uuid4().hex}.parquet")
    target = analytics.events.path(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    with analytics.events.cursor() as cursor:
        start = sent_at or _began(cursor, reading(files))
        cursor.execute(f"CREATE TEMP TABLE facts AS {facts_sql(reading(files), start)}")
        rows = f"{_by_dimension(cursor)} UNION ALL BY NAME {_most_active()}"
        cursor.execute(f"COPY ({rows}) TO {quoted(str(target))} (FORMAT parquet, COMPRESSION zstd)")
        cursor.execute("DROP TABLE facts")
    return Rolled(_totals(analytics, place), place, RULES_VERSION, start)


def remake_stale(analytics: Analytics, now: datetime) -> int:
    """Remake the rollups that older rules made; gives how many there were."""
    return library.reroll(analytics, make, RULES_VERSION, now)


def _began(cursor: duckdb.DuckDBPyConnection, source: str) -> datetime | None:
    first = cursor.execute(
        "SELECT COALESCE(MIN(CASE WHEN kind = 'sent' THEN happened_at END),"
        " MIN(CASE WHEN kind = 'delivered' THEN happened_at END),"
        f" MIN(happened_at)) FROM {source}"
    ).fetchone()
    return first[0].replace(tzinfo=UTC) if first and first[0] else None


def _by_dimension(cursor: duckdb.DuckDBPyConnection) -> str:
    """One pass over the facts for the whole and for each dimension that has keys: first what each
    message adds, then the sum over messages, which keeps distinct messages exact.
    """
    keys = {name: key for name in KEYS if (key := _key(cursor, name))}
    names = " ".join(f"WHEN GROUPING({name}) = 0 THEN '{name}'" for name in keys)
    dimension = f"CASE {names} ELSE '' END" if keys else "''"
    key = f"COALESCE({''.join(f'CAST({name} AS VARCHAR), ' for name in keys)}CAST(NULL AS VARCHAR))"
    keyed = "".join(f", {expression} AS {name}" for name, expression in keys.items())
    sets = "".join(f", (message, {name})" for name in keys)
    each = ", ".join(f"{count.of_one_message} AS {name}" for name, count in COUNTS.items())
    sums = ", ".join(
        f"CAST(SUM({name}) AS {TYPES[count.format]}) AS {name}" for name, count in COUNTS.items()
    )
    return (
        f"SELECT dimension, key, {sums} FROM (SELECT {dimension} AS dimension, {key} AS key, {each}"
        f" FROM (SELECT * EXCLUDE ({', '.join(KEYS)}){keyed} FROM facts) AS keyed"
        f" GROUP BY GROUPING SETS ((message){sets})) AS messages GROUP BY dimension, key"
    )


def _key(cursor: duckdb.DuckDBPyConnection, name: str) -> str:
    """The expression of a dimension: its own value, or OTHER for what lies beyond the largest keys; ""
    without keys.
    """
    most = KEYS[name]
    largest = (
        f"SELECT {name} FROM facts WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY COUNT(*) DESC, {name}"
    )
    found = len(cursor.execute(f"{largest} LIMIT {(most or 0) + 1}").fetchall())
    if most is None or found <= most:
        return name if found else ""
    return f"CASE WHEN {name} IS NULL OR {name} IN ({largest} LIMIT {most}) THEN {name} ELSE '{OTHER}' END"


def _most_active() -> str:
    """The most active recipients in either form, so that both rankings can be drawn."""
    ranks = ("opens + clicks DESC, clicks DESC", "opens_people + clicks_people DESC, clicks_people DESC")
    names = ("opens", "clicks", "opens_people", "clicks_people")
    places = ", ".join(
        f"ROW_NUMBER() OVER (ORDER BY {rank}, last_at DESC, message) AS place_{number}"
        for number, rank in enumerate(ranks)
    )
    return (
        "SELECT 'message' AS dimension, CAST(message AS VARCHAR) AS key, last_at, last_at_people,"
        f" {', '.join(names)} FROM (SELECT *, {places} FROM (SELECT message,"
        f" MAX(CASE WHEN counted THEN happened_at END) AS last_at,"
        f" MAX(CASE WHEN people THEN happened_at END) AS last_at_people, {_columns(names)}"
        " FROM facts WHERE kind IN ('opened', 'clicked') GROUP BY message) AS active) AS ranked"
        f" WHERE place_0 <= {MOST_ACTIVE} OR place_1 <= {MOST_ACTIVE}"
    )


def _columns(names: Iterable[str]) -> str:
    return ", ".join(f"{COUNTS[name].sql} AS {name}" for name in names)


def _totals(analytics: Analytics, place: str) -> dict[str, float]:
    rows = analytics.events.read(place).to_pylist()
    whole: dict[str, float] = next((row for row in rows if row["dimension"] == ""), dict.fromkeys(COUNTS, 0))
    return {name: whole[name] for name in COUNTS}
