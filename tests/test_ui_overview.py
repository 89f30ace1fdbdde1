"""The overview: all campaigns, found by words, audience, sender and year, with the menu beside each."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from lib import wiring
from lib.importers import bring_in
from lib.shares import analysts
from lib.ui import exchange, overview, session
from tests.screens import add_analyst, analyst_cookie, frame, hold, texts

HEADER = (
    "campaign,title,subject,preview_text,from_name,from_email,reply_to,audience,sent_at,zone,currency,folder,tags,"
    "html\n"
)


def campaigns_file(folder, count: int = 3):
    """Campaigns of our own format: Letter 1, Letter 2 ... on consecutive days of March 2026."""
    path = folder / "campaigns.csv"
    rows = [
        f"c{n},Letter {n},Subject of {n},,The Shop,news@shop.example,,{'Press' if n % 2 else 'Clients'},"
        f"2026-03-{n:02}T08:00:00Z,Europe/Paris,EUR,,,\n"
        for n in range(1, count + 1)
    ]
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    events = folder / "events.csv"
    events.write_text(
        "campaign,recipient,kind,at\n"
        + "".join(
            f"c{n},r{k}@x.example,sent,2026-03-{n:02}T08:00:00Z\n"
            for n in range(1, count + 1)
            for k in range(n)
        ),
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def analyst(workspace, monkeypatch):
    """An analyst is signed in."""
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    return workspace


@pytest.fixture
def three_letters(analyst, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    bring_in(analyst.analytics, campaigns_file(folder), by="test", now=wiring.now())
    return analyst


def test_an_empty_workspace_leads_to_the_import_page(analyst):
    at = frame().run()
    assert not at.exception
    assert "There are no campaigns yet" in texts(at)
    assert not at.dataframe


def test_every_campaign_is_listed_the_newest_first(three_letters):
    at = frame().run()
    assert not at.exception
    assert list(at.dataframe[0].value["title"]) == ["Letter 3", "Letter 2", "Letter 1"]


def test_each_row_has_the_three_entries_of_its_menu(three_letters):
    at = frame().run()
    assert [list(menu) for menu in at.dataframe[0].value["actions"]] == [
        ["View report", "Share report", "Export"]
    ] * 3


@pytest.mark.parametrize(
    ("language", "label"), [("en", "Export all campaigns"), ("fr", "Exporter toutes les campagnes")]
)
def test_all_campaigns_are_exported_with_one_button(three_letters, monkeypatch, language, label):
    (ada,) = analysts.list_all(three_letters.records)
    analysts.set_language(three_letters.records, ada.id, language)
    fetched = []
    monkeypatch.setattr(exchange, "fetch_file", fetched.append)
    at = frame().run()
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception
    assert fetched == ["/export/campaigns.csv"]


def test_words_are_looked_for_in_title_and_subject(three_letters):
    at = frame().run()
    at.text_input(key="q").set_value("letter OF 2").run()
    assert list(at.dataframe[0].value["title"]) == ["Letter 2"]


def test_an_audience_can_be_chosen(three_letters):
    at = frame().run()
    at.selectbox(key="audience").set_value("Press").run()
    assert list(at.dataframe[0].value["title"]) == ["Letter 3", "Letter 1"]


def test_filters_stand_in_the_address(three_letters):
    at = frame(q="letter 1").run()
    assert list(at.dataframe[0].value["title"]) == ["Letter 1"]


def test_filters_that_match_nothing_say_so(three_letters):
    at = frame(q="no such thing").run()
    assert "No campaign matches" in texts(at)


def test_the_date_is_that_of_the_campaigns_own_zone():
    late = pd.DataFrame(
        {
            "sent_at": pd.to_datetime([datetime(2026, 3, 1, 23, 30, tzinfo=UTC)] * 2),
            "zone": ["Europe/Paris", "UTC"],
        }
    )
    assert [day.day for day in overview._days(late)] == [2, 1]


def test_months_without_a_campaign_are_a_gap_in_the_trend():
    sent = pd.DataFrame(
        {
            "sent_at": pd.to_datetime(["2026-01-05", "2026-03-05"], utc=True),
            **{name: [1.0, 2.0] for name in ("unique_opens", "unique_clicks")},
            "deliveries": [10.0, 10.0],
        }
    )
    assert overview._by_month(sent)["open_rate"].isna().tolist() == [False, True, False]


def test_on_a_phone_the_rates_come_before_the_date(monkeypatch):
    rows = pd.DataFrame({"sample": [False]})
    monkeypatch.setattr(session, "on_a_phone", lambda: True)
    assert overview._order(rows)[:4] == ["actions", "title", "open_rate", "click_rate"]
    assert sorted([*overview._order(rows), "mark"]) == sorted(overview.COLUMNS)


def test_a_campaign_can_be_chosen_by_its_name_without_the_mouse(three_letters):
    at = frame().run()
    box = at.selectbox(key="by-name")
    assert box.options == ["Letter 3", "Letter 2", "Letter 1"]
    assert not box.set_value(box.options[0]).run().exception
