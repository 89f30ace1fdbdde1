"""Languages: the same keys and holes in both, and the reader's choice."""

import string

import pytest

from lib import words


def holes(sentence):
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_have_the_same_keys():
    assert set(words.catalogue("en")) == set(words.catalogue("fr"))


def test_both_languages_have_the_same_holes():
    english, french = words.catalogue("en"), words.catalogue("fr")
    assert {key for key in english if key in french and holes(english[key]) != holes(french[key])} == set()


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("de-DE,fr;q=0.5", "fr"),
        ("de", "en"),
        (None, "en"),
        ("fr_CA", "fr"),
    ],
)
def test_the_browser_chooses_the_language(accepted, language):
    assert words.best(accepted) == language


def test_french_counts_nothing_as_one_and_english_does_not():
    assert [words._plural("fr", n) for n in (0, 1, 2)] == ["one", "one", "other"]
    assert [words._plural("en", n) for n in (0, 1, 2)] == ["other", "one", "other"]


def test_a_missing_sentence_is_an_error_not_a_silent_key():
    with pytest.raises(KeyError):
        words.t("en", "no.such.key")
