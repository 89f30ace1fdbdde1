"""The locations in the reader's language."""

from collections.abc import Iterator

import plotly.graph_objects as go

from lib import charts
from lib.paper import numbers, places
from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.reports import FEWEST, OTHER, Report
from lib.words import t

COUNTS = (
    Column("unique_opens", "metric.unique_opens"),
    Column("opens", "metric.opens"),
    Column("clicks", "metric.clicks"),
    Column("share", "locations.share", "share"),
)
COUNTRY = Column("country", "locations.country", "text", words=places.country)

TABLES = {
    "locations": Table((COUNTRY, *COUNTS), other="locations.others", known=True),
    "locations.regions": Table(
        (COUNTRY, Column("region", "locations.region", "text", words=places.region), *COUNTS),
        other="locations.others",
        known=True,
    ),
}


def sentences(report: Report, language: str) -> Iterator[str]:
    """That small groups stand together, where they do."""
    if report.sections["locations"].facts["few_merged"]:
        yield t(language, "report.few", number=FEWEST)


def _map(report: Report, language: str) -> go.Figure | None:
    section = report.sections.get("locations")
    if section is None or section.table is None:
        return None
    table = section.table[section.table["country"].notna() & (section.table["country"] != OTHER)]
    by = "unique_opens" if table["unique_opens"].notna().any() else "clicks"
    sums = table.groupby(table["country"].str.upper())[by].sum()
    counts = {str(code): float(count) for code, count in sums.items()}
    texts = {code: _said(code, count, by, language) for code, count in counts.items()}
    return charts.world(counts, texts, numbers.MANNERS[language])


def _said(code: str, count: float, by: str, language: str) -> str:
    said = f"{t(language, f'metric.{by}')} {numbers.whole(count, language)}"
    return f"{places.country(code, language)} · {said}"


CHARTS: dict[str, Draw] = {"locations": _map}
