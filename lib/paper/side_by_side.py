"""Campaigns beside each other in the reader's language."""

import pandas as pd
import plotly.graph_objects as go
from babel.dates import format_date

from lib import charts
from lib.paper import numbers
from lib.paper.tables import Column
from lib.paper.workbook import Leaf
from lib.reports import METRICS
from lib.reports.side_by_side import SideBySide, best_and_worst, within
from lib.words import REGIONS, t

FIGURES = (
    "recipients", "deliveries", "open_rate", "click_rate", "click_to_open_rate", "unique_opens",
    "unique_clicks", "bounce_rate", "unsubscribe_rate", "complaint_rate", "orders", "revenue",
)  # fmt: skip
WHEN_KNOWN = frozenset({"orders", "revenue"})
SPANS: dict[str, int | None] = {"24": 24, "72": 72, "168": 168, "life": None}
"""Spans of the curves by their name in an address, in hours since the sending."""


def names(figures: pd.DataFrame, language: str) -> dict[str, str]:
    """What the campaigns are called, by their ids; those called alike with the day of their sending."""
    titles = figures["title"].where(figures["title"].astype(bool), figures["subject"])
    titles = titles.where(titles.notna(), figures["native_id"])
    alike = titles.duplicated(keep=False)
    return {
        str(one): f"{title} ({_day(sent_at, language)})" if again else str(title)
        for one, title, again, sent_at in zip(figures["id"], titles, alike, figures["sent_at"], strict=True)
    }


def curves(found: SideBySide, curve: str, span: str, language: str) -> go.Figure | None:
    """The curves of a name (opened, clicked) over a span of SPANS; None where no campaign has one."""
    if found.curves[curve].notna().sum() == 0:
        return None
    return charts.side_by_side(
        within(found.curves, SPANS[span]),
        curve,
        names(found.figures, language),
        t(language, "compare.hours"),
        numbers.MANNERS[language],
    )


def shown(figures: pd.DataFrame) -> tuple[str, ...]:
    """The figures of the table; orders and revenue where any campaign has them."""
    return tuple(name for name in FIGURES if name not in WHEN_KNOWN or figures[name].notna().any())


def texts(figures: pd.DataFrame, language: str) -> pd.DataFrame:
    """The figures as the reader writes them, a row per campaign; the best and the worst bear a sign."""
    ends = best_and_worst(figures)
    columns = {}
    for name in shown(figures):
        best, worst = ends.get(name, (frozenset(), frozenset()))
        signs = {one: f" ▲ {t(language, 'compare.best')}" for one in best}
        signs |= {one: f" ▼ {t(language, 'compare.worst')}" for one in worst}
        columns[name] = [
            numbers.show(name, value, language, currency) + signs.get(one, "")
            for one, value, currency in zip(figures["id"], figures[name], figures["currency"], strict=True)
        ]
    return pd.DataFrame(columns, index=figures.index)


def leaf(figures: pd.DataFrame, language: str) -> Leaf:
    """The figures as a table for a file, numbers as numbers; times in the zone of each campaign."""
    known = shown(figures)
    columns = (
        Column("campaign", "compare.campaign", "text", wide=True),
        Column("sent_at", "report.sent", "moment"),
        Column("zone", "files.zone", "text"),
        *(Column(name, f"metric.{name}", METRICS[name].format) for name in known),
        *((Column("currency", "files.currency", "text"),) if "revenue" in known else ()),
    )
    local = [
        None if pd.isna(at) else at.tz_convert(zone).tz_localize(None)
        for at, zone in zip(figures["sent_at"], figures["zone"], strict=True)
    ]
    cells = figures.assign(
        campaign=list(names(figures, language).values()),
        sent_at=pd.Series(local, dtype=object, index=figures.index),
    )
    rows = cells[[column.name for column in columns]].astype(object).itertuples(index=False, name=None)
    headings = tuple(t(language, column.heading) for column in columns)
    return Leaf(t(language, "compare.title"), columns, headings, rows)


def _day(sent_at: pd.Timestamp, language: str) -> str:
    return numbers.UNKNOWN if pd.isna(sent_at) else format_date(sent_at, "short", locale=REGIONS[language])
