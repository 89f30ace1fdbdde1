"""The events of one campaign as the metrics count them: the view `facts`.

One row per event, and one row more for each open that only a click proves. Columns: message, kind,
happened_at, hour (whole hours since the campaign began), link, domain, country, region, device, client,
variant, reason, machine_reason, bounce (hard, soft, or null when the message's last word is not a bounce),
standing (this event is that last word), counted, people, is_first, is_first_by_person, purchase, revenue,
mixed (the amounts of the campaign are in several currencies).

The rules and where they come from: docs/metrics.md.
"""

# ruff: noqa: S608 - the SQL is made of constants, of paths that the manifest names and of a time

from datetime import datetime

from lib.store.events import quoted

SCANNERS = ("Barracuda", "proofpoint", "Mimecast", "CiscoSecureEmail", "TMES")
"""Mail scanners that name themselves; they open and click before a person can."""

IMAGE_PROXIES = ("GoogleImageProxy", "ggpht.com", "YahooMailProxy")
"""They load an image when a person opens; only the place and the device are the proxy's."""

APPLE_PROXY = "Mozilla/5.0"
"""The whole user agent of Apple's Mail Privacy Protection, which loads every image unasked."""

TOO_FAST = "5 SECOND"
BURST = "10 SECOND"
FEWEST_LINKS = 3


