"""The first day, the whole life, the tables of figures and the A/B test on the screen."""

import pytest

from lib import wiring
from lib.importers import bring_in
from lib.model import Kind
from tests import worlds
from tests.screens import add_analyst, analyst_cookie, frame, hold, texts

NASTY = "*B* [x](javascript:alert(1))"


def variants():
    for number in range(40):
        label = "A" if number % 2 else NASTY
        yield worlds.event(f"p{number}", Kind.SENT, 0, variant=label)
        if number < 30:
            yield worlds.event(f"p{number}", Kind.OPENED, 5 + number)
        if number < 16 and number % 2 == 0:
            yield worlds.event(f"p{number}", Kind.CLICKED, 50, url=worlds.SHOP)


@pytest.fixture
def tested(workspace, tmp_path, monkeypatch):
    """A campaign with two variants, one named with markup, that is the better one by clicks."""
    folder = tmp_path / "tested"
    folder.mkdir()
    worlds.write_events(folder / "events.csv", variants())
    (folder / "campaigns.csv").write_text("campaign,title,sent_at\nspring,Spring,2026-03-03T08:00:00Z\n")
    bring_in(workspace.analytics, folder, by="test", now=wiring.now())
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    return workspace


def table_with(at, *columns):
    return next(table.value for table in at.dataframe if set(columns) <= set(table.value.columns))


def test_the_sections_are_drawn_with_their_words_and_tables(tested):
    at = frame("campaign", id="vitrine-spring").run()
    assert not at.exception
    assert "Half of all who opened did so within" in texts(at)
    assert "has the higher click rate" in texts(at)
    assert table_with(at, "name", "rate", "base")["name"].iloc[0] == "Recipients"
    assert table_with(at, "hour", "first_opens")["first_opens"].sum() == 30
    assert table_with(at, "hours", "opens_share")["opens_share"].iloc[-1] == pytest.approx(0.75)


def test_the_level_and_the_criterion_stand_in_the_address(tested):
    narrow = frame("campaign", id="vitrine-spring").run()
    wide = frame("campaign", id="vitrine-spring", level="99", winner="open_rate").run()
    assert not wide.exception
    margins = [table_with(at, "variant")["open_rate_margin"].iloc[0] for at in (narrow, wide)]
    assert margins[0] < margins[1]
    assert "Too close to tell" in texts(wide)
    assert "99% interval" in texts(wide)


@pytest.mark.parametrize("address", [{"level": "120"}, {"level": "<b>"}, {"winner": "money"}])
def test_an_address_that_asks_for_nonsense_gets_the_usual_test(tested, address):
    at = frame("campaign", id="vitrine-spring", **address).run()
    assert not at.exception
    assert "has the higher click rate" in texts(at)
    assert "80% interval" in texts(at)


def test_the_name_of_a_variant_is_never_read_as_markup(tested):
    at = frame("campaign", id="vitrine-spring").run()
    told = next(markdown.value for markdown in at.markdown if "has the higher click rate" in markdown.value)
    assert not set(told.removeprefix("**").split(" has ")[0]) & set("*_[]()")
