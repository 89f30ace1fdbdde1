"""A/B and multivariate tests in the reader's language."""

import math
from collections.abc import Callable, Iterator

import pandas as pd
import plotly.graph_objects as go

from lib import charts
from lib.paper import numbers
from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.reports import OTHER, Report, Section
from lib.reports.sections.variants import REVENUE, SURE
from lib.words import t

TABLES: dict[str, Table] = {
    "variants": Table(
        (
            Column("variant", "variants.variant", "text"),
            Column("subject", "report.subject", "text", wide=True),
            Column("deliveries", "metric.deliveries"),
            Column("open_rate", "metric.open_rate", "rate"),
            Column("open_rate_margin", "variants.open_rate_margin", "rate"),
            Column("open_rate_chance", "variants.open_rate_chance", "share"),
            Column("click_rate", "metric.click_rate", "rate"),
            Column("click_rate_margin", "variants.click_rate_margin", "rate"),
            Column("click_rate_chance", "variants.click_rate_chance", "share"),
            Column("click_to_open_rate", "metric.click_to_open_rate", "rate"),
            Column("recipients", "metric.recipients"),
            Column("unsubscribes", "metric.unsubscribes"),
            Column("orders", "metric.orders"),
            Column("revenue", "metric.revenue", "money"),
            Column("revenue_per_delivery", "variants.criterion.revenue_per_delivery", "money"),
        ),
        other="variants.small",
        known=True,
    )
}

Write = Callable[[str], str]
"""How a name is written where it is shown: as it is, or escaped."""


def verdict(report: Report, language: str, write: Write = str) -> str:
    """Which variant is ahead, and how sure that is, in one sentence."""
    facts = report.sections["variants"].facts
    if facts["best"] is None:
        return t(language, "variants.unknown")
    name, chance = write(str(facts["best"])), facts["chance"]
    holes = {"name": name, "what": t(language, f"variants.what.{facts['by']}")}
    if chance is None:
        return t(language, "variants.untold", **holes)
    holes |= {"chance": how_sure(chance, language), "sure": numbers.percent(SURE, language, 0)}
    if chance < SURE:
        return t(language, "variants.close", **holes)
    return t(language, "variants.two" if facts["variants"] == 2 else "variants.several", **holes)


def margins(section: Section, language: str) -> str:
    """What the margins and the chances of the table are."""
    level = numbers.percent(float(section.facts["level"]), language, 0)
    return t(language, "variants.margins", level=level)


def sentences(report: Report, language: str) -> Iterator[str]:
    """The verdict, and what the table's margins and chances are."""
    yield verdict(report, language)
    yield margins(report.sections["variants"], language)


def how_sure(chance: float, language: str) -> str:
    """A chance as a percentage, cut and not rounded: one just below SURE is not told as if it had reached it,
    and one that is nearly 1 is never called certain.
    """
    if chance > 0.999:
        return t(language, "variants.over", chance=numbers.percent(0.999, language, 1))
    decimals = 0 if chance < 0.99 else 1
    parts = 100 * 10**decimals
    return numbers.percent(math.floor(chance * parts + 1e-9) / parts, language, decimals)


def _chart(report: Report, language: str) -> go.Figure | None:
    section = report.sections.get("variants")
    if section is None or section.table is None or section.facts["best"] is None:
        return None
    by = str(section.facts["by"])
    level = numbers.percent(float(section.facts["level"]), language, 0)
    labels = {
        "value": t(language, f"variants.criterion.{by}"),
        "band": t(language, "variants.interval", level=level),
    }
    currency = report.campaign.currency
    metric = "revenue" if by == REVENUE else by
    rows = _rows(section, by, lambda value: numbers.show(metric, value, language, currency))
    return charts.variants(rows, labels, numbers.MANNERS[language], rate=by != REVENUE)


CHARTS: dict[str, Draw] = {"variants": _chart}


def _rows(section: Section, by: str, show: Callable[[float], str]) -> pd.DataFrame:
    """What the chart draws: a row per variant that is known by this criterion."""
    known = section.rows[(section.rows["variant"] != OTHER) & section.rows[by].notna()]
    names = known["variant"].astype(str).tolist()
    ends = {"value": known[by], "low": known[f"{by}_low"], "high": known[f"{by}_high"]}
    words = [
        f"{name}: {show(value)}" + ("" if math.isnan(low) else f" ({show(low)} – {show(high)})")
        for name, value, low, high in zip(names, *(one.tolist() for one in ends.values()), strict=True)
    ]
    return pd.DataFrame(
        {"name": names, "words": words} | {name: one.to_numpy() for name, one in ends.items()}
    )
