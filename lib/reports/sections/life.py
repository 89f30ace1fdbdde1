"""How opens and clicks came in over the whole life of the campaign."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lib.model import Kind
from lib.reports import curves
from lib.reports.moments import VERBS, half_after, last_at
from lib.reports.overview import named
from lib.reports.sections.base import Section, World

CURVES = {"opens": ("first_opens", Kind.OPENED), "clicks": ("first_clicks", Kind.CLICKED)}
NEARLY_ALL = 0.9

Column = npt.NDArray[np.float64]


def make(world: World) -> Section:
    """How many messages had been opened, and clicked, so many hours after the sending.

    One row per step of the curves: `hours` (0 to the last event, whole), `opens`, `clicks` (messages, up to
    that moment) and `opens_share`, `clicks_share` of the deliveries. Unknown is NaN. Rows that lie on a line
    between their neighbours are left out, and after a week each day is one step, so each row is exact. Facts:
    half_opens_seconds and half_clicks_seconds (within which half of those who ever did had opened, clicked),
    most_opens_hours and most_clicks_hours (the same for nine tenths), last_opened_at, last_clicked_at,
    opens_without_time and clicks_without_time (in no row). Those of what is unknown are None.
    """
    known = {name: kind for name, (_column, kind) in CURVES.items() if world.covers(kind)}
    if not known:
        return Section("life", None, "missing.life")
    hours, counts = _by_hour(world)
    if not len(hours):
        counted = any(world.row.counts.get(named(f"unique_{name}", world.form), 0) for name in known)
        return Section("life", None, "missing.times") if counted else Section("life", _nothing())
    unknown = np.full(len(hours), np.nan)
    table = curves.grown(hours, {name: counts[name] if name in known else unknown for name in CURVES})
    deliveries = world.value("deliveries")
    whole = deliveries if deliveries > 0 else np.nan
    shares = {f"{name}_share": table[name].to_numpy() / whole for name in CURVES}
    table = pd.concat([table, pd.DataFrame(shares)], axis=1)
    facts = {key: value for name in CURVES for key, value in _facts(world, name, hours, counts[name]).items()}
    return Section("life", table, facts=facts)


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(columns=["hours", *CURVES, *(f"{name}_share" for name in CURVES)])


def _by_hour(world: World) -> tuple[npt.NDArray[np.int64], dict[str, Column]]:
    """The hours in which anything happened, in order, and what was opened and clicked for the first time."""
    part = world.part("hour")
    places = sorted((int(key), place) for place, key in enumerate(part.keys) if key is not None)
    order = [place for _hour, place in places]
    hours = np.array([hour for hour, _place in places], dtype=np.int64)
    counts = {name: part.counts[named(column, world.form)][order] for name, (column, _kind) in CURVES.items()}
    happened = sum(part.counts[named(name, world.form)][order] for name in CURVES) > 0
    return hours[happened], {name: column[happened] for name, column in counts.items()}


def _facts(world: World, name: str, hours: npt.NDArray[np.int64], counts: Column) -> dict[str, Any]:
    _column, kind = CURVES[name]
    if not world.covers(kind):
        return dict.fromkeys(_names(name))
    reached = np.cumsum(counts)
    total = float(reached[-1])
    most = int(hours[np.searchsorted(reached, NEARLY_ALL * total)]) + 1 if total else None
    untimed = int(world.row.counts.get(named(f"unique_{name}", world.form), 0) - total)
    values = (half_after(world, name), most, last_at(world, name), untimed)
    return dict(zip(_names(name), values, strict=True))


def _names(name: str) -> tuple[str, ...]:
    return (
        f"half_{name}_seconds",
        f"most_{name}_hours",
        f"last_{VERBS[name]}_at",
        f"{name}_without_time",
    )
