"""The overview: all campaigns, found by words, audience, sender and year, with the menu beside each."""

import time
from datetime import UTC, datetime

import pandas as pd
import pytest

from lib import reports, wiring
from lib.importers import bring_in
from lib.model import Campaign, Reported, Row, Scope
from lib.reports import rollup
from lib.shares import analysts
from lib.store import library
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


def test_a_month_of_the_trend_is_one_on_the_calendar_of_each_campaign():
    sent = pd.DataFrame(
        {
            "sent_at": pd.to_datetime(["2026-01-31T23:30Z", "2026-02-05T10:00Z"]),
            "zone": ["Europe/Paris", "UTC"],
            **{name: [1.0, 2.0] for name in ("unique_opens", "unique_clicks")},
            "deliveries": [10.0, 10.0],
        }
    )
    assert overview._by_month(sent)["name"].tolist() == ["2 campaigns"]


def test_months_without_a_campaign_are_a_gap_in_the_trend():
    sent = pd.DataFrame(
        {
            "sent_at": pd.to_datetime(["2026-01-05", "2026-03-05"], utc=True),
            "zone": "UTC",
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


@pytest.fixture
def tagged_letters(analyst, tmp_path):
    """Monday 2 March, tagged; Tuesday 3 March, tagged twice; Monday 9 March, not tagged."""
    folder = tmp_path / "tagged"
    folder.mkdir()
    rows = [("c1", 2, "sale"), ("c2", 3, "sale|winter"), ("c3", 9, "")]
    (folder / "campaigns.csv").write_text(
        HEADER
        + "".join(
            f"{name},Letter {name},S,,The Shop,news@shop.example,,Press,2026-03-{day:02}T08:00:00Z,"
            f"Europe/Paris,EUR,,{tags},\n"
            for name, day, tags in rows
        ),
        encoding="utf-8",
    )
    bring_in(analyst.analytics, folder, by="test", now=wiring.now())
    return analyst


def titles(at):
    return list(at.dataframe[0].value["title"]) if at.dataframe else []


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"tag": "winter"}, ["Letter c2"]),
        ({"tag": "sale"}, ["Letter c2", "Letter c1"]),
        ({"weekday": "1"}, ["Letter c3", "Letter c1"]),
        ({"from": "2026-03-03"}, ["Letter c3", "Letter c2"]),
        ({"to": "2026-03-03"}, ["Letter c2", "Letter c1"]),
        ({"from": "2026-03-03", "to": "2026-03-03"}, ["Letter c2"]),
        ({"tag": "sale", "weekday": "2"}, ["Letter c2"]),
    ],
    ids=str,
)
def test_the_rarer_filters_stand_in_the_address_too(tagged_letters, query, left):
    at = frame(**query).run()
    assert not at.exception
    assert titles(at) == left


@pytest.mark.parametrize(
    "query", [{"tag": "none"}, {"weekday": "8"}, {"from": "yesterday"}, {"to": "2026-99-99"}, {"by": "week"}]
)
def test_a_filter_that_means_nothing_is_ignored(tagged_letters, query):
    at = frame(**query).run()
    assert not at.exception
    assert len(titles(at)) == 3


def test_filters_are_cleared_with_one_button(tagged_letters):
    at = frame(tag="winter", weekday="2", q="letter").run()
    assert titles(at) == ["Letter c2"]
    at.button(key="clear-filters").click().run()
    assert not at.exception
    assert len(titles(at)) == 3
    assert "clear-filters" not in [button.key for button in at.button]


def test_the_trend_can_be_read_by_month(tagged_letters):
    assert "by campaign" in texts(frame().run())
    assert "by month" in texts(frame(by="month").run())


def test_tags_are_for_analysts(tagged_letters):
    own = reports.campaigns(tagged_letters.analytics, Scope())
    shared = reports.campaigns(tagged_letters.analytics, Scope(raw_links=False))
    assert set(own["tags"]) == {"sale", "sale|winter", ""}
    assert set(shared["tags"]) == {""}


def test_compare_waits_for_two_campaigns_to_be_selected(tagged_letters):
    assert frame().run().button(key="compare-selected").disabled


def test_the_number_of_rarer_filters_in_use_is_said_on_their_button(tagged_letters):
    labels = [popover.proto.popover.label for popover in frame(tag="sale", weekday="2").run().get("popover")]
    assert "More filters: 2 set" in labels


@pytest.mark.slow
def test_a_filter_among_ten_thousand_campaigns_takes_well_under_a_second(workspace, monkeypatch):
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    days = pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(range(10_000), unit="h")

    def row(number):
        letter = Campaign(
            "m",
            str(number),
            title=f"Letter {number}",
            sent_at=days[number].to_pydatetime(),
            tags=(f"t{number % 9}",),
        )
        return Row("c.csv", number, (letter, Reported(letter.id, "open_rate", 0.2, "20 %")))

    job = library.Job("m", "campaigns", "c.csv", "sha", "ann")
    library.bring(
        workspace.analytics, job, map(row, range(10_000)), rollup.make, lambda _: None, wiring.now()
    )
    at = frame().run()
    started = time.process_time()
    at.selectbox(key="tag").set_value("t4").run()
    assert not at.exception
    assert time.process_time() - started < 1
    assert len(at.dataframe[0].value) == 1111
