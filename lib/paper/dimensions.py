"""Dimensions and their keys in the reader's language: a key as the report writes it."""

from collections import Counter
from collections.abc import Iterable

from lib.paper import places
from lib.paper.sections import TABLES
from lib.paper.sections.machines import reason_in_words
from lib.paper.tables import Words
from lib.reports import OTHER
from lib.words import t


def heading(dimension: str, language: str) -> str:
    """What a dimension is called; "" is the whole campaign."""
    return t(language, f"dimension.{dimension or 'none'}")


def key_in_words(dimension: str, key: object, language: str) -> str:
    """A key; None is «not known», `*` the long tail."""
    if key is None:
        return t(language, "dimension.not_known")
    if key == OTHER:
        return t(language, "dimension.others")
    return WORDS[dimension](key, language) if dimension in WORDS else str(key)


def keys_in_words(dimension: str, keys: Iterable[object], language: str) -> dict[object, str]:
    """Each key in words, no two alike: where the words are, the key stands behind them."""
    words = {key: key_in_words(dimension, key, language) for key in keys}
    often = Counter(words.values())
    return {key: text if often[text] == 1 else f"{text} ({key})" for key, text in words.items()}


def _device(key: object, language: str) -> str:
    words = TABLES["devices"].columns[0].words
    return words(key, language) if words else str(key)


def _region(key: object, language: str) -> str:
    """«country/region», the region empty for the rest of the country."""
    country, _, region = str(key).partition("/")
    return f"{places.country(country, language)}, {places.region(region, language)}"


def _placement(key: object, language: str) -> str:
    """«position page»."""
    position, _, page = str(key).partition(" ")
    return t(language, "dimension.place", position=position, page=page)


def _hour(key: object, language: str) -> str:
    """The hour that begins so many hours after the sending."""
    return t(language, "dimension.hours", first=key, last=int(str(key)) + 1)


WORDS: dict[str, Words] = {
    "country": places.country,
    "region": _region,
    "device": _device,
    "placement": _placement,
    "hour": _hour,
    "machine_reason": reason_in_words,
}
"""Keys that are codes; all others are words already."""
