"""The viewer's entry page is light: small, painted without a script, and it fetches ahead what comes next."""

import re

import pytest

from lib.web import statics
from tests.installation import browser, install

LARGEST = 20_000
"""Bytes, with its style, before any compression."""


@pytest.fixture
def page(tmp_path):
    with install(tmp_path) as parts:
        yield browser(parts).get("/v/whatever")


def test_it_is_under_20_kb_with_all_that_it_is_made_of(page):
    assert len(page.content) < LARGEST


def test_it_is_painted_before_any_script_and_any_other_file(page):
    """What is not in the page itself is fetched ahead, or is its icon: nothing that holds up the paint."""
    assert "<script" not in page.text
    relations = set(re.findall(r'<link rel="([^"]+)"', page.text))
    assert relations <= {"icon", "prefetch"}
    assert "script-src" not in page.headers["content-security-policy"]


def test_what_it_fetches_ahead_is_there_and_belongs_to_everybody(page):
    ahead = re.findall(r'<link rel="prefetch" href="([^"]+)"', page.text)
    assert any("PlotlyChart" in path for path in ahead)
    assert all(path.startswith("/static/") for path in ahead)
    assert all((statics.STATIC / path[1:]).is_file() for path in ahead)
