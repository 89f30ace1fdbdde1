"""S7: who sees what. The records decide on every run; what the authenticator leaves behind opens nothing."""

from threading import Thread

import pytest

from lib import wiring
from lib.shares import cookies, sessions
from lib.ui import exchange, guarded, i18n, session
from lib.ui.places import FOR_ANALYSTS, FOR_VIEWERS
from tests.screens import PASSWORD, add_analyst, analyst_cookie, frame, hold, texts

EVERYWHERE = [place.name for place in FOR_ANALYSTS + FOR_VIEWERS]


@pytest.mark.parametrize("place", EVERYWHERE)
def test_a_stranger_sees_the_sign_in_form_at_every_address(workspace, place):
    add_analyst(workspace)
    at = frame(place).run()
    assert not at.exception
    assert at.text_input[1].label == "Password"
    assert not (at.metric or at.dataframe)


def test_at_the_address_of_a_shared_report_a_stranger_is_told_to_open_the_mail_again(workspace):
    add_analyst(workspace)
    assert "Open the link in your e-mail again" in texts(frame("shared").run())
    assert "Open the link in your e-mail again" not in texts(frame("imports").run())


@pytest.mark.parametrize("place", EVERYWHERE[:2])
def test_the_first_visitor_becomes_the_first_admin(workspace, place):
    at = frame(place).run()
    at.text_input(key="setup-name").set_value("Ada")
    at.text_input(key="setup-address").set_value("ada@agency.example")
    at.text_input(key="setup-password").set_value(PASSWORD)
    at.text_input(key="setup-repeated").set_value(PASSWORD)
    at.button[0].click().run()
    assert not at.exception
    assert not at.error
    assert frame(place).run().text_input[0].label == "E-mail address"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"setup-name": ""}, "name"),
        ({"setup-address": "nonsense"}, "nonsense"),
        ({"setup-repeated": "another"}, "not the same"),
        ({"setup-password": "12345678", "setup-repeated": "12345678"}, ""),
    ],
)
def test_what_is_wrong_with_the_first_account_is_said(workspace, changed, said):
    at = frame().run()
    good = {
        "setup-name": "Ada",
        "setup-address": "ada@agency.example",
        "setup-password": PASSWORD,
        "setup-repeated": PASSWORD,
    }
    for key, value in (good | changed).items():
        at.text_input(key=key).set_value(value)
    at.button[0].click().run()
    assert said in at.error[0].value
    assert "Create account" in at.button[0].label


def sign_in(at, password, address="ada@agency.example"):
    at.text_input[0].set_value(address)
    at.text_input[1].set_value(password)
    return at.button[0].click().run()


def test_a_wrong_password_and_an_unknown_address_answer_alike(workspace):
    add_analyst(workspace)
    wrong = sign_in(frame().run(), "wrong").error[0].value
    unknown = sign_in(frame().run(), PASSWORD, "nobody@agency.example").error[0].value
    assert wrong == unknown == "The address or the password is wrong."


def test_many_wrong_passwords_must_wait_even_with_the_right_one(workspace):
    add_analyst(workspace)
    at = frame().run()
    for _ in range(8):
        sign_in(at, "wrong")
    assert "Too many tries" in sign_in(at, PASSWORD).error[0].value


def test_a_right_password_is_a_ticket_that_opens_a_session_once(workspace, monkeypatch):
    ada = add_analyst(workspace)
    tickets = []
    monkeypatch.setattr(exchange, "sign_in", tickets.append)
    assert not sign_in(frame("imports").run(), PASSWORD, "Ada@Agency.example").exception
    cookie = sessions.redeem(workspace.records, tickets[0], wiring.now())
    assert sessions.find_analyst(workspace.records, cookie, wiring.now()).id == ada
    assert sessions.redeem(workspace.records, tickets[0], wiring.now()) is None


def test_a_right_password_alone_shows_nothing_before_the_cookie_is_there(workspace):
    add_analyst(workspace)
    at = sign_in(frame("imports").run(), PASSWORD)
    assert not at.exception
    assert not at.error
    assert at.session_state["authentication_status"]
    at.run()
    assert at.text_input[1].label == "Password"


