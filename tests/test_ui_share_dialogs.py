"""What can be done with a share and its viewers, each dialog on its own: what it says first, what it does."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib import wiring
from lib.model import Actor
from lib.shares import contents, sessions, shares
from lib.store import tables
from lib.ui import chips, extending, password_dialogs, spelling
from lib.ui.i18n import plain
from tests import installation, screens

BEN = Actor("analyst", "ben@agency.example", "")


@pytest.fixture
def office(workspace, monkeypatch):
    """Two campaigns, one analyst, who is signed in."""
    installation.campaign(workspace, title="Spring letter")
    installation.campaign(workspace, "vitrine-summer", "Summer *letter*")
    screens.hold(monkeypatch, screens.analyst_cookie(workspace, screens.add_analyst(workspace)))
    return workspace


def dialog_page() -> None:
    """AppTest runs whole scripts only, in which a dialog would close: here it is opened on each run."""
    import importlib  # noqa: PLC0415 - AppTest runs this function as a script of its own

    import streamlit as st  # noqa: PLC0415

    from lib import wiring  # noqa: PLC0415
    from lib.shares import shares  # noqa: PLC0415
    from lib.ui import once, session  # noqa: PLC0415

    records, now = session.app().records, wiring.now()
    if "seen" not in st.session_state:  # a dialog keeps what it was opened with
        st.session_state["seen"] = shares.find(records, 1, now), shares.viewers_of(records, 1, now)
    share, lines = st.session_state["seen"]
    room, name = st.session_state["dialog"].split(".")
    dialog = getattr(importlib.import_module(f"lib.ui.{room}"), name)
    kept = once.drawer("shares").kept.get("1")
    st.json([one.address for one in kept.invited] if kept else [])
    dialog(*((share, lines[0], lines) if st.session_state["of_one"] else (share, lines)))


def handover_page() -> None:
    import streamlit as st  # noqa: PLC0415

    from lib.ui import handover, once  # noqa: PLC0415

    handover.draw("shares", once.Handover("1", st.session_state["invited"], False, "en", "Spring", 1))


def opened(dialog: str, *, of_one: bool = False) -> AppTest:
    at = AppTest.from_function(dialog_page, default_timeout=screens.PATIENCE)
    at.session_state["dialog"], at.session_state["of_one"] = dialog, of_one
    at.run()
    assert not at.exception
    return at


def press(at: AppTest, key: str) -> AppTest:
    """Press the button whose key begins so."""
    next(found for found in at.button if found.key.startswith(key)).click()
    at.run()
    assert not at.exception
    return at


def by_road(at: AppTest, road: str) -> AppTest:
    at.radio[0].set_value(road)
    return at.run()


def lines(parts: wiring.App) -> tuple[shares.ViewerLine, ...]:
    return shares.viewers_of(parts.records, 1, wiring.now())


def states(parts: wiring.App) -> list[str]:
    return [str(line.state) for line in lines(parts)]


def share_of(parts: wiring.App) -> shares.ShareLine:
    found = shares.find(parts.records, 1, wiring.now())
    assert found
    return found


def handed_over(at: AppTest) -> tuple[shares.Invited, ...]:
    return at.session_state["once"].kept["1"].invited


def mails(parts: wiring.App) -> int:
    with parts.records.connect() as db:
        return db.execute(sa.select(sa.func.count()).select_from(tables.outbox)).scalar_one()


def an_hour_passes(parts: wiring.App) -> None:
    """The mails of the invitation left some time ago, so that there may be another one (M9)."""
    with parts.records.begin() as db:
        db.execute(tables.outbox.update().values(created_at=wiring.now() - timedelta(hours=1)))


def test_switching_off_is_confirmed_and_done(office):
    installation.share(office, "ann@x.org")
    at = opened("share_dialogs.switch_off")
    assert "The link of 1 viewer stops working at once." in screens.texts(at)
    press(at, "off-1")
    assert states(office) == ["off"]


def test_switching_on_makes_new_links(office):
    (ann,) = installation.share(office, "ann@x.org")
    press(opened("share_dialogs.switch_off"), "off-1")
    at = by_road(opened("share_dialogs.switch_on"), "hand")
    press(at, "on-go-1")
    assert handed_over(at)[0].link not in ("", ann.link)
    assert states(office) == ["active"]


def test_switching_on_what_somebody_else_changed_meanwhile_shows_what_changed(office):
    """D1"""
    installation.share(office, "ann@x.org", people=False)
    press(opened("share_dialogs.switch_off"), "off-1")
    at = opened("share_dialogs.switch_on")
    contents.change(office.records, 1, share_of(office), wiring.now(), by=BEN, people=True)
    press(at, "on-go-1")
    assert plain("ben@agency.example") in screens.texts(at)
    assert states(office) == ["off"]


def test_a_password_passed_on_before_the_mails_left_is_shown_with_the_links_that_are_new(office):
    """and says whose link stays"""
    installation.share(office, "ann@x.org", "bo@x.org")
    with office.records.begin() as db:
        first = tables.outbox.c.address == "ann@x.org"
        db.execute(tables.outbox.update().where(first).values(state="accepted", sealed=None))
    at = by_road(opened("password_dialogs.change"), "hand")
    press(at, "go-all-1")
    ann, bo = handed_over(at)
    assert ann.link == "" and bo.link != ""
    shown = AppTest.from_function(handover_page, default_timeout=screens.PATIENCE)
    shown.session_state["invited"] = (ann, bo)
    shown.run()
    assert not shown.exception
    assert f"1 viewer keeps the link they have: {plain('ann@x.org')}" in screens.texts(shown)
    codes = [code.value for code in shown.code]
    assert bo.link in codes and "" not in codes


def test_revoking_one_says_that_the_others_stay_and_they_do(office):
    """S5"""
    installation.share(office, "ann@x.org", "bo@x.org", "cy@x.org")
    at = opened("viewer_dialogs.revoke", of_one=True)
    assert "The other 2 viewers keep their access." in screens.texts(at)
    press(at, "revoke-1")
    assert states(office) == ["revoked", "active", "active"]


def test_changing_the_password_says_by_name_who_is_signed_out(office):
    """S5"""
    ann, _ = installation.share(office, "ann@x.org", "bo@x.org")
    an_hour_passes(office)
    with office.records.begin() as db:
        sessions.open_viewer(db, ann.id, 1, wiring.now())
    at = opened("password_dialogs.change")
    warned = next(element.value for element in at.warning)
    assert plain("ann@x.org") in warned
    assert plain("bo@x.org") not in warned
    press(at, "go-all-1")
    assert not any(line.signed_in for line in lines(office))
    assert handed_over(at)[0].password


def test_a_password_for_several_is_set_for_those_who_are_ticked(office):
    """S5"""
    installation.share(office, "ann@x.org", "bo@x.org", "cy@x.org")
    at = opened("password_dialogs.change")
    at.get("button_group")[0].set_value("dialog.for_some")
    at.run()
    assert next(found for found in at.button if found.key == "go-all-1").disabled
    for box in (at.checkbox[0], at.checkbox[2]):
        box.check()
    at.run()
    press(by_road(at, "hand"), "go-all-1")
    assert [one.address for one in handed_over(at)] == ["ann@x.org", "cy@x.org"]
    groups = [line.password_group for line in lines(office)]
    assert groups[0] == groups[2] != groups[1]


def test_a_password_to_be_passed_on_is_not_mailed_and_stays_marked(office):
    installation.share(office, "ann@x.org")
    with office.records.begin() as db:
        db.execute(tables.outbox.update().values(state="accepted", sealed=None))
    before = mails(office)
    at = by_road(opened("password_dialogs.change_one", of_one=True), "hand")
    press(at, "go-one-1")
    assert mails(office) == before
    assert handed_over(at)[0].link == ""
    assert lines(office)[0].pass_on_since
    assert not lines(office)[0].signed_in


def test_the_mail_is_sent_again_with_a_new_link_and_a_new_password(office):
    (ann,) = installation.share(office, "ann@x.org")
    an_hour_passes(office)
    before = mails(office)
    at = opened("viewer_dialogs.mail_again", of_one=True)
    press(at, "mail-again-go-1")
    assert mails(office) == before + 1
    (sent,) = handed_over(at)
    assert sent.link != ann.link
    assert sent.password not in ("", installation.PASSWORD)


def test_a_new_link_leaves_the_password(office):
    (ann,) = installation.share(office, "ann@x.org")
    group = lines(office)[0].password_group
    at = by_road(opened("viewer_dialogs.new_link", of_one=True), "hand")
    press(at, "link-go-1")
    (made,) = handed_over(at)
    assert made.link not in ("", ann.link)
    assert made.password == ""
    assert lines(office)[0].password_group == group


def test_a_mail_of_which_nobody_knows_is_sent_once_more_after_a_warning(office):
    installation.share(office, "ann@x.org")
    with office.records.begin() as db:
        lost = {"state": "unknown", "created_at": wiring.now() - timedelta(hours=1)}
        db.execute(tables.outbox.update().values(lost))
    before = mails(office)
    at = opened("viewer_dialogs.once_more", of_one=True)
    assert "It may arrive twice." in screens.texts(at)
    press(at, "once-more-1")
    assert mails(office) == before
    assert lines(office)[0].mails[0].state == "queued"


def test_a_revoked_viewer_is_restored_as_new(office):
    (ann,) = installation.share(office, "ann@x.org")
    press(opened("viewer_dialogs.revoke", of_one=True), "revoke-1")
    at = by_road(opened("viewer_dialogs.restore", of_one=True), "hand")
    press(at, "again-go-1")
    assert states(office) == ["active"]
    (made,) = handed_over(at)
    assert made.link not in ("", ann.link)
    assert made.password not in ("", installation.PASSWORD)


# --- more viewers ---------------------------------------------------------------------------------


def adding() -> AppTest:
    """The page of the share, the panel for more viewers open."""
    at = screens.frame("shares", share="1").run()
    return press(at, "viewers.add-1")


def entered(at: AppTest, *entries: str) -> AppTest:
    """These stand in the field now."""
    key = at.session_state["once"].opened["add-1"]
    at.session_state[f"add-viewers-{key}-0"] = {"entries": list(entries)}
    return at.run()


def add_button(at: AppTest):
    return next(found for found in at.button if found.key == "add-go-1")


def test_added_viewers_get_a_password_of_their_own_and_the_panel_closes(office):
    installation.share(office, "ann@x.org")
    at = entered(adding(), "bo@x.org")
    press(at, "add-go-1")
    assert [line.address for line in lines(office)] == ["ann@x.org", "bo@x.org"]
    groups = {line.password_group for line in lines(office)}
    assert len(groups) == 2
    assert [one.address for one in handed_over(at)] == ["bo@x.org"]
    assert not [found for found in at.button if found.key == "add-go-1"]


def test_added_viewers_can_be_taken_back_while_their_mails_wait(office):
    installation.share(office, "ann@x.org")
    at = press(entered(adding(), "bo@x.org"), "add-go-1")
    press(at, "undo-")
    assert [line.address for line in lines(office)] == ["ann@x.org"]


def test_added_viewers_travel_by_the_road_that_was_chosen(office):
    installation.share(office, "ann@x.org")
    at = press(by_road(entered(adding(), "bo@x.org"), "hand"), "add-go-1")
    assert [bool(line.pass_on_since) for line in lines(office)] == [False, True]
    assert handed_over(at)[0].password


def test_addresses_picked_from_contacts_can_be_added(office):
    installation.share(office, "ann@x.org")
    at = adding()
    at.session_state[f"picked-contacts-{at.session_state['once'].opened['add-1']}"] = ("bo@x.org", "cy@x.org")
    at.run()
    press(at, "add-go-1")
    assert [line.address for line in lines(office)] == ["ann@x.org", "bo@x.org", "cy@x.org"]
    at = adding()
    assert add_button(at).disabled, "the next time the field is empty"


def test_addresses_used_before_are_suggested_to_whoever_adds_viewers(office, monkeypatch):
    installation.share(office, "ann@x.org")
    installation.share(office, "eve@elsewhere.org", campaigns=("vitrine-summer",))
    drawn = []
    draw = chips.address_chips
    monkeypatch.setattr(
        chips, "address_chips", lambda label, **given: drawn.append(given) or draw(label, **given)
    )
    adding()
    assert "eve@elsewhere.org" in drawn[-1]["suggestions"]
    assert drawn[-1]["taken"] == ["ann@x.org"]


def test_a_mistyped_domain_is_pointed_out_and_mended_before_viewers_are_added(office):
    installation.share(office, "ann@x.org")
    at = entered(adding(), "bo@gmial.com", "cy@x.org")
    press(at, "mend-")
    press(at, "add-go-1")
    assert [line.address for line in lines(office)] == ["ann@x.org", "bo@gmail.com", "cy@x.org"]


def test_whoever_lost_access_before_is_named_before_being_added_again(office):
    installation.share(office, "ann@x.org", "bo@x.org")
    shares.revoke(office.records, 1, wiring.now(), by=BEN)
    at = entered(adding(), "ann@x.org")
    assert any("history" in note.value and plain("ann@x.org") in note.value for note in at.caption)


def test_adding_viewers_shows_what_they_will_see(office):
    installation.share(office, "ann@x.org", message="Words for all")
    at = press(entered(adding(), "bo@x.org"), "add-preview-1")
    said = screens.texts(at)
    assert f"This is what {plain('bo@x.org')} will see." in said
    assert "Words for all" in said


def test_a_mistyped_address_of_a_new_viewer_is_pointed_out_loudly(office):
    installation.share(office, "ann@x.org")
    [said] = [one.value for one in entered(adding(), "bo@gmial.com").caption if "gmial" in one.value]
    assert said.startswith(":orange[:material/warning:")


def test_the_button_of_the_panel_is_as_wide_as_its_words_as_on_the_share_page(office, monkeypatch):
    installation.share(office, "ann@x.org")
    widths, button = {}, st.button

    def noting(*given, key=None, width="content", **named):
        widths[key] = width
        return button(*given, key=key, width=width, **named)

    monkeypatch.setattr(st, "button", noting)
    adding()
    assert widths["add-go-1"] == "content"


def test_the_panel_for_more_viewers_has_another_heading_than_its_field(office):
    installation.share(office, "ann@x.org")
    at = adding()
    assert "More viewers" in [one.value for one in at.subheader]


def test_the_panel_for_more_viewers_is_closed_with_nothing_done(office):
    installation.share(office, "ann@x.org")
    at = press(entered(adding(), "bo@x.org"), "add-close-1")
    assert not [found for found in at.button if found.key == "add-go-1"]
    assert [line.address for line in lines(office)] == ["ann@x.org"]


# --- a password for several of many ---------------------------------------------------------------


def ticking_page() -> None:
    import streamlit as st  # noqa: PLC0415 - AppTest runs this function as a script of its own

    from lib import wiring  # noqa: PLC0415
    from lib.shares import shares  # noqa: PLC0415
    from lib.ui import password_dialogs, session  # noqa: PLC0415
    from lib.ui.ticks import Ticks  # noqa: PLC0415

    kept = st.session_state.setdefault("kept", Ticks())
    lines = shares.viewers_of(session.app().records, 1, wiring.now())
    st.json([line.address for line in password_dialogs.ticked(lines, kept, "x")])


def ticked(at: AppTest) -> list[str]:
    return json.loads(at.json[0].value)


def test_a_tick_stays_while_others_are_searched_for(office):
    """S5"""
    everybody = [f"{name}{number}@x.org" for name in ("ann", "bo") for number in range(50)]
    installation.share(office, *everybody)
    at = AppTest.from_function(ticking_page, default_timeout=screens.PATIENCE).run()
    assert not at.exception
    assert len(at.checkbox) == 100
    at.text_input[0].set_value("ann7")
    at.run()
    assert [box.label for box in at.checkbox] == [plain("ann7@x.org")]
    at.checkbox[0].check()
    at.run()
    at.text_input[0].set_value("bo4")
    at.run()
    press(at, "all-x")
    assert ticked(at) == ["ann7@x.org", "bo4@x.org", *(f"bo{number}@x.org" for number in range(40, 50))]
    at.checkbox[0].uncheck()
    at.run()
    at.text_input[0].set_value("")
    at.run()
    assert ticked(at) == ["ann7@x.org", *(f"bo{number}@x.org" for number in range(40, 50))]
    press(at, "none-x")
    assert ticked(at) == []
    assert not any(box.value for box in at.checkbox)
    press(at, "all-x")
    assert ticked(at) == everybody


def test_the_button_that_unticks_counts_the_tick_just_made(office):
    installation.share(office, "ann@x.org", "bo@x.org")
    at = AppTest.from_function(ticking_page, default_timeout=screens.PATIENCE).run()
    at.checkbox[0].check().run()
    assert at.button(key="none-x").label == "Untick the chosen one"
    at.checkbox[1].check().run()
    assert at.button(key="none-x").label == "Untick all 2"
    assert ticked(at) == ["ann@x.org", "bo@x.org"]
    at.checkbox[0].uncheck().run()
    assert at.button(key="none-x").label == "Untick the chosen one"


def test_a_password_for_several_begins_with_nobody_ticked_each_time(office, monkeypatch):
    """S5"""
    opened_with = []
    monkeypatch.setattr(password_dialogs, "_change", lambda share, lines, kept: opened_with.append(kept))
    for _ in (1, 2):
        password_dialogs.change(None, [])
        assert not opened_with[-1].chosen
        opened_with[-1].tick("ann@x.org", True)


def test_what_is_refused_is_said_in_the_readers_language(office):
    installation.share(office, "ann@x.org")
    at = opened("password_dialogs.change_one", of_one=True)
    shares.revoke(office.records, 1, wiring.now(), by=BEN)
    press(at, "go-one-1")
    assert at.error
    assert states(office) == ["revoked"]


# --- what is shown --------------------------------------------------------------------------------


def test_showing_less_asks_for_nothing(office):
    installation.share(office, "ann@x.org")
    at = opened("contents_dialog.change")
    at.toggle[0].set_value(False)
    at.run()
    assert not at.checkbox
    press(at, "contents-1")
    assert not share_of(office).people


def test_showing_more_says_by_address_who_will_see_it_and_asks_for_a_yes(office):
    """X7"""
    installation.share(office, "ann@x.org", "bo@x.org", people=False, sections=("links",))
    at = opened("contents_dialog.change")
    at.toggle[0].set_value(True)
    at.multiselect[0].set_value(["vitrine-spring", "vitrine-summer"])
    at.run()
    warned = at.warning[0].value
    for told in ("2 people will see this at once", plain("ann@x.org"), plain("bo@x.org"), "Addresses"):
        assert told in warned
    assert plain("Summer *letter*") in warned
    assert next(found for found in at.button if found.key.startswith("contents-1")).disabled
    at.checkbox[0].check()
    at.run()
    press(at, "contents-1")
    assert share_of(office).people
    assert share_of(office).campaigns == ("vitrine-spring", "vitrine-summer")


def test_a_yes_to_less_is_no_yes_to_more(office):
    """X7"""
    installation.share(office, "ann@x.org", people=False, revenue=False)
    at = opened("contents_dialog.change")
    at.toggle[0].set_value(True)
    at.run()
    at.checkbox[0].check()
    at.run()
    at.toggle[1].set_value(True)
    at.run()
    assert next(found for found in at.button if found.key.startswith("contents-1")).disabled


def test_the_comparison_with_earlier_campaigns_is_more_and_needs_a_yes_the_count_is_not(office):
    """X7"""
    installation.share(office, "ann@x.org", history=False)
    at = opened("contents_dialog.change")
    at.get("segmented_control")[0].set_value("people")
    at.run()
    press(at, "contents-1")
    assert (share_of(office).form, share_of(office).history) == ("people", False)
    at = opened("contents_dialog.change")
    next(switch for switch in at.toggle if switch.key.startswith("history")).set_value(True)
    at.run()
    assert next(found for found in at.button if found.key.startswith("contents-1")).disabled


def stale(office: wiring.App) -> AppTest:
    """A dialog in which something was typed while somebody else was faster; it was pressed once."""
    installation.share(office, "ann@x.org", message="First words")
    at = opened("contents_dialog.change")
    seen = share_of(office)
    contents.change(office.records, 1, seen, wiring.now(), by=BEN, message="Words of Ben", people=False)
    at.text_area[0].set_value("Words of Ada")
    at.run()
    return press(at, "contents-1")


def test_a_stale_save_shows_field_by_field_what_changed_and_who_did_it(office):
    """D1"""
    at = stale(office)
    said = screens.texts(at)
    for told in ("First words", "Words of Ben", plain("ben@agency.example"), "Addresses of recipients"):
        assert told in said
    assert at.text_area[0].value == "Words of Ada"
    assert share_of(office).message == "Words of Ben"


def test_keeping_theirs_saves_nothing(office):
    """D1"""
    at = press(stale(office), "theirs-")
    assert share_of(office).message == "Words of Ben"
    assert not share_of(office).people
    assert "Words of Ben" not in screens.texts(at)


def test_saving_mine_over_it_asks_again_where_it_shows_more_than_theirs(office):
    """D1, X7"""
    at = stale(office)
    assert next(found for found in at.button if found.key.startswith("mine-")).disabled
    at.checkbox[0].check()
    at.run()
    press(at, "mine-")
    assert share_of(office).message == "Words of Ada"
    assert share_of(office).people


def test_a_stale_last_day_is_not_saved(office):
    """D1"""
    installation.share(office, "ann@x.org")
    at = opened("share_dialogs.extend")
    day = wiring.now().date() + timedelta(days=3)
    shares.extend(office.records, 1, day, wiring.now(), by=BEN)
    press(at, "extend-1")
    assert share_of(office).expires_on == day
    press(at, "mine-")
    assert share_of(office).expires_on != day


# --- the password on the telephone ----------------------------------------------------------------


def test_a_generated_password_is_read_group_by_group():
    assert spelling.aloud("k7-mw") == (
        "k as in kilo, 7, hyphen",
        "m as in mike, w as in whiskey",
    )


def test_capitals_are_named_where_there_are_small_letters_too():
    assert spelling.aloud("aB") == ("a as in alfa, capital B as in bravo",)
    assert spelling.aloud("AB") == ("A as in alfa, B as in bravo",)


def test_accents_and_signs_of_any_script_are_said():
    assert spelling.aloud("é!") == ("e as in echo with an acute accent, exclamation mark",)
    assert spelling.aloud("日") == ("日",)
    assert spelling.aloud("ø") == ("ø",)


def test_one_click_goes_from_the_last_day_or_today_whichever_is_later(office):
    day = wiring.now().date() + timedelta(days=10)
    installation.share(office, "ann@x.org", expires_on=day, zone="UTC")
    share = share_of(office)
    assert extending.longer(share) == day + timedelta(days=90)
    assert extending.gained(share) == 90
