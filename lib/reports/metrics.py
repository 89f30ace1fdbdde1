"""Every metric of the product, once: its SQL, formula, number format and documentation come from here.

The SQL speaks of the rows of `facts` (lib/reports/facts.py) and is portable: it gives the same exact
numbers on every engine. `counted` marks what counts in the form *all*, `people` what counts in the form
*people*.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lib.model import Kind

SHAPES = {
    "messages": "COUNT(DISTINCT CASE WHEN {where} THEN message END)",
    "events": "COUNT(CASE WHEN {where} THEN 1 END)",
    "orders": "COUNT(DISTINCT CASE WHEN {where} THEN purchase END)",
    # amounts in several currencies have no sum
    "money": "CASE WHEN COUNT(CASE WHEN mixed THEN 1 END) = 0"
    " THEN COALESCE(SUM(CASE WHEN {where} THEN revenue END), 0) END",
}


@dataclass(frozen=True)
class Count:
    """A number of messages, events or orders, or a sum of money.

    Computed only where a campaign's files hold every kind of `needs` in full; without any `needs` no event
    tells it, so it is known as reported or not at all.
    """

    name: str
    of: str
    where: str
    needs: tuple[Kind, ...]
    source: str

    @property
    def sql(self) -> str:
        return SHAPES[self.of].format(where=self.where)

    @property
    def formula(self) -> str:
        return f"{self.of} where {self.where}" if self.needs else "as reported"

    @property
    def format(self) -> str:
        return "money" if self.of == "money" else "count"


@dataclass(frozen=True)
class Rate:
    """One count divided by another, as a fraction of 1; unknown, not zero, when nothing was counted below.

    Real exports hold rates above 1, so none is ever clamped.
    """

    name: str
    part: Count
    whole: Count
    source: str
    bases: tuple[Count, ...] = ()
    """What else is in use below the line; docs/metrics.md#other-denominators says by whom."""

    @property
    def sql(self) -> str:
        return f"1.0 * {self.part.sql} / NULLIF({self.whole.sql}, 0)"

    @property
    def formula(self) -> str:
        return f"{self.part.name} / {self.whole.name}"

    @property
    def needs(self) -> tuple[Kind, ...]:
        return tuple(dict.fromkeys((*self.part.needs, *self.whole.needs)))

    @property
    def format(self) -> str:
        return "rate"


Metric = Count | Rate

SENT, OPENED, CLICKED, BOUNCED = Kind.SENT, Kind.OPENED, Kind.CLICKED, Kind.BOUNCED
DOCS = "docs/metrics.md"

RECIPIENTS = Count("recipients", "messages", "kind = 'sent'", (SENT,), f"{DOCS}#recipients")
DELIVERIES = Count(
    "deliveries", "messages", "kind = 'sent' AND bounce IS NULL", (SENT, BOUNCED), f"{DOCS}#deliveries"
)
HARD = Count(
    "hard_bounces",
    "messages",
    "kind = 'bounced' AND standing AND bounce = 'hard'",
    (BOUNCED,),
    f"{DOCS}#bounces",
)
SOFT = Count(
    "soft_bounces",
    "messages",
    "kind = 'bounced' AND standing AND bounce = 'soft'",
    (BOUNCED,),
    f"{DOCS}#bounces",
)
BOUNCES = Count("bounces", "messages", "kind = 'bounced' AND standing", (BOUNCED,), f"{DOCS}#bounces")
BOUNCE_RATE = Rate("bounce_rate", BOUNCES, RECIPIENTS, f"{DOCS}#bounces")

OPENERS = Count("unique_opens", "messages", "kind = 'opened' AND counted", (OPENED,), f"{DOCS}#opens")
OPENS = Count("opens", "events", "kind = 'opened' AND counted", (OPENED,), f"{DOCS}#opens")
OPEN_RATE = Rate("open_rate", OPENERS, DELIVERIES, f"{DOCS}#opens", (RECIPIENTS,))
CLICKERS = Count("unique_clicks", "messages", "kind = 'clicked' AND counted", (CLICKED,), f"{DOCS}#clicks")
CLICKS = Count("clicks", "events", "kind = 'clicked' AND counted", (CLICKED,), f"{DOCS}#clicks")
CLICK_RATE = Rate("click_rate", CLICKERS, DELIVERIES, f"{DOCS}#clicks", (RECIPIENTS, OPENERS))
CLICK_TO_OPEN = Rate("click_to_open_rate", CLICKERS, OPENERS, f"{DOCS}#clicks", (DELIVERIES, RECIPIENTS))

