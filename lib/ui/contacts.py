"""Addresses from elsewhere, beside the chips: a Google account, or a file of contacts."""

from collections.abc import Collection

import streamlit as st
from streamlit.typing import UploadedFile

from lib import contacts, wiring
from lib.contacts import Bad, Book, ContactsRefused, GoogleRefused, Link
from lib.contacts.google import Google
from lib.importers import ImportRefused
from lib.ui import chips, linking, picking, session
from lib.ui.guarded import analyst_dialog, analyst_fragment
from lib.ui.i18n import language, plain, t

TYPES = ("vcf", "csv", "tsv", "txt")
SETTINGS = "settings"
SUGGESTED = 300  # addresses used before, offered while one types


def field(key: str, taken: Collection[str], *, picker_key: str) -> chips.Chosen:
    """The field for viewers, with addresses used before, and below it the ways to pick some.

    `taken` are refused because they are invited already. `picker_key` stays while the field is replaced.
    """
    place = st.container()
    picked = picker(picker_key)  # first: what it brought becomes chips in this run
    with place:
        return chips.address_chips(
            t("share.viewers"),
            key=key,
            taken=taken,
            suggestions=contacts.used(session.app().records, SUGGESTED),
            add=picked,
        )


def picker(key: str) -> tuple[str, ...]:
    """Draw the two buttons, inside a fragment; returns the addresses that were picked since the last run."""
    with st.container(horizontal=True, gap="small"):
        if st.button(t("contacts.google"), type="tertiary", icon=":material/contacts:", key=f"google-{key}"):
            linking.start(key)
            picking.start(key)
            _google(key)
        if st.button(t("contacts.file"), type="tertiary", icon=":material/contact_page:", key=f"file-{key}"):
            picking.start(key)
            st.session_state.pop(f"book-{key}", None)
            _file(key)
    return tuple(st.session_state.pop(f"picked-{key}", ()))


@analyst_fragment
def settings_section() -> None:
    """The linked account, for the page of settings."""
    st.subheader(t("google.title"), anchor=False)
    parts = session.app()
    google, link = contacts.configured(parts.settings), contacts.find(parts.records, session.analyst().id)
    linking.came_of_it(SETTINGS)
    if link is not None:
        linking.status(google, link, SETTINGS)
    elif google is None:
        with st.expander(t("google.how")):
            linking.explain()
    else:
        linking.offer(SETTINGS)


@analyst_dialog("contacts.google", width="medium")
def _google(key: str) -> None:
    parts = session.app()
    google, link = contacts.configured(parts.settings), contacts.find(parts.records, session.analyst().id)
    linking.came_of_it(key)
    if google is None:
        linking.explain()
    elif link is None:
        linking.offer(key)
    elif book := _loaded(google, key):
        _add(picking.people(book, key), key)
        _foot(book, google, link, key)


def _loaded(google: Google, key: str) -> Book | None:
    """From memory or from Google; None when the account is not open any more, which is said."""
    parts, analyst = session.app(), session.analyst()
    if st.session_state.pop(f"refresh-{key}", False):
        contacts.shelf.forget(analyst.id)
    if kept := contacts.shelf.find(analyst.id):
        return kept
    starred = t("google.starred")
    try:
        with st.spinner(t("google.loading")):
            return contacts.load(
                parts.records, parts.vault, google, analyst.id, starred, wiring.now(), by=session.actor()
            )
    except GoogleRefused as refused:
        st.warning(t(f"google.problem.{refused.reason}"), icon=":material/warning:")
    link = contacts.find(parts.records, analyst.id)
    if link is not None:
        linking.status(google, link, key)
    else:
        linking.offer(key)
    return None


def _foot(book: Book, google: Google, link: Link, key: str) -> None:
    """Why not everything is there, a way to load it again, and the link itself."""
    if book.problem:
        st.warning(t(f"google.problem.{book.problem}"), icon=":material/warning:")
    again = t("google.again") if book.problem else t("google.refresh")
    with linking.status(google, link, key):
        if st.button(again, type="tertiary", icon=":material/refresh:", key=f"again-{key}"):
            st.session_state[f"refresh-{key}"] = True
            st.rerun(scope="fragment")


@analyst_dialog("contacts.file", width="medium")
def _file(key: str) -> None:
    st.markdown(t("contacts.file_what"))
    file = st.file_uploader(
        t("contacts.file_field"), TYPES, key=f"upload-{key}", label_visibility="collapsed"
    )
    if file is None:
        return
    book = _read(file, key)
    if book is not None:
        _add(picking.people(book, key), key)
        _left_out(book)


def _read(file: UploadedFile, key: str) -> Book | None:
    """The people of the file, read once; a file that cannot be read is said."""
    name = f"book-{key}"
    known = st.session_state.get(name)
    if known and known[0] == file.file_id:
        book: Book = known[1]
        return book
    picking.start(key)
    try:
        book = contacts.read_file(file.name, file.getvalue())
    except ContactsRefused as refused:
        st.error(_sentence(refused), icon=":material/block:")
        return None
    st.session_state[name] = (file.file_id, book)
    return book


def _sentence(refused: ContactsRefused) -> str:
    why = refused.holes.get("why")
    if isinstance(why, ImportRefused):
        return plain(why.sentence(language()))
    return t(f"contacts.refused.{refused.reason}", **refused.holes)


def _left_out(book: Book) -> None:
    if book.without:
        st.caption(t("contacts.without", count=book.without))
    if book.bad:
        with st.expander(t("contacts.bad_lines", count=len(book.bad)), icon=":material/error:"):
            st.markdown("\n".join(f"- {_bad(bad)}" for bad in book.bad))


def _bad(bad: Bad) -> str:
    reason = plain(t(bad.reason, **dict(bad.holes)))
    return t("contacts.bad_line", line=bad.line, reason=reason, text=plain(bad.text))


def _add(picked: tuple[str, ...], key: str) -> None:
    """Hand the picked ones to the page, which closes the dialog."""
    if picked:
        st.session_state[f"picked-{key}"] = picked
        st.session_state.pop(f"book-{key}", None)
        st.rerun()
