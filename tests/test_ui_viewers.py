"""The shares and their viewers on screen: one row each, with all that is known and all that can be done."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from lib import wiring
from lib.model import COMMAND_LINE
from lib.shares import policy, sessions, shares
from lib.store import tables
from lib.ui.i18n import plain
from tests import installation, screens


@pytest.fixture
def office(workspace, monkeypatch):
    """One campaign, one analyst, who is signed in."""
    installation.campaign(workspace, title="Spring *letter*")
    screens.hold(monkeypatch, screens.analyst_cookie(workspace, screens.add_analyst(workspace)))
    return workspace


def one_share(number: int = 1) -> AppTest:
    at = screens.frame("shares", share=str(number)).run()
    assert not at.exception
    return at


def all_shares() -> AppTest:
    at = screens.frame("shares").run()
    assert not at.exception
    return at


def texts(at: AppTest) -> str:
    return screens.texts(at)


def set_viewer(parts: wiring.App, viewer: shares.Invited, **values: object) -> None:
    with parts.records.begin() as db:
        db.execute(tables.viewers.update().where(tables.viewers.c.id == viewer.id).values(**values))


def set_mails(parts: wiring.App, **values: object) -> None:
    with parts.records.begin() as db:
        db.execute(tables.outbox.update().values(**values))


def menu(at: AppTest, place: int = 0) -> list[str]:
    return list(at.get("menu_button")[place].options)


def button(at: AppTest, label: str):
    return next(found for found in at.button if found.label == label)


def addresses(at: AppTest) -> list[str]:
    return [text.value for text in at.text]


@pytest.mark.parametrize(
    "name", ["Add viewers", "Change passwords", "Change the last day", "Switch off", "Change what they see"]
)
def test_each_dialog_opens(office, name):
    installation.share(office, "ann@x.org", "bo@x.org")
    at = one_share()
    button(at, name).click()
    at.run()
    assert not at.exception


def test_a_list_of_many_shares_asks_for_their_viewers_once(office, monkeypatch):
    for number in range(4):
        installation.share(office, f"ann{number}@x.org")
    asked = []
    ask = shares.viewers_of_many
    monkeypatch.setattr(shares, "viewers_of_many", lambda *given: asked.append(given[1]) or ask(*given))
    monkeypatch.setattr(shares, "viewers_of", None)
    all_shares()
    assert asked == [[4, 3, 2, 1]]


def test_automatic_checks_stand_apart_from_openings_by_people(office):
    ann, bo = installation.share(office, "ann@x.org", "bo@x.org")
    set_viewer(office, ann, fetches=4, checks=4)
    set_viewer(office, bo, fetches=3, checks=2)
    said = texts(one_share())
    assert "4 automatic checks, not yet opened by a person." in said
    assert "Opened by a person, not yet unlocked." in said
    assert "2 automatic checks besides." in said


def test_a_visit_tells_how_long_and_what_was_read(office):
    (ann,) = installation.share(office, "ann@x.org")
    now = wiring.now()
    set_viewer(office, ann, visits=1, first_visit_at=now, last_visit_at=now, failures=2)
    with office.records.begin() as db:
        opened = sessions.open_viewer(db, ann.id, 1, now)
        assert opened
        sent = db.execute(tables.sessions.select().where(tables.sessions.c.viewer_id == ann.id)).first()
        read = {"links": 420, "first_day": 180}
        row = {"viewer_id": ann.id, "session_id": sent.id, "started_at": now, "sections": read}
        db.execute(tables.visits.insert().values(row | {"seconds": 720, "exports": 1}))
    said = texts(one_share())
    for told in (
        "12 min",
        "Clicks by link 7 min, First 24 hours 3 min",
        "1 export taken",
        "2 wrong passwords",
    ):
        assert told in said


def test_the_servers_answer_stands_beside_a_refused_mail_and_is_no_markup(office):
    """M5, X1"""
    installation.share(office, "ann@x.org")
    set_mails(office, state="refused", answer="550 *no* such user")
    said = texts(one_share())
    assert "E-mail refused" in said
    assert plain("550 *no* such user") in said
    assert "*no*" not in said


def test_link_and_password_have_a_state_each_when_they_travel_apart(office):
    installation.share(office, "ann@x.org", road="second")
    said = texts(one_share())
    assert said.count("E-mail queued") == 2
    assert "Link · " in said
    assert "Password · " in said


def test_whoever_needs_somebody_to_look_stands_first_and_the_revoked_last(office):
    ann, bo, cy = installation.share(office, "ann@x.org", "bo@x.org", "cy@x.org")
    shares.revoke(office.records, ann.id, wiring.now(), by=COMMAND_LINE)
    set_viewer(office, cy, pass_on_since=wiring.now())
    at = one_share()
    assert addresses(at) == ["cy@x.org", "bo@x.org", "ann@x.org"]
    assert "1 needs attention" in texts(at)
    assert "New password not passed on yet" in texts(at)
    assert bo.id


def test_each_state_offers_what_can_be_done_in_it(office):
    ann, _ = installation.share(office, "ann@x.org", "bo@x.org")
    everything = menu(one_share())
    assert "Send e-mail again (with a new password)" in everything
    assert "Preview as this viewer" in everything
    assert "Revoke access" in everything
    assert "Send the same e-mail once more" not in everything
    set_mails(office, state="unknown")
    set_viewer(office, ann, pass_on_since=wiring.now())
    assert menu(one_share())[:2] == ["Send the same e-mail once more", "I have passed it on"]
    shares.revoke(office.records, ann.id, wiring.now(), by=COMMAND_LINE)
    assert menu(one_share(), 1) == ["Restore (as new)", "History"]


def test_many_viewers_come_in_pages_and_can_be_searched(office):
    installation.share(office, *(f"reader{number:02}@x.org" for number in range(60)))
    at = one_share()
    assert len(addresses(at)) == 25
    at.text_input[0].set_value("reader59").run()
    assert addresses(at) == ["reader59@x.org"]


def test_days_left_have_a_word_and_a_colour(office):
    today = wiring.now().date()
    for days in (40, 5, 0):
        last = today + timedelta(days=days)
        installation.share(office, f"ann{days}@x.org", expires_on=last, zone="UTC")
    installation.share(office, "ever@x.org")
    said = texts(all_shares())
    for word, colour in (("40 days left", "green"), ("5 days left", "orange"), ("Last day today", "red")):
        assert any(word in line and f":{colour}-badge" in line for line in said.splitlines())
    assert "No end" in said


def test_one_click_extends_from_the_list_says_until_when_and_can_be_undone(office):
    today = wiring.now().date()
    installation.share(office, "ann@x.org", expires_on=today + timedelta(days=5), zone="UTC")
    at = all_shares()
    button(at, "+90 days").click().run()
    assert not at.exception
    assert "95 days left" in texts(at)
    assert at.toast
    button(at, "Undo").click().run()
    assert "5 days left" in texts(at)
    assert "Undo" not in [found.label for found in at.button]


def test_an_extension_stops_at_what_the_admin_allows(office):
    today = wiring.now().date()
    installation.share(office, "ann@x.org", expires_on=today + timedelta(days=5), zone="UTC")
    policy.save(office.records, policy.Policy(30, 30), wiring.now(), by=COMMAND_LINE)
    at = all_shares()
    button(at, "+25 days").click().run()
    assert "30 days left" in texts(at)
    assert not [found for found in at.button if found.label.startswith("+")]


def test_the_list_marks_what_needs_somebody_and_finds_it_by_state(office):
    ann, _ = installation.share(office, "ann@x.org", "bo@x.org")
    set_mails(office, state="refused", answer="550 no")
    set_viewer(office, ann, pass_on_since=wiring.now())
    installation.share(office, "cy@x.org")
    shares.off(office.records, 2, wiring.now(), by=COMMAND_LINE)
    at = all_shares()
    assert "E-mail trouble: 2 viewers" in texts(at)
    assert "New password not passed on yet" in texts(at)
    at.get("button_group")[0].set_value("off")
    at.run()
    assert [found.key for found in at.button if found.key.startswith("manage-")] == ["manage-2"]


def test_a_new_campaign_of_a_followed_audience_names_who_will_see_it(office):
    """X7"""
    installation.share(office, "ann@x.org", "bo@x.org")
    row = {
        "id": "vitrine-2",
        "sender": "vitrine",
        "native_id": "2",
        "title": "Sale *2*",
        "audience": "Readers",
    }
    following = {"audience": "Readers", "audience_sender": "vitrine", "declined": []}
    with office.records.begin() as db:
        db.execute(
            tables.campaigns.insert().values(row | {"audience": "Readers", "updated_at": wiring.now()})
        )
        db.execute(tables.shares.update().values(following))
    assert "1 new campaign" in texts(all_shares())
    at = one_share()
    assert f"2 people will see it: {plain('ann@x.org')}, {plain('bo@x.org')}." in texts(at)
    button(at, "Add it").click().run()
    assert shares.find(office.records, 1, wiring.now()).campaigns == ("vitrine-spring", "vitrine-2")
    assert "Add it" not in [found.label for found in at.button]


def test_a_password_passed_on_by_hand_is_not_asked_for_again(office):
    (ann,) = installation.share(office, "ann@x.org")
    set_viewer(office, ann, pass_on_since=wiring.now())
    at = one_share()
    at.get("menu_button")[0].set_value("viewers.passed_on").run()
    assert not at.exception
    assert shares.viewers_of(office.records, 1, wiring.now())[0].pass_on_since is None