def test_what_the_authenticator_remembers_opens_nothing(workspace):
    add_analyst(workspace)
    at = frame()
    at.session_state["authentication_status"] = True
    at.session_state["username"] = "ada@agency.example"
    at.run()
    assert at.text_input[1].label == "Password"
    assert not at.dataframe


def test_a_session_that_ended_in_the_records_shows_the_form_on_the_next_run(workspace, monkeypatch):
    held = analyst_cookie(workspace, add_analyst(workspace))
    hold(monkeypatch, held)
    at = frame("definitions").run()
    assert at.title[0].value == "Definitions"
    sessions.end(workspace.records, held[cookies.analyst(False)], wiring.now())
    at.run()
    assert not at.exception
    assert at.text_input[1].label == "Password"


@pytest.fixture
def asked(workspace, monkeypatch):
    """Each question after the viewer that reaches the records: whether it counts as a visit."""
    touches = []
    hold(monkeypatch, {cookies.viewer(workspace.settings.https): "a cookie"})
    monkeypatch.setattr(sessions, "find_viewer", lambda _db, _cookie, _now, touch: touches.append(touch))
    return touches


def test_within_a_run_the_records_are_asked_once_and_outside_of_runs_each_time(asked):
    """S3"""
    with session.run():
        session.find_viewer()
        session.find_viewer()
    assert len(asked) == 1
    session.find_viewer()  # as a callback does
    session.find_viewer()
    with session.run():
        session.find_viewer()
    assert len(asked) == 4


def test_a_run_that_takes_long_asks_the_records_again(asked, monkeypatch):
    """S3"""
    monkeypatch.setattr(session, "FRESH", 0.0)
    with session.run():
        session.find_viewer()
        session.find_viewer()
    assert len(asked) == 2


def test_a_run_that_a_timer_began_is_no_visit_however_long_it_takes(asked, monkeypatch):
    """S2"""
    monkeypatch.setattr(session, "FRESH", 0.0)
    with session.run():
        session.find_viewer(touch=False)
        session.find_viewer()
    assert asked == [False, False]


def test_what_a_run_was_told_is_known_in_no_other_thread_and_forgotten_when_the_run_breaks_off(asked):
    with pytest.raises(ZeroDivisionError), session.run():
        session.find_viewer()
        other = Thread(target=session.find_viewer)
        other.start()
        other.join()
        assert len(asked) == 2
        raise ZeroDivisionError
    session.find_viewer()
    assert len(asked) == 3


def test_an_analyst_reads_in_the_language_that_was_chosen(workspace, monkeypatch):
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    at = frame("definitions").run()
    at._page_hash = frame("language-fr")._page_hash
    at.run()
    assert frame("definitions").run().title[0].value == "Définitions"


def test_a_link_of_another_site_signs_nobody_out(workspace, monkeypatch):
    """S7: the address alone only asks; within Vitrine the entry of the navigation signs out at once"""
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    errands = []
    monkeypatch.setattr(exchange, "sign_out", lambda: errands.append(1))
    led = frame("sign-out").run()
    assert not errands
    led.button(key="sign-out").click().run()
    assert errands == [1]
    at = frame("definitions").run()
    at._page_hash = led._page_hash
    at.run()
    assert errands == [1, 1]


def test_a_guarded_callback_does_nothing_for_a_stranger(workspace, monkeypatch):
    hold(monkeypatch, {})
    done = []
    guarded.analyst_callback(lambda: done.append(1))()
    guarded.viewer_callback(lambda: done.append(1))()
    assert not done


@pytest.mark.parametrize(
    "name",
    [
        "v@x.com",
        "www.evil.com",
        "https://evil.com",
        "*bold*",
        ":red[x]",
        "$a$",
        "<b>",
        ":material/home:",
        "[a](b)",
        "a->b",
    ],
)
def test_a_name_is_written_without_any_sign_that_begins_markup(name):
    written = i18n.plain(name)
    assert not set(written) & set("*_[]()<>$@:`~|!")


def test_a_text_is_written_on_one_line_and_no_line_ends_before_a_french_colon():
    assert i18n.plain(" Vu\u00a0: 3\u202f% \n puis  4") == i18n.plain("Vu\u00a0: 3\u202f% puis 4")
    assert "Vu\u00a0&#58; 3\u202f&#37; puis 4" in i18n.plain("Vu\u00a0: 3\u202f%\npuis 4")