UNSUBSCRIBES = Count(
    "unsubscribes", "messages", "kind = 'unsubscribed'", (Kind.UNSUBSCRIBED,), f"{DOCS}#unsubscribes"
)
UNSUBSCRIBE_RATE = Rate(
    "unsubscribe_rate", UNSUBSCRIBES, DELIVERIES, f"{DOCS}#unsubscribes", (RECIPIENTS, OPENERS)
)
COMPLAINTS = Count("complaints", "messages", "kind = 'complained'", (Kind.COMPLAINED,), f"{DOCS}#complaints")
COMPLAINT_RATE = Rate("complaint_rate", COMPLAINTS, DELIVERIES, f"{DOCS}#complaints", (RECIPIENTS,))
FORWARDS = Count("forwards", "events", "kind = 'forwarded'", (Kind.FORWARDED,), f"{DOCS}#forwards")
FORWARD_OPENS = Count("forward_opens", "events", "FALSE", (), f"{DOCS}#forwards")
ORDERS = Count("orders", "orders", "kind = 'ordered'", (Kind.ORDERED,), f"{DOCS}#orders")
REVENUE = Count("revenue", "money", "kind = 'ordered'", (Kind.ORDERED,), f"{DOCS}#orders")
BUYERS = Count("buyers", "messages", "kind = 'ordered'", (Kind.ORDERED,), f"{DOCS}#orders")

FIRST_OPENS = Count("first_opens", "messages", "kind = 'opened' AND is_first", (OPENED,), f"{DOCS}#first-day")
FIRST_CLICKS = Count(
    "first_clicks", "messages", "kind = 'clicked' AND is_first", (CLICKED,), f"{DOCS}#first-day"
)


def people(metric: Count) -> Count:
    """The form of an open or click count that leaves machines out."""
    where = metric.where.replace("counted", "people").replace("is_first", "is_first_by_person")
    return Count(f"{metric.name}_people", metric.of, where, metric.needs, metric.source)


def people_rate(rate: Rate) -> Rate:
    """The form of an open or click rate that leaves machines out; deliveries have one form only."""
    whole, *bases = (people(one) if OPENED in one.needs else one for one in (rate.whole, *rate.bases))
    return Rate(f"{rate.name}_people", people(rate.part), whole, rate.source, tuple(bases))


def _named(metrics: Iterable[Metric]) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


METRICS: dict[str, Metric] = _named(
    (
        *(RECIPIENTS, DELIVERIES, HARD, SOFT, BOUNCES, BOUNCE_RATE),
        *(OPENERS, OPENS, OPEN_RATE, CLICKERS, CLICKS, CLICK_RATE, CLICK_TO_OPEN),
        *(
            UNSUBSCRIBES,
            UNSUBSCRIBE_RATE,
            COMPLAINTS,
            COMPLAINT_RATE,
            FORWARDS,
            FORWARD_OPENS,
            ORDERS,
            REVENUE,
        ),
        *(people(OPENERS), people(OPENS), people_rate(OPEN_RATE), people(CLICKERS), people(CLICKS)),
        *(people_rate(CLICK_RATE), people_rate(CLICK_TO_OPEN)),
    )
)

REACH: dict[str, Metric] = _named((FIRST_OPENS, FIRST_CLICKS, people(FIRST_OPENS), people(FIRST_CLICKS)))
"""Asked by hour only: when each message was opened and clicked for the first time."""

GROUPS: dict[str, Metric] = _named((BUYERS,))
"""Asked by dimension only: the size of a group that its other counts do not tell."""

ASKABLE: dict[str, Metric] = METRICS | REACH | GROUPS

COUNTS: dict[str, Count] = {
    name: metric for name, metric in ASKABLE.items() if isinstance(metric, Count) and metric.needs
}
"""What a rollup holds, one column each."""

MADE_OF: dict[str, tuple[str, str, str]] = {
    "deliveries": ("recipients", "−", "bounces"),
    "bounces": ("hard_bounces", "+", "soft_bounces"),
}
"""Counts that are also what is left of two others, or their sum; a sender may count them apart."""

ABOUT_MONEY = frozenset({"orders", "revenue", "buyers"})
"""Hidden from a reader whose scope has no revenue."""


def in_people_form(name: str) -> str:
    """The name of the metric that stands for `name` when machines are left out."""
    return f"{name}_people" if f"{name}_people" in ASKABLE else name
