"""Every sentence of the product in English and French, read from lib/locales."""

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "fr")
LOCALES = Path(__file__).parent / "locales"
REGIONS = {"en": "en_GB", "fr": "fr_FR"}
"""How Babel writes dates and numbers in each language."""


def t(language: str, key: str, **holes: object) -> str:
    """The sentence of `key` in `language`, its {holes} filled.

    A key `name` with the hole `count` may have the forms `name.one` and `name.other` (French counts
    0 as one). Raises KeyError for a key that does not exist: a missing sentence is a bug, found by a test.
    """
    sentences = catalogue(language)
    if key not in sentences and "count" in holes:
        key = f"{key}.{_plural(language, holes['count'])}"
    return sentences[key].format(**holes)


def best(accepted: str | None) -> str:
    """The language of ours that a browser asks for first (`Accept-Language`, or a locale such as fr-FR)."""
    for part in (accepted or "").split(","):
        language = part.split(";")[0].strip().lower()[:2]
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of one language by flat key (`share.title`). Raises KeyError for another language."""
    if language not in LANGUAGES:
        raise KeyError(language)
    sentences: dict[str, str] = {}
    for file in sorted(LOCALES.glob(f"{language}/*.toml")):
        _flatten("", tomllib.loads(file.read_text(encoding="utf-8")), sentences)
    return sentences


def _flatten(prefix: str, table: dict[str, object], into: dict[str, str]) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _flatten(f"{prefix}{key}.", value, into)
        else:
            into[f"{prefix}{key}"] = str(value)


def _plural(language: str, count: object) -> str:
    number = abs(float(str(count)))
    return "one" if number == 1 or (language == "fr" and number < 2) else "other"
