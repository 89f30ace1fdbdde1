"""The page that compares: its choice stands in the address, and too few or too many is said kindly."""

import pytest

from lib import wiring
from lib.importers import bring_in
from tests.screens import add_analyst, analyst_cookie, frame, hold, texts
from tests.test_ui_overview import campaigns_file


@pytest.fixture
def letters(workspace, monkeypatch, tmp_path):
    """Twenty-five campaigns, and an analyst who is signed in."""
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    folder = tmp_path / "letters"
    folder.mkdir()
    bring_in(workspace.analytics, campaigns_file(folder, 25), by="test", now=wiring.now())
    return workspace


def ids(*numbers):
    return [f"vitrine-c{number}" for number in numbers]


def page(**query):
    return frame("compare", **query).run()


def test_two_campaigns_of_the_address_are_beside_each_other(letters):
    at = page(campaign=ids(3, 1))
    assert not at.exception
    assert list(at.dataframe[0].value["campaign"]) == ["Letter 3", "Letter 1"]


def test_one_campaign_asks_kindly_for_another(letters):
    at = page(campaign=ids(3))
    assert "at least one more" in texts(at)
    assert not at.dataframe


def test_without_a_choice_the_way_to_it_is_said(letters):
    assert "at least two campaigns" in texts(page())


def test_more_than_twenty_are_cut_and_this_is_said(letters):
    at = page(campaign=ids(*range(1, 26)))
    assert "25 campaigns were asked for" in texts(at)
    assert len(at.dataframe[0].value) == 20


def test_an_address_with_unknown_values_is_read_as_far_as_it_goes(letters):
    at = page(campaign=[*ids(1, 2), "nobody"], curve="x", span="-1", opens="elves")
    assert not at.exception
    assert len(at.dataframe[0].value) == 2


def test_a_campaign_without_curve_is_named(letters):
    at = page(campaign=ids(1, 2))
    assert "The curves need an import" in texts(at)


def test_what_is_chosen_stands_in_the_address(letters):
    at = page(campaign=ids(1, 2))
    at.multiselect(key="compared").set_value(ids(1, 2, 5)).run()
    assert at.query_params["campaign"] == ids(1, 2, 5)
    assert len(at.dataframe[0].value) == 3


def test_a_stranger_sees_no_comparison(letters, monkeypatch):
    hold(monkeypatch, {})
    assert not page(campaign=ids(1, 2)).dataframe
