"""The recipients by what they did, in the reader's language.

The table `recipients.list` is in no report: it is asked for a page at a time, or read to its end into a file.
"""

from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.words import t


def deed(name: object, language: str) -> str:
    """What recipients did."""
    return t(language, f"recipients.deed.{name}")


def _bounce(kind: object, language: str) -> str:
    return t(language, f"recipients.bounce.{kind}") if kind in ("hard", "soft") else ""


LIST = "recipients.list"

TABLES = {
    "recipients": Table(
        (
            Column("deed", "recipients.what", "text", words=deed),
            Column("recipients", "metric.recipients"),
        )
    ),
    "recipients.bounce_reasons": Table(
        (
            Column("reason", "recipients.bounce_reason", "text", wide=True),
            Column("hard_bounces", "metric.hard_bounces"),
            Column("soft_bounces", "metric.soft_bounces"),
        ),
        other="recipients.other_reasons",
    ),
    "recipients.unsubscribe_reasons": Table(
        (
            Column("reason", "recipients.unsubscribe_reason", "text", wide=True),
            Column("unsubscribes", "metric.unsubscribes"),
        ),
        other="recipients.other_reasons",
    ),
    LIST: Table(
        (
            Column("address", "report.address", "text", wide=True),
            Column("bounce", "recipients.bounced", "text", words=_bounce),
            Column("bounce_reason", "recipients.bounce_reason", "text", wide=True),
            Column("unsubscribe_reason", "recipients.unsubscribe_reason", "text", wide=True),
            Column("opens", "metric.opens"),
            Column("clicks", "metric.clicks"),
            Column("last_at", "report.last_at", "moment"),
            Column("bounced_at", "recipients.bounced_at", "moment"),
            Column("unsubscribed_at", "recipients.unsubscribed_at", "moment"),
            Column("complained_at", "recipients.complained_at", "moment"),
        )
    ),
}

CHARTS: dict[str, Draw] = {}
