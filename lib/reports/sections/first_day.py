"""When the first day's opens and clicks came."""

from datetime import UTC, datetime
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lib.model import Kind
from lib.reports.overview import named
from lib.reports.sections.base import Section, World

HOURS = 24
COUNTED = {
    "first_opens": Kind.OPENED,
    "first_clicks": Kind.CLICKED,
    "opens": Kind.OPENED,
    "clicks": Kind.CLICKED,
}
CLAIMED = {
    "first_opens": "unique_opens",
    "first_clicks": "unique_clicks",
    "opens": "opens",
    "clicks": "clicks",
}
"""What a sender counts by hour; by which rule an hour's unique opens are, it does not say."""

Column = npt.NDArray[np.float64]


def make(world: World) -> Section:
    """First opens and first clicks of each message, and all of them, in each of the first 24 hours.

    Columns: hour (0 to 23, whole hours since the sending), first_opens, first_clicks, opens, clicks; unknown
    is NaN, also of each hour that began after the last import. From events where these have times, else as
    the sender reports its hours; the fact `reported` says which.
    """
    table, untimed = _counted(world)
    if table is None:
        table = _reported(world)
        if table is None:
            return Section("first_day", None, "missing.times" if untimed else "missing.first_day")
        table = _reached(world, table)
        return Section("first_day", table, note="first_day.reported", facts={"reported": True})
    return Section("first_day", _reached(world, table), facts={"reported": False})


def _counted(world: World) -> tuple[pd.DataFrame | None, bool]:
    """The table from events, and whether these are there but have no times."""
    if not world.covers(Kind.OPENED) and not world.covers(Kind.CLICKED):
        return None, False
    part = world.part("hour")
    hours: dict[Any, int] = {key: place for place, key in enumerate(part.keys) if key is not None}
    if not hours and any(world.row.counts.get(name, 0) for name in ("opens", "clicks")):
        return None, True
    table: dict[str, Any] = {"hour": np.arange(HOURS)}
    for name, kind in COUNTED.items():
        counts = part.counts[named(name, world.form)]
        by_hour = [int(counts[hours[hour]]) if hour in hours else 0 for hour in range(HOURS)]
        known = world.covers(kind)
        table[name] = np.array(by_hour, dtype=np.int64) if known else np.full(HOURS, np.nan)
    return pd.DataFrame(table), False


def _reported(world: World) -> pd.DataFrame | None:
    """The sender's own hours; None where it reports none of this form."""
    claims = [part for part in world.row.reported_parts if part[0] == "hour" and part[3] is not None]
    hours = _hours_since(world.row.sent_at, {key for _scope, key, *_rest in claims})
    columns = {name: np.full(HOURS, np.nan) for name in CLAIMED}
    for name, claimed in CLAIMED.items():
        for _scope, key, metric, value, _text in claims:
            if metric == named(claimed, world.form) and 0 <= hours.get(key, -1) < HOURS:
                columns[name][hours[key]] = value
    if all(np.isnan(column).all() for column in columns.values()):
        return None
    return pd.DataFrame({"hour": np.arange(HOURS)} | columns)


def _reached(world: World, table: pd.DataFrame) -> pd.DataFrame:
    """The table with what came after the last import unknown: of those hours nobody knows anything yet.

    An hour in which something was counted was reached, whatever the clocks say, and so were those before it.
    """
    sent_at, imported_at = world.row.sent_at, world.imported_at
    if sent_at is None or imported_at is None:
        return table
    began = np.arange(HOURS) * 3600 <= (imported_at - sent_at).total_seconds()
    if began.all():
        return table
    counted = (table[list(COUNTED)] > 0).any(axis=1)
    known = began | counted[::-1].cummax()[::-1]
    if known.all():
        return table
    return table.assign(**{name: table[name].where(known) for name in COUNTED})


def _hours_since(sent_at: datetime | None, keys: set[str]) -> dict[str, int]:
    """Which hour after the sending each of the sender's hours is.

    Senders cut at the full hour of a clock: the hour in which the sending lies is the first.
    """
    began = {key: _moment(key) for key in keys}
    start = sent_at or min(began.values(), default=None)
    if start is None:
        return {}
    return {key: ceil((moment - start).total_seconds() / 3600) for key, moment in began.items()}


def _moment(key: str) -> datetime:
    """An ISO time; one that names no offset is UTC."""
    moment = datetime.fromisoformat(key)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
