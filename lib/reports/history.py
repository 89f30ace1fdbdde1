"""The earlier campaigns with which one is compared, and how old its figures are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from lib.model import Form, Kind, Scope
from lib.reports.figures import Columns, is_covered
from lib.reports.ledger import Ledger, Rows
from lib.reports.metrics import METRICS, Rate, in_people_form
from lib.reports.overview import named
from lib.reports.parts import Rollup, once, table_of
from lib.store.analytics import Analytics
from lib.store.records import reading
from lib.store.remembered import remembered
from lib.store.tables import campaigns, claims, files, imports

COMPARED = (
    "open_rate",
    "click_rate",
    "click_to_open_rate",
    "bounce_rate",
    "unsubscribe_rate",
    "complaint_rate",
)
"""The rates that are held against their history."""

ENOUGH = 8
"""With fewer campaigns than these a condition is given up."""
FEWEST = 5
"""With fewer earlier campaigns than these nothing is called usual."""
LATEST = 500
"""Of the audience's earlier campaigns so many are looked at, the latest ones."""
HOURS = 3
"""So far apart two hours of the day are still alike."""
SATURDAY = 5
SETTLED = timedelta(days=7)
"""After that hardly an open or a click comes in any more."""
AT_THE_SAME_AGE = 60
"""So many rollups are read at most to compare with earlier campaigns when they were as young."""

FIRST = {"unique_opens": "first_opens", "unique_clicks": "first_clicks"}
"""Counts of messages that no hour may count twice: added up over hours, each by its first time."""
BY_HOUR = ("bounces", "unsubscribes", "complaints", *FIRST.values())
"""The counts that are compared by the hour; those that have a form without machines in both forms."""

Column = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Earlier:
    """Earlier campaigns (rows of the ledger), the latest first, and the conditions that all of them meet."""

    ledger: Ledger
    rows: Rows
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """What a rate divides, of each campaign: `parts` of `wholes`; unknown is NaN."""

    parts: Column
    wholes: Column

    @property
    def comparable(self) -> "Pairs":
        """Those of which a share is known: a part that is no larger than a whole above zero."""
        with np.errstate(invalid="ignore"):
            known = (self.wholes > 0) & (self.parts >= 0) & (self.parts <= self.wholes)
        return Pairs(self.parts[known], self.wholes[known])


def earlier(ledger: Ledger, row: Any, size: float) -> Earlier:
    """The campaigns of the same audience and sender before `row` that are most like it, whose size is `size`.

    They are of a similar size, were sent on the same weekday and at a similar hour. When fewer than ENOUGH
    are, the hour is given up first, then the weekday (by way of the part of the week), then the size.
    """
    found = ledger.before(row)[:LATEST]
    met = _met(row, size, ledger, found)
    for conditions in (
        ("size", "weekday", "hour"),
        ("size", "weekday"),
        ("size", "part_of_week"),
        ("size",),
        (),
    ):
        alike = found[np.logical_and.reduce([met[name] for name in conditions])] if conditions else found
        if len(alike) >= ENOUGH:
            break
    return Earlier(ledger, alike, conditions)


def sizes(figures: Mapping[str, Columns]) -> Column:
    """Of campaigns: their deliveries, or else recipients."""
    deliveries, recipients = (figures[name].value for name in ("deliveries", "recipients"))
    return np.where(np.isnan(deliveries), recipients, deliveries)


def pairs(figures: Mapping[str, Columns], rows: Rows | slice, rate: str, form: Form) -> Pairs:
    """What `rate` divides, of the whole life of those campaigns of `figures` that `rows` names."""
    metric = _rate(rate, form)
    return Pairs(figures[metric.part.name].value[rows], figures[metric.whole.name].value[rows])


def pairs_by_age(analytics: Analytics, earlier: Earlier, hours: int, form: Form) -> dict[str, Pairs]:
    """What each rate divides, of the first `hours` hours of each campaign; unknown where its events do not
    tell all times.
    """
    rows = earlier.rows[:AT_THE_SAME_AGE]
    places = [earlier.ledger.rollups[row] for row in rows]
    rollups = [once(_by_hour, analytics.events.path(place)) if place else {} for place in places]
    figures = {name: column.computed[rows] for name, column in earlier.ledger.figures.items()}
    return {
        name: Pairs(
            *(_within(figures[one.name], rollups, one.name, hours) for one in (metric.part, metric.whole))
        )
        for name in COMPARED
        for metric in (_rate(name, form),)
    }


