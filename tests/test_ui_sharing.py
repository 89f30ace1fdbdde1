"""Sharing on screen: the form, what is shown once, the viewers and what can be done, the end of access."""

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash  # of a page made of its address

from lib import wiring
from lib.shares import cookies, sessions, shares
from lib.store import tables
from tests import installation, screens

TITLE = "Spring *letter* <b>2026</b>"


@pytest.fixture
def office(workspace, monkeypatch):
    """One campaign, one analyst, who is signed in."""
    installation.campaign(workspace, title=TITLE)
    screens.hold(monkeypatch, screens.analyst_cookie(workspace, screens.add_analyst(workspace)))
    return workspace


def share_page() -> AppTest:
    at = screens.frame("share", campaign="vitrine-spring").run()
    assert not at.exception
    return at


def with_viewers(at: AppTest, *entries: str) -> AppTest:
    at.session_state[f"viewers-{at.session_state['share-sheet'].key}"] = {"entries": list(entries)}
    return at.run()


def share_button(at: AppTest):
    return next(button for button in at.button if button.label.startswith("Share report"))


def button(at: AppTest, label: str):
    return next(button for button in at.button if button.label == label)


def count(parts: wiring.App, table: sa.Table) -> int:
    with parts.records.connect() as db:
        return db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def codes(at: AppTest) -> list[str]:
    return [code.value for code in at.code]


def test_the_button_says_why_it_cannot_be_pressed_yet(office):
    at = share_page()
    assert share_button(at).disabled
    assert "Add at least one viewer first." in screens.texts(at)
    at = with_viewers(at, "ann@x.org", "nonsense")
    assert share_button(at).disabled
    assert "1 address cannot be used" in screens.texts(at)


def test_the_campaign_is_named_and_its_title_is_no_markup(office):
    """X1"""
    at = share_page()
    title = next(element.value for element in at.markdown if "Spring" in element.value)
    assert "*letter*" not in title
    assert "<b>" not in title


def test_a_generated_password_stands_in_the_field_and_can_be_replaced(office):
    at = share_page()
    first = at.text_input[0].value
    assert len(first) >= 16
    button(at, "Generate another one").click()
    at.run()
    assert at.text_input[0].value not in ("", first)


def test_a_weak_password_cannot_be_shared_with(office):
    """T3"""
    at = with_viewers(share_page(), "ann@x.org")
    at.text_input[0].set_value("12345678")
    at.run()
    assert share_button(at).disabled


def test_sharing_shows_links_and_password_once(office):
    """T5"""
    at = with_viewers(share_page(), "ann@x.org", "bo@x.org")
    password = at.text_input[0].value
    share_button(at).click()
    at.run()
    assert not at.exception
    assert at.success
    assert count(office, tables.viewers) == 2
    assert codes(at)[0] == password
    assert sum("/v/" in code for code in codes(at)) >= 2
    assert "This server sends no e-mails" in at.warning[0].proto.title
    at._page_hash = calc_hash("shares")
    at.run()
    at._page_hash = calc_hash("share")
    at.query_params["campaign"] = "vitrine-spring"
    at.run()
    assert not any("/v/" in code and "…" not in code for code in codes(at))


def test_the_same_sheet_sent_twice_makes_one_share(office):
    """M7"""
    at = with_viewers(share_page(), "ann@x.org")
    sheet = at.session_state["share-sheet"]
    share_button(at).click()
    at.run()
    other = share_page()
    other.session_state["share-sheet"] = sheet
    other.run()
    with_viewers(other, "cy@x.org")
    share_button(other).click()
    other.run()
    assert not other.exception
    assert count(office, tables.shares) == 1
    assert count(office, tables.outbox) == 1


def test_who_can_read_it_already_is_not_invited_twice(office):
    installation.share(office, "ann@x.org")
    at = with_viewers(share_page(), "ANN@x.org")
    assert share_button(at).disabled


def test_a_campaign_that_is_not_there_is_said(office):
    at = screens.frame("share", campaign="nothing").run()
    assert not at.exception
    assert at.info


def test_the_list_of_shares_leads_to_the_viewers(office):
    installation.share(office, "ann@x.org", "bo@x.org")
    at = screens.frame("shares").run()
    assert not at.exception
    assert "2 viewers" in screens.texts(at)
    at = screens.frame("shares", share="1").run()
    assert not at.exception
    assert "ann@x.org" in [text.value for text in at.text]
    assert "Not yet opened by a person." in screens.texts(at)


def test_no_share_yet_is_said(office):
    at = screens.frame("shares").run()
    assert not at.exception
    assert at.info


@pytest.mark.parametrize("asked", ["99", "-1", "x", "9" * 40])
def test_a_share_that_is_not_there_shows_the_list(office, asked):
    at = screens.frame("shares", share=asked).run()
    assert not at.exception


def test_automatic_checks_stand_apart_from_visits(office):
    (ann,) = installation.share(office, "ann@x.org")
    with office.records.begin() as db:
        db.execute(tables.viewers.update().where(tables.viewers.c.id == ann.id).values(fetches=4))
    at = screens.frame("shares", share="1").run()
    assert "4 automatic checks of the link." in screens.texts(at)
    assert "Not yet opened by a person." in screens.texts(at)


@pytest.mark.parametrize("name", ["Add viewers", "New password for all", "Change the last day", "Switch off"])
def test_each_dialog_opens(office, name):
    installation.share(office, "ann@x.org", "bo@x.org")
    at = screens.frame("shares", share="1").run()
    button(at, name).click()
    at.run()
    assert not at.exception


def test_switching_off_is_confirmed_and_done(office):
    installation.share(office, "ann@x.org")
    at = screens.frame("shares", share="1").run()
    button(at, "Switch off").click()
    at.run()
    assert "The link of 1 viewer stops working at once." in screens.texts(at)
    next(found for found in at.button if found.key == "off-1").click()
    at.run()
    assert not at.exception
    assert shares.find(office.records, 1, wiring.now()).state is shares.State.OFF


@pytest.fixture
def viewer(workspace, monkeypatch):
    """A viewer who has unlocked the report: the App, and who it is."""
    installation.campaign(workspace, title=TITLE)
    (ann,) = installation.share(workspace, "ann@x.org")
    with workspace.records.begin() as db:
        opened = sessions.open_viewer(db, ann.id, 1, wiring.now())
    screens.hold(monkeypatch, {cookies.viewer(workspace.settings.https): opened.cookie})
    return workspace, ann


def test_a_viewer_sees_the_report_and_nothing_of_the_office(viewer):
    at = screens.frame("shared").run()
    assert not at.exception
    assert "Shared with you" in screens.texts(at)
    assert any("Spring" in title.value for title in at.title)
    assert [found.label for found in at.button] == ["Sign out", "Export"]


def test_when_access_ends_the_data_goes_and_the_page_says_so(viewer):
    """S3, S4"""
    workspace, ann = viewer
    at = screens.frame("shared").run()
    shares.revoke(workspace.records, ann.id, wiring.now())
    at.run()
    assert not at.exception
    assert at.info[0].proto.title == "Access has ended"
    assert not at.metric
    assert "Spring" not in screens.texts(at)


def test_the_watch_is_no_visit(viewer):
    """S2: a page left open does not keep its session alive."""
    workspace, _ = viewer
    at = screens.frame("shared").run()
    assert not at.exception
    with workspace.records.begin() as db:
        idle = wiring.now().replace(year=2020)
        db.execute(tables.sessions.update().values(seen_at=idle))
    at.run()
    assert at.info[0].proto.title == "Access has ended"
