"""Link and password to copy, to scan and to read aloud, shown once, with a text to pass on."""

from html import escape
from typing import NoReturn

import segno
import streamlit as st

from lib import wiring, words
from lib.shares import shares
from lib.shares.shares import Invited
from lib.ui import confirming, once, session, spelling
from lib.ui.i18n import plain, t

SINGLY = 5  # as many viewers get a block of their own; more are chosen from a list
QR_WIDTH = 232  # pixels; white around it included, which scanners need on a dark page


def draw(page: str, handover: once.Handover) -> None:
    """The panel; closed at first when the mails do the work. Its last button forgets what it shows."""
    if not handover.mailed or session.app().delivery.keeps:
        with st.container(border=True):
            _content(page, handover)
        return
    with st.expander(t("handover.by_hand"), icon=":material/content_copy:"):
        _content(page, handover)


def _content(page: str, handover: once.Handover) -> None:
    st.subheader(t("handover.title"), anchor=False)
    st.caption(t("handover.once"))
    invited = handover.invited
    _password(invited)
    _links(handover, tuple(one for one in invited if one.link))
    _links_that_stay(invited)
    if not handover.mailed and any(one.password for one in invited):
        st.caption(t("handover.reminder"))
    label = t("handover.close" if handover.mailed else "handover.done")
    if st.button(label, icon=":material/done_all:", key="handover-done"):
        _close(page, handover)


def _close(page: str, handover: once.Handover) -> NoReturn:
    """Forget it; what was to be passed on by hand has been."""
    once.drawer(page).forget()
    if not handover.mailed:
        ids = tuple(one.id for one in handover.invited)
        shares.passed_on(session.app().records, ids, wiring.now(), by=session.actor())
    st.rerun()


def _password(invited: tuple[Invited, ...]) -> None:
    """One action sets one password for everyone in it."""
    password = next((one.password for one in invited if one.password), "")
    if not password:
        st.caption(t("handover.password_stays"))
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(t("handover.password", count=len(invited)), width="stretch")
        with st.popover(t("spell.button"), icon=":material/call:", key="handover-aloud", width="content"):
            _aloud(password)
    st.code(password, language=None)


def _links(handover: once.Handover, linked: tuple[Invited, ...]) -> None:
    """Of those who have a new one: by a password passed on by hand only whose mail with a link never left."""
    if len(linked) <= SINGLY:
        for one in linked:
            _one(handover, one)
        return
    _list(linked)
    chosen = st.selectbox(
        t("handover.choose"),
        range(len(linked)),
        format_func=lambda at: linked[at].address,
        key="handover-who",
    )
    _one(handover, linked[chosen or 0])


def _links_that_stay(invited: tuple[Invited, ...]) -> None:
    """By name where others have a new one."""
    kept = [one.address for one in invited if not one.link]
    if kept and len(kept) < len(invited):
        st.caption(t("handover.link_stays_for", count=len(kept), names=confirming.names(kept)))
    elif kept:
        st.caption(t("handover.link_stays", count=len(kept)))


def _aloud(password: str) -> None:
    """For the telephone: one line per group."""
    st.caption(" ".join(part for part in (t("spell.hint"), spelling.case(password)) if part))
    for number, group in enumerate(spelling.aloud(password), start=1):
        st.markdown(f"**{number}.** {plain(group)}")


def _list(invited: tuple[Invited, ...]) -> None:
    st.markdown(t("handover.all_links"))
    st.code("\n".join(f"{one.address}\t{one.link}" for one in invited), language=None, height=240)


def _one(handover: once.Handover, invited: Invited) -> None:
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.text(invited.address, width="stretch")
            with st.container(horizontal=True, width="content"):
                _code_to_scan(invited)
                _text_to_pass_on(handover, invited)
        st.code(invited.link, language=None, wrap_lines=True)


def _code_to_scan(invited: Invited) -> None:
    """The link for a telephone's camera. Part of the page, never a file of its own: a link is a secret."""
    with st.popover(t("handover.qr"), icon=":material/qr_code_2:", key=f"handover-qr-{invited.id}"):
        st.caption(t("handover.qr_hint", address=plain(invited.address)))
        picture = segno.make(invited.link, error="m", micro=False).svg_data_uri(light="#ffffff", border=4)
        said = escape(t("handover.qr_alt", address=invited.address), quote=True)
        st.html(
            f'<img src="{escape(picture, quote=True)}" alt="{said}" width="{QR_WIDTH}" height="{QR_WIDTH}">'
        )


def _text_to_pass_on(handover: once.Handover, invited: Invited) -> None:
    with st.popover(t("handover.text_button"), icon=":material/chat:", key=f"handover-text-{invited.id}"):
        st.caption(t("handover.text_hint"))
        st.code(_text(handover, invited), language=None, wrap_lines=True)


def _text(handover: once.Handover, invited: Invited) -> str:
    """In the share's language: the viewer reads it. Without the password, which better takes another road."""
    return words.t(handover.language, "handover.text", title=handover.title, link=invited.link)
