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
import pyarrow as pa

from lib.reports import few, tokens
from lib.reports.facts import facts_sql
from lib.reports.metrics import COUNTS
from lib.store import library
from lib.store.analytics import Analytics
from lib.store.events import quoted, reading
from lib.store.library import Rolled

RULES_VERSION = 3
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

ANYWHERE = frozenset({"domain", "country", "region", "device", "client"})
"""Dimensions where «not known» is a key of its own: None. Elsewhere what has no key is not shown."""

BARE_LINK = "bare_link"
"""The dimension of links without the recipients' own tokens."""

FEW = "few_"
"""Before a dimension: the same with groups of few recipients merged; links are bare in it."""

MERGED = tuple(name for name in KEYS if name != "hour")

MOST_ACTIVE = 50
TYPES = {"count": "BIGINT", "money": "DOUBLE"}


def make(
    analytics: Analytics,
    campaign_id: str,
    files: list[Path],
    sent_at: datetime | None = None,
    currency: str | None = None,
) -> Rolled:
    """Count the campaign's live event files and write the rollup beside them.

    Hours are counted from `sent_at`, or else from the first event. Amounts are in `currency`, or else in the
    one that all of them name. The rollup is read by nobody until the records name it.
    """
    place = analytics.events.place(campaign_id, f"rollup-{uuid4().hex}.parquet")
    target = analytics.events.path(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    with analytics.events.cursor() as cursor:
        start = sent_at or _began(cursor, reading(files))
        money = currency or _currency(cursor, reading(files))
        _cut_tokens(cursor, reading(files))
        facts = facts_sql(reading(files), start, currency)
        cursor.execute(
            f"CREATE TEMP TABLE facts AS SELECT told.*, bare.bare AS {BARE_LINK} FROM ({facts}) AS told"
            " LEFT JOIN bare ON bare.link = told.link"
        )
        _count_by_dimension(cursor)
        rows = f"SELECT * FROM counts UNION ALL BY NAME {_most_active()}"
        cursor.execute(f"COPY ({rows}) TO {quoted(str(target))} (FORMAT parquet, COMPRESSION zstd)")
        cursor.execute("DROP TABLE facts; DROP TABLE counts; DROP TABLE bare")
    return Rolled(_totals(analytics, place), place, RULES_VERSION, start, money)


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


def _currency(cursor: duckdb.DuckDBPyConnection, source: str) -> str | None:
    """The one that all amounts name; None when they name several, or none."""
    named = cursor.execute(f"SELECT DISTINCT currency FROM {source} WHERE revenue IS NOT NULL LIMIT 3")
    found = {row[0] for row in named.fetchall()} - {None}
    return str(found.pop()) if len(found) == 1 else None


def _cut_tokens(cursor: duckdb.DuckDBPyConnection, source: str) -> None:
    """Fill the table `bare`: each link and what it is without recipients' tokens."""
    cursor.execute(
        "SELECT link, MIN(message), COUNT(DISTINCT message)"
        f" FROM {source} WHERE link IS NOT NULL GROUP BY link"
    )
    links = cursor.fetchall()
    personal = tokens.differing(links)
    names = [link for link, _, _ in links]
    known = pa.table(
        {
            "link": pa.array(names, pa.string()),
            "bare": pa.array([tokens.bare(name, personal) for name in names], pa.string()),
        }
    )
    cursor.register("known", known)
    cursor.execute("CREATE TEMP TABLE bare AS SELECT * FROM known")
    cursor.unregister("known")


def _count_by_dimension(cursor: duckdb.DuckDBPyConnection) -> None:
    """Fill the table `counts`, one dimension after another: in one pass they would need the memory of all."""
    cursor.execute(f"CREATE TEMP TABLE counts AS {_counted('', 'NULL')}")
    for name in (*KEYS, BARE_LINK):
        if key := _key(cursor, name):
            cursor.execute(f"INSERT INTO counts {_counted(name, key)}")
    for name in MERGED:
        base = BARE_LINK if name == "link" else name
        if key := _key(cursor, base):
            _merge_few(cursor, f"{FEW}{name}", base, key)


def _merge_few(cursor: duckdb.DuckDBPyConnection, dimension: str, base: str, key: str) -> None:
    """The rows of `base` once more as `dimension`, groups of few recipients in one; exact there too."""

    def together(keys: frozenset[str | None]) -> int:
        rows = cursor.execute(
            f"SELECT {told} FROM ({_of_groups(dimension, key)})", [[one or "" for one in keys]]
        )
        found = rows.fetchone()
        return few.size(dict(zip(messages, found, strict=True))) if found else 0

    messages = [name for name, count in COUNTS.items() if count.of == "messages"]
    told = ", ".join(messages)
    rows = cursor.execute(f"SELECT key, {told} FROM counts WHERE dimension = '{base}'").fetchall()
    sizes = {
        row[0]: few.size(dict(zip(messages, row[1:], strict=True)))
        for row in rows
        if row[0] is not None or base in ANYWHERE
    }
    small = few.merged(sizes, together, OTHER)
    merged = [one or "" for one in small]
    cursor.execute(
        f"INSERT INTO counts SELECT * REPLACE ('{dimension}' AS dimension) FROM counts"
        f" WHERE dimension = '{base}' AND NOT ({_is_among('key')})",
        [merged],
    )
    if small:
        cursor.execute(f"INSERT INTO counts {_of_groups(dimension, key)}", [merged])


def _of_groups(dimension: str, key: str) -> str:
    """Some groups counted as one; the parameter is the list of their keys."""
    return _counted(dimension, f"'{OTHER}'", f"facts WHERE {_is_among(f'CAST({key} AS VARCHAR)')}")


def _is_among(key: str) -> str:
    """`key` is in the list given as a parameter, in which "" stands for what has no key."""
    return f"COALESCE({key}, '') IN (SELECT UNNEST(?::VARCHAR[]))"


def _counted(dimension: str, key: str, source: str = "facts") -> str:
    """First what each message adds, then the sum over messages, which keeps distinct messages exact."""
    each = ", ".join(f"{count.of_one_message} AS {name}" for name, count in COUNTS.items())
    sums = ", ".join(
        f"CAST(SUM({name}) AS {TYPES[count.format]}) AS {name}" for name, count in COUNTS.items()
    )
    return (
        f"SELECT '{dimension}' AS dimension, key, {sums} FROM (SELECT key, {each}"
        f" FROM (SELECT *, CAST({key} AS VARCHAR) AS key FROM {source}) AS keyed"
        " GROUP BY message, key) AS messages GROUP BY key"
    )


def _key(cursor: duckdb.DuckDBPyConnection, name: str) -> str:
    """The expression of a dimension: its own value, or OTHER for what lies beyond the largest keys; ""
    without keys.
    """
    most = KEYS["link" if name == BARE_LINK else name]
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
