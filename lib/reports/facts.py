"""The events of one campaign as the metrics count them: the view `facts`.

One row per event, and one row more for each open that only a click proves (`told` is false). Columns:
message, kind, happened_at, hour (whole hours since the campaign began), link, link_position, domain, country,
region, device, client, variant, product, reason, machine_reason, apart_within, bounce (hard, soft, or null
when the message's last word is not a bounce), standing (this event is that last word), counted, people,
is_first, is_first_by_person, purchase, revenue, mixed (the amounts of the campaign are in several
currencies).

`apart_within` is the smallest window in seconds under which a rule sets the event apart: 0 where a rule does
so whatever the windows, null where none does under any.

The rules stand in lib/reports/rules.py, and where they come from in docs/metrics.md.
"""

# ruff: noqa: S608 - the SQL is made of constants, of paths that the manifest names and of a time

from datetime import datetime

from lib.reports.rules import (
    APPLE_PROXY,
    FEWEST_LINKS,
    FEWEST_SHARING,
    IMAGE_PROXIES,
    NO_ROBOTS,
    PROGRAMS,
    RULES,
    SCANNERS,
    SENDER,
)
from lib.store.events import quoted

CONDITIONS = {  # reason: when it applies, where the sender says nothing
    "scanner_agent": "scanner",
    "headless_agent": "program",
    "apple_proxy": f"kind = 'opened' AND user_agent = '{APPLE_PROXY}'",
    "too_fast": "delay <= {window}",
    "all_links": "burst <= {window}",
    "shared_address": "crowd <= {window}",
}


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
    SELECT message, COALESCE(MIN(CASE WHEN kind = 'delivered' THEN happened_at END),
        MIN(CASE WHEN kind = 'sent' THEN happened_at END)) AS arrived_at
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
bursts AS (  -- of those who clicked every link: when they began and how long that took
    SELECT message, MIN(happened_at) AS began, {_seconds("MAX(happened_at)", "MIN(happened_at)")} AS span
    FROM first_clicks GROUP BY message
    HAVING COUNT(*) >= {FEWEST_LINKS} AND COUNT(*) = (SELECT COUNT(DISTINCT link) FROM first_clicks)
),
visits AS (  -- each recipient's first click from an address
    SELECT ip, message, MIN(happened_at) AS happened_at FROM once
    WHERE kind = 'clicked' AND ip IS NOT NULL AND happened_at IS NOT NULL GROUP BY ip, message
),
queues AS (  -- how long the visitors of an address took, each with those who came right after
    SELECT *, {_seconds(f"LEAD(happened_at, {FEWEST_SHARING - 1}) OVER in_turn", "happened_at")} AS span
    FROM visits WINDOW in_turn AS (PARTITION BY ip ORDER BY happened_at, message)
),
crowds AS (  -- the quickest such queue in which a recipient stands
    SELECT ip, message, MIN(span) OVER (
        PARTITION BY ip ORDER BY happened_at, message
        ROWS BETWEEN {FEWEST_SHARING - 1} PRECEDING AND CURRENT ROW
    ) AS span FROM queues
),
agents AS (
    SELECT user_agent, {_names(IMAGE_PROXIES)} OR user_agent = '{APPLE_PROXY}' AS proxy,
        {_names(SCANNERS)} AS scanner,
        {_names(PROGRAMS, but=NO_ROBOTS)} AS program
    FROM (SELECT DISTINCT user_agent FROM once WHERE user_agent IS NOT NULL) AS named
),
clickers AS (SELECT DISTINCT message FROM once WHERE kind = 'clicked'),
joined AS (
    SELECT once.message, once.id, once.ordinal, once.kind, once.happened_at, once.link, once.link_position,
        once.domain, once.client, once.user_agent, once.machine,
        CASE WHEN once.kind = 'ordered' THEN once.product END AS product,
        CASE WHEN once.machine THEN '{SENDER}' || COALESCE('/' || once.machine_reason, '') END AS said,
        CASE WHEN NOT COALESCE(proxy, FALSE) THEN once.country END AS country,
        CASE WHEN NOT COALESCE(proxy, FALSE) AND (once.country IS NOT NULL OR once.region IS NOT NULL)
            THEN COALESCE(once.country, '') || '/' || COALESCE(once.region, '') END AS region,
        CASE WHEN NOT COALESCE(proxy, FALSE) THEN once.device END AS device,
        COALESCE(once.variant, MAX(once.variant) OVER (PARTITION BY once.message)) AS variant,
        CASE WHEN once.kind IN ('bounced', 'unsubscribed', 'complained') THEN once.reason END AS reason,
        bounces.bounce,
        once.kind = 'bounced' AND once.id = bounces.id AND once.ordinal = bounces.ordinal AS standing,
        scanner, program,
        CASE WHEN once.kind = 'clicked' THEN {_seconds("once.happened_at", "arrived_at")} END AS delay,
        CASE WHEN once.kind = 'clicked' AND once.happened_at >= began
            THEN GREATEST(bursts.span, {_seconds("once.happened_at", "began")}) END AS burst,
        CASE WHEN once.kind = 'clicked' AND crowds.span + EPOCH_US(once.happened_at) + EPOCH_US(arrived_at)
            IS NOT NULL THEN GREATEST(crowds.span, {_seconds("once.happened_at", "arrived_at")}) END AS crowd,
        CAST(once.message AS VARCHAR) || '/'
            || COALESCE(once.order_id, CAST(once.id AS VARCHAR) || '.' || CAST(once.ordinal AS VARCHAR))
            AS purchase,
        CAST(once.revenue AS DECIMAL(18, 4)) AS revenue
    FROM once
    LEFT JOIN arrivals ON arrivals.message = once.message
    LEFT JOIN bounces ON bounces.message = once.message
    LEFT JOIN bursts ON bursts.message = once.message
    LEFT JOIN crowds ON crowds.message = once.message AND crowds.ip = once.ip
    LEFT JOIN agents ON agents.user_agent = once.user_agent
    LEFT JOIN clickers ON clickers.message = once.message
    -- an importer's implied open gives way to the click itself, which says more
    WHERE NOT (once.kind = 'opened' AND once.implied AND clickers.message IS NOT NULL)
),
marked AS (
    SELECT * EXCLUDE (user_agent, machine, said, scanner, program, delay, burst, crowd),
        {_machine_reason()} AS machine_reason, {_apart_within()} AS apart_within
    FROM joined
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
    SELECT *, TRUE AS told, TRUE AS counted, machine_reason IS NULL AS people FROM marked
    UNION ALL BY NAME  -- a click implies an open
    SELECT {_IMPLIED_OPEN}, TRUE AS counted, FALSE AS people
    FROM clicks LEFT JOIN openers ON openers.message = clicks.message
    WHERE nth = 1 AND openers.message IS NULL
    UNION ALL BY NAME  -- a person's click implies that a person opened
    SELECT {_IMPLIED_OPEN}, FALSE AS counted, TRUE AS people
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


_IMPLIED_OPEN = (  # the columns of `marked` for an open that a click proves
    "clicks.message, id, ordinal, 'opened' AS kind, happened_at, domain, client, country, region, device,"
    " variant, bounce, FALSE AS standing, machine_reason, apart_within, purchase, FALSE AS told"
)


def _machine_reason() -> str:
    """The first rule that sets an open or a click apart; the sender's word goes before all of them."""
    ours = " ".join(
        f"WHEN {CONDITIONS[reason].format(window=rule.window)} THEN '{reason}'"
        for reason, rule in RULES.items()
        if reason in CONDITIONS
    )
    return (
        "CASE WHEN kind NOT IN ('opened', 'clicked') OR machine = FALSE THEN NULL"
        f" WHEN machine THEN said {ours} END"
    )


def _apart_within() -> str:
    always = " OR ".join(
        CONDITIONS[reason] for reason, rule in RULES.items() if reason in CONDITIONS and rule.window is None
    )
    return (
        "CASE WHEN kind NOT IN ('opened', 'clicked') OR machine = FALSE THEN NULL"
        f" WHEN machine OR {always} OR LEAST(delay, burst, crowd) < 0 THEN 0"
        " ELSE LEAST(delay, burst, crowd) END"
    )


def _names(names: tuple[str, ...], but: tuple[str, ...] = ()) -> str:
    """Whether a user agent holds one of `names`, the words `but` left out."""
    agent = "LOWER(user_agent)"
    for word in but:
        agent = f"REPLACE({agent}, '{word}', '')"
    return "(" + " OR ".join(f"{agent} LIKE '%{name.lower()}%'" for name in names) + ")"


def _seconds(later: str, earlier: str) -> str:
    return f"(EPOCH_US({later}) - EPOCH_US({earlier})) / 1e6"


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
