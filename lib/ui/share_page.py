"""One share: what it is, what it shows, what can be done with it, and its viewers."""

from collections.abc import Callable

import streamlit as st

from lib import wiring
from lib.shares import shares
from lib.shares.shares import ShareLine, State
from lib.ui import (
    adding,
    badges,
    confirming,
    contents_dialog,
    extending,
    guide,
    handover,
    once,
    password_dialogs,
    pending,
    places,
    sending,
    session,
    share_dialogs,
    shown,
    spans,
    viewer_words,
    viewers,
)
from lib.ui.confirming import PAGE
from lib.ui.guarded import analyst_fragment
from lib.ui.i18n import plain, t

Dialog = Callable[..., None]


def asked() -> ShareLine | None:
    """The share that the address names."""
    number = st.query_params.get("share", "")
    if not number.isdecimal() or len(number) > 9:
        return None
    return shares.find(session.app().records, int(number), wiring.now())


def draw(share: ShareLine) -> None:
    """The page of one share."""
    confirming.say(PAGE)
    if st.button(t("shares.back"), icon=":material/arrow_back:", type="tertiary", key="all-shares"):
        places.go("shares")
    guide.headline(titles(share), "add")
    _header(share)
    sending.band(share.id)
    kept = once.drawer(PAGE).kept.get(str(share.id))
    if kept:
        handover.draw(PAGE, kept)
    _buttons(share)
    adding.panel(share, viewers.of(share.id))
    pending.cards([one for one in pending.all_pending() if one.share.id == share.id], PAGE)
    _contents(share)
    viewers.table(share.id)


def titles(share: ShareLine) -> str:
    """The names of its campaigns, as Markdown."""
    return " · ".join(plain(title) for title in share.titles) or t("shares.no_campaign")


@analyst_fragment
def _header(share: ShareLine) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        badges.state(share.state)
        spans.badge(share)
        with st.container(width="content"):
            _facts(share.id)
        extending.buttons(share, PAGE)


@analyst_fragment(run_every=viewers.REFRESH)
def _facts(share_id: int) -> None:
    """How many viewers and visits, looked at as often as the viewers themselves."""
    share = shares.find(session.app().records, share_id, wiring.now())
    if share is not None:
        st.caption(f"{viewer_words.share_facts(share)} · {spans.until(share)}", width="content")


@analyst_fragment
def _buttons(share: ShareLine) -> None:
    """What can be done with the whole share; each opens a dialog or a panel."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for key, icon, dialog in _actions(share):
            if st.button(t(key), icon=f":material/{icon}:", key=f"{key}-{share.id}"):
                dialog(share, viewers.of(share.id))
        for campaign, label in _reports(share):
            places.link("campaign", label, {"id": campaign}, icon=":material/bar_chart:")


def _reports(share: ShareLine) -> list[tuple[str, str]]:
    """Each campaign that is still there, and how the link to its report reads."""
    if len(share.campaigns) != len(share.titles):
        return []
    one = len(share.campaigns) == 1
    return [
        (campaign, t("shares.report") if one else plain(title))
        for campaign, title in zip(share.campaigns, share.titles, strict=True)
    ]


def _actions(share: ShareLine) -> list[tuple[str, str, Dialog]]:
    end: tuple[str, str, Dialog] = ("viewers.extend", "event", share_dialogs.extend)
    if share.state is State.OFF:
        return [("viewers.on", "power_settings_new", share_dialogs.switch_on), end]
    off: tuple[str, str, Dialog] = ("viewers.off", "power_settings_new", share_dialogs.switch_off)
    if share.state is State.EXPIRED:
        return [end, off]
    add: tuple[str, str, Dialog] = ("viewers.add", "person_add", adding.start)
    passwords: tuple[str, str, Dialog] = ("viewers.change_all", "password", password_dialogs.change)
    return [add, passwords, end, off]


@analyst_fragment
def _contents(share: ShareLine) -> None:
    """What the viewers see, and the way to change it."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader(t("shown.title"), anchor=False, width="content")
            pressed = st.button(t("shown.change"), icon=":material/tune:", key=f"contents-{share.id}")
        shown.draw(share)
    if pressed:
        contents_dialog.change(share, viewers.of(share.id))
