"""Sharing on screen: the form, what is shown once, the viewers and what can be done, the end of access."""

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


def dialog_page() -> None:
    """AppTest runs whole scripts only, in which a dialog would close: here it is opened on each run."""
    import streamlit as st  # noqa: PLC0415 - AppTest runs this function as a script of its own

    from lib import wiring  # noqa: PLC0415
    from lib.shares import shares  # noqa: PLC0415
    from lib.ui import once, session, share_dialogs  # noqa: PLC0415

    records, now = session.app().records, wiring.now()
    share, lines = shares.find(records, 1, now), shares.viewers_of(records, 1, now)
    dialog = getattr(share_dialogs, st.session_state["dialog"])
    kept = once.drawer("shares").kept.get("1")
    st.json([one.address for one in kept.invited] if kept else [])
    if "done" not in st.session_state:
        dialog(*((share, lines[0], lines) if st.session_state["of_one"] else (share, lines)))


def opened(dialog: str, *, of_one: bool = False) -> AppTest:
    at = AppTest.from_function(dialog_page, default_timeout=screens.PATIENCE)
    at.session_state["dialog"], at.session_state["of_one"] = dialog, of_one
    at.run()
    assert not at.exception
    return at


def press(at: AppTest, key: str) -> AppTest:
    next(found for found in at.button if found.key == key).click()
    at.run()
    assert not at.exception
    return at


def states(parts: wiring.App) -> list[str]:
    return [str(line.state) for line in shares.viewers_of(parts.records, 1, wiring.now())]


def test_switching_off_is_confirmed_and_done(office):
    installation.share(office, "ann@x.org")
    at = opened("switch_off")
    assert "The link of 1 viewer stops working at once." in screens.texts(at)
    press(at, "off-1")
    assert states(office) == ["off"]


def test_revoking_one_says_that_the_others_stay_and_they_do(office):
    """S5"""
    installation.share(office, "ann@x.org", "bo@x.org", "cy@x.org")
    at = opened("revoke", of_one=True)
    assert "The other 2 viewers keep their access." in screens.texts(at)
    press(at, "revoke-1")
    assert states(office) == ["revoked", "active", "active"]


def test_changing_the_password_says_how_many_are_signed_out(office):
    """S5"""
    ann, _ = installation.share(office, "ann@x.org", "bo@x.org")
    with office.records.begin() as db:
        sessions.open_viewer(db, ann.id, 1, wiring.now())
    at = opened("change_every_password")
    assert "1 person who is signed in now will be signed out." in screens.texts(at)
    press(at, "go-all-1")
    assert not any(line.signed_in for line in shares.viewers_of(office.records, 1, wiring.now()))
    assert at.session_state["once"].kept["1"].invited[0].password


def test_a_password_to_be_passed_on_is_not_mailed(office):
    installation.share(office, "ann@x.org")
    before = count(office, tables.outbox)
    at = opened("change_one_password", of_one=True)
    at.radio[0].set_value("dialog.by_hand")
    at.run()
    press(at, "go-one-1")
    assert count(office, tables.outbox) == before
    assert at.session_state["once"].kept["1"].invited[0].link == ""


def test_added_viewers_get_a_password_of_their_own(office):
    installation.share(office, "ann@x.org")
    at = opened("add_viewers")
    at.session_state["add-viewers-1-1"] = {"entries": ["bo@x.org"]}
    at.run()
    press(at, "add-go-1")
    groups = {line.password_group for line in shares.viewers_of(office.records, 1, wiring.now())}
    assert len(groups) == 2


def test_what_is_refused_is_said_in_the_readers_language(office):
    installation.share(office, "ann@x.org")
    at = opened("change_one_password", of_one=True)
    shares.revoke(office.records, 1, wiring.now(), by=COMMAND_LINE)
    press(at, "go-one-1")
    assert at.error


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
    button(at, "Export").click().run()
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
