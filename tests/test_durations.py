"""Durations in words of both languages."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.paper.durations import in_words
from lib.words import LANGUAGES

HOUR, DAY = 3600, 86_400


@pytest.mark.parametrize(
    ("seconds", "english", "french"),
    [
        (0, "0 seconds", "0 seconde"),
        (1, "1 second", "1 seconde"),
        (59.7, "1 minute", "1 minute"),
        (61, "1 minute 1 second", "1 minute 1 seconde"),
        (3 * HOUR + 12 * 60, "3 hours 12 minutes", "3 heures 12 minutes"),
        (3 * HOUR + 12 * 60 + 29, "3 hours 12 minutes", "3 heures 12 minutes"),
        (HOUR - 0.3, "1 hour", "1 heure"),
        (DAY - 1, "1 day", "1 jour"),
        (DAY + HOUR, "1 day 1 hour", "1 jour 1 heure"),
        (2 * DAY, "2 days", "2 jours"),
        (730 * DAY + 5 * HOUR, "730 days 5 hours", "730 jours 5 heures"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds, english, french):
    assert in_words(seconds, "en") == english
    assert in_words(seconds, "fr").replace("\u00a0", " ") == french


@pytest.mark.parametrize("unknown", [None, math.nan])
def test_an_unknown_duration_is_a_dash(unknown):
    assert {in_words(unknown, language) for language in LANGUAGES} == {"–"}


@settings(deadline=None)
@given(st.floats(0, 10_000 * DAY))
def test_no_duration_says_sixty_minutes_or_more_than_two_units(seconds):
    words = in_words(seconds, "en").replace(",", "").split(" ")
    assert len(words) in (2, 4)
    if len(words) == 4:
        assert int(words[2]) < {"second": 60, "minute": 60, "hour": 24}[words[3].rstrip("s")]
