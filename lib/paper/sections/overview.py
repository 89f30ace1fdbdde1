"""All figures of the campaign in the reader's language."""

from collections.abc import Callable, Iterator

from lib.model import Form
from lib.paper import numbers
from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.reports import METRICS, Report
from lib.words import t


def _named(name: object, language: str) -> str:
    return t(language, f"metric.{name}" if name in METRICS else f"overall.{name}")


def _base(name: object, language: str) -> str:
    return t(language, f"metric.{name}") if name else ""


TABLES: dict[str, Table] = {
    "overview": Table(
        (
            Column("name", "report.figure", "text", words=_named),
            Column("count", "overall.count"),
            Column("rate", "overall.rate", "rate"),
            Column("base", "overall.base", "text", words=_base),
            Column("audience_average", "overall.audience_average", "rate"),
            Column("audience_campaigns", "overall.audience_campaigns"),
            Column("sender_average", "overall.sender_average", "rate"),
            Column("industry_average", "overall.industry_average", "rate"),
            Column("sender_industry", "overall.sender_industry", "rate"),
            Column("last_at", "overall.last_at", "moment"),
            Column("amount", "overall.amount", "money"),
        )
    )
}

CHARTS: dict[str, Draw] = {}

OF_ALL = frozenset({"sender_average", "sender_industry", "industry_average"})
"""Averages that know nothing of machines."""

Write = Callable[[str], str]
"""How a name is written where it is shown: as it is, or escaped."""


def sentences(report: Report, language: str, write: Write = str) -> Iterator[str]:
    """What the averages of the table are made of."""
    facts = report.sections["overview"].facts
    campaigns = facts["audience_campaigns"]
    if campaigns:
        audience = write(str(facts["audience"]))
        number = numbers.whole(campaigns, language)
        yield t(language, "overall.of_audience", count=campaigns, number=number, audience=audience)
    if facts["industry"]:
        industry, published = write(str(facts["industry"])), str(facts["industry_published"])
        yield t(language, "overall.of_industry", industry=industry, published=published)
    if facts["industry_before_proxy"]:
        yield t(language, "overall.before_proxy")
    if report.form is Form.PEOPLE and OF_ALL & set(report.sections["overview"].rows):
        yield t(language, "overall.of_all")
