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

The file of messages lies beside it, one row per message: what became of it. `of_messages` lists its columns.
"""

# ruff: noqa: S608 - the SQL is made of metrics, closed names and paths that the manifest names

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow as pa

from lib.reports import few, tokens
from lib.reports.facts import facts_sql
from lib.reports.metrics import COUNTS
from lib.reports.rules import RULES_VERSION, WINDOWS
from lib.store import library
from lib.store.analytics import Analytics
from lib.store.events import quoted, reading
from lib.store.library import Rolled

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

FEW = "few_"
"""Before a dimension: the same with groups of few recipients merged; links are bare in it."""

ONLY = {"product": "kind = 'ordered'"}
"""Dimensions that not every event is asked for: an open has no product, known or not."""

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
    """Count the campaign's live event files and write the rollup and its messages beside them.

    Hours are counted from `sent_at`, or else from the first event. Amounts are in `currency`, or else in the
    one that all of them name. The rollup is read by nobody until the records name it.
    """
    place = analytics.events.place(campaign_id, f"rollup-{uuid4().hex}.parquet")
    target, messages = analytics.events.path(place), analytics.events.messages(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with analytics.events.cursor() as cursor:
            start = sent_at or _began(cursor, reading(files))
            money = currency or _currency(cursor, reading(files))
            _gather(cursor, reading(files), start, currency)
            _copy(cursor, of_messages(), messages)
            _count_by_dimension(cursor)
            _copy(cursor, _rows(reading([messages]), start), target)
            cursor.execute("DROP TABLE facts; DROP TABLE counts; DROP TABLE bare")
        return Rolled(_totals(analytics, place), place, RULES_VERSION, start, money)
    except BaseException:
        analytics.events.remove_rollups([place])
        raise


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


def _gather(
    cursor: duckdb.DuckDBPyConnection, source: str, start: datetime | None, currency: str | None
) -> None:
    """Fill the table `facts`, with what each link is without recipients' tokens."""
    _cut_tokens(cursor, source)
    cursor.execute(
        f"CREATE TEMP TABLE facts AS SELECT told.*, bare.bare AS {BARE_LINK}, bare.page,"
        " CASE WHEN told.kind = 'clicked' THEN told.link_position || ' ' || bare.page END AS placement"
        f" FROM ({facts_sql(source, start, currency)}) AS told LEFT JOIN bare ON bare.link = told.link"
    )


def _copy(cursor: duckdb.DuckDBPyConnection, rows: str, target: Path) -> None:
    cursor.execute(f"COPY ({rows}) TO {quoted(str(target))} (FORMAT parquet, COMPRESSION zstd)")


def _cut_tokens(cursor: duckdb.DuckDBPyConnection, source: str) -> None:
    """Fill the table `bare`: each link, what it is without recipients' tokens, and its page."""
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
            "page": pa.array([tokens.folded(name, personal) for name in names], pa.string()),
        }
    )
    cursor.register("known", known)
    cursor.execute("CREATE TEMP TABLE bare AS SELECT * FROM known")
    cursor.unregister("known")


