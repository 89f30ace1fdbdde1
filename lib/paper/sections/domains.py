"""The domains in the reader's language."""

import plotly.graph_objects as go

from lib import charts
from lib.paper import numbers
from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.reports import OTHER, Report
from lib.words import t

MOST = 10
"""Bars of the chart."""


def _domain(name: object, language: str) -> str:
    return str(name) if isinstance(name, str) and name else t(language, "domains.unknown")


TABLES = {
    "domains": Table(
        (
            Column("domain", "domains.domain", "text", words=_domain),
            Column("recipients", "metric.recipients"),
            Column("share", "domains.share", "share"),
            Column("bounces", "metric.bounces"),
            Column("bounce_rate", "metric.bounce_rate", "rate"),
            Column("deliveries", "metric.deliveries"),
            Column("unique_opens", "metric.unique_opens"),
            Column("open_rate", "metric.open_rate", "rate"),
            Column("unique_clicks", "metric.unique_clicks"),
            Column("click_rate", "metric.click_rate", "rate"),
            Column("unsubscribes", "metric.unsubscribes"),
            Column("complaints", "metric.complaints"),
        ),
        other="domains.others",
        known=True,
    )
}


def _open_rates(report: Report, language: str) -> go.Figure | None:
    """The open rates of the largest domains, the highest first."""
    section = report.sections.get("domains")
    if section is None or section.table is None:
        return None
    table = section.table
    known = table[table["domain"].notna() & (table["domain"] != OTHER) & table["open_rate"].notna()]
    largest = known.head(MOST).sort_values("open_rate", ascending=False, kind="stable")
    if largest.empty:
        return None
    texts = [numbers.percent(rate, language) for rate in largest["open_rate"]]
    return charts.ranked(
        largest["domain"].tolist(),
        largest["open_rate"].tolist(),
        texts,
        t(language, "metric.open_rate"),
        numbers.MANNERS[language],
    )


CHARTS: dict[str, Draw] = {"domains": _open_rates}