def age(analytics: Analytics, ledger: Ledger, row: Any, rollup: Rollup | None) -> timedelta:
    """How old the campaign was when its figures were taken, as far as can be told.

    Events show it: nothing is known of the time after the last event, or after the last campaign that the
    same import knows. Figures that a sender claims are as old as their import at most.
    """
    brought_in, last_sent = _imported(analytics, ledger, row.id)
    known = [brought_in or row.sent_at]
    if rollup is not None and is_covered((Kind.OPENED,), row.covers):
        heard = row.sent_at + timedelta(hours=_last_hour(rollup) + 1)
        known.append(max(heard, last_sent or heard))
    sent_at: datetime = row.sent_at
    return max(min(known) - sent_at, timedelta(0))


# --- alike ----------------------------------------------------------------------------------------


def _met(row: Any, size: float, ledger: Ledger, rows: Rows) -> dict[str, npt.NDArray[np.bool_]]:
    """The conditions, and which of the campaigns `rows` meet each."""
    at = row.sent_at.astimezone(ZoneInfo(row.zone))
    weekdays, hours = (column[rows] for column in ledger.clock)
    others = sizes(ledger.figures)[rows]
    apart = np.abs(at.hour + at.minute / 60 - hours)
    return {
        "size": (others >= size / 2) & (others <= size * 2),  # an unknown size is like none
        "weekday": weekdays == at.weekday(),
        "part_of_week": (weekdays >= SATURDAY) == (at.weekday() >= SATURDAY),
        # on the clock: 23:00 and 1:00 are two hours apart
        "hour": np.minimum(apart, 24 - apart) <= HOURS,
    }


# --- counts ---------------------------------------------------------------------------------------


def _rate(name: str, form: Form) -> Rate:
    metric = METRICS[named(name, form)]
    assert isinstance(metric, Rate)  # noqa: S101 - COMPARED names rates only
    return metric


def _within(totals: Column, rollups: Sequence[Mapping[str, Any]], name: str, hours: int) -> Column:
    told = [
        _first_hours(float(total), rollup, name, hours) for total, rollup in zip(totals, rollups, strict=True)
    ]
    return np.array(told, dtype=np.float64)


def _first_hours(total: float, rollup: Mapping[str, Any], name: str, hours: int) -> float:
    """A count of the first hours, given that of the whole life. What is sent is sent at once; NaN where not
    every event has a time.
    """
    if not rollup or name in ("recipients", "deliveries"):
        return total if rollup else np.nan
    plain = name.removesuffix("_people")
    by_hour = FIRST.get(plain, plain)
    counts = rollup[in_people_form(by_hour) if name != plain else by_hour]
    if counts.sum() != total:
        return np.nan
    return float(counts[rollup["hour"] < hours].sum())


@remembered(512)
def _by_hour(path: Path, _written: int) -> Mapping[str, Any]:
    """The counts of a campaign by hour since its sending."""
    names = tuple(dict.fromkeys(form for name in BY_HOUR for form in (name, in_people_form(name))))
    rows = Rollup(table_of(path, ["dimension", "key", *names])).part("hour", (), Scope())
    timed = [place for place, key in enumerate(rows.keys) if key is not None]
    return {name: rows.counts[name][timed] for name in names} | {
        "hour": np.array([rows.keys[place] for place in timed], dtype=np.int64)
    }


def _last_hour(rollup: Rollup) -> int:
    return max((int(key) for key in rollup.part("hour", (), Scope()).keys if key is not None), default=0)


# --- age ------------------------------------------------------------------------------------------


def _imported(analytics: Analytics, ledger: Ledger, campaign: str) -> tuple[datetime | None, datetime | None]:
    """When the last live import of the campaign was brought in, and the latest sending that it knows."""
    with reading(analytics.records) as db:
        numbers = frozenset(
            number
            for table in (claims, files)
            for number in db.scalars(sa.select(table.c.import_id).where(table.c.campaign_id == campaign))
        )
        brought_in = db.scalar(sa.select(sa.func.max(imports.c.created_at)).where(imports.c.id.in_(numbers)))
        if numbers not in ledger.last_sent:  # an import may know ten thousand campaigns
            ledger.last_sent[numbers] = _last_sent(db, numbers)
    return brought_in, ledger.last_sent[numbers]


def _last_sent(db: sa.Connection, numbers: frozenset[int]) -> datetime | None:
    tables: tuple[sa.Table, ...] = (claims, files)
    known = [sa.select(table.c.campaign_id).where(table.c.import_id.in_(numbers)) for table in tables]
    last = sa.select(sa.func.max(campaigns.c.sent_at)).where(campaigns.c.id.in_(sa.union(*known)))
    found: datetime | None = db.scalar(last)
    return found
