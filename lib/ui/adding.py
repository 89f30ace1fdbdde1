"""More viewers for a share: a panel of its page, not a dialog, as picking contacts opens one itself."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import streamlit as st

from lib import wiring
from lib.shares import shares
from lib.shares.invitations import LONGEST_MESSAGE
from lib.shares.shares import Invited, ShareLine, State
from lib.ui import cautions, chips, confirming, contacts, new_password, once, preview, session
from lib.ui.confirming import PAGE, Lines
from lib.ui.guarded import analyst_fragment
from lib.ui.i18n import t


def start(share: ShareLine, _lines: Lines) -> None:
    """Open the panel, its fields empty; an open one stays as it is."""
    once.drawer(PAGE).opened.setdefault(_name(share), _key())
    st.rerun()


@analyst_fragment
def panel(share: ShareLine, lines: Lines) -> None:
    """The panel, if it is open. The new viewers get a password of their own: nobody knows the first one."""
    key = once.drawer(PAGE).opened.get(_name(share))
    if not key or share.state is not State.ACTIVE:
        return
    with st.container(border=True, key=f"adding-{share.id}"):
        _head(share)
        chosen = _viewers(share, lines, key)
        context = (*share.titles, session.app().settings.brand, *chosen.good[: shares.AT_ONCE])
        password = new_password.field(t("share.password"), key=key, context=context)
        st.caption(t("dialog.add_why"))
        message = st.text_area(
            t("share.message"), value=share.message, max_chars=LONGEST_MESSAGE, key=f"add-message-{key}"
        )
        road = confirming.road(share, key, label="share.road")
        reason = confirming.no_viewers(chosen) or new_password.refusal(password, context)
        label = t("dialog.add_button", count=len(chosen.good)) if chosen.good else t("dialog.add")
        if confirming.confirmed(label, f"add-go-{share.id}", reason, width="content"):
            act = partial(_invite_and_close, share, chosen.good, password, message or "", road)
            confirming.hand_over(share, road, act)


def _head(share: ShareLine) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(t("dialog.add_title"), anchor=False, width="content")
        if st.button(
            t("dialog.add_close"), icon=":material/close:", type="tertiary", key=f"add-close-{share.id}"
        ):
            _close(share)
            st.rerun()


def _viewers(share: ShareLine, lines: Lines, key: str) -> chips.Chosen:
    """The field, what to look at before sending, and what they will see."""
    taken = [line.address for line in lines if line.state is not State.REVOKED]
    name = _field(key)
    chosen = contacts.field(name, taken, picker_key=f"contacts-{key}")
    with st.container(gap="xxsmall"):
        put = partial(_put, key)
        cautions.draw(chosen.good, share.expires_on, share.campaigns, field=name, put=put)
    label = t("preview.button_one" if chosen.good else "preview.button")
    if st.button(label, icon=":material/visibility:", type="tertiary", key=f"add-preview-{share.id}"):
        preview.of_share(share, chosen.good)
    return chosen


def _field(key: str) -> str:
    """The key of the field for the addresses; it is another one whenever they were replaced from here."""
    return f"add-viewers-{key}-{st.session_state.get(f'mended-{key}', 0)}"


def _put(key: str, addresses: Sequence[str]) -> None:
    st.session_state[f"mended-{key}"] = st.session_state.get(f"mended-{key}", 0) + 1
    st.session_state[_field(key)] = {"entries": list(addresses)}


def _invite_and_close(
    share: ShareLine, addresses: tuple[str, ...], password: str, message: str, road: str
) -> tuple[Invited, ...]:
    made = invite(share, addresses, password, message, road)
    _close(share)
    return made


def invite(
    share: ShareLine, addresses: tuple[str, ...], password: str, message: str, road: str
) -> tuple[Invited, ...]:
    """Invite more viewers. Their mails wait some seconds, to be taken back. Raises ShareRefused.

    `share` as it was drawn: nobody is let into what somebody else has changed since.
    """
    parts = session.app()
    made = shares.add_viewers(
        parts.records,
        parts.vault,
        parts.settings,
        share.id,
        addresses,
        password,
        message,
        wiring.now(),
        by=session.actor(),
        road=road,
        hold=timedelta(seconds=parts.settings.undo_seconds),
        seen=share,
    )
    return made.viewers


def _close(share: ShareLine) -> None:
    once.drawer(PAGE).opened.pop(_name(share), None)


def _name(share: ShareLine) -> str:
    return f"add-{share.id}"


def _key() -> str:
    return secrets.token_hex(8)
