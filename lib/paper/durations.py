"""Durations in words, such as «3 hours 12 minutes»."""

from itertools import pairwise

from babel.units import format_unit

from lib.paper.numbers import UNKNOWN, is_unknown
from lib.words import REGIONS

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
Unit = tuple[str, int]
"""Its name, and its length in seconds."""


def in_words(seconds: float | None, language: str) -> str:
    """A duration in its two largest units, the smaller one rounded; «–» where it is unknown."""
    if seconds is None or is_unknown(seconds):
        return UNKNOWN
    step = _units(seconds)[1][1]
    rounded = round(seconds / step) * step
    large, small = _units(rounded)  # not those from before: 59 minutes 59.9 seconds is an hour
    told = [(large[0], rounded // large[1])] if large != small else []
    told.append((small[0], rounded % large[1] // small[1] if told else rounded))
    shown = [(name, number) for name, number in told if number] or told[-1:]
    return " ".join(
        format_unit(number, f"duration-{name}", length="long", locale=REGIONS[language])
        for name, number in shown
    )


def _units(seconds: float) -> tuple[Unit, Unit]:
    """The unit that goes into the duration, and the next smaller one."""
    for larger, smaller in pairwise(UNITS):
        if seconds >= larger[1]:
            return larger, smaller
    return UNITS[-1], UNITS[-1]
