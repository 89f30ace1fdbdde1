"""How sure a rate is, and which of several is the highest: against known values, and by properties."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import betaln

from lib.reports import proportions
from lib.reports.sections.variants import LEVELS

WHOLE = st.integers(1, 2_000_000)


@st.composite
def rates(draw, fewest=1, most=8):
    wholes = draw(st.lists(WHOLE, min_size=fewest, max_size=most))
    parts = [draw(st.integers(0, whole)) for whole in wholes]
    return np.array(parts, dtype=np.float64), np.array(wholes, dtype=np.float64)


def chance_that_the_second_is_higher(a1, b1, a2, b2):
    """Exact for whole numbers: the sum in E. Miller, «Formulas for Bayesian A/B Testing», formula (6)."""
    return sum(
        np.exp(betaln(a1 + i, b1 + b2) - np.log(b2 + i) - betaln(1 + i, b2) - betaln(a1, b1))
        for i in range(a2)
    )


def one(part, whole, level=0.95):
    found = proportions.intervals(np.array([float(part)]), np.array([float(whole)]), level)
    return found.low[0], found.high[0]


# --- intervals


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [  # Jeffreys' interval of 95 % as it is printed, to three digits
        (0, 10, 0.0, 0.217),
        (1, 10, 0.011, 0.381),
        (2, 10, 0.044, 0.503),
        (5, 10, 0.224, 0.776),
        (10, 10, 0.783, 1.0),
        (1, 7, 0.016, 0.501),
        (3, 30, 0.029, 0.244),
    ],
)
def test_an_interval_is_that_of_the_literature(part, whole, low, high):
    assert one(part, whole) == pytest.approx((low, high), abs=6e-4)


def test_a_large_group_has_nearly_the_margin_of_the_normal_curve():
    found = proportions.intervals(np.array([66_500.0]), np.array([100_000.0]), 0.8)
    assert found.margin[0] == pytest.approx(1.2816 * np.sqrt(0.665 * 0.335 / 100_000), rel=1e-3)


@settings(deadline=None)  # a busy machine is no failure
@given(rates(), st.sampled_from(LEVELS))
def test_an_interval_holds_its_rate_and_stays_between_nothing_and_all(counted, level):
    part, whole = counted
    found = proportions.intervals(part, whole, level)
    assert (found.low <= part / whole).all()
    assert (part / whole <= found.high).all()
    assert (found.low >= 0).all()
    assert (found.high <= 1).all()


@settings(deadline=None)
@given(rates())
def test_who_wants_to_be_surer_gets_a_wider_interval(counted):
    margins = [proportions.intervals(*counted, level).margin for level in LEVELS]
    for narrow, wide in pairwise(margins):
        assert (narrow <= wide).all()


@pytest.mark.parametrize(("part", "whole"), [(6, 5), (np.nan, 5), (0, 0), (3, np.nan)])
def test_what_is_no_share_has_no_interval(part, whole):
    assert np.isnan(one(part, whole)).all()


# --- chances


@pytest.mark.parametrize("counts", [(10, 90, 20, 80), (3, 997, 8, 992), (1, 1, 1, 1), (500, 500, 501, 499)])
def test_of_two_the_chance_is_the_exact_one(counts):
    a1, b1, a2, b2 = counts
    found = proportions.chances([stats.beta(a1, b1), stats.beta(a2, b2)])
    assert found[1] == pytest.approx(chance_that_the_second_is_higher(*counts), abs=1e-6)


def test_of_two_normal_values_the_chance_is_that_of_their_difference():
    found = proportions.chances_of_means(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    assert found[1] == pytest.approx(stats.norm.cdf(1 / np.sqrt(5)), abs=1e-6)


def test_of_many_the_chance_is_that_of_drawing_them():
    part, whole = np.array([30.0, 45, 44, 52]), np.array([1000.0, 1000, 900, 1100])
    drawn = np.random.default_rng(7).beta(part + 0.5, whole - part + 0.5, size=(400_000, 4))
    share = np.bincount(drawn.argmax(axis=1), minlength=4) / len(drawn)
    assert proportions.chances_of_rates(part, whole) == pytest.approx(share, abs=3e-3)


@settings(deadline=None)
@given(rates(fewest=2))
def test_the_chances_add_up_to_one(counted):
    found = proportions.chances_of_rates(*counted)
    assert found.sum() == pytest.approx(1, abs=1e-9)
    assert (found >= 0).all()


@settings(deadline=None)
@given(rates(fewest=2), st.randoms(use_true_random=False))
def test_the_order_of_the_variants_says_nothing(counted, random):
    part, whole = counted
    order = list(range(len(part)))
    random.shuffle(order)
    shuffled = proportions.chances_of_rates(part[order], whole[order])
    assert shuffled == pytest.approx(proportions.chances_of_rates(part, whole)[order], abs=1e-9)


@settings(deadline=None)
@given(rates(fewest=2, most=2))
def test_a_click_more_never_lowers_the_chance(counted):
    part, whole = counted
    if part[0] < whole[0]:
        before = proportions.chances_of_rates(part, whole)[0]
        after = proportions.chances_of_rates(part + np.array([1.0, 0.0]), whole)[0]
        assert after >= before - 1e-6


@pytest.mark.parametrize("part", [[3.0], [3.0, 6.0], [3.0, np.nan]])
def test_nothing_is_said_of_one_alone_or_of_what_is_no_share(part):
    whole = np.full(len(part), 5.0)
    assert np.isnan(proportions.chances_of_rates(np.array(part), whole)).all()


@pytest.mark.parametrize("error", [[1.0, 0.0], [1.0, np.nan]])
def test_nothing_is_said_of_means_without_a_spread(error):
    assert np.isnan(proportions.chances_of_means(np.array([1.0, 2.0]), np.array(error))).all()
