"""The events of campaigns as the metrics count them: their facts, each campaign's by itself.

One row per event, and one row more for each open that only a click proves (`told` is false). What no metric
asks of a kind is null or false there: purchase and is_first of a bounce, reason of a click. Columns:
campaign (the number that the source gives it), message, kind, happened_at, hour (whole hours since the
campaign began), link, link_position, domain, country, region, device, client, variant, product, reason,
machine_reason, apart_within, bounce (hard, soft, or null when the message's last word is not a bounce),
standing (this event is that last word), counted, people, is_first, is_first_by_person, purchase, revenue,
mixed (the amounts of the campaign are in several currencies).

`apart_within` is the smallest window in seconds under which a rule sets the event apart: 0 where a rule does
so whatever the windows, null where none does under any.

The rules stand in lib/reports/rules.py, and where they come from in docs/metrics.md.
"""

# ruff: noqa: S608 - the SQL is made of constants and of table expressions that its callers name

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

CONDITIONS = {  # reason: when it applies, where the sender says nothing
    "scanner_agent": "scanner",
    "headless_agent": "program",
    "apple_proxy": "kind = 'opened' AND apple",
    "too_fast": "delay <= {window}",
    "all_links": "burst <= {window}",
    "shared_address": "crowd <= {window}",
}


