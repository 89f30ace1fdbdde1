"""The badges of a share, a viewer and a mail: a colour, a sign and always a word."""

import streamlit as st

from lib.shares.shares import State
from lib.ui.i18n import t

STATES = {  # the colour and the sign of a state
    State.ACTIVE: ("green", "check"),
    State.REVOKED: ("gray", "block"),
    State.SUSPENDED: ("red", "lock"),
    State.EXPIRED: ("gray", "event_busy"),
    State.OFF: ("orange", "power_settings_new"),
}
MAILS = {
    "none": ("gray", "remove"),
    "queued": ("blue", "schedule"),
    "sending": ("blue", "send"),
    "waiting": ("orange", "hourglass_top"),
    "accepted": ("green", "mark_email_read"),
    "refused": ("red", "cancel"),
    "unknown": ("orange", "help"),
    "kept": ("violet", "folder"),
}
TROUBLED = ("refused", "waiting", "unknown")  # mails that somebody must look at


def state(found: State) -> None:
    """What a link does at this moment."""
    colour, icon = STATES[found]
    draw(t(f"state.{found}"), icon, colour)


def mail(found: str) -> None:
    """Where a mail stands; "" when there was none."""
    colour, icon = MAILS[found or "none"]
    draw(t(f"mail_state.{found or 'none'}"), icon, colour)


def draw(label: str, icon: str, colour: str, why: str | None = None) -> None:
    """Any badge; `why` is told to whoever points at it."""
    st.badge(label, icon=f":material/{icon}:", color=colour, help=why)  # type: ignore[arg-type]  # a theme's colour