def facts_sql(source: str, start: datetime | None, currency: str | None = None) -> str:
    """The SELECT behind the view, over `source` (a table expression of event files).

    `currency` is the campaign's; amounts that name none are in it.
    """
    return f"""
WITH once AS (  -- the same event in two files is one event
    SELECT * FROM (
        SELECT *, ROW_NUMBER() OVER (PARTITION BY id, ordinal ORDER BY import) AS copy FROM {source}
    ) AS copies WHERE copy = 1
),
arrivals AS (
    SELECT message, MIN(CASE WHEN kind = 'delivered' THEN happened_at END) AS delivered_at,
        MIN(CASE WHEN kind = 'sent' THEN happened_at END) AS sent_at
    FROM once GROUP BY message
),
last_words AS (  -- a bounce without a time is taken as the last word, a delivery without one as the first
    SELECT message, id, ordinal, kind, CASE WHEN subtype = 'hard' THEN 'hard' ELSE 'soft' END AS bounce
    FROM (
        SELECT *, ROW_NUMBER() OVER (
            PARTITION BY message
            ORDER BY CASE WHEN happened_at IS NOT NULL THEN 1 WHEN kind = 'bounced' THEN 2 ELSE 0 END DESC,
                happened_at DESC, CASE kind WHEN 'bounced' THEN 0 ELSE 1 END,
                CASE subtype WHEN 'hard' THEN 0 ELSE 1 END, id, ordinal
        ) AS back FROM once WHERE kind IN ('delivered', 'bounced')
    ) AS words WHERE back = 1
),
bounces AS (SELECT message, id, ordinal, bounce FROM last_words WHERE kind = 'bounced'),
first_clicks AS (
    SELECT message, link, MIN(happened_at) AS happened_at FROM once
    WHERE kind = 'clicked' AND link IS NOT NULL AND happened_at IS NOT NULL GROUP BY message, link
),
bursts AS (
    SELECT message, MIN(happened_at) AS began FROM first_clicks GROUP BY message
    HAVING COUNT(*) >= {FEWEST_LINKS} AND COUNT(*) = (SELECT COUNT(DISTINCT link) FROM first_clicks)
        AND MAX(happened_at) <= MIN(happened_at) + INTERVAL {BURST}
),
clickers AS (SELECT DISTINCT message FROM once WHERE kind = 'clicked'),
marked AS (
    SELECT once.message, once.id, once.ordinal, once.kind, once.happened_at, once.link, once.domain,
        once.client,
        CASE WHEN {_agent_is(IMAGE_PROXIES)} THEN NULL ELSE once.country END AS country,
        CASE WHEN {_agent_is(IMAGE_PROXIES)} OR once.region IS NULL THEN NULL
            ELSE COALESCE(once.country || '/', '') || once.region END AS region,
        CASE WHEN {_agent_is(IMAGE_PROXIES)} THEN NULL ELSE once.device END AS device,
        COALESCE(once.variant, MAX(once.variant) OVER (PARTITION BY once.message)) AS variant,
        CASE WHEN once.kind IN ('bounced', 'unsubscribed', 'complained') THEN once.reason END AS reason,
        bounces.bounce,
        once.kind = 'bounced' AND once.id = bounces.id AND once.ordinal = bounces.ordinal AS standing,
        CASE WHEN once.kind NOT IN ('opened', 'clicked') OR once.machine = FALSE THEN NULL
            WHEN once.machine THEN COALESCE(once.machine_reason, 'sender')
            WHEN {_agent_is(SCANNERS)} THEN 'scanner_agent'
            WHEN once.kind = 'opened' AND once.user_agent = '{APPLE_PROXY}' THEN 'apple_proxy'
            WHEN once.kind = 'clicked'
                AND once.happened_at <= COALESCE(delivered_at, sent_at) + INTERVAL {TOO_FAST} THEN 'too_fast'
            WHEN once.kind = 'clicked'
                AND once.happened_at BETWEEN began AND began + INTERVAL {BURST} THEN 'all_links'
        END AS machine_reason,
        CAST(once.message AS VARCHAR) || '/'
            || COALESCE(once.order_id, CAST(once.id AS VARCHAR) || '.' || CAST(once.ordinal AS VARCHAR))
            AS purchase,
        CAST(once.revenue AS DECIMAL(18, 4)) AS revenue
    FROM once
    LEFT JOIN arrivals ON arrivals.message = once.message
    LEFT JOIN bounces ON bounces.message = once.message
    LEFT JOIN bursts ON bursts.message = once.message
    LEFT JOIN clickers ON clickers.message = once.message
    -- an importer's implied open gives way to the click itself, which says more
    WHERE NOT (once.kind = 'opened' AND once.implied AND clickers.message IS NOT NULL)
),
clicks AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY message ORDER BY happened_at NULLS LAST, id, ordinal) AS nth,
        ROW_NUMBER() OVER (PARTITION BY message, CASE WHEN machine_reason IS NULL THEN 1 ELSE 0 END
            ORDER BY happened_at NULLS LAST, id, ordinal) AS nth_alike
    FROM marked WHERE kind = 'clicked'
),
openers AS (
    SELECT message, MAX(CASE WHEN machine_reason IS NULL THEN 1 ELSE 0 END) AS person
    FROM marked WHERE kind = 'opened' GROUP BY message
),
rows_of_facts AS (
    SELECT *, TRUE AS counted, machine_reason IS NULL AS people FROM marked
    UNION ALL  -- a click implies an open
    SELECT {_implied_open()}, TRUE AS counted, FALSE AS people
    FROM clicks LEFT JOIN openers ON openers.message = clicks.message
    WHERE nth = 1 AND openers.message IS NULL
    UNION ALL  -- a person's click implies that a person opened
    SELECT {_implied_open()}, FALSE AS counted, TRUE AS people
    FROM clicks LEFT JOIN openers ON openers.message = clicks.message
    WHERE nth_alike = 1 AND machine_reason IS NULL AND COALESCE(openers.person, 0) = 0
)
SELECT *, {_hour(start)} AS hour, (SELECT {_mixed(currency)} FROM once WHERE revenue IS NOT NULL) AS mixed,
    counted AND ROW_NUMBER() OVER (
        PARTITION BY message, kind, counted ORDER BY happened_at NULLS LAST, id, ordinal
    ) = 1 AS is_first,
    people AND ROW_NUMBER() OVER (
        PARTITION BY message, kind, people ORDER BY happened_at NULLS LAST, id, ordinal
    ) = 1 AS is_first_by_person
FROM rows_of_facts
"""


def _agent_is(names: tuple[str, ...]) -> str:
    tests = [f"LOWER(once.user_agent) LIKE '%{name.lower()}%'" for name in names]
    return f"COALESCE({' OR '.join(tests)}, FALSE)"


def _implied_open() -> str:
    """The columns of `marked` for an open that a click proves."""
    return (
        "clicks.message, id, ordinal, 'opened' AS kind, happened_at, NULL AS link, domain, client, country,"
        " region, device, variant, NULL AS reason, bounce, FALSE AS standing, machine_reason, purchase,"
        " NULL AS revenue"
    )


def _mixed(currency: str | None) -> str:
    if currency is None:
        return "COUNT(DISTINCT currency) > 1"
    return f"COUNT(CASE WHEN currency <> {quoted(currency)} THEN 1 END) > 0"


def _hour(start: datetime | None) -> str:
    """Whole hours since `start`; unknown for what has no time or lies before it."""
    if start is None:
        return "CAST(NULL AS INTEGER)"
    seconds = start.timestamp()
    hours = f"CAST(FLOOR((EPOCH(happened_at) - {seconds}) / 3600) AS INTEGER)"
    return f"CASE WHEN EPOCH(happened_at) >= {seconds} THEN {hours} END"
