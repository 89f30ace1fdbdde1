"""The page of notices and the settings: what is read there, and what a choice there does."""

from dataclasses import replace

import pytest
import streamlit as st

from lib import wiring
from lib.config import Secret
from lib.mail.delivery import connection
from lib.model import COMMAND_LINE
from lib.shares import analysts, notices, policy, sessions, trial
from lib.ui import session
from tests import installation
from tests.screens import PASSWORD, analyst_cookie, frame, hold, texts
from tests.serving import free_port

NEW = "heron walks over the bridge"
HOSTILE = "a**b** :red[c] [d](https://evil.example) <i>e</i> $x$ :material/close:"


@pytest.fixture
def eva(workspace, monkeypatch):
    """An admin who is signed in; returns the id."""
    made = analysts.add(
        workspace.records, "Eva", "eva@agency.example", PASSWORD, True, wiring.now(), by=COMMAND_LINE
    )
    hold(monkeypatch, analyst_cookie(workspace, made))
    return made


@pytest.fixture
def bob(workspace, monkeypatch, eva):
    """One who is no admin."""
    made = analysts.add(
        workspace.records, "Bob", "bob@agency.example", PASSWORD, False, wiring.now(), by=COMMAND_LINE
    )
    hold(monkeypatch, analyst_cookie(workspace, made))
    return made


def tell(parts, analyst, key, **more):
    with parts.records.begin() as db:
        notices.tell(db, wiring.now(), analyst, "first_visit", key, **more)


def test_where_nothing_happened_the_page_says_what_will_stand_there(workspace, eva):
    at = frame("notices").run()
    assert "Nothing has happened yet" in at.info[0].value
    assert not at.exception


def test_notices_stand_newest_first_and_are_read_one_by_one_or_all(workspace, eva):
    installation.campaign(workspace)
    [ann] = installation.share(workspace, "ann@client.example", analyst_id=eva)
    for key in "abc":
        tell(workspace, eva, key, share_id=1, viewer_id=ann.id)
    at = frame("notices").run()
    assert "3 unread notices" in texts(at)
    assert texts(at).count("**ann&#64;") == 3, "unread ones stand out"
    at.button(key="read-3").click().run()
    assert "2 unread notices" in texts(at)
    at.button(key="read-all").click().run()
    assert "All read." in texts(at)
    assert notices.unread(workspace.records, eva) == 0


def test_a_notice_leads_to_its_share_and_is_read_then(workspace, eva):
    installation.campaign(workspace)
    [ann] = installation.share(workspace, "ann@client.example", analyst_id=eva)
    tell(workspace, eva, "a", share_id=1, viewer_id=ann.id)
    at = frame("notices").run()
    at.button(key="open-1").click().run()
    assert not at.exception
    assert at.query_params["share"] in ("1", ["1"])
    assert notices.unread(workspace.records, eva) == 0


def test_names_are_shown_as_they_are(workspace, eva):
    installation.campaign(workspace, title=HOSTILE)
    [ann] = installation.share(workspace, "ann@client.example", analyst_id=eva)
    tell(workspace, eva, "a", share_id=1, viewer_id=ann.id)
    shown = texts(frame("notices").run())
    assert "https://evil" not in shown
    assert not any(sign in shown for sign in (":red[", "<i>", "**b**", "$x$"))


def test_every_kind_is_drawn(workspace, eva):
    told = {"count": 5, "day": "2026-12-01", "campaign": "June", "answer": "550 <no>"}
    variants = ("suspended", "mail_refused", "mail_unknown", "expiring_0", "expiring_1", "expiring_2")
    with workspace.records.begin() as db:
        for kind in notices.USUAL:
            if kind not in ("refused", "expiring"):
                notices.tell(db, wiring.now(), eva, kind, kind, **told)
        for variant in variants:
            kind = {"s": "denied", "m": "refused", "e": "expiring"}[variant[0]]
            notices.tell(db, wiring.now(), eva, kind, variant, variant=variant, **told)
    at = frame("notices").run()
    assert not at.exception
    assert "<no>" not in texts(at)


def test_many_notices_are_paged(workspace, eva):
    for number in range(30):
        tell(workspace, eva, str(number))
    at = frame("notices").run()
    assert len([button for button in at.button if button.key.startswith("read-")]) == 25 + 1


def test_the_navigation_counts_what_is_unread(workspace, eva, monkeypatch):
    drawn, navigation = [], st.navigation

    def seen(pages, **options):
        drawn.append([page.title for page in pages[""]])
        return navigation(pages, **options)

    monkeypatch.setattr(st, "navigation", seen)
    frame().run()
    tell(workspace, eva, "a")
    tell(workspace, eva, "b")
    frame().run()
    assert "Notices" in drawn[0]
    assert "Notices (2)" in drawn[1]


# --- settings ------------------------------------------------------------------------------------


def test_how_a_kind_is_told_is_chosen_and_holds_at_once(workspace, eva):
    at = frame("settings").run()
    assert at.segmented_control(key="way-denied").value == "product"
    at.segmented_control(key="way-denied").set_value("off").run()
    assert not at.exception
    assert notices.ways(workspace.records, eva)["denied"] == "off"


def test_only_admins_choose_how_they_hear_of_restored_records(workspace, bob):
    at = frame("settings").run()
    assert "way-restored" not in {control.key for control in at.get("segmented_control")}


