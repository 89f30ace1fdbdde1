"""Metrics by one dimension, read from rollups and added up over the campaigns of a scope."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa

from lib.model import Question, Scope
from lib.reports.figures import is_covered, quotient
from lib.reports.metrics import ABOUT_MONEY, ASKABLE, Count, Metric
from lib.reports.overview import campaigns, named
from lib.reports.parts import Key, Part, part_of, retrying
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

    Raises KeyError for a metric or dimension that does not exist.
    """
    metrics = {name: ASKABLE[named(name, question.form)] for name in question.metrics}
    if question.by not in DIMENSIONS:
        raise KeyError(question.by)
    if not question.by:
        frame = campaigns(analytics, scope, question.form)
        return frame[["id", *question.metrics]].rename(columns={"id": "campaign"})
    visible = scope.people or question.by not in NAMING_PEOPLE
    parts = retrying(lambda: _parts(analytics, scope, question.by)) if visible else []
    return _added_up(question.by, metrics, parts, revenue=scope.revenue)


def _parts(analytics: Analytics, scope: Scope, dimension: str) -> list[Part]:
    query = sa.select(table.c.rollup, table.c.covers).where(table.c.rollup.is_not(None))
    with reading(analytics.records) as db:
        if scope.campaigns is None:
            rows = list(db.execute(query))
        else:
            rows = [
                row for ids in chunks(scope.campaigns) for row in db.execute(query.where(table.c.id.in_(ids)))
            ]
    return [part_of(analytics.events.read(row.rollup), dimension, row.covers, scope) for row in rows]


def _added_up(by: str, metrics: dict[str, Metric], parts: list[Part], *, revenue: bool) -> pd.DataFrame:
    found = {key for part in parts for key in part.keys if key is not None or by in ANYWHERE}
    keys = sorted(found, key=lambda key: (key is None, key == "*", key))
    columns = {
        name: np.full(len(keys), np.nan)
        if name in ABOUT_MONEY and not revenue
        else _column(metric, parts, keys)
        for name, metric in metrics.items()
    }
    frame = pd.DataFrame({by: pd.Series(keys, dtype="int64" if by == "hour" else object)} | columns)
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
