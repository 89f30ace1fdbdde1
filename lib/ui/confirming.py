"""What the dialogs of a share have in common: the button, the road of a password, the refusal."""

from collections.abc import Callable, Collection, Sequence
from typing import Literal

import streamlit as st

from lib.shares import shares
from lib.shares.letterbox import HAND, ROADS, SAME, SECOND
from lib.shares.refusal import ShareRefused
from lib.shares.shares import Invited, ShareLine, State, ViewerLine
from lib.ui import chips, once, session, shown
from lib.ui.i18n import plain, t

PAGE = "shares"
ENDED = (State.REVOKED, State.EXPIRED)
BY_MAIL = (SAME, SECOND)
OF_A_LINK = (SAME, HAND)  # a link alone has no second mail
NAMED = 25  # addresses named in one sentence; of more, the rest is counted

Lines = Sequence[ViewerLine]


def say(page: str) -> None:
    """Say, once, what was done or refused in the run before."""
    once.say(page)
    results = once.drawer(page).results
    while results:
        results.pop(0)()


def confirmed(
    label: str, key: str, reason: str = "", width: Literal["content", "stretch"] = "stretch"
) -> bool:
    """The button that does it, as wide as a dialog, with the reason why it cannot be pressed yet."""
    pressed = st.button(label, type="primary", key=key, disabled=bool(reason), width=width)
    if reason:
        st.caption(reason)
    return pressed and not reason


def road(share: ShareLine, key: str, among: Sequence[str] = ROADS, label: str = "dialog.road") -> str:
    """How a new password travels; at first as in this share until now."""
    usual = share.road if share.road in among else among[0]
    chosen = (
        st.radio(
            t(label),
            among,
            index=among.index(usual),
            format_func=lambda name: t(f"{label}_{name}"),
            key=f"road-{key}",
        )
        or usual
    )
    if chosen != HAND and session.app().delivery.keeps:
        st.caption(t("dialog.no_smtp"))
    return chosen


def signed_out(reached: Lines) -> None:
    """Who is reading at this moment and will be put out, by name."""
    inside = [line.address for line in reached if line.signed_in]
    if inside:
        st.warning(t("dialog.signed_out", count=len(inside), names=names(inside)), icon=":material/logout:")
    else:
        st.caption(t("dialog.nobody_signed_out"))


def names(addresses: Sequence[str]) -> str:
    """Addresses in one sentence of Markdown; of very many the first ones and how many more."""
    told = ", ".join(plain(address) for address in addresses[:NAMED])
    more = len(addresses) - NAMED
    return t("dialog.and_more", names=told, count=more) if more > 0 else told


def no_viewers(chosen: chips.Chosen) -> str:
    """Why these addresses cannot be invited; empty when they can."""
    if chosen.refused:
        return t("share.wrong_addresses", count=len(chosen.refused))
    if len(chosen.good) > shares.AT_ONCE:
        return t("share.too_many", count=len(chosen.good), most=shares.AT_ONCE)
    return "" if chosen.good else t("share.nobody")


def hand_over(share: ShareLine, by: str, act: Callable[[], tuple[Invited, ...]]) -> None:
    """Do it, close the dialog and offer, once, what the viewers need; `by` is the road.

    The drawer is at hand before: no click on the way can lose a link that was just made.
    """
    drawer = once.drawer(PAGE)
    mailed = by != HAND
    sent = mailed and not session.app().delivery.keeps
    title = share.titles[0] if share.titles else ""

    def acted() -> None:
        drawer.keep(once.Handover(str(share.id), act(), mailed, share.language, title, share.id))

    do(acted, t("dialog.done_mailed") if sent else t("dialog.done_by_hand"))


def do(act: Callable[[], None], done: str, shut_out: Collection[int] = ()) -> None:
    """Do it, close the dialog and say so; a refusal is said in it. Links of `shut_out` are forgotten."""
    drawer = once.drawer(PAGE)
    try:
        act()
        drawer.notices.append(done)
        drawer.drop(shut_out)
    except ShareRefused as refusal:
        say_refusal(refusal)
        return
    st.rerun()


def say_refusal(refusal: ShareRefused) -> None:
    """Why it was not done, in the reader's language; of a change by somebody else also what changed."""
    holes = {name: plain(hole) if isinstance(hole, str) else hole for name, hole in refusal.holes.items()}
    st.error(t(refusal.reason, **holes), icon=":material/error:")
    if isinstance(refusal, shares.StaleShare):
        shown.changes(refusal)
