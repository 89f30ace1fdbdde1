"""Orders and revenue in the reader's language."""

from collections.abc import Iterator

from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.reports import METRICS, Report
from lib.words import t


def _named(name: object, language: str) -> str:
    return t(language, f"metric.{name}" if name in METRICS else f"commerce.{name}")


def _product(name: object, language: str) -> str:
    return name if isinstance(name, str) else t(language, "commerce.unnamed")


TABLES: dict[str, Table] = {
    "commerce": Table(
        (
            Column("name", "report.figure", "text", words=_named),
            Column("count", "overall.count"),
            Column("share", "commerce.share", "rate"),
            Column("amount", "overall.amount", "money"),
        )
    ),
    "commerce.products": Table(
        (
            Column("product", "commerce.product", "text", words=_product, wide=True),
            Column("orders", "metric.orders"),
            Column("revenue", "metric.revenue", "money"),
        ),
        other="commerce.other_products",
    ),
}

CHARTS: dict[str, Draw] = {}


def sentences(report: Report, language: str) -> Iterator[str]:
    """Why amounts are not added up, where they are not."""
    if report.sections["commerce"].facts["mixed"]:
        yield t(language, "commerce.mixed")
