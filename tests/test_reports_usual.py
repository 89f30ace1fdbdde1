"""What is usual for a rate: intervals of a beta-binomial distribution, held against SciPy's and by trial."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lib.reports import usual

SHAPES = ((60, 120), (3, 100), (2, 20_000), (1e5, 1e7), (0.5, 0.5))


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("whole", (1, 12, 900, 20_000))
def test_chances_are_those_of_scipy(shape, whole):
    known = stats.betabinom(whole, *shape)
    counts = sorted({0, 1, whole // 7, whole // 2, whole - 1, whole})
    assert [usual.below(count, whole, *shape) for count in counts] == pytest.approx(
        known.cdf(counts), abs=1e-6
    )


@pytest.mark.parametrize("shape", SHAPES[:4])
@pytest.mark.parametrize("share", (0.025, 0.1, 0.9, 0.975))
def test_large_campaigns_have_the_quantiles_of_scipy_within_a_message_or_two(shape, share):
    whole = usual.EXACT + 10_000
    found = usual._quantile(share, whole, *shape)
    assert found == pytest.approx(stats.betabinom(whole, *shape).ppf(share), abs=2)


@pytest.mark.parametrize("earlier", (5, 8, 30))
@pytest.mark.parametrize("shape", ((60, 120), (2, 400)))
def test_about_eight_of_ten_campaigns_lie_within_the_interval_even_after_few_earlier_ones(earlier, shape):
    chance = np.random.default_rng(7)
    hits = []
    for _trial in range(300):
        wholes = chance.integers(1500, 6000, earlier + 1)
        parts = chance.binomial(wholes, chance.beta(*shape, earlier + 1))
        found = usual.fitted(parts[:-1].astype(float), wholes[:-1].astype(float))
        low, high = usual.interval(found, int(wholes[-1]))
        hits.append(low <= parts[-1] / wholes[-1] <= high)
    assert 0.72 <= np.mean(hits) <= 0.9


def test_campaigns_that_differ_more_than_by_chance_make_the_interval_wider():
    wholes = array(*[2000] * 8)
    alike = usual.fitted(array(600, 610, 590, 605, 595, 600, 615, 585), wholes)
    apart = usual.fitted(array(300, 900, 450, 750, 500, 700, 400, 800), wholes)
    assert apart.mean == pytest.approx(alike.mean, abs=0.001)
    narrow, wide = (np.diff(usual.interval(found, 2000))[0] for found in (alike, apart))
    assert wide > 4 * narrow


def test_few_earlier_campaigns_leave_more_room_than_many():
    rates = array(0.28, 0.30, 0.32, 0.29, 0.31)
    few, many = (usual.fitted(np.tile(rates, times) * 3000, np.full(5 * times, 3000.0)) for times in (1, 8))
    assert np.diff(usual.interval(few, 3000))[0] > np.diff(usual.interval(many, 3000))[0]


def test_what_never_happened_may_still_happen():
    found = usual.fitted(array(0, 0, 0, 0, 0, 0), array(*[50] * 6))
    low, high = usual.interval(found, 5000)
    assert low == 0 < high


@given(
    st.lists(st.tuples(st.integers(1, 50_000), st.floats(0, 1)), min_size=2, max_size=40),
    st.integers(1, 3_000_000),
    st.floats(0, 1),
)
def test_an_interval_always_holds_and_a_wider_level_is_never_narrower(earlier, whole, share):
    wholes = array(*(size for size, _ in earlier))
    parts = array(*(round(size * rate) for size, rate in earlier))
    found = usual.fitted(parts, wholes)
    ends = [usual.interval(found, whole, level) for level in (0.8, 0.9, 0.95)]
    assert all(0 <= low <= high <= 1 for low, high in ends)
    assert ends[0][0] >= ends[1][0] >= ends[2][0] and ends[0][1] <= ends[1][1] <= ends[2][1]
    assert 0 <= usual.position(found, round(whole * share), whole) <= 1
