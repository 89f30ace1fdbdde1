"""The campaign against its own history in the reader's language."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from lib import charts
from lib.model import Form
from lib.paper import durations, numbers
from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.reports import Report, Section
from lib.reports.history import FEWEST
from lib.words import t


def _metric(name: object, language: str) -> str:
    return t(language, f"metric.{name}")


def _verdict(verdict: object, language: str) -> str:
    return t(language, f"history.verdict.{verdict}")


def _industry(name: object, language: str) -> str:
    return str(name) or t(language, "history.sender_says")


METRIC = Column("metric", "report.figure", "text", _metric)
VALUE = Column("value", "history.value", "rate")
TABLES = {
    "history": Table(
        (
            METRIC,
            VALUE,
            Column("low", "history.low", "rate"),
            Column("high", "history.high", "rate"),
            Column("verdict", "history.verdict_heading", "text", _verdict),
            Column("position", "history.position", "share"),
            Column("campaigns", "history.campaigns"),
        )
    ),
    "history.wider": Table(
        (
            METRIC,
            Column("low_90", "history.low_90", "rate"),
            Column("high_90", "history.high_90", "rate"),
            Column("low_95", "history.low_95", "rate"),
            Column("high_95", "history.high_95", "rate"),
        )
    ),
    "history.industry": Table(
        (
            METRIC,
            VALUE,
            Column("average", "history.average", "rate"),
            Column("industry", "history.industry", "text", _industry),
            Column("published", "history.published", "text"),
            Column("source", "history.source", "text", wide=True),
        )
    ),
}


def sentences(section: Section, language: str, form: Form = Form.ALL) -> tuple[str, ...]:
    """What the figures are held against, and the averages of industries; names in it are not escaped."""
    of_all = (t(language, "overall.of_all"),) if form is Form.PEOPLE and "industry" in section.more else ()
    return (*_basis(section, language), *_averages(section, language), *of_all)


def told(report: Report, language: str) -> tuple[str, ...]:
    """The sentences of a report's own section."""
    return sentences(report.sections["history"], language, report.form)


def row_in_words(row: Any, language: str) -> str:
    """One rate beside what is usual, such as «Open rate 41.20%: high (31.0–38.2%)»; short, for phones."""
    low, high = _span(row.low, row.high, language)
    words = {"metric": _metric(row.metric, language), "value": numbers.percent(row.value, language)}
    return t(language, f"history.row.{row.verdict}", low=low, high=high, **words)


def _span(low: float, high: float, language: str) -> tuple[str, str]:
    """The ends of an interval with as many decimals as its size needs, one per cent sign for both."""
    decimals = 1 if high >= 0.01 else 2
    ends = [numbers.percent(end, language, decimals) for end in (low, high)]
    return ends[0].rstrip("%\u00a0"), ends[1]


def _basis(section: Section, language: str) -> Iterator[str]:
    facts, known = (
        section.facts,
        min(section.facts["campaigns"], int(section.rows["campaigns"].max())),
    )  # of some no rate is known
    if section.rows["low"].notna().any():
        yield from _compared(facts, known, language)
    elif facts["coming"] and facts["campaigns"] >= FEWEST:
        yield t(language, "history.coming")
    elif known >= FEWEST:
        yield from _compared(facts, known, language)  # the table says why no rate is judged
    elif known:
        yield t(language, "history.few", count=known)
    else:
        yield t(language, "history.first")


def _compared(facts: Mapping[str, Any], campaigns: int, language: str) -> Iterator[str]:
    conditions = t(language, f"history.conditions.{facts['conditions'].replace(' ', '_') or 'none'}")
    yield t(language, "history.basis", count=campaigns, conditions=conditions)
    yield t(language, "history.range")
    if facts["coming"] and facts["hours"]:
        age = durations.in_words(facts["hours"] * 3600, language)
        yield t(language, "history.same_age", age=age)


def _averages(section: Section, language: str) -> Iterator[str]:
    table = section.more.get("industry", pd.DataFrame(columns=["industry", "published", "before_proxy"]))
    for (industry, published), rows in table.groupby(["industry", "published"], sort=False):
        rates = ", ".join(
            f"{_metric(metric, language)} {numbers.percent(average, language)}"
            for metric, average in zip(rows["metric"], rows["average"], strict=True)
        )
        if published:
            yield t(language, "history.line", industry=industry, year=str(published)[:4], rates=rates)
        else:
            yield t(language, "history.line_of_sender", rates=rates)
        if rows["before_proxy"].any():
            yield t(language, "history.before_proxy")


def _chart(report: Report, language: str) -> go.Figure | None:
    section = report.sections.get("history")
    if section is None or section.table is None or section.table["low"].isna().all():
        return None
    table = section.table
    told = pd.DataFrame(
        {name: table[name] for name in ("value", "low", "high")}
        | {"name": [_metric(name, language) for name in table["metric"]]}
        | {"words": [row_in_words(row, language) for row in table.itertuples()]}
    )
    labels = {"value": t(language, "history.value"), "band": t(language, "history.band")}
    return charts.intervals_apart(told, labels, numbers.MANNERS[language])


CHARTS: dict[str, Draw] = {"history": _chart}