def of_messages() -> str:
    """The SELECT of the file of messages, over `facts`: one row per message.

    Columns: message; sent; bounce (hard, soft or null), bounced_at, bounce_reason; opens, clicks,
    first_opened_at, last_opened_at, first_clicked_at, last_clicked_at, each also with `_people`;
    unsubscribed, unsubscribed_at, unsubscribe_reason; complained, complained_at; variant; orders; revenue
    (null where amounts are in several currencies). Times are UTC.
    """
    counted = ", ".join(
        f"COUNT({_when(kind, form, '1')}) AS {name}s{end},"
        f" MIN({_when(kind, form)}) AS first_{kind}_at{end}, MAX({_when(kind, form)}) AS last_{kind}_at{end}"
        for kind, name in (("opened", "open"), ("clicked", "click"))
        for form, end in (("counted", ""), ("people", "_people"))
    )
    return f"""SELECT message, BOOL_OR(kind = 'sent') AS sent,
        MAX(CASE WHEN standing THEN bounce END) AS bounce,
        MAX(CASE WHEN standing THEN happened_at END) AS bounced_at,
        MAX(CASE WHEN standing THEN reason END) AS bounce_reason, {counted},
        BOOL_OR(kind = 'unsubscribed') AS unsubscribed, MIN({_when("unsubscribed")}) AS unsubscribed_at,
        MIN(ROW(COALESCE(happened_at, TIMESTAMP 'infinity'), reason))
            FILTER (WHERE kind = 'unsubscribed' AND reason IS NOT NULL)[2] AS unsubscribe_reason,
        BOOL_OR(kind = 'complained') AS complained, MIN({_when("complained")}) AS complained_at,
        MAX(variant) AS variant, {COUNTS["orders"].sql} AS orders,
        CAST({COUNTS["revenue"].sql} AS DOUBLE) AS revenue
        FROM facts GROUP BY message"""


def _when(kind: str, condition: str = "TRUE", value: str = "happened_at") -> str:
    return f"CASE WHEN kind = '{kind}' AND {condition} THEN {value} END"


def _count_by_dimension(cursor: duckdb.DuckDBPyConnection) -> None:
    """Fill the table `counts`, one dimension after another: in one pass they would need the memory of all."""
    cursor.execute(f"CREATE TEMP TABLE counts AS {_counted('', 'NULL')}")
    for name in (*KEYS, BARE_LINK):
        if key := _key(cursor, name):
            cursor.execute(f"INSERT INTO counts {_counted(name, key, _asked(name))}")
    for name in MERGED:
        base = BARE_LINK if name == "link" else name
        if key := _key(cursor, base):
            _merge_few(cursor, f"{FEW}{name}", base, key)
    cursor.execute(f"INSERT INTO counts {_windows()}")


