"""Every sentence exists in both languages with the same holes; each one that the code asks for exists."""

import ast
import re
import string
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from lib import words

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted([*(ROOT / "lib").rglob("*.py"), *(ROOT / "pages").glob("*.py")])
FORMS = (".one", ".other")


def holes(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def rooms() -> set[str]:
    return {file.name for language in words.LANGUAGES for file in (words.LOCALES / language).glob("*.toml")}


def asked_for() -> set[tuple[str, str]]:
    """The literal keys in calls of `t`, with the file that asks."""
    found = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) == "t":
                found |= {(source.name, key) for key in _literals(node, source)}
    return found


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _literals(call: ast.Call, source: Path) -> set[str]:
    """The key is the first argument in lib/ui and pages, the second (after the language) elsewhere."""
    texts = [
        node.value for node in call.args[:2] if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return {text for text in texts if "." in text}


@pytest.mark.parametrize("room", sorted(rooms()))
def test_both_languages_have_the_same_keys(room):
    english, french = (
        tomllib.loads((words.LOCALES / language / room).read_text(encoding="utf-8"))
        for language in words.LANGUAGES
    )
    assert _keys(english) == _keys(french)


def _keys(table: dict, prefix: str = "") -> set[str]:
    return {
        key
        for name, value in table.items()
        for key in (_keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}"})
    }


def test_both_languages_have_the_same_holes():
    english, french = (words.catalogue(language) for language in words.LANGUAGES)
    assert {key: holes(text) for key, text in english.items()} == {
        key: holes(text) for key, text in french.items()
    }


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_no_two_rooms_write_the_same_key(language):
    keys = Counter(
        key
        for file in (words.LOCALES / language).glob("*.toml")
        for key in _keys(tomllib.loads(file.read_text(encoding="utf-8")))
    )
    assert not [key for key, count in keys.items() if count > 1]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_sentence_that_the_code_asks_for_exists(language):
    known = words.catalogue(language)
    missing = [
        (file, key)
        for file, key in sorted(asked_for())
        if key not in known and not all(key + f in known for f in FORMS)
    ]
    assert not missing


def test_a_sentence_of_two_forms_has_both():
    for language in words.LANGUAGES:
        known = words.catalogue(language)
        assert {key[:-4] for key in known if key.endswith(".one")} == {
            key[:-6] for key in known if key.endswith(".other")
        }


def test_french_signs_stand_behind_a_space_that_does_not_break():
    wrong = [key for key, text in words.catalogue("fr").items() if re.search(r" [:;?!%»]|« ", text)]
    assert not wrong


def test_no_sentence_is_empty():
    assert not [
        key
        for language in words.LANGUAGES
        for key, text in words.catalogue(language).items()
        if not text.strip()
    ]
