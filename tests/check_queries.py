"""The product's figures once more, in SQL written by hand over the raw files of events.

Nothing here comes from lib/reports: a rule that is wrong there is not wrong here too. The queries are slow
and plain, an EXISTS where the product has a window function.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

SCANNER = "barracuda|proofpoint|mimecast|ciscosecureemail|tmes"
PROGRAM = (
    "headlesschrome|phantomjs|puppeteer|playwright|selenium|python-requests|python-urllib|python-httpx|aiohttp"
    "|scrapy|curl/|wget/|libwww-perl|go-http-client|node-fetch|axios/|guzzlehttp"
    "|(^|[^u]|[^c]u|^u)bot[-/;) ]|crawler|spider[/;)]"
)
PROXY = "googleimageproxy|ggpht\\.com|yahoomailproxy"

AS_THEY_ARE = (5, 10, 60)
"""Seconds: after the delivery, for all links, for an address that many share."""

ACTIVE = {  # metric: count, of which table
    "unique_opens": ("COUNT(DISTINCT message)", "opens_all"),
    "opens": ("COUNT(*)", "opens_all"),
    "unique_clicks": ("COUNT(DISTINCT message)", "clicks_all"),
    "clicks": ("COUNT(*)", "clicks_all"),
    "unique_opens_people": ("COUNT(DISTINCT message)", "opens_people"),
    "opens_people": ("COUNT(*)", "opens_people"),
    "unique_clicks_people": ("COUNT(DISTINCT message)", "clicks_people"),
    "clicks_people": ("COUNT(*)", "clicks_people"),
}
FIRST = {  # first of a message; ties go to the smaller number of the event
    name: f"SELECT DISTINCT ON (message) * FROM {table} ORDER BY message, happened_at NULLS LAST, id, ordinal"
    for name, table in {
        "first_opens": "opens_all",
        "first_clicks": "clicks_all",
        "first_opens_people": "opens_people",
        "first_clicks_people": "clicks_people",
    }.items()
}
PLAIN = {
    "recipients": ("COUNT(DISTINCT message)", "e WHERE kind = 'sent'"),
    "deliveries": (
        "COUNT(DISTINCT message)",
        "e WHERE kind = 'sent' AND message NOT IN (SELECT message FROM back)",
    ),
    "hard_bounces": ("COUNT(*)", "back WHERE subtype = 'hard'"),
    "soft_bounces": ("COUNT(*)", "back WHERE subtype IS DISTINCT FROM 'hard'"),
    "bounces": ("COUNT(*)", "back"),
    "unsubscribes": ("COUNT(DISTINCT message)", "e WHERE kind = 'unsubscribed'"),
    "complaints": ("COUNT(DISTINCT message)", "e WHERE kind = 'complained'"),
    "forwards": ("COUNT(*)", "e WHERE kind = 'forwarded'"),
    "orders": (
        "COUNT(DISTINCT (message, order_id)) FILTER (WHERE order_id IS NOT NULL)"
        " + COUNT(*) FILTER (WHERE order_id IS NULL)",
        "e WHERE kind = 'ordered'",
    ),
    "buyers": ("COUNT(DISTINCT message)", "e WHERE kind = 'ordered'"),
    "revenue": ("COALESCE(SUM(revenue::DECIMAL(18, 4)), 0)::DOUBLE", "e WHERE kind = 'ordered'"),
}

DIMENSIONS = {  # key, and what must hold for an event to be asked
    "": ("NULL", "TRUE"),
    "link": ("link", "link IS NOT NULL"),
    "page": ("page", "link IS NOT NULL"),
    "placement": (
        "link_position || ' ' || page",
        "kind = 'clicked' AND link_position IS NOT NULL AND link IS NOT NULL",
    ),
    "product": ("product", "kind = 'ordered'"),
    "domain": ("domain", "TRUE"),
    "country": ("country_seen", "TRUE"),
    "region": (
        "CASE WHEN region_seen IS NOT NULL THEN COALESCE(country_seen, '') || '/' || region_seen"
        " WHEN country_seen IS NOT NULL THEN country_seen || '/' END",
        "TRUE",
    ),
    "device": ("device_seen", "TRUE"),
    "client": ("client", "TRUE"),
    "variant": ("variant_seen", "TRUE"),
    "reason": (
        "reason",
        "reason IS NOT NULL AND kind IN ('bounced', 'unsubscribed', 'complained')",
    ),
    "machine_reason": ("why", "why IS NOT NULL"),
    "hour": (
        "CASE WHEN happened_at >= began THEN FLOOR((EPOCH(happened_at) - EPOCH(began)) / 3600) END",
        "TRUE",
    ),
}


class Checked:
    """One campaign's raw events under the rules, whose windows can be set."""

    def __init__(
        self,
        files: Sequence[Path],
        pages: Mapping[str, str],
        began: datetime,
        windows: tuple[float, float, float] = AS_THEY_ARE,
    ) -> None:
        self.db = duckdb.connect()
        names = ", ".join(f"'{path}'" for path in files)
        texts = {"link": pages.keys(), "page": pages.values()}
        known = pa.table({name: pa.array(list(values), pa.string()) for name, values in texts.items()})
        self.db.register("known", known)
        self.db.execute(_RAW.format(names=names, began=began.strftime("%Y-%m-%d %H:%M:%S")))
        self.db.execute(_RULES.format(delay=windows[0], burst=windows[1], crowd=windows[2]))
        self.db.execute(_ACTIVE)

    def by(self, dimension: str, metric: str) -> dict[Any, float]:
        """key -> value; keys without any are left out."""
        key, asked = DIMENSIONS[dimension]
        count, rows = self._of(metric)
        where = rows if " WHERE " in rows else f"{rows} WHERE TRUE"
        if metric in FIRST:
            where = f"({FIRST[metric]}) WHERE TRUE"
        found = self.db.execute(
            f"SELECT {key} AS key, {count} FROM {where} AND {asked} GROUP BY 1"
        ).fetchall()
        return {key: float(value) for key, value in found if value}

    def whole(self, metric: str) -> float:
        return self.by("", metric).get(None, 0.0)

    def one(self, sql: str) -> Any:
        found = self.db.execute(sql).fetchone()
        return found[0] if found else None

    def rows(self, sql: str) -> list[dict[str, Any]]:
        found = self.db.execute(sql)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _of(self, metric: str) -> tuple[str, str]:
        if metric in FIRST:
            return "COUNT(*)", ""
        return ACTIVE[metric] if metric in ACTIVE else PLAIN[metric]


