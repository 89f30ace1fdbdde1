"""Writing notes: the button above a report, the dialog, and the way back after one was removed."""

from collections.abc import Callable

import streamlit as st

from lib import wiring
from lib.paper.sections import notes as words
from lib.reports import UnknownCampaign, notes
from lib.reports.notes import Note, NoteRefused, StaleNote, Written
from lib.ui import cache, once, session, spans
from lib.ui.guarded import analyst_callback, analyst_dialog
from lib.ui.i18n import language, plain, t

PAGE = "campaign"
REMOVED = "note-removed"  # in st.session_state: the campaign and the number of the note removed last
CLASH = "note-clash"  # and the refusal of a save over somebody else's change
WHOLE = ""
"""Where a note is that is pinned to no chart."""


def bar(campaign: str) -> None:
    """What was done, and the way back; above the report, where it stays when the last note is gone."""
    once.say(PAGE)
    of, number = st.session_state.get(REMOVED, ("", 0))
    if of != campaign or not campaign:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/delete: {t('notes.removed')}", width="content")
        st.button(t("notes.undo"), icon=":material/undo:", key="note-undo", on_click=_undo, args=(number,))


def add_button(campaign: str) -> None:
    """The quiet button; its dialog writes a new note."""
    if st.button(t("notes.add"), type="tertiary", icon=":material/add_comment:", key="note-add"):
        st.session_state.pop(CLASH, None)
        write(campaign, None)


def buttons(note: Note) -> None:
    """Beside a note."""
    with st.container(horizontal=True, width="content", gap="xsmall"):
        if st.button(t("notes.change"), type="tertiary", icon=":material/edit:", key=f"note-edit-{note.id}"):
            st.session_state.pop(CLASH, None)
            write(note.campaign_id, note)
        st.button(
            t("notes.remove"),
            type="tertiary",
            icon=":material/delete:",
            key=f"note-remove-{note.id}",
            on_click=_remove,
            args=(note,),
        )


@analyst_dialog("notes.dialog")
def write(campaign: str, note: Note | None) -> None:
    """A new note, or other words for `note`."""
    key = f"{note.id}-{note.version}" if note else f"new-{campaign}"
    before = note.written if note else Written("")
    text = st.text_area(
        t("notes.text"),
        before.text,
        placeholder=t("notes.text_hint"),
        max_chars=notes.LONGEST,
        key=f"note-text-{key}",
    )
    written = _pinned(campaign, text or "", before, key)
    st.caption(t("notes.viewers"))
    slot = st.empty()
    with slot.container():
        refusal = _saving(campaign, note, written, key)
    if refusal:
        st.session_state[CLASH] = refusal
        slot.empty()
        with slot.container():
            _saving(campaign, note, written, key)


def _saving(campaign: str, note: Note | None, written: Written, key: str) -> StaleNote | None:
    """The button that saves; after somebody else's change it says what that is and saves over it."""
    clash: StaleNote | None = st.session_state.get(CLASH)
    seen = note.version if note else 0
    if clash is not None:
        _show_clash(clash)
        seen = clash.now.version
    label = t("notes.save_mine" if clash else "notes.save")
    if st.button(label, type="primary", width="stretch", key=f"note-save-{key}-{seen}"):
        return _save(campaign, note, written, seen)
    return None


def _pinned(campaign: str, text: str, before: Written, key: str) -> Written:
    """Where the note belongs: the report, or a moment on one of the charts that it has."""
    charts = _charts(campaign)
    places = list(dict.fromkeys((WHOLE, *charts, before.chart or WHOLE)))
    chosen = st.selectbox(
        t("notes.where"),
        places,
        index=places.index(before.chart or WHOLE),
        format_func=lambda place: words.where(place or None, language()),
        key=f"note-where-{key}",
    )
    if not chosen:
        return Written(text)
    first = before.hour if before.chart == chosen and before.hour is not None else 0.0
    hour = st.number_input(
        t("notes.hour"),
        0.0,
        max(charts.get(chosen, 0.0), first),
        first,
        step=0.5,
        key=f"note-hour-{key}-{chosen}",
    )
    return Written(text, chosen, hour)


def _charts(campaign: str) -> dict[str, float]:
    """The charts that the report has, each with the last hour that it shows."""
    try:
        sections = cache.report(session.EVERYTHING, campaign).sections
    except UnknownCampaign:  # taken back since the page was drawn
        return {}
    drawn = {name: sections[name].rows for name in notes.CHARTS if name in sections}
    ends = {name: float(rows["hours"].max()) for name, rows in drawn.items() if "hours" in rows and len(rows)}
    return {name: ends.get(name, float(notes.CHARTS[name])) for name, rows in drawn.items() if len(rows)}


def _save(campaign: str, note: Note | None, written: Written, seen: int) -> StaleNote | None:
    """Save, say so and close the dialog; a refusal is said in it, and one for a change is returned."""
    records, drawer, now, by = session.app().records, once.drawer(PAGE), wiring.now(), session.actor()
    try:
        if note is None:
            notes.add(records, campaign, written, now, by=by)
        else:
            notes.change(records, note.id, written, now, by=by, seen=seen)
    except StaleNote as refusal:
        return refusal
    except NoteRefused as refusal:
        st.error(_why(refusal), icon=":material/error:")
        return None
    st.session_state.pop(REMOVED, None)
    st.session_state.pop(CLASH, None)
    drawer.notices.append(t("notes.changed" if note else "notes.added"))
    st.rerun()
    return None


def _show_clash(clash: StaleNote) -> None:
    st.warning(_why(clash), icon=":material/group:")
    st.markdown(t("notes.stale.who", name=plain(clash.by), at=spans.moment(clash.at)))
    with st.container(border=True):
        lines(clash.now.written.text)


def lines(text: str) -> None:
    """The words of a note as they were written, line by line."""
    st.markdown("  \n".join(plain(line) for line in text.splitlines()))


@analyst_callback
def _remove(note: Note) -> None:
    def act() -> None:
        records, now = session.app().records, wiring.now()
        notes.remove(records, note.id, now, by=session.actor(), seen=note.version)
        st.session_state[REMOVED] = (note.campaign_id, note.id)

    _or_say(act)


@analyst_callback
def _undo(number: int) -> None:
    def act() -> None:
        notes.bring_back(session.app().records, number, wiring.now(), by=session.actor())
        st.session_state.pop(REMOVED, None)
        once.drawer(PAGE).notices.append(t("notes.back"))

    _or_say(act)


def _why(refusal: NoteRefused) -> str:
    return t(refusal.reason, **refusal.holes)


def _or_say(act: Callable[[], None]) -> None:
    try:
        act()
    except NoteRefused as refusal:
        st.toast(_why(refusal), icon=":material/error:")
