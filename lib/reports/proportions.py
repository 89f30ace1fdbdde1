"""How sure a rate is, and how sure it is that one of several is the highest.

A rate of `part` out of `whole` is what is known of an unknown share of all such messages. With Jeffreys'
prior, Beta(1/2, 1/2), this knowledge is the distribution Beta(part + 1/2, whole - part + 1/2), and both
answers come from it: the interval holds its middle, and the chance of being the highest is an integral over
the distributions of all. The interval is as good as Wilson's and, unlike that of the normal curve, right for
small rates and small groups too.

Sources: L. Brown, T. Cai, A. DasGupta, «Interval Estimation for a Binomial Proportion», Statistical Science
16 (2001), https://doi.org/10.1214/ss/1009213286, section 4.3. Rates above 1 exist in real exports; they are
no shares, so nothing is said of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import special

Column = npt.NDArray[np.float64]

PRIOR = 0.5
"""Jeffreys' prior has as much of both."""
STEPS = 1001
"""Points of each distribution between which is summed up: the error is below a millionth."""


class Distribution(Protocol):
    """What is known of an unknown value: the chance that it is at most x, and the other way round."""

    def cdf(self, x: Column, /) -> Column: ...

    def ppf(self, x: Column, /) -> Column: ...


@dataclass(frozen=True)
class Share:
    """The Beta distribution with these two parameters."""

    a: float
    b: float

    def cdf(self, x: Column, /) -> Column:
        return np.asarray(special.betainc(self.a, self.b, x), dtype=np.float64)

    def ppf(self, x: Column, /) -> Column:
        return np.asarray(special.betaincinv(self.a, self.b, x), dtype=np.float64)


@dataclass(frozen=True)
class Mean:
    """The normal distribution around `middle` with the standard deviation `error`."""

    middle: float
    error: float

    def cdf(self, x: Column, /) -> Column:
        return np.asarray(special.ndtr((x - self.middle) / self.error), dtype=np.float64)

    def ppf(self, x: Column, /) -> Column:
        return np.asarray(special.ndtri(x) * self.error + self.middle, dtype=np.float64)


@dataclass(frozen=True)
class Interval:
    """Ends of the intervals, an array each; unknown is NaN."""

    low: Column
    high: Column

    @property
    def margin(self) -> Column:
        """Half of the width: what stands behind ± beside a rate."""
        return (self.high - self.low) / 2


def intervals(part: Column, whole: Column, level: float) -> Interval:
    """Jeffreys' interval of each rate `part` / `whole`, for a confidence such as 0.8.

    It begins at 0 where nothing was counted and ends at 1 where everything was.
    """
    known = _is_share(part, whole)
    counted, of = np.where(known, part, 0), np.where(known, whole, 1)
    outside = (1 - level) / 2
    ends = special.betaincinv(counted + PRIOR, of - counted + PRIOR, [[outside], [1 - outside]])
    low = np.where(counted == 0, 0.0, ends[0])
    high = np.where(counted == of, 1.0, ends[1])
    return Interval(np.where(known, low, np.nan), np.where(known, high, np.nan))


def chances_of_rates(part: Column, whole: Column) -> Column:
    """For each rate `part` / `whole` how probable it is that it is really the highest of them.

    The chances add up to 1. NaN for all unless at least two rates are known, and each that has a `whole`:
    who leaves one out says nothing of «the highest of all».
    """
    if len(part) < 2 or not _is_share(part, whole).all():
        return np.full(len(part), np.nan)
    return _chances(tuple(Share(got + PRIOR, of - got + PRIOR) for got, of in zip(part, whole, strict=True)))


def chances_of_means(mean: Column, error: Column) -> Column:
    """The same for means with their standard errors, by the normal curve that means of many follow."""
    known = ~np.isnan(mean) & (error > 0)
    if len(mean) < 2 or not known.all():
        return np.full(len(mean), np.nan)
    return _chances(tuple(Mean(middle, one) for middle, one in zip(mean, error, strict=True)))


def chances(distributions: Sequence[Distribution]) -> Column:
    """For each of some independent unknown values how probable it is that it is the largest.

    The integral of each distribution's density times the chances that the others are below, summed up over
    points at which all distributions have equal steps. No chance is drawn, so the same question always has
    the same answer.
    """
    steps = np.linspace(0, 1, STEPS + 2)[1:-1]
    tails = np.array([1e-12, 1e-9, 1e-6, 1e-5, 1e-4])
    at = np.concatenate([tails, steps, 1 - tails])
    points = np.unique(np.concatenate([one.ppf(at) for one in distributions]))
    below = np.array([one.cdf(points) for one in distributions])
    won = [_won(below, place) for place in range(len(distributions))]
    return np.array(won, dtype=np.float64) / sum(won)


@lru_cache(maxsize=256)  # a thousand quantiles of each, and the same test is looked at again and again
def _chances(distributions: tuple[Distribution, ...]) -> Column:
    found = chances(distributions)
    found.setflags(write=False)
    return found


def _won(below: Column, place: int) -> float:
    others = np.prod(np.delete(below, place, axis=0), axis=0)
    return float(np.sum(np.diff(below[place]) * (others[1:] + others[:-1]) / 2))


def _is_share(part: Column, whole: Column) -> npt.NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return (whole > 0) & (part >= 0) & (part <= whole)
