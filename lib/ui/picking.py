"""Picking people out of a book of contacts: search, labels, ticks, page by page."""

import streamlit as st

from lib import contacts
from lib.contacts import Book, Person
from lib.paper import numbers
from lib.shares import shares
from lib.ui import ticks
from lib.ui.i18n import language, plain, t
from lib.ui.ticks import Ticks

SHOWN = 20
"""People on one page."""
HEIGHT = 320
"""Pixels of the list; what is longer scrolls, so that the button below stays in sight."""


def start(key: str) -> None:
    """Forget what was ticked before."""
    st.session_state[_name(key)] = Ticks()


def people(book: Book, key: str) -> tuple[str, ...]:
    """Draw the book; returns the addresses to be added in the run in which the button is pressed."""
    picks = st.session_state.setdefault(_name(key), Ticks())
    found, seen = _found(book, key)
    _summary(book, found, picks, key)
    if found:
        _list(found, picks, key, seen)
    count = len(picks.chosen)
    too_many = count > shares.AT_ONCE
    label = t("contacts.add", count=count) if count else t("contacts.add_nobody")
    pressed = st.button(
        label, type="primary", icon=":material/person_add:", disabled=not count or too_many, key=f"add-{key}"
    )
    if too_many:
        st.caption(t("contacts.too_many", most=shares.AT_ONCE))
    return tuple(picks.chosen) if pressed else ()


def _found(book: Book, key: str) -> tuple[tuple[Person, ...], str]:
    """The people searched for, and what was searched: another search begins at its first page."""
    names = {label.id: f"{label.name} ({_number(label.count)})" for label in book.labels}
    everyone = t("contacts.everyone", number=_number(len(book.people)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            t("contacts.search"), live="300ms", icon=":material/search:", key=f"search-{key}"
        )
        label = ""
        if names:
            label = st.selectbox(
                t("contacts.label"),
                ["", *names],
                format_func=lambda each: names[each] if each else everyone,
                key=f"label-{key}",
            )
    return contacts.matching(book, words or "", label or None), f"{label}-{words}"


def _summary(book: Book, found: tuple[Person, ...], picks: Ticks, key: str) -> None:
    if book.cut:
        st.caption(t("contacts.cut", number=_number(contacts.MOST)))
    with st.container(horizontal=True, vertical_alignment="center"):
        if not found:
            st.caption(t("contacts.nobody_found"))
        elif len(found) > shares.AT_ONCE:
            st.caption(t("contacts.found", count=len(found), number=_number(len(found))))
        ticks.all_or_none(picks, tuple(person.addresses[0] for person in found), key)


def _list(found: tuple[Person, ...], picks: Ticks, key: str, seen: str) -> None:
    pages = -(-len(found) // SHOWN)
    place = st.container(height=HEIGHT if len(found) > HEIGHT // 40 else "content", border=True)
    page = st.pagination(pages, key=f"page-{key}-{seen}") if pages > 1 else 1
    with place:
        for person in found[(page - 1) * SHOWN : page * SHOWN]:
            _person(person, picks, key)


def _person(person: Person, picks: Ticks, key: str) -> None:
    for address in person.addresses:
        name = f"**{plain(person.name)}** {plain(address)}" if person.name else plain(address)
        ticks.box(picks, address, name, key)


def _name(key: str) -> str:
    return f"picks-{key}"


def _number(count: int) -> str:
    return numbers.whole(count, language())