def _merge_few(cursor: duckdb.DuckDBPyConnection, dimension: str, base: str, key: str) -> None:
    """The rows of `base` once more as `dimension`, groups of few recipients in one; exact there too."""

    def together(keys: frozenset[str | None]) -> int:
        rows = cursor.execute(
            f"SELECT {told} FROM ({_of_groups(dimension, base, key)})", [[one or "" for one in keys]]
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
        cursor.execute(f"INSERT INTO counts {_of_groups(dimension, base, key)}", [merged])


def _of_groups(dimension: str, base: str, key: str) -> str:
    """Some groups counted as one; the parameter is the list of their keys."""
    return _counted(dimension, f"'{OTHER}'", f"{_asked(base)} AND {_is_among(f'CAST({key} AS VARCHAR)')}")


def _asked(dimension: str) -> str:
    """The rows of a dimension; where «not known» is no key, those that have one."""
    if dimension == "hour":
        return "facts"
    return (
        f"facts WHERE {ONLY.get(dimension, 'TRUE' if dimension in ANYWHERE else f'{dimension} IS NOT NULL')}"
    )


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


def _windows() -> str:
    """The whole campaign for each of WINDOWS. A person's click implies that a person opened."""
    clicks = ", ".join(
        f"COUNT(CASE WHEN kind = 'clicked' AND COALESCE(apart_within > {window}, TRUE) THEN 1 END)"
        f" AS clicks_{window}"
        for window in WINDOWS
    )
    banded = " UNION ALL ".join(
        f"SELECT '{window}' AS length, opens, clicks_{window} AS clicks FROM messages" for window in WINDOWS
    )
    sums = {
        "opens": "SUM(CASE WHEN opens = 0 AND clicks > 0 THEN 1 ELSE opens END)",
        "clicks": "SUM(clicks)",
        "unique_opens": "COUNT(CASE WHEN opens > 0 OR clicks > 0 THEN 1 END)",
        "unique_clicks": "COUNT(CASE WHEN clicks > 0 THEN 1 END)",
    }
    sums |= {"first_opens": sums["unique_opens"], "first_clicks": sums["unique_clicks"]}
    told = ", ".join(f"CAST({sql} AS BIGINT) AS {name}_people" for name, sql in sums.items())
    replaced = ", ".join(f"banded.{name}_people AS {name}_people" for name in sums)
    return (
        "WITH messages AS (SELECT message,"
        f" COUNT(CASE WHEN kind = 'opened' AND told AND people THEN 1 END) AS opens, {clicks}"
        " FROM facts GROUP BY message),"
        f" banded AS (SELECT length, {told} FROM ({banded}) AS each_one GROUP BY length)"
        f" SELECT counts.* REPLACE ('window' AS dimension, banded.length AS key, {replaced})"
        " FROM counts, banded WHERE counts.dimension = ''"
    )


def _rows(messages: str, start: datetime | None) -> str:
    """All rows of the rollup, over `counts` and the file of messages; in order, so that the same events give
    the same report.
    """
    return (
        "SELECT * FROM (SELECT counts.*, whole.* FROM counts"
        f" LEFT JOIN ({_of_whole(messages, start)}) AS whole"
        f" ON counts.dimension = '' UNION ALL BY NAME {_most_active(messages)})"
        " AS every ORDER BY dimension, key"
    )


def _of_whole(messages: str, start: datetime | None) -> str:
    """When the campaign was opened and clicked last, and how soon half of it was."""
    verbs = {"opened": "opens", "clicked": "clicks"}
    forms = [(verb, name, end) for verb, name in verbs.items() for end in ("", "_people")]
    last = [
        f"(SELECT MAX(last_{verb}_at{end}) FROM {messages}) AS last_{verb}_at{end}" for verb, _, end in forms
    ]
    began = "NULL" if start is None else str(start.timestamp())
    half = [
        f"(SELECT {_half(f'first_{verb}_at{end}', f'{messages} WHERE {name}{end} > 0', began)})"
        f" AS half_{name}{end}"
        for verb, name, end in forms
    ]
    return f"SELECT {', '.join(last + half)}"


def _half(first_at: str, messages: str, began: str) -> str:
    """Seconds from the beginning to the first time of the middle one; unknown where that has no time, or one
    before the beginning.
    """
    ranked = (
        f"SELECT EPOCH({first_at}) - {began} AS seconds, COUNT(*) OVER () AS all_of_them,"
        f" ROW_NUMBER() OVER (ORDER BY {first_at} NULLS LAST) AS nth FROM {messages}"
    )
    return f"MIN(seconds) FROM ({ranked}) AS ranked WHERE nth = (all_of_them + 1) // 2 AND seconds >= 0"


def _most_active(messages: str) -> str:
    """The most active recipients in either form, so that both rankings can be drawn."""
    ranks = ("opens + clicks DESC, clicks DESC", "opens_people + clicks_people DESC, clicks_people DESC")
    places = ", ".join(
        f"ROW_NUMBER() OVER (ORDER BY {rank}, last_at DESC, message) AS place_{number}"
        for number, rank in enumerate(ranks)
    )
    return (
        "SELECT 'message' AS dimension, CAST(message AS VARCHAR) AS key, last_at, last_at_people, opens,"
        f" clicks, opens_people, clicks_people FROM (SELECT *, {places} FROM (SELECT *,"
        " GREATEST(last_opened_at, last_clicked_at) AS last_at,"
        " GREATEST(last_opened_at_people, last_clicked_at_people) AS last_at_people"
        f" FROM {messages} WHERE opens + clicks > 0) AS active) AS ranked"
        f" WHERE place_0 <= {MOST_ACTIVE} OR place_1 <= {MOST_ACTIVE}"
    )


def _totals(analytics: Analytics, place: str) -> dict[str, float]:
    rows = analytics.events.read(place).to_pylist()
    whole: dict[str, float] = next((row for row in rows if row["dimension"] == ""), dict.fromkeys(COUNTS, 0))
    return {name: whole[name] for name in COUNTS}
