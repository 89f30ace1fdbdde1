"""A longer life for a share in one click, and the way back from it."""

from datetime import date, timedelta
from functools import partial
from typing import NoReturn

import streamlit as st

from lib import wiring
from lib.shares import policy, shares
from lib.shares.refusal import ShareRefused
from lib.shares.shares import ShareLine, State
from lib.ui import once, session, spans
from lib.ui.confirming import say_refusal
from lib.ui.i18n import t


def buttons(share: ShareLine, page: str) -> None:
    """«+90 days» where there is something to win, and «Undo» after it was pressed on this page."""
    former = once.drawer(page).former_days.get(str(share.id))
    if former and former >= spans.today(share.zone):  # an end that has passed cannot be set again
        label, key = t("extend.undo"), f"undo-extend-{share.id}"
        if st.button(label, icon=":material/undo:", type="tertiary", key=key):
            _undo(share, former, page)
    new, days = longer(share), gained(share)
    if new and days > 0 and share.state is not State.OFF:
        label, key = t("extend.button", count=days), f"longer-{share.id}"
        told = t("extend.until", day=spans.day(new))
        if st.button(label, icon=":material/more_time:", type="tertiary", key=key, help=told):
            _extend(share, new, page)


def longer(share: ShareLine) -> date | None:
    """The last day after one click: the usual time from today or from the last day, whichever is later.

    Never beyond what an admin allows. None for a share without end.
    """
    if share.expires_on is None:
        return None
    rules, now = policy.load(session.app().records), spans.today(share.zone)
    wished = max(share.expires_on, now) + timedelta(days=rules.days)
    last = rules.last(now)
    return min(wished, last) if last else wished


def gained(share: ShareLine) -> int:
    """How many days one click brings; 0 or less when it brings none."""
    new = longer(share)
    if new is None or share.expires_on is None:
        return 0
    return (new - max(share.expires_on, spans.today(share.zone))).days


def _extend(share: ShareLine, new: date, page: str) -> NoReturn:
    if _saved(share, new, page):
        once.drawer(page).notices.append(t("extend.done", day=spans.day(new)))
        if share.expires_on:
            once.drawer(page).former_days[str(share.id)] = share.expires_on
    st.rerun()


def _undo(share: ShareLine, former: date, page: str) -> NoReturn:
    once.drawer(page).former_days.pop(str(share.id), None)
    if _saved(share, former, page):
        once.drawer(page).notices.append(t("extend.undone", day=spans.day(former)))
    st.rerun()


def _saved(share: ShareLine, last: date, page: str) -> bool:
    """Save the last day, unless somebody changed the share meanwhile: then the next run says so."""
    records, now = session.app().records, wiring.now()
    try:
        shares.extend(records, share.id, last, now, by=session.actor(), seen=share)
    except ShareRefused as refusal:
        once.drawer(page).results.append(partial(say_refusal, refusal))
        return False
    return True
