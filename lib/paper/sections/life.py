"""The whole life of a campaign in the reader's language."""

from collections.abc import Iterator

import plotly.graph_objects as go

from lib import charts
from lib.paper import durations, numbers
from lib.paper.charted import Draw
from lib.paper.sections import notes
from lib.paper.tables import Column, Table
from lib.reports import Report
from lib.words import t

TABLES: dict[str, Table] = {
    "life": Table(
        (
            Column("hours", "life.hours"),
            Column("opens", "life.opens"),
            Column("opens_share", "life.opens_share", "rate"),
            Column("clicks", "life.clicks"),
            Column("clicks_share", "life.clicks_share", "rate"),
        )
    )
}
KINDS = ("opens", "clicks")
HOUR = 3600
FEWEST = 5
"""Who ever opened, or clicked, with a time: of fewer, a half or nine tenths say nothing."""


def sentences(report: Report, language: str) -> Iterator[str]:
    """How soon half of the opens and clicks came, and nine tenths; what is unknown is not mentioned, nor is
    what only a few did.
    """
    section = report.sections["life"]
    facts = section.facts
    for name in KINDS:
        if not section.rows[name].max() >= FEWEST:  # NaN where it is unknown
            continue
        half, most = facts[f"half_{name}_seconds"], facts[f"most_{name}_hours"]
        if half is not None:
            yield t(language, f"life.half_{name}", duration=durations.in_words(half, language))
        if most is not None:
            duration = durations.in_words(most * HOUR, language)
            share = numbers.percent(0.9, language, 0)
            yield t(language, f"life.most_{name}", duration=duration, share=share)
    for name in KINDS:
        missing = facts[f"{name}_without_time"]
        if missing:
            number = numbers.whole(missing, language)
            yield t(language, f"life.{name}_without_time", count=missing, number=number)


def _chart(report: Report, language: str) -> go.Figure | None:
    section = report.sections.get("life")
    if section is None or section.rows.empty:
        return None
    table = section.rows
    shares = [f"{name}_share" for name in KINDS if table[f"{name}_share"].notna().any()]
    columns = shares or [name for name in KINDS if table[name].notna().any()]
    labels = {name: t(language, f"life.{name}") for name in columns}
    figure = charts.life(table, labels, numbers.MANNERS[language])
    return notes.pinned(report, "life", figure, float(table["hours"].max()))


CHARTS: dict[str, Draw] = {"life": _chart}
