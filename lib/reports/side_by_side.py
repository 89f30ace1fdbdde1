"""Campaigns beside each other: their figures, and how their opens and clicks came in since each was sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from lib.model import Form, Kind, Scope
from lib.reports.curves import grown
from lib.reports.figures import is_covered
from lib.reports.overview import campaigns, named
from lib.reports.parts import read, retrying
from lib.store.analytics import Analytics
from lib.store.records import reading
from lib.store.tables import campaigns as table

FEWEST, MOST = 2, 20
"""Campaigns that can stand beside each other."""

CURVES = {"opened": ("first_opens", Kind.OPENED), "clicked": ("first_clicks", Kind.CLICKED)}
"""What is added up over the hours, and the kind of event that has to be there in full."""

HIGHER_IS_BETTER = {
    "open_rate": True,
    "click_rate": True,
    "click_to_open_rate": True,
    "bounce_rate": False,
    "unsubscribe_rate": False,
    "complaint_rate": False,
}
"""The figures of which one is better than another. Counts grow with the list, which is no merit."""


@dataclass(frozen=True)
class SideBySide:
    """Some campaigns beside each other, in the order asked for.

    `figures`: one row per campaign, as `lib.reports.campaigns` gives them. `curves`: some rows per campaign,
    through which its curves run in straight lines; columns campaign, hours since the sending, and `opened`
    and `clicked`, the share of the deliveries that was opened, or clicked, for the first time until then
    (unknown: NaN). A curve ends with the hour of the last open or click that is known.
    """

    figures: pd.DataFrame
    curves: pd.DataFrame
    form: Form = Form.ALL

    def without(self, name: str) -> tuple[str, ...]:
        """The ids of the campaigns that have no curve of this name."""
        known = set(self.curves.loc[self.curves[name].notna(), "campaign"])
        return tuple(one for one in self.figures["id"] if one not in known)


def side_by_side(analytics: Analytics, scope: Scope, ids: Iterable[str], form: Form = Form.ALL) -> SideBySide:
    """The campaigns `ids` that are within `scope`; others are left out without a word."""
    wanted = tuple(dict.fromkeys(one for one in ids if scope.allows(one)))
    within = Scope(wanted, people=scope.people, revenue=scope.revenue)
    found = campaigns(analytics, within, form).set_index("id", drop=False)
    figures = found.loc[[one for one in wanted if one in found.index]].reset_index(drop=True)
    curves = retrying(lambda: _curves(analytics, within, figures, form))
    return SideBySide(figures, curves, form)


def within(curves: pd.DataFrame, hours: int | None) -> pd.DataFrame:
    """The part of the curves up to so many hours after the sending; None is all of it.

    A curve that goes on later is drawn to the end of the span, where it stands as high as before.
    """
    if hours is None:
        return curves
    kept = curves[curves["hours"] <= hours]
    longer = curves.loc[curves["hours"] > hours, "campaign"].unique()
    ends = kept[kept["campaign"].isin(longer)].groupby("campaign", sort=False).tail(1)
    ends = ends[ends["hours"] < hours].assign(hours=hours)
    order = {one: place for place, one in enumerate(curves["campaign"].unique())}
    joined = pd.concat([kept, ends])
    return joined.sort_values(
        ["campaign", "hours"], key=lambda one: one.map(order) if one.name == "campaign" else one
    ).reset_index(drop=True)


def best_and_worst(figures: pd.DataFrame) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """For each figure of HIGHER_IS_BETTER the ids of the best and of the worst campaigns.

    Both empty where fewer than two are known, or where all are alike.
    """
    found = {}
    for name, higher in HIGHER_IS_BETTER.items():
        known = figures.loc[figures[name].notna(), ["id", name]]
        low, high = known[name].min(), known[name].max()
        ends = {
            end: frozenset(known.loc[known[name] == end, "id"]) if low != high else frozenset()
            for end in (low, high)
        }
        found[name] = (
            ((ends[high], ends[low]) if higher else (ends[low], ends[high]))
            if len(known)
            else (frozenset(), frozenset())
        )
    return found


def _curves(analytics: Analytics, scope: Scope, figures: pd.DataFrame, form: Form) -> pd.DataFrame:
    query = sa.select(table.c.id, table.c.rollup, table.c.covers).where(
        table.c.id.in_(figures["id"].tolist()), table.c.rollup.is_not(None)
    )
    with reading(analytics.records) as db:
        rows = {row.id: row for row in db.execute(query)}
    deliveries = dict(zip(figures["id"], figures["deliveries"], strict=True))
    parts = [
        _curve(analytics, scope, rows[one], deliveries[one], form) for one in figures["id"] if one in rows
    ]
    empty = pd.DataFrame({"campaign": [], "hours": [], **{name: [] for name in CURVES}})
    return pd.concat([part for part in parts if not part.empty] or [empty], ignore_index=True)


def _curve(analytics: Analytics, scope: Scope, row: Any, deliveries: float, form: Form) -> pd.DataFrame:
    part = read(analytics, row.rollup).part("hour", row.covers, scope)
    happened = part.counts["opens"] + part.counts["clicks"] > 0
    places = sorted((int(hour), place) for place, hour in enumerate(part.keys) if hour is not None)
    order = [place for _hour, place in places if happened[place]]
    hours = np.array([hour for hour, place in places if happened[place]], dtype=np.int64)
    table = grown(
        hours, {name: part.counts[named(first, form)][order] for name, (first, _) in CURVES.items()}
    )
    for name, (_first, kind) in CURVES.items():
        known = is_covered((kind,), row.covers) and deliveries > 0 and order
        table[name] = table[name] / deliveries if known else np.nan
    return table.assign(campaign=row.id)[["campaign", "hours", *CURVES]]
