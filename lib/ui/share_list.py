"""All shares: how each stands, what needs somebody to look, and the longer life in one click."""

from collections.abc import Collection, Sequence

import streamlit as st

from lib import wiring
from lib.shares import shares
from lib.shares.shares import ShareLine, State, ViewerLine
from lib.ui import badges, confirming, extending, pending, places, rows, session, shown, spans, viewer_words
from lib.ui.confirming import PAGE
from lib.ui.guarded import analyst_fragment
from lib.ui.i18n import plain, t

Found = Sequence[ShareLine]
STATES = (State.ACTIVE, State.EXPIRED, State.OFF)  # of a share


def all_shares() -> tuple[ShareLine, ...]:
    """Every share, the newest first."""
    return shares.shares_of(session.app().records, None, wiring.now())


def draw(found: Found) -> None:
    """Filters, what waits for an answer, and a row per share."""
    confirming.say(PAGE)
    _list(found)


@analyst_fragment
def _list(found: Found) -> None:
    waiting = pending.all_pending()
    if waiting:
        st.info(t("pending.summary", count=len(waiting)), icon=":material/campaign:")
    marks = {one.share.id for one in waiting}
    wanted = _filtered(found) if len(found) > 1 else found
    wanted = rows.searched(wanted, "shares", lambda share: " ".join((*share.titles, share.analyst)))
    rows.pages(wanted, "shares", lambda page: draw_rows(page, PAGE, marks))


def _filtered(found: Found) -> Found:
    """By state, by who shared, by campaign; a choice that would leave one thing only is not offered."""
    analysts = sorted({share.analyst for share in found if share.analyst})
    titles = shown.titles()
    campaigns = {one: titles[one] for share in found for one in share.campaigns if one in titles}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state = st.segmented_control(
            t("shares.state"), STATES, format_func=lambda one: t(f"state.{one}"), key="shares-state",
            label_visibility="collapsed",
        )  # fmt: skip
        analyst = campaign = None
        if len(analysts) > 1:
            analyst = _select("shares.analyst", analysts, dict(zip(analysts, analysts, strict=True)))
        if len(campaigns) > 1:
            campaign = _select("shares.campaign", list(campaigns), campaigns)
    return [
        share
        for share in found
        if state in (None, share.state)
        and analyst in (None, share.analyst)
        and (campaign is None or campaign in share.campaigns)
    ]


def _select(key: str, options: Sequence[str], names: dict[str, str]) -> str | None:
    return st.selectbox(
        t(key),
        options,
        index=None,
        format_func=names.__getitem__,
        placeholder=t(key),
        label_visibility="collapsed",
        key=key,
        width=240,
    )


def draw_rows(found: Found, page: str, waiting: Collection[int] = (), titled: bool = True) -> None:
    """These shares in a list on `page`, with the way to manage each. `waiting`: those that ask for an answer.

    Not `titled`: what has one campaign only does not name it.
    """
    lines = shares.viewers_of_many(session.app().records, [share.id for share in found], wiring.now())
    for share in found:
        with_titles = titled or len(share.campaigns) > 1
        _draw_row(share, lines[share.id], share.id in waiting, page, with_titles)


def _draw_row(
    share: ShareLine, lines: Sequence[ViewerLine], waiting: bool, page: str, with_titles: bool
) -> None:
    with st.container(border=True):
        facts, ways = st.columns([3, 2], vertical_alignment="center")  # on a phone one below the other
        with facts.container(gap="xxsmall"):
            if with_titles:
                st.markdown(f"**{_titles(share)}**")
            st.caption(viewer_words.share_facts(share))
            _marks(share, lines, waiting)
        with ways.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            extending.buttons(share, page)
            # A link from a page to itself leaves the browser's address as it was, so this is a button.
            if st.button(t("shares.manage"), icon=":material/group:", key=f"manage-{share.id}"):
                places.go("shares", {"share": str(share.id)})


def _marks(share: ShareLine, lines: Sequence[ViewerLine], waiting: bool) -> None:
    """How it stands, and what somebody should look at."""
    with st.container(horizontal=True, gap="xxsmall"):
        badges.state(share.state)
        spans.badge(share)
        live = [line for line in lines if line.state is not State.REVOKED]
        refused = sum(any(mail.state in badges.TROUBLED for mail in line.mails) for line in live)
        if refused:
            badges.draw(t("shares.mail_trouble", count=refused), "unsubscribe", "red")
        if waiting:
            badges.draw(t("shares.pending"), "campaign", "orange")
        if any(line.pass_on_since for line in live):
            badges.draw(t("viewers.pass_on"), "record_voice_over", "orange")
        if any(line.state is State.SUSPENDED for line in live):
            badges.draw(t("state.suspended"), "lock", "red")


def _titles(share: ShareLine) -> str:
    return " · ".join(plain(title) for title in share.titles) or t("shares.no_campaign")
