"""The campaign against its own history: what was usual for its audience, and where it lies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.reports import history, usual
from lib.reports.benchmarks import Benchmark
from lib.reports.history import COMPARED, FEWEST, Pairs
from lib.reports.overview import named
from lib.reports.sections.base import Section, World

WIDER = (0.9, 0.95)
"""Levels of the further intervals."""

USUAL, HIGH, LOW = "usual", "high", "low"
COMING, FEW, OVER, UNKNOWN = "coming", "few", "over", "unknown"
"""Verdicts: within the interval, above, below. Withheld: figures still come in, too few earlier campaigns, a
rate over 1, a rate whose parts are unknown.
"""

UNNAMED = Benchmark("", "")
"""What the sender claims: of which industry and when it does not say."""

COLUMNS = ("metric", "value", "low", "high", "verdict", "position", "campaigns")


@dataclass(frozen=True)
class Judged:
    """One rate beside the earlier ones; NaN where nothing can be said."""

    verdict: str
    campaigns: int
    low: float = np.nan
    high: float = np.nan
    position: float = np.nan
    wider: tuple[tuple[float, float], ...] = ((np.nan, np.nan),) * len(WIDER)


def make(world: World) -> Section:
    """Each rate of the campaign beside the interval in which such campaigns of its audience lie.

    Columns: metric, value, low, high (the interval of 80 %), verdict, position (the share of such campaigns
    that would be lower), campaigns (how many earlier ones know the rate). `wider` has the intervals of 90 %
    and 95 %, `industry` the averages of industries. Nothing names an earlier campaign or gives a single one's
    rate: they may lie outside of the scope.

    Facts: campaigns, conditions (what all of them have in common, joined by spaces), coming (whether figures
    still come in), hours (the age at which they are compared, None: the whole life), level.
    """
    own = _own(world)
    values = {name: value for name, value in own.items() if not np.isnan(value)}
    industry = _industry(world, values)
    if not values or world.row.sent_at is None:
        return _without(values, industry)
    age = history.age(world.analytics, world.others, world.row, world.rollup)
    coming = age < history.SETTLED
    if not world.row.audience:
        return _without(values, industry, coming)
    earlier = history.earlier(world.others, world.row, float(history.sizes(world.figures)[0]))
    if len(earlier.rows) < FEWEST:
        return _without(values, industry, coming, len(earlier.rows))
    # of the first minutes there is no whole hour to compare
    hours = (round(age.total_seconds() / 3600) or None) if coming and world.rollup is not None else None
    before = _before(world, earlier, coming, hours)
    now = {name: history.pairs(world.figures, slice(None), name, world.form) for name in values}
    judged = {name: _judged(values[name], now[name], before.get(name), coming) for name in values}
    facts = {
        "campaigns": len(earlier.rows),
        "conditions": " ".join(earlier.conditions),
        "coming": coming,
        "hours": hours,
        "level": usual.LEVEL,
    }
    tables = {"wider": _wider(judged)} | industry
    return Section("history", _table(values, judged), more=tables, facts=facts)


def _own(world: World) -> dict[str, float]:
    return {name: world.value(named(name, world.form)) for name in COMPARED}


def _without(
    values: Mapping[str, float], industry: dict[str, pd.DataFrame], coming: bool = False, number: int = 0
) -> Section:
    """No verdict; a table all the same where an industry's averages can stand beside it."""
    facts = {"campaigns": number, "conditions": "", "coming": coming, "hours": None, "level": usual.LEVEL}
    if not industry:
        return Section("history", None, "missing.history", facts=facts)
    judged = {name: Judged(FEW, number) for name in values}
    return Section("history", _table(values, judged), more=industry, facts=facts)


def _before(world: World, earlier: history.Earlier, coming: bool, hours: int | None) -> dict[str, Pairs]:
    """What each rate divides in the earlier campaigns; at the same age while figures still come in."""
    if not coming:
        figures = earlier.ledger.figures
        return {name: history.pairs(figures, earlier.rows, name, world.form) for name in COMPARED}
    if hours is None:
        return {}
    return history.pairs_by_age(world.analytics, earlier, hours, world.form)


def _judged(value: float, now: Pairs, before: Pairs | None, coming: bool) -> Judged:
    """The verdict on one rate. Rounded claims do not decide: its parts are compared where they are known."""
    comparable = before.comparable if before is not None else Pairs(np.array([]), np.array([]))
    known = len(comparable.parts)
    if known < FEWEST:
        return Judged(COMING if coming else FEW, known)
    if value > 1:
        return Judged(OVER, known)
    whole = now.wholes[0]
    if np.isnan(whole) or whole <= 0:
        return Judged(UNKNOWN, known)
    part = round(float(now.parts[0]) if not np.isnan(now.parts[0]) else value * whole)
    whole = round(float(whole))
    found = usual.fitted(comparable.parts, comparable.wholes)
    low, high = usual.interval(found, whole)
    verdict = LOW if part < low * whole - 0.5 else HIGH if part > high * whole + 0.5 else USUAL
    wider = tuple(usual.interval(found, whole, level) for level in WIDER)
    return Judged(verdict, known, low, high, usual.position(found, part, whole), wider)


def _table(values: Mapping[str, float], judged: Mapping[str, Judged]) -> pd.DataFrame:
    told = [judged[name] for name in values]
    columns = {"metric": list(values), "value": list(values.values())}
    return pd.DataFrame(columns | {name: [getattr(one, name) for one in told] for name in COLUMNS[2:]})


def _wider(judged: Mapping[str, Judged]) -> pd.DataFrame:
    columns: dict[str, Any] = {"metric": list(judged)}
    for place, level in enumerate(WIDER):
        for end, name in enumerate(("low", "high")):
            ends = [one.wider[place][end] for one in judged.values()]
            columns[f"{name}_{round(level * 100)}"] = ends
    return pd.DataFrame(columns)


# --- industries -----------------------------------------------------------------------------------


def _industry(world: World, values: Mapping[str, float]) -> dict[str, pd.DataFrame]:
    """The averages beside the campaign's own rates: those of the workspace's industry, and those that the
    sender claims. Columns: metric, value, average, industry, published, source, before_proxy; ""
    where the sender does not say.
    """
    chosen = world.industry
    rows: list[dict[str, Any]] = []
    for name, value in values.items():
        claimed = world.row.reported.get(f"industry_{name}")
        if chosen is not None and name in chosen.rates:
            rows.append(_average(name, value, chosen.rates[name], chosen))
        if claimed is not None:
            rows.append(_average(name, value, float(claimed), UNNAMED))
    return {"industry": pd.DataFrame(rows)} if rows else {}


def _average(name: str, value: float, average: float, said: Benchmark) -> dict[str, Any]:
    return {
        "metric": name,
        "value": value,
        "average": average,
        "industry": said.industry,
        "published": said.published,
        "source": said.source,
        "before_proxy": bool(said.published) and said.before_proxy,
    }