def test_the_language_is_chosen_and_spoken_at_once(workspace, eva):
    at = frame("settings").run()
    at.segmented_control(key="settings-language").set_value("fr").run()
    assert at.title[0].value == "Réglages"
    assert "Votre mot de passe" in texts(at)


def test_the_own_name_is_changed_or_it_says_why_not(workspace, eva):
    at = frame("settings").run()
    assert at.text_input(key="settings-own-name").value == "Eva"
    for name, kept in (("Eva Duarte", "Eva Duarte"), (" ", "Eva Duarte")):
        at.text_input(key="settings-own-name").set_value(name)
        next(button for button in at.button if button.label == "Save name").click().run()
        assert not at.exception
        assert analysts.by_address(workspace.records, "eva@agency.example").name == kept
    assert "name" in at.error[0].value


def fill(at, current=PASSWORD, new=NEW, repeated=NEW):
    at.text_input(key="settings-new-0").set_value(new)
    at.text_input(key="settings-current-0").set_value(current)
    at.text_input(key="settings-repeated-0").set_value(repeated)
    next(button for button in at.button if button.label == "Change password").click().run()
    assert not at.exception
    return at


def test_the_own_password_is_changed_and_every_other_browser_signed_out(workspace, eva, monkeypatch):
    here, elsewhere = session.cookies(), analyst_cookie(workspace, eva)
    at = fill(frame("settings").run())
    assert not at.error
    assert find(workspace, here)
    assert not find(workspace, elsewhere)
    signed_in = analysts.check(workspace.records, "eva@agency.example", NEW, "198.51.100.7", wiring.now())
    assert isinstance(signed_in, analysts.Analyst)
    assert at.text_input(key="settings-new-1").value == "", "the fields are empty again"


def find(parts, cookies):
    [cookie] = cookies.values()
    return sessions.find_analyst(parts.records, cookie, wiring.now(), False)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"current": "not this one"}, "not your current password"),
        ({"current": ""}, "Enter your current password"),
        ({"repeated": "heron walks elsewhere"}, "not the same"),
        ({"new": "12345678", "repeated": "12345678"}, "one of the most common"),
        ({"new": "short", "repeated": "short"}, "at least 8"),
    ],
)
def test_a_password_that_is_not_changed_says_why_beside_its_field(workspace, eva, wrong, said):
    at = fill(frame("settings").run(), **wrong)
    assert said in at.error[0].value
    assert find(workspace, session.cookies())
    right = analysts.check(workspace.records, "eva@agency.example", PASSWORD, "198.51.100.7", wiring.now())
    assert isinstance(right, analysts.Analyst)


def test_guessing_the_current_password_is_slowed_down(workspace, eva, monkeypatch):
    """G1"""
    now = wiring.now()
    monkeypatch.setattr(wiring, "now", lambda: now)
    at = frame("settings").run()
    for _ in range(6):
        fill(at, current="not this one")
    assert "Too many tries" in at.error[0].value
    fill(at)
    assert "Too many tries" in at.error[0].value, "the right one, too, has to wait"


def test_an_admin_sets_how_long_shares_last(workspace, eva):
    at = frame("settings").run()
    at.number_input(key="settings-days").set_value(30)
    at.number_input(key="settings-most").set_value(60)
    next(button for button in at.button if button.label == "Save").click().run()
    assert not at.error
    assert policy.load(workspace.records) == policy.Policy(30, 60)


def test_a_policy_that_contradicts_itself_is_refused_beside_the_field(workspace, eva):
    at = frame("settings").run()
    at.number_input(key="settings-most").set_value(30)
    next(button for button in at.button if button.label == "Save").click().run()
    assert "cannot be longer than the maximum of 30 days" in at.error[0].value
    assert policy.load(workspace.records) == policy.Policy()


def test_who_is_no_admin_reads_the_policy_and_changes_nothing(workspace, bob):
    policy.save(workspace.records, policy.Policy(30, 60), wiring.now(), by=COMMAND_LINE)
    at = frame("settings").run()
    assert "A share lasts 60 days at most." in texts(at)
    assert not [box for box in at.number_input if box.key.startswith("settings-")]
    assert not [button for button in at.button if button.label in ("Save", "Send me a test e-mail")]
    assert "E-mail" not in [header.value for header in at.subheader]


def test_without_a_mail_server_the_settings_say_so(workspace, eva):
    assert "No mail server is set up" in frame("settings").run().warning[0].value


def test_the_sender_is_named_and_a_test_mail_goes_through_the_outbox(workspace, eva, monkeypatch):
    settings = replace(
        workspace.settings,
        smtp=Secret(f"smtp+plain://127.0.0.1:{free_port()}"),
        mail_from="Reports <reports@agency.example>",
    )
    parts = replace(workspace, settings=settings, delivery=connection(settings))
    monkeypatch.setattr(session, "app", lambda: parts)
    at = frame("settings").run()
    assert "reports&#64;" in texts(at)
    at.button(key="settings-trial").click().run()
    assert not at.exception
    assert trial.last(parts.records, eva, wiring.now()).state == "queued"
    wiring.worker(parts).run_once(wiring.now())
    assert "refused" in texts(at.run())
    at.button(key="settings-trial").click().run()
    assert "less than a minute ago" in at.error[0].value
