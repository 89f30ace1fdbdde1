"""DuckDB: SQL by hand over the events files, one file per campaign, without rollups."""

from itertools import cycle

import duckdb

from bench.questions import (
    APPLE,
    APPLE_AGENT,
    COUNTRIES,
    DEVICE,
    SCANNER,
    SCANNER_NAME,
    TOP,
    Answers,
    Given,
    Rows,
)


def messages(condition: str) -> str:
    return f"COUNT(DISTINCT CASE WHEN {condition} THEN message END)"


def events(condition: str) -> str:
    return f"COUNT(CASE WHEN {condition} THEN 1 END)"


SENT, DELIVERED, BOUNCED = "kind = 'sent'", "kind = 'delivered'", "kind = 'bounced'"
OPENED, CLICKED, ORDERED = "kind = 'opened'", "kind = 'clicked'", "kind = 'ordered'"
LEFT, COMPLAINED, FORWARDED = "kind = 'unsubscribed'", "kind = 'complained'", "kind = 'forwarded'"
HARD, SOFT = f"{BOUNCED} AND subtype = 'hard'", f"{BOUNCED} AND subtype = 'soft'"
OVER_TIME = """
WITH happened AS (
    SELECT message, kind, (epoch(happened_at)::BIGINT - {sent_at}) // {span} AS step FROM {source}
    WHERE kind IN ('opened', 'clicked')
),
firsts AS (SELECT message, kind, MIN(step) AS step FROM happened GROUP BY message, kind)
SELECT step, SUM(opens)::BIGINT, SUM(clicks)::BIGINT, SUM(first_opens)::BIGINT, SUM(first_clicks)::BIGINT
FROM (
    SELECT step, kind = 'opened' AS opens, kind = 'clicked' AS clicks, 0 AS first_opens, 0 AS first_clicks
    FROM happened
    UNION ALL SELECT step, 0, 0, kind = 'opened', kind = 'clicked' FROM firsts
) AS steps WHERE step < {steps} GROUP BY step ORDER BY step
"""


