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
    made: dict[str, Columns] = {}
    for name, metric in METRICS.items():
        if isinstance(metric, Count):
            made[name] = _count(metric, counts, covers, _claims(name, reported))
    for name, metric in METRICS.items():
        if isinstance(metric, Rate):
            made[name] = _rate(made[metric.part.name], made[metric.whole.name], _claims(name, reported))
    return {name: made[name] for name in METRICS}


def is_covered(needs: Iterable[Kind], covers: Iterable[str]) -> bool:
    needed = {str(kind) for kind in needs}
    return bool(needed) and needed <= set(covers)


def quotient(part: Column, whole: Column) -> Column:
    """`part` / `whole`; unknown where there is nothing below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole == 0, np.nan, part / whole)


def _count(
    metric: Count, counts: Sequence[Mapping[str, float]], covers: Sequence[Sequence[str]], claimed: Column
) -> Columns:
    covered = {tuple(kinds): is_covered(metric.needs, kinds) for kinds in {tuple(kinds) for kinds in covers}}
    computed = np.array(
        [
            one.get(metric.name, np.nan) if covered[tuple(kinds)] else np.nan
            for one, kinds in zip(counts, covers, strict=True)
        ],
        dtype=np.float64,
    )
    return Columns(_first_known(computed, claimed), computed, claimed)


def _rate(part: Columns, whole: Columns, claimed: Column) -> Columns:
    computed = quotient(part.computed, whole.computed)
    reported = _first_known(claimed, quotient(part.reported, whole.reported))
    both = ~np.isnan(part.computed) & ~np.isnan(whole.computed)
    known = _first_known(reported, quotient(part.value, whole.value))
    return Columns(np.where(both, computed, known), computed, reported)


def _claims(name: str, reported: Sequence[Mapping[str, Any]]) -> Column:
    return np.array([one.get(name) for one in reported], dtype=np.float64)


def _first_known(first: Column, second: Column) -> Column:
    return np.where(np.isnan(first), second, first)
