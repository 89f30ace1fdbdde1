"""Two analysts at one share: what somebody else changed meanwhile, and whose version stays."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from lib import wiring
from lib.shares import shares
from lib.shares.refusal import ShareRefused
from lib.shares.shares import ShareLine, StaleShare
from lib.ui import confirming, once, session, shown
from lib.ui.i18n import t

Save = Callable[[ShareLine], None]
"""Saves over the share as it is given; raises ShareRefused."""
Ask = Callable[[ShareLine], str]
"""Draws what has to be confirmed before saving over this share; returns why it may not be yet, or ""."""


@dataclass(frozen=True)
class Clash:
    """A save that was refused because the share is not as it was seen."""

    refusal: StaleShare
    now: ShareLine
    """The share as it is, to be saved over."""


def save(key: str, share: ShareLine, label: str, act: Save, done: str, ask: Ask = lambda _share: "") -> None:
    """The button of a dialog that saves fields of a share; `share` is the share as it was seen.

    When somebody changed it meanwhile nothing is saved and nothing that was typed is lost: the difference is
    shown, and one chooses.
    """
    key = f"{key}-{share.version}"
    clash = st.session_state.get(f"clash-{key}")
    slot = st.empty()
    with slot.container():
        if isinstance(clash, Clash):
            _choose(key, clash, act, done, ask)
        elif confirming.confirmed(label, key, ask(share)):
            _try(key, share, act, done)
    new = st.session_state.get(f"clash-{key}")
    if isinstance(new, Clash) and new is not clash:
        slot.empty()
        with slot.container():
            _choose(key, new, act, done, ask)


def _choose(key: str, clash: Clash, act: Save, done: str, ask: Ask) -> None:
    st.warning(t("stale.text"), title=t("stale.title"), icon=":material/group:")
    shown.changes(clash.refusal)
    reason = ask(clash.now)
    number = clash.now.version
    with st.container(horizontal=True):
        theirs = st.button(t("stale.theirs"), key=f"theirs-{key}-{number}")
        mine = st.button(t("stale.mine"), type="primary", key=f"mine-{key}-{number}", disabled=bool(reason))
    if reason:
        st.caption(reason)
    if theirs:
        st.session_state.pop(f"clash-{key}", None)
        once.drawer(confirming.PAGE).notices.append(t("stale.kept"))
        st.rerun()
    if mine and not reason:
        _try(key, clash.now, act, done)


def _try(key: str, seen: ShareLine, act: Save, done: str) -> None:
    drawer = once.drawer(confirming.PAGE)
    try:
        act(seen)
    except StaleShare as refusal:
        now = shares.find(session.app().records, seen.id, wiring.now())
        if now is None:
            confirming.say_refusal(refusal)
        else:
            st.session_state[f"clash-{key}"] = Clash(refusal, now)
        return
    except ShareRefused as refusal:
        confirming.say_refusal(refusal)
        return
    st.session_state.pop(f"clash-{key}", None)
    drawer.notices.append(done)
    st.rerun()
