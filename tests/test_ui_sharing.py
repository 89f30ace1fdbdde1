"""Sharing on screen: the form, what is shown once, the viewers and what can be done, the end of access."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash  # of a page made of its address

from lib import wiring
from lib.model import COMMAND_LINE
from lib.shares import cookies, sessions, shares
from lib.store import tables
from lib.ui import exchange, session
from tests import installation, screens

TITLE = "Spring *letter* <b>2026</b>"
NOWHERE = "smtp+plain://127.0.0.1:9"  # nobody answers there, and in these tests nobody asks


@pytest.fixture
def office(workspace, monkeypatch):
    """One campaign, one analyst, who is signed in."""
    installation.campaign(workspace, title=TITLE)
    screens.hold(monkeypatch, screens.analyst_cookie(workspace, screens.add_analyst(workspace)))
    return workspace


@pytest.fixture
def post_office(tmp_path, monkeypatch, request):
    """The same where mails leave the server."""
    monkeypatch.setenv("VITRINE_SMTP", NOWHERE)
    monkeypatch.setenv("VITRINE_MAIL_FROM", "Reports <reports@agency.example>")
    return request.getfixturevalue("office")


def share_page(*campaigns: str) -> AppTest:
    at = screens.frame("share")
    at.query_params["campaign"] = list(campaigns) or ["vitrine-spring"]
    at.run()
    assert not at.exception
    return at


def with_viewers(at: AppTest, *entries: str) -> AppTest:
    at.session_state[at.session_state["share-sheet"].viewers_key] = {"entries": list(entries)}
    at.run()
    assert not at.exception
    return at


def share_button(at: AppTest):
    return next(
        button for button in at.button if button.key == f"share-{at.session_state['share-sheet'].key}"
    )


def widget(at: AppTest, name: str):
    """The field of the form whose key begins with `name`."""
    wanted = f"{name}-{at.session_state['share-sheet'].key}"
    return next(found for found in at.main if getattr(found, "key", None) == wanted)


def entries(at: AppTest) -> list[str]:
    return at.session_state[at.session_state["share-sheet"].viewers_key]["entries"]


def the_share(parts: wiring.App) -> shares.ShareLine:
    (share,) = shares.shares_of(parts.records, None, wiring.now())
    return share


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


def test_what_is_shared_opens_with_the_count_that_was_on_the_screen_unless_another_is_chosen(office):
    at = screens.frame("share")
    at.query_params.update({"campaign": ["vitrine-spring"], "opens": "people"})
    at.run()
    assert widget(at, "form").value == "people"
    widget(at, "history").set_value(False)
    at = with_viewers(at, "ann@x.org")
    share_button(at).click()
    at.run()
    assert not at.exception
    assert (the_share(office).form, the_share(office).history) == ("people", False)


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
    assert share_button(at).label == "Create 2 links"  # no mail server is set up here
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


def test_the_button_says_how_many_invitations_are_sent(post_office):
    assert share_button(share_page()).label == "Send invitations"
    assert share_button(with_viewers(share_page(), "ann@x.org")).label == "Send 1 invitation"
    assert share_button(with_viewers(share_page(), "ann@x.org", "bo@x.org")).label == "Send 2 invitations"


def test_several_campaigns_make_one_share(post_office):
    installation.campaign(post_office, "vitrine-summer", "Summer letter")
    at = with_viewers(share_page("vitrine-spring", "vitrine-summer"), "ann@x.org")
    assert at.title[0].value == "Share 2 reports"
    share_button(at).click().run()
    assert the_share(post_office).campaigns == ("vitrine-spring", "vitrine-summer")


def test_a_campaign_that_is_not_there_is_not_shared_with_the_others(post_office):
    at = with_viewers(share_page("vitrine-spring", "nothing"), "ann@x.org")
    share_button(at).click().run()
    assert the_share(post_office).campaigns == ("vitrine-spring",)


def test_what_the_viewers_see_is_chosen(post_office):
    at = with_viewers(share_page(), "ann@x.org")
    widget(at, "people").set_value(False)
    widget(at, "revenue").set_value(False)
    at.run()
    share_button(at).click().run()
    share = the_share(post_office)
    assert (share.people, share.revenue, share.sections) == (False, False, None)


def test_without_an_audience_there_is_none_to_follow(post_office):
    at = share_page()
    assert not [found for found in at.toggle if (found.key or "").startswith("follows")]


def test_the_audience_of_a_campaign_can_be_followed(post_office):
    with post_office.records.begin() as db:
        db.execute(tables.campaigns.update().values(audience="Readers"))
    at = with_viewers(share_page(), "ann@x.org")
    widget(at, "follows").set_value(True).run()
    share_button(at).click().run()
    share = the_share(post_office)
    assert (share.audience_sender, share.audience) == ("vitrine", "Readers")


@pytest.mark.parametrize("road", ["same", "second", "hand"])
def test_the_password_takes_the_road_that_was_chosen(post_office, road):
    at = with_viewers(share_page(), "ann@x.org")
    widget(at, "road").set_value(road).run()
    share_button(at).click().run()
    assert the_share(post_office).road == road
    assert count(post_office, tables.outbox) == (2 if road == "second" else 1)


def test_a_mistyped_address_can_be_mended_and_nothing_else_changes(post_office):
    at = with_viewers(share_page(), "ann@gmial.com", "bo@x.org")
    mend = next(found for found in at.button if (found.key or "").startswith("mend-"))
    mend.click().run()
    assert not at.exception
    assert entries(at) == ["ann@gmail.com", "bo@x.org"]
    assert not [found for found in at.button if (found.key or "").startswith("mend-")]


def test_notes_do_not_stand_in_the_way(post_office):
    at = with_viewers(share_page(), "info@gmial.com")
    assert not share_button(at).disabled


def test_a_refusal_loses_nothing_of_the_form(post_office, monkeypatch):
    at = with_viewers(share_page(), "ann@x.org")
    widget(at, "message").set_value("Dear Ann").run()
    installation.share(post_office, "bo@x.org")

    def refuse(*_given, **_named):
        raise shares.ShareRefused("message", "refusal.message.signs")

    monkeypatch.setattr(shares, "create", refuse)
    share_button(at).click().run()
    assert at.error
    assert widget(at, "message").value == "Dear Ann"
    assert entries(at) == ["ann@x.org"]


def test_taken_back_in_time_the_form_comes_back_filled(post_office):
    at = with_viewers(share_page(), "ann@x.org", "bo@x.org")
    widget(at, "message").set_value("Dear all")
    widget(at, "road").set_value("second")
    at.run()
    password = at.text_input[0].value
    share_button(at).click().run()
    assert not at.exception
    next(found for found in at.button if found.label == "Take everything back").click().run()
    assert not at.exception
    assert entries(at) == ["ann@x.org", "bo@x.org"]
    assert (widget(at, "message").value, widget(at, "road").value) == ("Dear all", "second")
    assert at.text_input[0].value != password
    assert shares.shares_of(post_office.records, None, wiring.now()) == ()
    assert not share_button(at).disabled


def test_too_late_it_says_which_mails_left_and_offers_to_revoke(post_office, monkeypatch):
    at = with_viewers(share_page(), "ann@x.org", "bo@x.org")
    share_button(at).click().run()
    taken = shares.take_back

    def after_the_worker(records, batch, now, *, by):
        with records.begin() as db:
            first = sa.select(sa.func.min(tables.outbox.c.id)).scalar_subquery()
            db.execute(tables.outbox.update().where(tables.outbox.c.id == first).values(state="accepted"))
        return taken(records, batch, now, by=by)

    monkeypatch.setattr(shares, "take_back", after_the_worker)
    next(found for found in at.button if found.label == "Take everything back").click().run()
    assert not at.exception
    assert at.error
    assert "ann@x.org" in [text.value for text in at.text]
    assert "Revoke access of all 2 viewers" in [found.label for found in at.button]


def test_what_was_shared_without_seconds_to_take_it_back_offers_none(post_office, monkeypatch):
    parts = dataclasses.replace(
        post_office, settings=dataclasses.replace(post_office.settings, undo_seconds=0)
    )
    monkeypatch.setattr(session, "app", lambda: parts)
    at = with_viewers(share_page(), "ann@x.org")
    share_button(at).click().run()
    assert not at.exception
    assert "Take everything back" not in [found.label for found in at.button]


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
    assert [found.label for found in at.button] == ["Sign out"]


@pytest.mark.parametrize("reader", ["Pacific/Auckland", "America/New_York", None])
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Shared with you until 30 Nov 2099 (Central European Time)"),
        ("fr", "Partagé avec vous jusqu’au 30 nov. 2099 (heure d’Europe centrale)"),
    ],
)
def test_a_viewer_reads_the_last_day_of_the_share_in_its_zone(viewer, monkeypatch, reader, language, said):
    """S3: wherever the viewer is"""
    workspace, _ = viewer
    last = {"expires_on": date(2099, 11, 30), "zone": "Europe/Paris", "language": language}
    with workspace.records.begin() as db:
        end = datetime(2099, 11, 30, 23, tzinfo=UTC)
        db.execute(tables.shares.update().values(last | {"expires_at": end}))
    monkeypatch.setattr(type(st.context), "timezone", reader)
    at = screens.frame("shared").run()
    assert not at.exception
    assert said in screens.texts(at)


def test_a_viewers_export_is_asked_for_as_the_viewers_own(viewer, monkeypatch):
    """L8: also where an analyst is signed in with the same browser"""
    fetched = []
    monkeypatch.setattr(exchange, "fetch_file", fetched.append)
    at = screens.frame("shared").run()
    at.menu_button(key="take-whole").click("csv").run()
    assert not at.exception
    assert fetched == ["/export/campaign/vitrine-spring.csv?opens=all&as=viewer"]


def test_when_access_ends_the_data_goes_and_the_page_says_so(viewer):
    """S3, S4"""
    workspace, ann = viewer
    at = screens.frame("shared").run()
    shares.revoke(workspace.records, ann.id, wiring.now(), by=COMMAND_LINE)
    at.run()
    assert not at.exception
    assert at.info[0].proto.title == "Access has ended"
    assert not at.metric
    assert "Spring" not in screens.texts(at)


def test_an_idle_session_ends_and_the_timer_does_not_keep_it_alive(viewer, monkeypatch):
    """S2"""
    workspace, _ = viewer
    touched = []
    asked = session.find_viewer
    monkeypatch.setattr(session, "find_viewer", lambda touch=True: touched.append(touch) or asked(touch))
    at = screens.frame("shared").run()
    assert not at.exception
    assert touched.count(False) == 1  # the watch; everything else here is a person's doing
    with workspace.records.begin() as db:
        db.execute(tables.sessions.update().values(seen_at=wiring.now() - timedelta(minutes=31)))
    at.run()
    assert at.info[0].proto.title == "Access has ended"