def facts_sql(source: str, campaigns: str, agents: str, *, overlapping: bool) -> str:
    """The SELECT that gives the facts of some campaigns, over table expressions.

    `source` has the columns of event files, tells campaigns apart by a column `campaign`, and its regions are
    PLACE; one that holds no event twice, such as a single file, is read faster when it is not `overlapping`.
    `campaigns` has the start of each, in seconds since 1970, and its currency; amounts that name none are in
    it. `agents` has the `name` of each user_agent. Texts that are only compared with each other may be
    numbers in the same order: all but kind, subtype, machine_reason, currency and order_id.
    """
    once, is_once = ("once", f"{_ONCE.format(source=source)},") if overlapping else (f"{source} AS once", "")
    return f"""
WITH {is_once}
clickers AS (SELECT DISTINCT campaign, message FROM {once} WHERE kind = 'clicked'),
arrivals AS (  -- of those who clicked: nobody else is asked when a message arrived
    SELECT campaign, message, COALESCE(MIN(CASE WHEN kind = 'delivered' THEN happened_at END),
        MIN(CASE WHEN kind = 'sent' THEN happened_at END)) AS arrived_at
    FROM {once} WHERE kind IN ('delivered', 'sent')
        AND (campaign, message) IN (SELECT (campaign, message) FROM clickers)
    GROUP BY campaign, message
),
last_words AS (  -- a bounce without a time is taken as the last word, a delivery without one as the first
    SELECT campaign, message, id, ordinal, kind,
        CASE WHEN subtype = 'hard' THEN 'hard' ELSE 'soft' END AS bounce
    FROM (
        SELECT *, ROW_NUMBER() OVER (
            PARTITION BY campaign, message
            ORDER BY CASE WHEN happened_at IS NOT NULL THEN 1 WHEN kind = 'bounced' THEN 2 ELSE 0 END DESC,
                happened_at DESC, CASE kind WHEN 'bounced' THEN 0 ELSE 1 END,
                CASE subtype WHEN 'hard' THEN 0 ELSE 1 END, id, ordinal
        ) AS back
        FROM (SELECT campaign, message, id, ordinal, kind, subtype, happened_at FROM {once}
            WHERE kind IN ('delivered', 'bounced')
            AND (campaign, message) IN (SELECT (campaign, message) FROM {once} WHERE kind = 'bounced')
        ) AS of_bounced
    ) AS words WHERE back = 1
),
bounces AS (SELECT campaign, message, id, ordinal, bounce FROM last_words WHERE kind = 'bounced'),
first_clicks AS (
    SELECT campaign, message, link, MIN(happened_at) AS happened_at FROM {once}
    WHERE kind = 'clicked' AND link IS NOT NULL AND happened_at IS NOT NULL GROUP BY campaign, message, link
),
links AS (SELECT campaign, COUNT(DISTINCT link) AS clicked FROM first_clicks GROUP BY campaign),
bursts AS (  -- of those who clicked every link: when they began and how long that took
    SELECT campaign, message, MIN(happened_at) AS began,
        {_seconds("MAX(happened_at)", "MIN(happened_at)")} AS span
    FROM first_clicks JOIN links USING (campaign) GROUP BY campaign, message
    HAVING COUNT(*) >= {FEWEST_LINKS} AND COUNT(*) = MIN(clicked)
),
visits AS (  -- each recipient's first click from an address
    SELECT campaign, ip, message, MIN(happened_at) AS happened_at FROM {once}
    WHERE kind = 'clicked' AND ip IS NOT NULL AND happened_at IS NOT NULL GROUP BY campaign, ip, message
),
shared AS (SELECT campaign, ip FROM visits GROUP BY campaign, ip HAVING COUNT(*) >= {FEWEST_SHARING}),
queues AS (  -- how long the visitors of an address took, each with those who came right after
    SELECT *, {_seconds(f"LEAD(happened_at, {FEWEST_SHARING - 1}) OVER in_turn", "happened_at")} AS span
    FROM visits WHERE (campaign, ip) IN (SELECT (campaign, ip) FROM shared)
    WINDOW in_turn AS (PARTITION BY campaign, ip ORDER BY happened_at, message)
),
crowds AS (  -- the quickest such queue in which a recipient stands
    SELECT campaign, ip, message, MIN(span) OVER (
        PARTITION BY campaign, ip ORDER BY happened_at, message
        ROWS BETWEEN {FEWEST_SHARING - 1} PRECEDING AND CURRENT ROW
    ) AS span FROM queues
),
agents AS (
    SELECT user_agent, name = '{APPLE_PROXY}' AS apple, {_names(IMAGE_PROXIES)} AS proxy,
        {_names(SCANNERS)} AS scanner, {_names(PROGRAMS, but=NO_ROBOTS)} AS program
    FROM {agents} AS named WHERE user_agent IS NOT NULL
),
variants AS (
    SELECT once.campaign, once.message, MAX(once.variant) AS variant FROM {once}
    LEFT JOIN clickers ON {_of_once("clickers")}
    WHERE once.variant IS NOT NULL AND {_STAYS} GROUP BY once.campaign, once.message
),
money AS (
    SELECT once.campaign, CASE WHEN MIN(named.currency) IS NULL THEN COUNT(DISTINCT once.currency) > 1
        ELSE COUNT(CASE WHEN once.currency <> named.currency THEN 1 END) > 0 END AS mixed
    FROM {once} JOIN {campaigns} AS named ON named.campaign = once.campaign
    WHERE once.revenue IS NOT NULL GROUP BY once.campaign
),
joined AS (  -- opens and clicks; only clicks are asked how soon they came
    SELECT {_OF_ANY_KIND}, once.machine, once.machine_reason AS said, apple, scanner, program,
        {_seconds("once.happened_at", "arrived_at")} AS delay,
        CASE WHEN once.happened_at >= began
            THEN GREATEST(bursts.span, {_seconds("once.happened_at", "began")}) END AS burst,
        CASE WHEN crowds.span + EPOCH_US(once.happened_at) + EPOCH_US(arrived_at) IS NOT NULL
            THEN GREATEST(crowds.span, {_seconds("once.happened_at", "arrived_at")}) END AS crowd
    FROM {once} {_JOINED}
    LEFT JOIN arrivals ON {_of_once("arrivals")}
    LEFT JOIN bursts ON {_of_once("bursts")}
    LEFT JOIN crowds ON {_of_once("crowds")} AND crowds.ip = once.ip
    WHERE once.kind = 'clicked'
    UNION ALL BY NAME
    SELECT {_OF_ANY_KIND}, once.machine, once.machine_reason AS said, apple, scanner, program
    FROM {once} {_JOINED}
    LEFT JOIN clickers ON {_of_once("clickers")}
    WHERE once.kind = 'opened' AND {_STAYS}
),
marked AS (
    SELECT * EXCLUDE (machine, said, apple, scanner, program, delay, burst, crowd),
        {_machine_reason()} AS machine_reason, {_apart_within()} AS apart_within
    FROM joined
),
firsts AS (  -- the first open and the first click of each message, of all and of a person's
    SELECT campaign, id, ordinal, before IS DISTINCT FROM kind AS is_first,
        person AND alike_before IS DISTINCT FROM kind AS is_first_by_person,
        kind = 'clicked' AND before IS NULL AS proves, person AND kind = 'clicked' AND alike_before IS NULL
            AS proves_person
    FROM (
        SELECT *, LAG(kind) OVER in_turn AS before, LAG(kind) OVER alike AS alike_before
        FROM (
            SELECT campaign, message, id, ordinal, kind, happened_at, machine_reason IS NULL AS person
            FROM marked
        ) AS short
        WINDOW  -- opens come before clicks, so that a click with nothing before it had no open
            in_turn AS (
                PARTITION BY campaign, message ORDER BY kind DESC, happened_at NULLS LAST, id, ordinal
            ), alike AS (
                PARTITION BY campaign, message, person
                ORDER BY kind DESC, happened_at NULLS LAST, id, ordinal
            )
    ) AS turns
    WHERE before IS DISTINCT FROM kind OR (person AND alike_before IS DISTINCT FROM kind)
),
rows_of_facts AS (
    SELECT marked.*, FALSE AS standing, TRUE AS told, TRUE AS counted, machine_reason IS NULL AS people,
        COALESCE(is_first, FALSE) AS is_first, COALESCE(is_first_by_person, FALSE) AS is_first_by_person
    FROM marked LEFT JOIN firsts ON {_SAME}
    UNION ALL BY NAME  -- a click implies an open
    SELECT {_IMPLIED_OPEN}, TRUE AS counted, FALSE AS people, TRUE AS is_first, FALSE AS is_first_by_person
    FROM marked JOIN firsts ON {_SAME} WHERE proves
    UNION ALL BY NAME  -- a person's click implies that a person opened
    SELECT {_IMPLIED_OPEN}, FALSE AS counted, TRUE AS people, FALSE AS is_first, TRUE AS is_first_by_person
    FROM marked JOIN firsts ON {_SAME} WHERE proves_person
    UNION ALL BY NAME
    SELECT {_OF_ANY_KIND}, CASE WHEN once.kind = 'ordered' THEN once.product END AS product,
        CASE WHEN once.kind IN ('bounced', 'unsubscribed', 'complained') THEN once.reason END AS reason,
        once.kind = 'bounced' AND once.id = bounces.id AND once.ordinal = bounces.ordinal AS standing,
        CASE WHEN once.kind = 'ordered' THEN CAST(once.message AS VARCHAR) || '/'
            || COALESCE(once.order_id, CAST(once.id AS VARCHAR) || '.' || CAST(once.ordinal AS VARCHAR))
            END AS purchase,
        CAST(once.revenue AS DECIMAL(18, 4)) AS revenue,
        TRUE AS told, TRUE AS counted, TRUE AS people, FALSE AS is_first, FALSE AS is_first_by_person
    FROM {once} {_JOINED} WHERE once.kind NOT IN ('opened', 'clicked')
)
SELECT rows_of_facts.*, {_HOUR} AS hour, COALESCE(money.mixed, FALSE) AS mixed FROM rows_of_facts
JOIN {campaigns} AS named ON named.campaign = rows_of_facts.campaign
LEFT JOIN money ON money.campaign = rows_of_facts.campaign
"""


