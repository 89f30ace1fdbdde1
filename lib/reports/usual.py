"""What is usual for a rate, told from earlier campaigns: a beta-binomial distribution and its intervals.

A plain binomial would say that two campaigns to the same people differ by chance alone. They do not: subject
and season move the rate itself, many times further than chance does for some thousand messages. So the rate
of each campaign is drawn from a Beta distribution, and its count from a binomial with that rate: together a
beta-binomial. docs/adr/0011-what-is-usual.md tells why this one and how it is fitted.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

Column = npt.NDArray[np.float64]

LEVEL = 0.8
"""Of ten campaigns like the earlier ones eight lie within the interval."""
EXACT = 20_000
"""Up to so many messages the distribution is summed up exactly."""
LEAST_SPREAD = 1e-12
ROUNDS = 4
"""The weights of campaigns depend on how far they differ, and the other way round: so often in turn."""


@dataclass(frozen=True)
class Usual:
    """What the earlier campaigns say: the `mean` of their rates, by how much campaigns differ beyond chance
    (`between`, a variance), how unsure the mean is (`unsure`, a variance), and how many there were.
    """

    mean: float
    between: float
    unsure: float
    campaigns: int

    @property
    def predicted(self) -> tuple[float, float]:
        """Parameters of the Beta distribution from which the rate of the next campaign is drawn.

        Wider than that of the earlier ones by what so few of them leave unknown: the mean's own error, and
        Student's quantile in place of the normal one. Both quantiles are those of LEVEL, so that an interval
        of a higher level always holds the others.
        """
        outside = (1 + LEVEL) / 2
        wider = (special.stdtrit(self.campaigns - 1, outside) / special.ndtri(outside)) ** 2
        most = self.mean * (1 - self.mean)
        variance = min(max((self.between + self.unsure) * wider, LEAST_SPREAD * most), 0.9 * most)
        strength = most / variance - 1
        return self.mean * strength, (1 - self.mean) * strength


def fitted(parts: Column, wholes: Column) -> Usual:
    """Fit to at least two campaigns: `parts` of `wholes` messages each, 0 <= part <= whole, whole > 0.

    By moments (J. Kleinman, «Proportions with Extraneous Variance», Journal of the American Statistical
    Association 68 (1973), https://doi.org/10.1080/01621459.1973.10481332, formula 2.4). Half a message
    is added, so that what never happened may still happen.
    """
    rates = parts / wholes
    alike = 0.0  # by how much two messages of a campaign are more alike than two of any campaigns
    for _round in range(ROUNDS):
        weights = wholes / (1 + alike * (wholes - 1))
        weights = weights / weights.sum()
        mean = float(weights @ rates)
        alike = _alike(rates, wholes, weights, mean)
    middle = (mean * wholes.sum() + 0.5) / (wholes.sum() + 1)
    most = middle * (1 - middle)
    unsure = most * float((weights**2) @ (alike + (1 - alike) / wholes))
    return Usual(middle, alike * most, unsure, len(parts))


def interval(usual: Usual, whole: int, level: float = LEVEL) -> tuple[float, float]:
    """Within which rates a campaign of `whole` messages lies with the chance `level`, ends included."""
    low, high = (_quantile(share, whole, *usual.predicted) for share in ((1 - level) / 2, (1 + level) / 2))
    return low / whole, high / whole


def position(usual: Usual, part: int, whole: int) -> float:
    """The share of such campaigns that would have a lower rate; those with the same count by half."""
    a, b = usual.predicted
    return (below(part - 1, whole, a, b) + below(part, whole, a, b)) / 2


def below(count: int, whole: int, a: float, b: float) -> float:
    """The chance that at most `count` of `whole` are counted (beta-binomial with a, b)."""
    if count < 0:
        return 0.0
    if count >= whole:
        return 1.0
    if whole <= EXACT:
        return float(min(_chances(whole, a, b)[: count + 1].sum(), 1.0))
    return float(special.betainc(*_matched(whole, a, b), (count + 0.5) / whole))


def _quantile(share: float, whole: int, a: float, b: float) -> int:
    """The smallest count that is not below `share` of the distribution."""
    if whole <= EXACT:
        sums = np.cumsum(_chances(whole, a, b))
        return min(int(np.searchsorted(sums, share)), whole)
    found = special.betaincinv(*_matched(whole, a, b), share) * whole
    return min(max(int(np.ceil(found - 0.5)), 0), whole)


@lru_cache(maxsize=32)  # each of them is asked for the ends of three intervals and for a position
def _chances(whole: int, a: float, b: float) -> Column:
    """The chance of each count from 0 to `whole`; they add up to 1."""
    counts = np.arange(whole + 1)
    ways = special.gammaln(whole + 1) - special.gammaln(counts + 1) - special.gammaln(whole - counts + 1)
    logs = ways + special.betaln(counts + a, whole - counts + b)
    chances = np.exp(logs - logs.max())
    found = np.asarray(chances / chances.sum(), dtype=np.float64)
    found.setflags(write=False)
    return found


def _matched(whole: int, a: float, b: float) -> tuple[float, float]:
    """The Beta distribution of a rate with the mean and the variance of the beta-binomial one."""
    strength = whole * (a + b + 1) / (a + b + whole) - 1
    return a / (a + b) * strength, b / (a + b) * strength


def _alike(rates: Column, wholes: Column, weights: Column, mean: float) -> float:
    """The intraclass correlation by moments; 0 where campaigns differ by no more than chance."""
    most = mean * (1 - mean)
    if not most:
        return 0.0
    seen = float(weights @ (rates - mean) ** 2)
    by_chance = float((weights * (1 - weights)) @ (1 / wholes))
    room = float(weights @ (1 - weights)) - by_chance
    return min(max((seen / most - by_chance) / room, 0.0), 0.9) if room > 0 else 0.0
