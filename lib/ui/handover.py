"""Link and password to copy, shown once, with a text to pass on."""

import streamlit as st

from lib import words
from lib.shares.shares import Invited
from lib.ui import once, session
from lib.ui.i18n import t

SINGLY = 5  # as many viewers get a block of their own; more are chosen from a list


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
    if not any(one.link for one in invited):
        st.caption(t("handover.link_stays", count=len(invited)))
    elif len(invited) > SINGLY:
        _list(invited)
        chosen = st.selectbox(
            t("handover.choose"),
            range(len(invited)),
            format_func=lambda at: invited[at].address,
            key="handover-who",
        )
        _one(handover, invited[chosen or 0])
    else:
        for one in invited:
            _one(handover, one)
    if st.button(t("handover.done"), icon=":material/done_all:", key="handover-done"):
        once.drawer(page).forget()
        st.rerun()


def _password(invited: tuple[Invited, ...]) -> None:
    """One action sets one password for everyone in it."""
    passwords = {one.password for one in invited if one.password}
    if not passwords:
        st.caption(t("handover.password_stays"))
        return
    st.markdown(t("handover.password", count=len(invited)))
    st.code(passwords.pop(), language=None)


def _list(invited: tuple[Invited, ...]) -> None:
    st.markdown(t("handover.all_links"))
    st.code("\n".join(f"{one.address}\t{one.link}" for one in invited), language=None, height=240)


def _one(handover: once.Handover, invited: Invited) -> None:
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.text(invited.address, width="stretch")
            _text_to_pass_on(handover, invited)
        st.code(invited.link, language=None, wrap_lines=True)


def _text_to_pass_on(handover: once.Handover, invited: Invited) -> None:
    with st.popover(t("handover.text_button"), icon=":material/chat:", key=f"handover-text-{invited.id}"):
        st.caption(t("handover.text_hint"))
        st.code(_text(handover, invited), language=None, wrap_lines=True)


def _text(handover: once.Handover, invited: Invited) -> str:
    """In the share's language: the viewer reads it. Without the password, which better takes another road."""
    return words.t(handover.language, "handover.text", title=handover.title, link=invited.link)
