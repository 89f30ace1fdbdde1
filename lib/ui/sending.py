"""The seconds in which the mails of an action wait: how many are left, and the button that takes it back."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime

import streamlit as st

from lib import wiring
from lib.shares import holding, shares
from lib.shares.holding import Held
from lib.shares.refusal import ShareRefused
from lib.shares.shares import ViewerLine
from lib.ui import badges, confirming, counting, once, places, session, sheet
from lib.ui.guarded import analyst_dialog, analyst_fragment
from lib.ui.i18n import t

PAGE = "share"
TICK = 1.0  # seconds


def band(share_id: int, then: Callable[[], None] = lambda: None) -> bool:
    """What can still be taken back of a share, second by second; `then` is done once when the time is over.

    Returns whether there is anything; nothing is drawn otherwise.
    """
    waits = bool(holding.held(session.app().records, share_id, wiring.now()))
    if waits:
        _count_down(share_id, then)
    return waits


@analyst_fragment(run_every=TICK)
def _count_down(share_id: int, then: Callable[[], None]) -> None:
    now = wiring.now()
    found = holding.held(session.app().records, share_id, now)
    if not found:
        then()
    for one in found:
        _draw(share_id, one, now)


def _draw(share_id: int, held: Held, now: datetime) -> None:
    seconds = math.ceil((held.until - now).total_seconds())
    box = st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"undo-band-{held.batch}"
    )
    with box:
        key = "sending.held_kept" if session.app().delivery.keeps else "sending.held"
        st.markdown(
            f":material/timer: {t(key, count=len(held.viewer_ids))} {t('sending.left', count=seconds)}",
            width="stretch",
        )
        pressed = st.button(t("sending.button"), icon=":material/undo:", key=f"undo-{held.batch}")
    if pressed:
        _take_back(share_id, held)


def _take_back(share_id: int, held: Held) -> None:
    """Either all of it, and the form is as it was; or it is too late, and it is said who was reached."""
    records, now = session.app().records, wiring.now()
    share = shares.find(records, share_id, now)
    try:
        addresses = shares.take_back(records, held.batch, now, by=session.actor())
    except ShareRefused as refusal:
        _too_late(share_id, held.viewer_ids, refusal)
        return
    if share is not None and shares.find(records, share_id, wiring.now()) is None:
        sheet.restore(share, addresses)
        once.drawer(PAGE).forget()
        once.drawer(PAGE).notices.append(t("sending.taken_back"))
        places.go("share", {"campaign": share.campaigns, **counting.address(share.form)})
    drawer = once.open_drawer()
    drawer.drop(held.viewer_ids)
    drawer.notices.append(t("sending.taken_back_viewers", names=confirming.names(addresses)))
    st.rerun()


@analyst_dialog("sending.late")
def _too_late(share_id: int, viewer_ids: Sequence[int], refusal: ShareRefused) -> None:
    """Which mails left, and the way to shut these viewers out all the same."""
    confirming.say_refusal(refusal)
    lines = [line for line in _lines(share_id) if line.id in viewer_ids]
    for line in lines:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.text(line.address, width="stretch")
            badges.mail(line.mail)
    st.caption(t("sending.late_why"))
    if confirming.confirmed(t("sending.revoke", count=len(lines)), f"undo-revoke-{share_id}"):
        once.open_drawer().drop(viewer_ids)
        _revoke(lines)


def _revoke(lines: Sequence[ViewerLine]) -> None:
    records, by = session.app().records, session.actor()
    try:
        for line in lines:
            shares.revoke(records, line.id, wiring.now(), by=by)
    except ShareRefused as refusal:
        confirming.say_refusal(refusal)
        return
    once.open_drawer().notices.append(t("sending.revoked", count=len(lines)))
    st.rerun()


def _lines(share_id: int) -> tuple[ViewerLine, ...]:
    return shares.viewers_of(session.app().records, share_id, wiring.now())
