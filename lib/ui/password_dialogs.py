"""Another password for one viewer, for several or for all; it says first who is put out by it."""

import streamlit as st

from lib import wiring
from lib.shares import shares
from lib.shares.letterbox import HAND
from lib.shares.shares import Invited, ShareLine, ViewerLine
from lib.ui import confirming, new_password, rows, session, ticks
from lib.ui.confirming import Lines
from lib.ui.guarded import analyst_dialog
from lib.ui.i18n import plain, t
from lib.ui.ticks import Ticks

ALL, SOME = "dialog.for_all", "dialog.for_some"
TALL = 8  # from so many viewers on their list scrolls


@analyst_dialog("dialog.password")
def change_one(share: ShareLine, line: ViewerLine, _lines: Lines) -> None:
    """A new password for one viewer."""
    st.markdown(t("dialog.password_one", address=plain(line.address)))
    _new_password(share, [line], f"one-{line.id}")


def change(share: ShareLine, lines: Lines) -> None:
    """One new password for all viewers of a share, or for those who are ticked: at first nobody."""
    _change(share, [line for line in lines if line.state not in confirming.ENDED], Ticks())


@analyst_dialog("dialog.password", width="medium")
def _change(share: ShareLine, possible: Lines, picks: Ticks) -> None:
    reached = _chosen(share, possible, picks)
    if reached:
        st.markdown(t("dialog.password_all" if len(reached) == len(possible) else "dialog.password_some",
                      count=len(reached)))  # fmt: skip
    _new_password(share, reached, f"all-{share.id}")


def _chosen(share: ShareLine, possible: Lines, picks: Ticks) -> Lines:
    chosen = st.segmented_control(
        t("dialog.for"), (ALL, SOME), format_func=t, default=ALL, required=True, key=f"for-{share.id}"
    )
    return ticked(possible, picks, f"for-{share.id}") if chosen == SOME else possible


def ticked(possible: Lines, picks: Ticks, key: str) -> Lines:
    """Those of `possible` who are ticked, also the ones that a search does not show."""
    found = rows.searched(possible, f"ticked-{key}", lambda line: line.address)
    with st.container(horizontal=True):
        ticks.all_or_none(picks, tuple(line.address for line in found), key)
    with st.container(height=280 if len(possible) > TALL else "content", border=True, gap="xxsmall"):
        if not found:
            st.caption(t("viewers.nothing_found"))
        for line in found:
            ticks.box(picks, line.address, plain(line.address), key)
    return [line for line in possible if line.address in picks.chosen]


def _new_password(share: ShareLine, reached: Lines, key: str) -> None:
    confirming.signed_out(reached)
    context = (*share.titles, *(line.address for line in reached[: shares.AT_ONCE]))
    password = new_password.field(t("dialog.new_password"), key=key, context=context)
    road = confirming.road(share, key)
    if road == HAND:
        st.caption(t("dialog.hand_hint"))
    reason = _missing(reached) or new_password.refusal(password, context)
    label = t("dialog.password_button", count=len(reached)) if reached else t("dialog.password")
    if confirming.confirmed(label, f"go-{key}", reason):
        confirming.hand_over(share, road, lambda: _set(share, reached, password, road))


def _missing(reached: Lines) -> str:
    if len(reached) > shares.AT_ONCE:
        return t("dialog.too_many", count=len(reached), most=shares.AT_ONCE)
    return "" if reached else t("dialog.nobody_chosen")


def _set(share: ShareLine, reached: Lines, password: str, road: str) -> tuple[Invited, ...]:
    parts, ids, by = session.app(), tuple(line.id for line in reached), session.actor()
    return shares.set_password(
        parts.records, parts.vault, parts.settings, share.id, ids, password, road, wiring.now(), by=by
    )