_PROXIED = f"(regexp_matches(COALESCE(user_agent, ''), '{PROXY}', 'i') OR user_agent = 'Mozilla/5.0')"

_RAW = f"""
CREATE TABLE raw AS SELECT DISTINCT ON (id, ordinal) * FROM read_parquet([{{names}}], union_by_name = true)
ORDER BY id, ordinal, import;
CREATE TABLE e AS
SELECT *,
    COALESCE(variant, (SELECT MAX(variant) FROM raw AS mine WHERE mine.message = raw.message))
        AS variant_seen,
    CASE WHEN {_PROXIED} THEN NULL ELSE country END AS country_seen,
    CASE WHEN {_PROXIED} THEN NULL ELSE region END AS region_seen,
    CASE WHEN {_PROXIED} THEN NULL ELSE device END AS device_seen,
    (SELECT page FROM known WHERE known.link = raw.link) AS page,
    TIMESTAMP '{{began}}' AS began
FROM raw;
CREATE TABLE back AS  -- no delivery after this bounce, and no bounce that says more
SELECT * FROM e AS mine WHERE kind = 'bounced' AND NOT EXISTS (
    SELECT 1 FROM e AS other WHERE other.message = mine.message AND other.kind IN ('bounced', 'delivered')
    AND (other.id, other.ordinal) <> (mine.id, mine.ordinal) AND CASE
        WHEN other.kind = 'delivered' THEN other.happened_at > mine.happened_at
        WHEN other.happened_at IS NULL AND mine.happened_at IS NULL OR other.happened_at = mine.happened_at
            THEN CASE WHEN (other.subtype = 'hard') IS NOT DISTINCT FROM (mine.subtype = 'hard')
                    OR COALESCE(other.subtype, '') <> 'hard' AND COALESCE(mine.subtype, '') <> 'hard'
                THEN (other.id, other.ordinal) < (mine.id, mine.ordinal)
                ELSE COALESCE(other.subtype, '') = 'hard' END
        WHEN mine.happened_at IS NULL THEN FALSE
        WHEN other.happened_at IS NULL THEN TRUE
        ELSE other.happened_at > mine.happened_at END);
"""

