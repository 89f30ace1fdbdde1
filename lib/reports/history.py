"""The earlier campaigns with which one is compared, and how old its figures are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from lib.model import Form, Kind
from lib.reports.figures import columns, is_covered
from lib.reports.metrics import COUNTS, METRICS, Rate, in_people_form
from lib.reports.overview import named
from lib.store.analytics import Analytics
from lib.store.records import reading
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
SETTLED = timedelta(days=7)
"""After that hardly an open or a click comes in any more."""
AT_THE_SAME_AGE = 60
"""So many rollups are read at most to compare with earlier campaigns when they were as young."""

FIRST = {"unique_opens": "first_opens", "unique_clicks": "first_clicks"}
"""Counts of messages that no hour may count twice: added up over hours, each by its first time."""

READ = ("id", "sent_at", "zone", "counts", "covers", "reported", "rollup")

Column = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Earlier:
    """Earlier campaigns (rows of the records), the latest first, and the conditions that all of them meet."""

    rows: Sequence[Any]
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


def earlier(analytics: Analytics, row: Any) -> Earlier:
    """The campaigns of the same audience and sender before `row` that are most like it.

    They are of a similar size, were sent on the same weekday and at a similar hour. When fewer than ENOUGH
    are, the hour is given up first, then the weekday (by way of the part of the week), then the size.
    """
    found = _of_the_audience(analytics, row)
    size = _sizes([row])[0]
    met = [_met(row, size, one, its) for one, its in zip(found, _sizes(found), strict=True)]
    for conditions in (
        ("size", "weekday", "hour"),
        ("size", "weekday"),
        ("size", "part_of_week"),
        ("size",),
        (),
    ):
        alike = [one for one, its in zip(found, met, strict=True) if its.issuperset(conditions)]
        if len(alike) >= ENOUGH:
            break
    return Earlier(alike, conditions)


def pairs(rows: Sequence[Any], rate: str, form: Form) -> Pairs:
    """What `rate` divides, of the whole life of each campaign."""
    figures = columns(
        [row.counts for row in rows], [row.covers for row in rows], [row.reported for row in rows]
    )
    metric = _rate(rate, form)
    return Pairs(figures[metric.part.name].value, figures[metric.whole.name].value)


def pairs_by_age(analytics: Analytics, rows: Sequence[Any], hours: int, form: Form) -> dict[str, Pairs]:
    """What each rate divides, of the first `hours` hours of each campaign; unknown where its events do not
    tell all times.
    """
    rollups = [_rollup(analytics, row) for row in rows[:AT_THE_SAME_AGE]]
    return {
        name: Pairs(*(_within(rows, rollups, part, hours) for part in (metric.part.name, metric.whole.name)))
        for name in COMPARED
        for metric in (_rate(name, form),)
    }


def age(analytics: Analytics, row: Any, rollup: pa.Table | None) -> timedelta:
    """How old the campaign was when its figures were taken, as far as can be told.

    Events show it: nothing is known of the time after the last event, or after the last campaign that the
    same import knows. Figures that a sender claims are as old as their import at most.
    """
    brought_in, last_sent = _imported(analytics, row.id)
    known = [brought_in or row.sent_at]
    if rollup is not None and is_covered((Kind.OPENED,), row.covers):
        heard = row.sent_at + timedelta(hours=_last_hour(rollup) + 1)
        known.append(max(heard, last_sent or heard))
    sent_at: datetime = row.sent_at
    return max(min(known) - sent_at, timedelta(0))


# --- alike ----------------------------------------------------------------------------------------


def _of_the_audience(analytics: Analytics, row: Any) -> Sequence[Any]:
    same = [campaigns.c[name] == getattr(row, name) for name in ("audience", "sender", "sample")]
    before = sa.select(*(campaigns.c[name] for name in READ)).where(
        *same, campaigns.c.sent_at < row.sent_at, campaigns.c.id != row.id
    )
    with reading(analytics.records) as db:
        return db.execute(before.order_by(campaigns.c.sent_at.desc(), campaigns.c.id).limit(LATEST)).all()


def _sizes(rows: Sequence[Any]) -> Column:
    """Deliveries, or else recipients."""
    figures = columns(
        [row.counts for row in rows], [row.covers for row in rows], [row.reported for row in rows]
    )
    deliveries, recipients = (figures[name].value for name in ("deliveries", "recipients"))
    return np.where(np.isnan(deliveries), recipients, deliveries)


def _met(row: Any, size: float, other: Any, other_size: float) -> set[str]:
    """The conditions that another campaign meets."""
    times = [one.sent_at.astimezone(ZoneInfo(one.zone)) for one in (row, other)]
    alike = {
        "size": size / 2 <= other_size <= size * 2,  # an unknown size is like none
        "weekday": times[0].weekday() == times[1].weekday(),
        "part_of_week": _is_weekend(times[0]) == _is_weekend(times[1]),
        "hour": _hours_apart(*times) <= HOURS,
    }
    return {name for name, is_met in alike.items() if is_met}


def _is_weekend(at: datetime) -> bool:
    return at.weekday() >= 5


def _hours_apart(one: datetime, other: datetime) -> float:
    """On the clock: 23:00 and 1:00 are two hours apart."""
    apart = abs((one.hour + one.minute / 60) - (other.hour + other.minute / 60))
    return min(apart, 24 - apart)


# --- counts ---------------------------------------------------------------------------------------


def _rate(name: str, form: Form) -> Rate:
    metric = METRICS[named(name, form)]
    assert isinstance(metric, Rate)  # noqa: S101 - COMPARED names rates only
    return metric


def _within(rows: Sequence[Any], rollups: Sequence[Mapping[str, Any]], name: str, hours: int) -> Column:
    return np.array(
        [_first_hours(row, rollup, name, hours) for row, rollup in zip(rows, rollups, strict=False)],
        dtype=np.float64,
    )


def _first_hours(row: Any, rollup: Mapping[str, Any], name: str, hours: int) -> float:
    """A count of the first hours. What is sent is sent at once; NaN where not every event has a time."""
    if not is_covered(COUNTS[name].needs, row.covers) or not rollup:
        return np.nan
    if name in ("recipients", "deliveries"):
        return float(row.counts.get(name, np.nan))
    plain = name.removesuffix("_people")
    by_hour = FIRST.get(plain, plain)
    counts = rollup[in_people_form(by_hour) if name != plain else by_hour]
    if counts.sum() != row.counts.get(name):
        return np.nan
    return float(counts[rollup["hour"] < hours].sum())


def _rollup(analytics: Analytics, row: Any) -> Mapping[str, Any]:
    """The counts of a campaign by hour since its sending; empty without events."""
    if not row.rollup:
        return {}
    rows = _hours(analytics.events.read(row.rollup))
    counts = {name: rows.column(name).cast(pa.float64()).to_numpy() for name in COUNTS}
    return counts | {"hour": rows.column("key").cast(pa.int64()).to_numpy()}


def _hours(rollup: pa.Table) -> pa.Table:
    return rollup.filter(
        pc.and_(pc.equal(rollup.column("dimension"), "hour"), rollup.column("key").is_valid())
    )


def _last_hour(rollup: pa.Table) -> int:
    keys = _hours(rollup).column("key").cast(pa.int64())
    return int(pc.max(keys).as_py() or 0) if len(keys) else 0


# --- age ------------------------------------------------------------------------------------------


def _imported(analytics: Analytics, campaign: str) -> tuple[datetime | None, datetime | None]:
    """When the last live import of the campaign was brought in, and the latest sending that it knows."""
    with reading(analytics.records) as db:
        tables: tuple[sa.Table, ...] = (claims, files)
        numbers = {
            number
            for table in tables
            for number in db.scalars(sa.select(table.c.import_id).where(table.c.campaign_id == campaign))
        }
        brought_in = db.scalar(sa.select(sa.func.max(imports.c.created_at)).where(imports.c.id.in_(numbers)))
        known = [sa.select(table.c.campaign_id).where(table.c.import_id.in_(numbers)) for table in tables]
        last = db.scalar(
            sa.select(sa.func.max(campaigns.c.sent_at)).where(campaigns.c.id.in_(sa.union(*known)))
        )
    return brought_in, last
