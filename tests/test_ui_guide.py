"""The help: every topic in both languages, with pictures, and with the words that stand on the screen."""

import re
import string

import pytest

from lib import words
from lib.shares import analysts
from lib.ui import guide
from tests import screens
from tests.installation import install

LABEL = re.compile(r"\*\*(.+?)\*\*")


@pytest.fixture
def parts(tmp_path, monkeypatch):
    with install(tmp_path) as made:
        monkeypatch.setattr("lib.wiring.app", lambda: made)
        yield made


@pytest.mark.parametrize("topic", guide.TOPICS)
def test_each_topic_tells_the_same_in_both_languages(topic):
    shapes = [_shape(guide.path(topic, language).read_text(encoding="utf-8")) for language in words.LANGUAGES]
    assert shapes[0] == shapes[1]


def _shape(text: str) -> list[str]:
    """Headings, steps and pictures; the picture of each language is its own."""
    marks = [line.split(" ")[0] for line in text.splitlines() if re.match(r"#|\d+\.|-|!\[", line)]
    return [mark.split("[")[0] for mark in marks]


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("topic", guide.TOPICS)
def test_what_is_printed_bold_stands_on_the_screen(topic, language):
    """A button that is renamed must be renamed in the help."""
    text = guide.path(topic, language).read_text(encoding="utf-8")
    labels = {sentence for sentence in words.catalogue(language).values() if not _has_holes(sentence)}
    assert [label for label in LABEL.findall(text) if label not in labels] == []


def _has_holes(sentence: str) -> bool:
    return any(name for _, name, _, _ in string.Formatter().parse(sentence))


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("topic", guide.TOPICS)
def test_every_picture_is_there_and_says_what_it_shows(topic, language):
    text = guide.path(topic, language)
    pictures = guide.PICTURE.findall(text.read_text(encoding="utf-8"))
    assert pictures
    for alt, place in pictures:
        assert alt
        assert f"/{language}/" in place
        assert (text.parent / place).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_page_opens_at_the_topic_of_its_address(parts, monkeypatch, language):
    analyst = screens.add_analyst(parts)
    screens.hold(monkeypatch, screens.analyst_cookie(parts, analyst))
    analysts.set_language(parts.records, analyst, language)
    at = screens.frame("help", topic="revoke").run()
    assert not at.exception
    text = guide.path("revoke", language).read_text(encoding="utf-8")
    assert guide.TITLE.match(text)[1] in screens.texts(at)


def test_an_unknown_topic_shows_the_first_one(parts, monkeypatch):
    screens.hold(monkeypatch, screens.analyst_cookie(parts, screens.add_analyst(parts)))
    at = screens.frame("help", topic="nonsense").run()
    assert not at.exception
    assert "Share a report" in screens.texts(at)
