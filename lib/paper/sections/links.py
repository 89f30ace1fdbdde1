"""The links in the reader's language."""

from collections.abc import Iterator

import plotly.graph_objects as go

from lib import charts
from lib.paper import numbers
from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.reports import OTHER, Report
from lib.words import t

CHARTED = 10
"""The most clicked."""


def _or_others(value: object, language: str) -> str:
    return t(language, "report.other_links") if value == OTHER else str(value)


CLICKS = (
    Column("unique_clicks", "metric.unique_clicks"),
    Column("clicks", "metric.clicks"),
    Column("click_share", "report.click_share", "share"),
    Column("unique_click_share", "links.unique_click_share", "share"),
)

TABLES = {
    "links": Table((Column("url", "report.url", "url", wide=True), *CLICKS), other="report.other_links"),
    "links.pages": Table(
        (
            Column("page", "links.page", "url", wide=True),
            *CLICKS,
            Column("click_rate", "links.click_rate", "rate"),
            Column("addresses", "links.addresses"),
        ),
        other="report.other_links",
    ),
    "links.addresses": Table(
        (
            Column("page", "links.page", "url", words=_or_others),
            Column("url", "links.url", "url", words=_or_others, wide=True),
            *CLICKS,
        )
    ),
    "links.placements": Table(
        (
            Column("page", "links.page", "url", words=_or_others, wide=True),
            Column("position", "links.position"),
            *CLICKS,
        )
    ),
}


def sentences(report: Report, language: str) -> Iterator[str]:
    """How links are added up to pages, and of what the shares are."""
    if "pages" in report.sections["links"].more:
        yield t(language, "links.folded")
        yield t(language, "links.shares")


def _chart(report: Report, language: str) -> go.Figure | None:
    """The most clicked pages with their clicks; links where pages are not told."""
    section = report.sections.get("links")
    if section is None or section.table is None or section.table.empty:
        return None
    table = section.more.get("pages", section.table).head(CHARTED)
    names = [_or_others(name, language) for name in table[table.columns[0]]]
    texts = [numbers.show("clicks", clicks, language) for clicks in table["clicks"]]
    return charts.ranked(
        [_short(name) for name in names],
        table["clicks"].tolist(),
        texts,
        t(language, "metric.clicks"),
        numbers.MANNERS[language],
    )


def _short(address: str) -> str:
    """Without what all addresses begin with."""
    return address.removeprefix("https://").removeprefix("http://").removeprefix("www.")


CHARTS: dict[str, Draw] = {"links": _chart}
