"""The notes on the screen: in words, line by line; an analyst can change them on the report's own page."""

import streamlit as st

from lib.model import Scope
from lib.paper import durations, numbers
from lib.paper.sections import notes as words
from lib.reports import Report, Section, notes
from lib.reports.notes import Note
from lib.ui import notes as writing
from lib.ui import session
from lib.ui.i18n import language, plain, t


def draw(report: Report, _section: Section, scope: Scope) -> None:
    """One row per note, under the number that it has on the charts."""
    for number, note in enumerate(notes.shown(session.app().records, scope, report.campaign.id), start=1):
        with st.container(border=False, gap="xxsmall", key=f"note-{note.id}"):
            _head(number, note, report.campaign.zone)
            writing.lines(note.written.text)
            if scope == session.EVERYTHING:  # a viewer's page and its preview have the scope of a share
                writing.buttons(note)


def _head(number: int, note: Note, zone: str) -> None:
    place = words.where(note.written.chart, language())
    if note.written.hour is not None:
        since = durations.in_words(note.written.hour * 3600, language())
        place = f"{place} · {t('notes.since', span=since)}"
    told = [f"**{number}**", plain(place), *(plain(part) for part in (note.author,) if part)]
    told.append(plain(numbers.moment(note.at, language(), zone)))
    if note.changed_at is not None:
        told.append(t("notes.by_changed", at=plain(numbers.moment(note.changed_at, language(), zone))))
    st.caption(" · ".join(told))
