"""Notes on the screen: an analyst writes, changes, removes and undoes; a viewer reads, and has no buttons."""

import pytest
from streamlit.testing.v1 import AppTest

from lib import wiring
from lib.model import Actor, Scope
from lib.reports import notes
from lib.reports.notes import Written
from tests.screens import PATIENCE, frame, texts, with_spring

CAMPAIGN = "vitrine-spring"
ADA = Actor("analyst", "ada@agency.example", "")
BEN = Actor("analyst", "ben@agency.example", "")


@pytest.fixture
def spring(workspace, tmp_path, monkeypatch):
    return with_spring(workspace, tmp_path / "spring", monkeypatch)


def add(parts, text="A *reminder* went out", chart=None, hour=None):
    return notes.add(parts.records, CAMPAIGN, Written(text, chart, hour), wiring.now(), by=ADA)


def kept(parts):
    return [note.written for note in notes.of(parts.records, CAMPAIGN)]


def page():
    at = frame("campaign", id=CAMPAIGN).run()
    assert not at.exception
    return at


def keys(at):
    return [button.key or "" for button in at.button]


def draw_within(scope_of_the_test):
    from lib.ui import report  # noqa: PLC0415 - AppTest runs the source of this function alone

    report.draw(scope_of_the_test, "vitrine-spring")


def within(scope):
    at = AppTest.from_function(draw_within, args=(scope,), default_timeout=PATIENCE).run()
    assert not at.exception
    return at


def dialog_page() -> None:
    """AppTest runs whole scripts only, in which a dialog would close: here it is opened on each run."""
    import streamlit as st  # noqa: PLC0415

    from lib.reports import notes  # noqa: PLC0415
    from lib.ui import notes as writing  # noqa: PLC0415
    from lib.ui import session  # noqa: PLC0415

    if "seen" not in st.session_state:
        known = notes.of(session.app().records, "vitrine-spring")
        st.session_state["seen"] = known[0] if known else None
    writing.write("vitrine-spring", st.session_state["seen"])


def dialog():
    at = AppTest.from_function(dialog_page, default_timeout=PATIENCE).run()
    assert not at.exception
    return at


def save(at):
    next(button for button in at.button if button.key.startswith("note-save")).click()
    at.run()
    assert not at.exception
    return at


def test_without_notes_an_analyst_sees_a_quiet_button_and_a_viewer_nothing(spring):
    at = page()
    assert "note-add" in keys(at)
    assert "Notes" not in [header.value for header in at.subheader]
    viewer = within(Scope((CAMPAIGN,), ("notes",), raw_links=False))
    assert not viewer.subheader and not viewer.button


def test_a_viewer_reads_the_notes_as_they_were_written_and_can_change_nothing(spring):
    """X1"""
    add(spring)
    add(spring, "[x](javascript:alert(1))\nsecond line", "first_day", 1.5)
    at = within(Scope((CAMPAIGN,), ("notes", "first_day"), raw_links=False))
    assert next(header.value for header in at.subheader) == "Notes"
    shown = texts(at)
    assert "&#42;reminder&#42;" in shown and "[x](" not in shown
    assert "second line" in shown and "1 hour 30 minutes after sending" in shown
    assert "Ada Lovelace" in shown and "agency.example" not in shown
    assert not [key for key in keys(at) if key.startswith("note-")]


def test_a_note_is_removed_and_brought_back_from_the_page(spring):
    number = add(spring)
    at = page()
    at.button(key=f"note-remove-{number}").click().run()
    assert kept(spring) == []
    assert "Notes" not in [header.value for header in at.subheader]
    at.button(key="note-undo").click().run()
    assert not at.exception
    assert len(kept(spring)) == 1
    assert "note-undo" not in keys(at)
    assert "Notes" in [header.value for header in at.subheader]


def test_removing_what_somebody_changed_meanwhile_is_refused_and_said(spring):
    number = add(spring)
    at = page()
    notes.change(spring.records, number, Written("other words"), wiring.now(), by=BEN, seen=1)
    at.button(key=f"note-remove-{number}").click().run()
    assert kept(spring) == [Written("other words")]
    assert "Somebody changed this note" in at.toast[0].value
    assert "other words" in texts(at)


def test_a_note_is_written_in_the_dialog_about_the_whole_report(spring):
    at = dialog()
    at.text_area[0].set_value("The shop was closed").run()
    save(at)
    assert kept(spring) == [Written("The shop was closed")]


def test_a_note_is_pinned_to_an_hour_of_a_chart(spring):
    at = dialog()
    at.text_area[0].set_value("A reminder").run()
    at.selectbox[0].set_value("first_day").run()
    at.number_input[0].set_value(5.5).run()
    save(at)
    assert kept(spring) == [Written("A reminder", "first_day", 5.5)]


def test_an_empty_note_is_refused_in_the_dialog(spring):
    at = save(dialog())
    assert "Write something first" in at.error[0].value
    assert kept(spring) == []


def test_who_saves_over_somebody_elses_change_sees_it_first_and_loses_nothing_typed(spring):
    number = add(spring, "one")
    at = dialog()
    notes.change(spring.records, number, Written("theirs"), wiring.now(), by=BEN, seen=1)
    at.text_area[0].set_value("mine").run()
    save(at)
    assert kept(spring) == [Written("theirs")]
    assert "theirs" in texts(at) and "ben&#64;" in texts(at).replace("\u2060", "")
    assert at.text_area[0].value == "mine"
    save(at)
    assert kept(spring) == [Written("mine")]


def test_the_page_shows_at_once_what_was_written_elsewhere(spring):
    assert "A reminder" not in texts(page())
    add(spring, "A reminder")
    assert "A reminder" in texts(page())


def test_the_notes_are_read_in_french_too(spring, monkeypatch):
    from lib.ui import i18n  # noqa: PLC0415

    add(spring, "Un rappel", "first_day", 1)
    monkeypatch.setattr(i18n, "language", lambda: "fr")
    monkeypatch.setattr("lib.ui.sections.notes.language", lambda: "fr")
    shown = texts(within(Scope((CAMPAIGN,), ("notes", "first_day"), raw_links=False)))
    assert "1\u00a0heure après l’envoi" in shown
    assert "Les premières 24 heures" in shown