class Contender:
    """One connection for all questions."""

    def __init__(self, given: Given) -> None:
        self.connection = duckdb.connect()
        self.countries = cycle(COUNTRIES)
        self.reference = given.reference
        self.source = f"read_parquet('{given.reference.path}')"
        self.everything = "read_parquet([{}], filename = true)".format(
            ", ".join(f"'{place.path}'" for place in given.campaigns)
        )
        rows = [(place.path, place.id, place.month) for place in given.campaigns]
        self.connection.execute("CREATE TABLE places (filename VARCHAR, id VARCHAR, month VARCHAR)")
        self.connection.executemany("INSERT INTO places VALUES (?, ?, ?)", rows)

    def report(self) -> Answers:
        return {name: self._rows(sql) for name, sql in self._report().items()}

    def narrowed(self) -> Answers:
        here = f"country = '{next(self.countries)}'"
        asked = {
            "devices": self._by("device", f", {events(CLICKED)}", here),
            "clients": self._by("client", f", {events(CLICKED)}", here),
            "links": self._links(f" AND {here} AND device = '{DEVICE}'"),
        }
        return {name: self._rows(sql) for name, sql in asked.items()}

    def overview(self) -> Rows:
        return self._rows(
            f"SELECT places.id, {messages(SENT)}, {messages(DELIVERED)}, {messages(BOUNCED)},"
            f" {messages(OPENED)}, {events(OPENED)}, {messages(CLICKED)}, {events(CLICKED)},"
            f" {messages(LEFT)}"
            f" FROM {self.everything} JOIN places USING (filename) GROUP BY places.id ORDER BY places.id"
        )

    def trend(self) -> Rows:
        return self._rows(
            "SELECT month, COUNT(*), SUM(deliveries)::BIGINT, SUM(openers)::BIGINT, SUM(clickers)::BIGINT"
            f" FROM (SELECT filename, {messages(DELIVERED)} AS deliveries,"
            f" {messages(OPENED)} AS openers, {messages(CLICKED)} AS clickers"
            f" FROM {self.everything} WHERE kind IN ('delivered', 'opened', 'clicked') GROUP BY filename)"
            " JOIN places USING (filename) GROUP BY month ORDER BY month"
        )

    def _rows(self, sql: str) -> Rows:
        return [list(row) for row in self.connection.execute(sql).fetchall()]

    def _report(self) -> dict[str, str]:
        source, sent_at = self.source, self.reference.sent_at
        active = f"{source} WHERE kind IN ('opened', 'clicked')"
        apple, scanner = f"user_agent = '{APPLE_AGENT}'", f"user_agent ILIKE '%{SCANNER_NAME}%'"
        return {
            "totals": f"SELECT {messages(SENT)}, {messages(DELIVERED)},"
            f" {messages(HARD)},"
            f" {messages(SOFT)},"
            f" {messages(OPENED)}, {events(OPENED)}, {messages(CLICKED)}, {events(CLICKED)},"
            f" {messages(LEFT)}, {messages(COMPLAINED)},"
            f" {events(FORWARDED)} FROM {source}",
            "first_day": OVER_TIME.format(source=source, sent_at=sent_at, span=3600, steps=24),
            "life": OVER_TIME.format(source=source, sent_at=sent_at, span=86400, steps=100_000),
            "links": self._links(),
            "countries": f"SELECT country, {events(OPENED)}, {messages(OPENED)}, {events(CLICKED)},"
            f" {messages(CLICKED)} FROM {active} AND country IS NOT NULL"
            " GROUP BY country ORDER BY country",
            "domains": f"SELECT domain, {messages(SENT)} AS recipients, {messages(OPENED)},"
            f" {messages(CLICKED)} FROM {source} GROUP BY domain"
            f" ORDER BY recipients DESC, domain LIMIT {TOP}",
            "devices": self._by("device"),
            "clients": self._by("client"),
            "variants": f"SELECT variant, {messages(SENT)}, {messages(OPENED)}, {messages(CLICKED)},"
            f" {messages(LEFT)} FROM {source} GROUP BY variant ORDER BY variant",
            "machines": f"SELECT CASE WHEN {scanner} THEN '{SCANNER}' ELSE '{APPLE}' END AS reason,"
            f" {events(OPENED)}, {events(CLICKED)} FROM {active}"
            f" AND ({scanner} OR ({apple} AND {OPENED})) GROUP BY 1 ORDER BY 1",
            "active": f"SELECT message, {events(OPENED)} AS opens, {events(CLICKED)} AS clicks FROM {active}"
            " GROUP BY message ORDER BY COUNT(*) DESC, clicks DESC, MAX(happened_at) DESC, message"
            f" LIMIT {TOP}",
            "commerce": "SELECT product, COUNT(DISTINCT order_id) AS orders, ROUND(SUM(revenue), 2),"
            f" COUNT(DISTINCT message) FROM {source} WHERE kind = 'ordered'"
            f" GROUP BY product ORDER BY orders DESC, product LIMIT {TOP}",
        }

    def _links(self, narrowed: str = "") -> str:
        return (
            f"SELECT link, COUNT(*) AS clicks, COUNT(DISTINCT message) FROM {self.source}"
            f" WHERE {CLICKED}{narrowed} GROUP BY link ORDER BY clicks DESC, link LIMIT {TOP}"
        )

    def _by(self, name: str, clicks: str = "", narrowed: str = "true") -> str:
        return (
            f"SELECT {name}, {events(OPENED)}, {messages(OPENED)}{clicks}, {messages(CLICKED)}"
            f" FROM {self.source} WHERE kind IN ('opened', 'clicked') AND {name} IS NOT NULL AND {narrowed}"
            f" GROUP BY {name} ORDER BY {name}"
        )
