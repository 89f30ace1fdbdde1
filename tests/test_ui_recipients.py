"""The lists of recipients on the screen: chosen, searched, paged; in the address; never without people."""

import pytest
from streamlit.testing.v1 import AppTest

from lib import wiring
from lib.importers import bring_in
from lib.model import Scope
from lib.reports import recipients
from lib.ui import exchange
from tests.screens import CLAIMS, PATIENCE, add_analyst, analyst_cookie, frame, hold, texts, with_spring

CAMPAIGN = "vitrine-spring"


@pytest.fixture
def spring(workspace, tmp_path, monkeypatch):
    return with_spring(workspace, tmp_path / "spring", monkeypatch)


def page(**query):
    at = frame("campaign", id=CAMPAIGN, **query).run()
    assert not at.exception
    return at


def shown(at):
    """The names in the list; it stands before the most active recipients."""
    tables = [table.value for table in at.dataframe if "address" in table.value]
    lists = [table for table in tables if {"opens", "clicks", "last_at"} != set(table) - {"address"}]
    found = lists[0] if lists else tables[0]
    return [address.partition("@")[0] for address in found["address"]]


def draw_within(scope_of_the_test):
    from lib.ui import report  # noqa: PLC0415 - AppTest runs the source of this function alone

    report.draw(scope_of_the_test, "vitrine-spring")


def within(scope):
    at = AppTest.from_function(draw_within, args=(scope,), default_timeout=PATIENCE).run()
    assert not at.exception
    return at


def test_a_list_stands_in_the_address_so_that_it_can_be_bookmarked(spring):
    assert shown(page(deed="bounced")) == ["ida", "jon"]
    assert shown(page(deed="bounced", who="JON")) == ["jon"]
    assert shown(page(deed="opened", sort="opens"))[0] == "ann"


def test_what_is_chosen_and_searched_goes_into_the_address(spring):
    at = page()
    at.text_input(key=f"recipients-who-{CAMPAIGN}").set_value("ann").run()
    assert at.query_params["who"] == "ann"
    assert shown(at) == ["ann"]
    at.text_input(key=f"recipients-who-{CAMPAIGN}").set_value("").run()
    assert "who" not in at.query_params


def test_an_address_that_makes_no_sense_shows_the_usual_list(spring):
    assert len(shown(page(deed="x", sort="y", page="-7", who=""))) == 10
    assert len(shown(page(page="9" * 40))) == 10


def test_a_list_without_a_match_says_so_and_reads_no_markup_in_what_was_typed(spring):
    """X1"""
    at = page(who="<b>$x$")
    told = [one.value for one in at.info if "No address" in one.value]
    assert told and "<b>" not in told[0]


def test_pages_are_turned_and_the_page_stands_in_the_address(spring, monkeypatch):
    monkeypatch.setattr(recipients, "A_PAGE", 4)
    at = page(page="2")
    assert shown(at) == ["eve", "fay", "gil", "hal"]
    assert "5–8 of 10 recipients" in texts(at)
    assert page(page="99").query_params["page"] == "3"


def test_the_list_on_the_screen_is_the_one_that_is_taken_along(spring, monkeypatch):
    fetched = []
    monkeypatch.setattr(exchange, "fetch_file", fetched.append)
    at = page(deed="opened", who="n", sort="opens", opens="people")
    at.button(key=f"recipients-export-{CAMPAIGN}").click().run()
    (address,) = fetched
    assert address.startswith(f"/export/campaign/{CAMPAIGN}/recipients.list.csv?")
    assert {"opens=people", "deed=opened", "who=n", "sort=opens"} <= set(address.partition("?")[2].split("&"))


def test_the_most_active_recipients_lead_to_all_who_opened(spring):
    at = page()
    at.button(key=f"openers-{CAMPAIGN}").click().run()
    assert at.query_params["deed"] == "opened"
    assert shown(at) == ["ann", "bob", "cid", "dee", "eve"]


def test_without_people_there_is_no_list_whatever_the_address_asks(spring):
    """X5"""
    at = within(Scope((CAMPAIGN,), people=False, raw_links=False))
    assert not [table for table in at.dataframe if "address" in table.value]
    assert not [one for one in at.text_input if (one.key or "").startswith("recipients-")]
    assert "mail.example" not in texts(at) and "No such user" not in texts(at)


def test_a_preview_shows_the_list_but_takes_nothing_along_and_leaves_the_address_alone(spring):
    at = within(Scope((CAMPAIGN,), ("recipients",), raw_links=False))
    assert len(shown(at)) == 10
    assert at.button(key=f"recipients-export-{CAMPAIGN}").disabled
    at.text_input(key=f"recipients-who-{CAMPAIGN}").set_value("ann").run()
    assert shown(at) == ["ann"] and "who" not in at.query_params


def draw_for_a_french_viewer(scope_of_the_test):
    import streamlit as st  # noqa: PLC0415 - as above

    from lib.ui import i18n, report  # noqa: PLC0415 - as above

    with i18n.speaking("fr"):
        report.draw(scope_of_the_test, "vitrine-spring")
        st.text(f"within: {i18n.language()}")
    st.text(f"after: {i18n.language()}")


def test_a_preview_is_in_the_language_of_the_viewer_to_its_end(spring):
    """The parts that run by themselves ask for the analyst, who speaks English."""
    scope = Scope((CAMPAIGN,), ("recipients", "machines"), raw_links=False)
    at = AppTest.from_function(draw_for_a_french_viewer, args=(scope,), default_timeout=PATIENCE).run()
    assert not at.exception
    assert "Destinataires" in [one.label for one in at.get("pills") or at.get("button_group")]
    assert [text.value for text in at.text] == ["within: fr", "after: en"]


def test_of_reported_figures_the_counts_are_shown_and_why_there_is_no_list(workspace, tmp_path, monkeypatch):

    file = tmp_path / "campaigns.csv"
    file.write_text(CLAIMS)
    campaign = bring_in(workspace.analytics, file, by="test", now=wiring.now()).campaigns[0]
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    at = frame("campaign", id=campaign, deed="opened").run()
    assert not at.exception
    assert "they say how many, not who" in texts(at)
    counts = next(table.value for table in at.dataframe if "deed" in table.value)
    assert dict(zip(counts["deed"], counts["recipients"], strict=True))["Opened"] == 6
