"""What the analyst was told: the list, and how many notices are unread."""

import streamlit as st

from lib import wiring
from lib.shares import notices
from lib.shares.analysts import Analyst
from lib.shares.notices import Notice
from lib.ui import places, session, spans
from lib.ui.guarded import analyst_callback
from lib.ui.i18n import language, plain, t

A_PAGE = 25
ICONS = {
    "first_visit": "visibility",
    "denied": "lock",
    "refused": "unsubscribe",
    "expiring": "hourglass_bottom",
    "ended": "event_busy",
    "waiting_campaign": "playlist_add",
    "restored": "settings_backup_restore",
}


def title(analyst: Analyst) -> str:
    """What the navigation calls the page: with the number of unread notices, if there are any."""
    unread = notices.unread(session.app().records, analyst.id)
    return t("notices.with_unread", count=unread) if unread else t("navigation.notices")


def list_all() -> None:
    """A page of them, the newest first, and the way to the older ones."""
    records, reader = session.app().records, session.analyst().id
    head, rows, foot = st.container(), st.container(gap="xsmall"), st.container()
    total = notices.list_for(records, reader, limit=0)[1]
    if not total:
        head.info(t("notices.none"), icon=":material/notifications:")
        return
    with head:
        _unread(notices.unread(records, reader))
    pages = -(-total // A_PAGE)
    page = foot.pagination(pages, key="notices-page") if pages > 1 else 1
    found, _ = notices.list_for(records, reader, limit=A_PAGE, offset=(page - 1) * A_PAGE)
    with rows:
        for notice in found:
            _row(notice)


def _unread(count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(t("notices.unread", count=count) if count else t("notices.all_read"))
        if count:
            st.button(
                t("notices.mark_all"),
                key="read-all",
                icon=":material/done_all:",
                on_click=_mark,
                args=(None,),
            )


def _row(notice: Notice) -> None:
    said, icon = notice.said(language(), plain), f":material/{ICONS[notice.kind]}:"
    with st.container(border=True, gap="xxsmall"):
        st.markdown(f"{icon} {said}" if notice.read else f"{icon} **{said}**")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if not notice.read:
                st.badge(t("notices.new"), color="blue")
            st.caption(spans.moment(notice.at))
            _buttons(notice)


def _buttons(notice: Notice) -> None:
    if notice.share_id and st.button(
        t("notices.open"), key=f"open-{notice.id}", icon=":material/arrow_forward:", type="tertiary"
    ):
        _mark(notice.id)
        places.go("shares", {"share": str(notice.share_id)})
    if not notice.read:
        st.button(
            t("notices.mark_one"),
            key=f"read-{notice.id}",
            icon=":material/check:",
            type="tertiary",
            on_click=_mark,
            args=(notice.id,),
        )


@analyst_callback
def _mark(notice_id: int | None) -> None:
    notices.mark_read(session.app().records, session.analyst().id, wiring.now(), notice_id)