_RULES = f"""
CREATE TABLE arrival AS
SELECT message, COALESCE(
    MIN(happened_at) FILTER (WHERE kind = 'delivered'), MIN(happened_at) FILTER (WHERE kind = 'sent')
) AS moment FROM e GROUP BY message;
CREATE TABLE firsts AS
SELECT message, link, MIN(happened_at) AS moment FROM e WHERE kind = 'clicked' AND link IS NOT NULL
GROUP BY message, link HAVING MIN(happened_at) IS NOT NULL;
CREATE TABLE visits AS
SELECT message, ip, MIN(happened_at) AS moment FROM e WHERE kind = 'clicked' AND ip IS NOT NULL
GROUP BY message, ip HAVING MIN(happened_at) IS NOT NULL;
CREATE TABLE judged AS SELECT *, CASE
    WHEN machine THEN 'sender' || COALESCE('/' || machine_reason, '')
    WHEN machine IS NOT NULL THEN NULL
    WHEN regexp_matches(COALESCE(user_agent, ''), '{SCANNER}', 'i') THEN 'scanner_agent'
    WHEN regexp_matches(LOWER(COALESCE(user_agent, '')), '{PROGRAM}') THEN 'headless_agent'
    WHEN kind = 'opened' THEN CASE WHEN user_agent = 'Mozilla/5.0' THEN 'apple_proxy' END
    WHEN EXISTS (SELECT 1 FROM arrival WHERE arrival.message = c.message
        AND c.happened_at - arrival.moment <= INTERVAL {{delay}} SECOND) THEN 'too_fast'
    WHEN (SELECT COUNT(*) >= 3 AND COUNT(*) = (SELECT COUNT(DISTINCT link) FROM firsts)
            AND MAX(moment) <= MIN(moment) + INTERVAL {{burst}} SECOND AND c.happened_at >= MIN(moment)
            AND c.happened_at <= MIN(moment) + INTERVAL {{burst}} SECOND
        FROM firsts WHERE firsts.message = c.message) THEN 'all_links'
    WHEN EXISTS (
        SELECT 1 FROM visits AS mine, visits AS start, arrival
        WHERE mine.message = c.message AND mine.ip = c.ip AND start.ip = c.ip AND arrival.message = c.message
        AND c.happened_at <= arrival.moment + INTERVAL {{crowd}} SECOND
        AND mine.moment BETWEEN start.moment AND start.moment + INTERVAL {{crowd}} SECOND
        AND (SELECT COUNT(*) FROM visits AS other WHERE other.ip = c.ip
            AND other.moment BETWEEN start.moment AND start.moment + INTERVAL {{crowd}} SECOND) >= 10
    ) THEN 'shared_address'
    END AS told_why
FROM e AS c WHERE kind IN ('opened', 'clicked') AND NOT (
    kind = 'opened' AND implied AND message IN (SELECT message FROM e WHERE kind = 'clicked'));
"""

_ACTIVE = """
CREATE TABLE clicks_all AS SELECT *, told_why AS why FROM judged WHERE kind = 'clicked';
CREATE TABLE clicks_people AS SELECT * FROM clicks_all WHERE why IS NULL;
CREATE TABLE implied_all AS
SELECT * REPLACE ('opened' AS kind, NULL AS link, NULL AS page, NULL AS link_position)
FROM (SELECT DISTINCT ON (message) * FROM clicks_all ORDER BY message, happened_at NULLS LAST, id, ordinal)
WHERE message NOT IN (SELECT message FROM judged WHERE kind = 'opened');
CREATE TABLE implied_people AS
SELECT * REPLACE ('opened' AS kind, NULL AS link, NULL AS page, NULL AS link_position)
FROM (SELECT DISTINCT ON (message) * FROM clicks_people ORDER BY message, happened_at NULLS LAST, id, ordinal)
WHERE message NOT IN (SELECT message FROM judged WHERE kind = 'opened' AND told_why IS NULL);
CREATE TABLE opens_all AS SELECT *, told_why AS why FROM judged WHERE kind = 'opened'
UNION ALL BY NAME SELECT * FROM implied_all;
CREATE TABLE opens_people AS SELECT *, told_why AS why FROM judged WHERE kind = 'opened' AND told_why IS NULL
UNION ALL BY NAME SELECT * FROM implied_people;
ALTER TABLE e ADD COLUMN why VARCHAR;
ALTER TABLE back ADD COLUMN why VARCHAR;
"""
