"""From computed counts and reported claims to the value of every metric, for any number of campaigns at once.

A column is an array with one number per campaign; NaN is unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.model import Kind
from lib.reports.metrics import METRICS, Count, Rate

Column = npt.NDArray[np.float64]
Table = npt.NDArray[np.float64]
"""One row per metric, one column per campaign."""

COUNTED = {name: metric for name, metric in METRICS.items() if isinstance(metric, Count)}
RATES = {name: metric for name, metric in METRICS.items() if isinstance(metric, Rate)}
PLACE = {name: place for place, name in enumerate((*COUNTED, *RATES))}
"""The row of each metric in a table: first the counts, then the rates."""
PARTS = np.array([PLACE[rate.part.name] for rate in RATES.values()])
WHOLES = np.array([PLACE[rate.whole.name] for rate in RATES.values()])
NOTHING_CLAIMED = (np.nan,) * len(PLACE)


@dataclass(frozen=True)
class Columns:
    """One metric of many campaigns: what the events say, what the sender claims, and the one to show."""

    value: Column
    computed: Column
    reported: Column


def columns(
    counts: Sequence[Mapping[str, float]],
    covers: Sequence[Sequence[str]],
    reported: Sequence[Mapping[str, Any]],
) -> dict[str, Columns]:
    """Every metric of some campaigns, given the columns `counts`, `covers` and `reported` of their rows.

    Computed where the events cover all that the metric needs; else as reported; else unknown. A rate whose
    parts are known from different sources is their quotient, neither computed nor reported.
    """
    counted, claimed = _computed(counts, covers), _claims(reported)
    stated = claimed[: len(COUNTED)]
    known = _first_known(counted, stated)
    rates = quotient(counted[PARTS], counted[WHOLES])
    claims = _first_known(claimed[len(COUNTED) :], quotient(stated[PARTS], stated[WHOLES]))
    both = ~np.isnan(counted[PARTS]) & ~np.isnan(counted[WHOLES])
    shown = np.where(both, rates, _first_known(claims, quotient(known[PARTS], known[WHOLES])))
    tables = ((known, shown), (counted, rates), (stated, claims))
    value, computed, said = (np.concatenate(pair) for pair in tables)
    for table in (value, computed, said):
        table.setflags(write=False)  # what was made once may be shown to many
    return {name: Columns(value[row], computed[row], said[row]) for name, row in _ROWS}


def is_covered(needs: Iterable[Kind], covers: Iterable[str]) -> bool:
    needed = set(needs)  # a Kind is the text that stands in `covers`
    return bool(needed) and needed.issubset(covers)


def quotient(part: Column, whole: Column) -> Column:
    """`part` / `whole`; unknown where there is nothing below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole == 0, np.nan, part / whole)


_ROWS = tuple((name, PLACE[name]) for name in METRICS)


def _computed(counts: Sequence[Mapping[str, float]], covers: Sequence[Sequence[str]]) -> Table:
    """What the events say of each of COUNTED; NaN where they do not cover it."""
    kinds = [tuple(each) for each in covers]
    covered = {
        each: np.array([is_covered(metric.needs, each) for metric in COUNTED.values()]) for each in set(kinds)
    }
    # a campaign without events says nothing: its row is not gone through
    told = [
        [one.get(name, np.nan) for name in COUNTED] if one else NOTHING_CLAIMED[: len(COUNTED)]
        for one in counts
    ]
    table = np.array(told, dtype=np.float64).reshape(len(told), len(COUNTED))
    known = np.array([covered[each] for each in kinds], dtype=np.bool_).reshape(table.shape)
    return np.ascontiguousarray(np.where(known, table, np.nan).T)


def _claims(reported: Sequence[Mapping[str, Any]]) -> Table:
    told = [[one.get(name) for name in PLACE] if one else NOTHING_CLAIMED for one in reported]
    return np.ascontiguousarray(np.array(told, dtype=np.float64).reshape(len(told), len(PLACE)).T)


def _first_known(first: Column, second: Column) -> Column:
    return np.where(np.isnan(first), second, first)
