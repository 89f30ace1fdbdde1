"""Numbers and dates as the reader writes them; unknown is a dash; a claim is shown as it was made."""

import math
from datetime import UTC, datetime

import pandas as pd
import pytest

from lib.paper import numbers
from lib.reports import Figure


@pytest.mark.parametrize("value", [None, math.nan])
def test_an_unknown_figure_is_a_dash_not_a_zero(value):
    assert numbers.show("open_rate", value, "en") == "–"


def test_a_rate_has_two_decimals_and_may_be_above_one_hundred():
    assert numbers.show("open_rate", 1.2, "en") == "120.00%"
    assert numbers.show("open_rate", 0.2778, "fr") == "27,78\u00a0%"


def test_a_count_is_grouped_in_the_manner_of_the_language():
    assert numbers.show("recipients", 1234567.0, "en") == "1,234,567"
    assert numbers.show("recipients", 1234567.0, "fr") == "1\u202f234\u202f567"


def test_money_has_its_currency_where_it_is_known():
    assert numbers.show("revenue", 12.5, "en", "EUR") == "€12.50"
    assert numbers.show("revenue", 12.5, "fr", "EUR") == "12,50\u00a0€"
    assert numbers.show("revenue", 12.5, "en") == "12.50"


@pytest.mark.parametrize(
    ("claimed", "value", "shown"),
    [("120.00%", 1.2, "120.00%"), ("27.8%", 0.278, "27.8%"), ("28%", 0.28, "28%"), ("", 0.28, "28.00%")],
)
def test_a_figure_that_is_only_claimed_keeps_the_decimals_of_the_claim(claimed, value, shown):
    assert numbers.show_figure(Figure("open_rate", value, None, value, claimed), "en") == shown


def test_a_computed_figure_has_two_decimals_whatever_is_claimed():
    assert numbers.show_figure(Figure("open_rate", 0.5, 0.5, 0.4, "40%"), "en") == "50.00%"


def test_a_moment_names_its_zone():
    at = datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert numbers.moment(at, "en", "Europe/Paris") == "3 Mar 2026, 09:00 CET"
    assert numbers.moment(at, "fr", "Europe/Paris") == "3 mars 2026, 09:00 CET"
    assert numbers.moment(None, "en") == "–"


def test_a_zone_is_named_in_words():
    assert numbers.zone("Europe/Paris", "en") == "Central European Time"
    assert numbers.zone("Europe/Paris", "fr") == "heure d’Europe centrale"
    assert numbers.zone("UTC", "fr") == "UTC"


def test_a_table_shows_each_rate_with_the_digits_of_the_report():
    """A browser cuts a rate off behind the column's step: trunc(rate * 10,000), shown with two decimals."""
    rates = pd.Series([part / whole for whole in (3, 7, 736, 800, 10_000) for part in range(whole + 2)])
    cut = [math.trunc(rate * 10_000) for rate in numbers.for_table(rates)]
    shown = [numbers.percent(rate, "en").replace(",", "") for rate in rates]
    assert [f"{digits // 100}.{digits % 100:02d}%" for digits in cut] == shown


def test_an_unknown_rate_stays_unknown_in_a_table():
    assert numbers.for_table(pd.Series([math.nan, 0.5])).isna().tolist() == [True, False]
