"""The recipients by what they did: counted here, their lists are asked for a page at a time
(lib/reports/recipients.py).
"""

import numpy as np
import pandas as pd

from lib.reports.overview import named
from lib.reports.recipients import DEEDS, count, listed
from lib.reports.rollup import OTHER
from lib.reports.sections.base import Section, World

LEFT_OUT = {"not_opened": "unique_opens", "not_clicked": "unique_clicks"}
"""Deeds that no metric counts, and the metric of those who are not meant."""

BOUNCES, UNSUBSCRIBES = "bounce_reasons", "unsubscribe_reasons"


def make(world: World) -> Section:
    """How many recipients did what. Columns: deed (a key of DEEDS), recipients, and `listed`: whether the
    events tell who they are; deeds of which nothing is known are left out.

    Further tables: the reasons of bounces (reason, hard_bounces, soft_bounces) and of unsubscribes (reason,
    unsubscribes), the most frequent first.
    """
    lists = listed(world.row.covers) if world.messages is not None else ()
    counts = _counts(world, lists)
    told = {name: number for name, number in counts.items() if not np.isnan(number)}
    if not told:
        return Section("recipients", None, "missing.recipients")
    table = pd.DataFrame(
        {
            "deed": list(told),
            "recipients": [int(number) for number in told.values()],
            "listed": [name in lists for name in told],
        }
    )
    return Section("recipients", table, more=_reasons(world))


def _counts(world: World, lists: tuple[str, ...]) -> dict[str, float]:
    """By deed, in the order of DEEDS; NaN is unknown."""
    rollup = world.row.rollup
    left = count(world.analytics, rollup, [name for name in LEFT_OUT if name in lists], world.form)
    counts: dict[str, float] = {}
    for name, deed in DEEDS.items():
        if deed.metric:
            counts[name] = world.value(named(deed.metric, world.form))
        else:
            counts[name] = left.get(name, _others(world, named(LEFT_OUT[name], world.form)))
    return counts


def _others(world: World, metric: str) -> float:
    """The other deliveries, where only figures are known; some senders report more openers than deliveries,
    and who did not open is unknown then.
    """
    others = world.value("deliveries") - world.value(metric)
    return others if others >= 0 else np.nan


def _reasons(world: World) -> dict[str, pd.DataFrame]:
    """Empty tables are left out."""
    if world.rollup is None:
        return {}
    part = world.part("reason")
    kinds = {BOUNCES: ("hard_bounces", "soft_bounces"), UNSUBSCRIBES: ("unsubscribes",)}
    found = {}
    for name, metrics in kinds.items():
        numbers = {metric: part.counts[metric].astype(np.int64) for metric in metrics}
        total = np.sum(list(numbers.values()), axis=0)
        told = [row for row, key in enumerate(part.keys) if key is not None and total[row] > 0]
        order = sorted(told, key=lambda row: (part.keys[row] == OTHER, -total[row], row))
        if order:
            reasons = pd.Series([part.keys[row] for row in order], dtype=object)
            columns = {metric: column[order] for metric, column in numbers.items()}
            found[name] = pd.DataFrame({"reason": reasons} | columns)
    return found
