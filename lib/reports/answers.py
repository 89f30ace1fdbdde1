"""Metrics by one dimension, read from rollups and added up over the campaigns of a scope; with filters, which
no rollup answers, counted from the events of one campaign.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa

from lib.model import Question, Scope
from lib.reports import narrowed
from lib.reports.figures import is_covered, quotient
from lib.reports.metrics import ABOUT_MONEY, ASKABLE, Count, Metric
from lib.reports.overview import campaigns, named
from lib.reports.parts import Key, Part, read, retrying
from lib.reports.rollup import ANYWHERE, KEYS
from lib.store.analytics import Analytics
from lib.store.records import reading
from lib.store.settlement import chunks
from lib.store.tables import campaigns as table

DIMENSIONS = ("", *KEYS)

NAMING_PEOPLE = frozenset({"reason"})
"""Dimensions whose keys are other people's texts and may hold an address; hidden where people are."""


def answer(analytics: Analytics, scope: Scope, question: Question) -> pd.DataFrame:
    """Answer `question` within `scope`.

    With `by` empty: one row per campaign, columns `campaign` and the metrics, the latest campaign first, as
    `campaigns` gives them. Else one row per key of the dimension over all campaigns of the scope that have
    events, columns `by` and the metrics, sorted by key (hours are whole numbers); the key «*» is the long
    tail, None what has no key. A campaign counts for a metric only if its events cover what the metric
    needs; rates are fractions of 1, unknown is NaN. Where the scope hides recipients, groups of few of them
    are in «*» too.

    With filters the same of the events that all of them let through, for a scope of one campaign that hides
    neither recipients nor links: an event counts when its own dimension has the key. With `by` empty that is
    one row, and what the sender claims is not in it.

    Raises KeyError for a metric or dimension that does not exist, FilterRefused for filters that may not be
    asked.
    """
    metrics = {name: ASKABLE[named(name, question.form)] for name in question.metrics}
    if unknown := {question.by} - {*DIMENSIONS} | {name for name, _ in question.where} - KEYS.keys():
        raise KeyError(unknown.pop())
    if question.where:
        return _narrowed(analytics, scope, question, metrics)
    if not question.by:
        frame = campaigns(analytics, scope, question.form)
        return frame[["id", *question.metrics]].rename(columns={"id": "campaign"})
    visible = scope.people or question.by not in NAMING_PEOPLE
    parts = retrying(lambda: _parts(analytics, scope, question.by)) if visible else []
    return _without_empty(_added_up(question.by, metrics, parts, revenue=scope.revenue), metrics)


def _narrowed(
    analytics: Analytics, scope: Scope, question: Question, metrics: dict[str, Metric]
) -> pd.DataFrame:
    campaign = narrowed.only_campaign(scope, question.where)
    counts = {count.name: count for metric in metrics.values() for count in _made_of(metric)}
    parts = narrowed.parts(analytics, campaign, question.by, question.where, counts.values())
    frame = _added_up(question.by or "campaign", metrics, parts, revenue=scope.revenue)
    return _without_empty(frame, metrics) if question.by else frame


def _made_of(metric: Metric) -> tuple[Count, ...]:
    return (metric,) if isinstance(metric, Count) else (metric.part, metric.whole)


def _parts(analytics: Analytics, scope: Scope, dimension: str) -> list[Part]:
    query = sa.select(table.c.rollup, table.c.covers).where(table.c.rollup.is_not(None))
    with reading(analytics.records) as db:
        if scope.campaigns is None:
            rows = list(db.execute(query))
        else:
            rows = [
                row for ids in chunks(scope.campaigns) for row in db.execute(query.where(table.c.id.in_(ids)))
            ]
    return [read(analytics, row.rollup).part(dimension, row.covers, scope) for row in rows]


def _added_up(by: str, metrics: dict[str, Metric], parts: list[Part], *, revenue: bool) -> pd.DataFrame:
    found = {key for part in parts for key in part.keys if key is not None or by in ANYWHERE}
    keys = sorted(found, key=lambda key: (key is None, key == "*", key))
    columns = {
        name: np.full(len(keys), np.nan)
        if name in ABOUT_MONEY and not revenue
        else _column(metric, parts, keys)
        for name, metric in metrics.items()
    }
    return pd.DataFrame({by: pd.Series(keys, dtype="int64" if by == "hour" else object)} | columns)


def _without_empty(frame: pd.DataFrame, metrics: Iterable[str]) -> pd.DataFrame:
    return frame[(frame[list(metrics)].fillna(0) != 0).any(axis=1)].reset_index(drop=True)


def _column(metric: Metric, parts: list[Part], keys: list[Key]) -> npt.NDArray[np.float64]:
    covered = [part for part in parts if is_covered(metric.needs, part.covers)]
    if isinstance(metric, Count):
        return _sum(metric, covered, keys)
    return quotient(_sum(metric.part, covered, keys), _sum(metric.whole, covered, keys))


def _sum(count: Count, parts: list[Part], keys: list[Key]) -> npt.NDArray[np.float64]:
    if not parts:
        return np.full(len(keys), np.nan)
    place = {key: number for number, key in enumerate(keys)}
    total = np.zeros(len(keys))
    for part in parts:
        for key, value in zip(part.keys, part.counts[count.name], strict=True):
            if key in place:
                total[place[key]] += value
    return total