def _of_once(table: str) -> str:
    """That a row of `table` is of the same message as the event."""
    return f"{table}.campaign = once.campaign AND {table}.message = once.message"


_ONCE = """once AS (  -- the same event in two files is one event
    SELECT every.* FROM {source} AS every
    LEFT JOIN (
        SELECT campaign, id, ordinal, MIN(import) AS import FROM {source}
        GROUP BY campaign, id, ordinal HAVING COUNT(*) > 1
    ) AS repeated ON repeated.campaign = every.campaign
        AND repeated.id = every.id AND repeated.ordinal = every.ordinal
    WHERE repeated.id IS NULL OR repeated.import = every.import
)"""

# an importer's implied open gives way to the click itself, which says more
_STAYS = "NOT (once.kind = 'opened' AND once.implied AND clickers.message IS NOT NULL)"

_JOINED = f"""LEFT JOIN bounces ON {_of_once("bounces")}
        LEFT JOIN agents ON agents.user_agent = once.user_agent
        LEFT JOIN variants ON {_of_once("variants")}"""

_SAME = "firsts.campaign = marked.campaign AND firsts.id = marked.id AND firsts.ordinal = marked.ordinal"

PLACE = """CASE WHEN country IS NOT NULL OR region IS NOT NULL
        THEN COALESCE(country, '') || '/' || COALESCE(region, '') END"""
"""A region with its country, for regions of two countries may have the same name."""

_OF_ANY_KIND = """once.campaign, once.message, once.id, once.ordinal, once.kind, once.happened_at,
        once.link, once.link_position, once.domain, once.client, bounces.bounce,
        CASE WHEN NOT COALESCE(apple OR proxy, FALSE) THEN once.country END AS country,
        CASE WHEN NOT COALESCE(apple OR proxy, FALSE) THEN once.region END AS region,
        CASE WHEN NOT COALESCE(apple OR proxy, FALSE) THEN once.device END AS device,
        COALESCE(once.variant, variants.variant) AS variant"""

# whole hours since the campaign began; unknown for what has no time or lies before that
_HOUR = (
    "CASE WHEN EPOCH(happened_at) >= named.start"
    " THEN CAST(FLOOR((EPOCH(happened_at) - named.start) / 3600) AS INTEGER) END"
)

_IMPLIED_OPEN = (  # the columns of an open that a click proves
    "marked.campaign, message, marked.id, marked.ordinal, 'opened' AS kind, happened_at, domain, client,"
    " country, region, device, variant, bounce, FALSE AS standing, machine_reason, apart_within,"
    " FALSE AS told"
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
        f" WHEN machine THEN '{SENDER}' || COALESCE('/' || said, '') {ours} END"
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
    agent = "LOWER(name)"
    for word in but:
        agent = f"REPLACE({agent}, '{word}', '')"
    return "(" + " OR ".join(f"{agent} LIKE '%{name.lower()}%'" for name in names) + ")"


def _seconds(later: str, earlier: str) -> str:
    return f"(EPOCH_US({later}) - EPOCH_US({earlier})) / 1e6"
