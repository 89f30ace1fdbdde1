"""The viewers of a share: one row each, from the invitation to the end, and what can be done for each."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import streamlit as st

from lib import wiring
from lib.shares import shares
from lib.shares.shares import ShareLine, State, ViewerLine
from lib.ui import badges, password_dialogs, rows, session, spans, viewer_dialogs, viewer_words
from lib.ui.guarded import analyst_fragment
from lib.ui.i18n import t

REFRESH = 4.0  # seconds between two looks at the mails and visits
NEVER = datetime.min.replace(tzinfo=UTC)
LEAST = 168  # pixels of a column; with less room the columns of a row stand below each other
# The names of the columns only help where the columns stand side by side.
HEAD_CSS = "<style>@media (max-width: 1240px) { .st-key-viewers-head { display: none; } }</style>"
HEAD = ("viewer", "mail", "opened", "visits", "reading", "else")

Action = Callable[[ShareLine, ViewerLine, Sequence[ViewerLine]], None]
ACTIONS: dict[str, Action] = {  # of one viewer, by locale key
    "viewers.once_more": viewer_dialogs.once_more,
    "viewers.passed_on": viewer_dialogs.passed_on,
    "viewers.mail_again": viewer_dialogs.mail_again,
    "viewers.new_link": viewer_dialogs.new_link,
    "viewers.change_password": password_dialogs.change_one,
    "viewers.extend": viewer_dialogs.extend,
    "viewers.preview": viewer_dialogs.see,
    "viewers.history": viewer_dialogs.history,
    "viewers.revoke": viewer_dialogs.revoke,
    "viewers.restore": viewer_dialogs.restore,
}
OPEN = (
    "viewers.mail_again", "viewers.new_link", "viewers.change_password", "viewers.extend", "viewers.preview",
    "viewers.history", "viewers.revoke",
)  # fmt: skip
CLOSED = ("viewers.extend", "viewers.preview", "viewers.history", "viewers.revoke")
OFFERED = {  # what can be done for a viewer in each state
    State.ACTIVE: OPEN,
    State.SUSPENDED: OPEN,
    State.EXPIRED: CLOSED,
    State.OFF: CLOSED,
    State.REVOKED: ("viewers.restore", "viewers.history"),
}
ORDERS: dict[str, Callable[[ViewerLine], object]] = {
    "viewers.by_address": lambda line: line.address.casefold(),
    "viewers.by_last_visit": lambda line: NEVER - (line.last_visit_at or NEVER),
}
TROUBLE_FIRST = "viewers.by_trouble"


def of(share_id: int) -> tuple[ViewerLine, ...]:
    """The viewers as they are at this moment."""
    return shares.viewers_of(session.app().records, share_id, wiring.now())


def table(share_id: int) -> None:
    """The viewers, those first who need somebody to look.

    While one looks the rows keep their places: nothing moves away under the pointer.
    """
    order = sorted(of(share_id), key=_by_trouble)
    _table(share_id, tuple(line.id for line in order))


def _by_trouble(line: ViewerLine) -> tuple[bool, bool, int]:
    return line.state is State.REVOKED, not viewer_words.troubled(line), line.id


@analyst_fragment(run_every=REFRESH)
def _table(share_id: int, places: tuple[int, ...]) -> None:
    """Looked at again every few seconds; a menu or a dialog that is open stays so meanwhile."""
    share = shares.find(session.app().records, share_id, wiring.now())
    lines = of(share_id)
    if share is None:
        return
    wanted = rows.searched(_ordered(lines, places), "viewers", lambda line: line.address)
    st.html(HEAD_CSS)
    with st.grid(len(HEAD), min_column_width=LEAST, key="viewers-head"):
        for name in HEAD:
            st.caption(t(f"viewers.column_{name}"))
    rows.paged(wanted, "viewers", lambda line: _row(share, line, lines))


def _ordered(lines: Sequence[ViewerLine], places: tuple[int, ...]) -> Sequence[ViewerLine]:
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        live = [line for line in lines if line.state is not State.REVOKED]
        st.subheader(t("viewers.title", count=len(live)), anchor=False, width="content")
        troubled = sum(viewer_words.troubled(line) for line in lines)
        if troubled:
            badges.draw(t("viewers.trouble", count=troubled), "priority_high", "orange")
        order = TROUBLE_FIRST
        if len(lines) > 1:
            order = st.selectbox(
                t("viewers.order"),
                (TROUBLE_FIRST, *ORDERS),
                format_func=t,
                key="viewers-order",
                label_visibility="collapsed",
                width=220,
            )
    if order in ORDERS:
        return sorted(lines, key=ORDERS[order])  # type: ignore[arg-type]  # texts or spans of time, never both
    known = {viewer_id: place for place, viewer_id in enumerate(places)}
    return sorted(lines, key=lambda line: known.get(line.id, -1))


def _row(share: ShareLine, line: ViewerLine, lines: Sequence[ViewerLine]) -> None:
    with st.container(border=True, horizontal=True, wrap=False, key=f"viewer-{line.id}"):
        with st.grid(len(HEAD), min_column_width=LEAST, gap="small") as grid:
            _who(grid.cell(), share, line)
            _mails(grid.cell(), line)
            for sentences in (viewer_words.opened(line), viewer_words.visits(line)):
                _said(grid.cell(), sentences)
            _said(grid.cell(), viewer_words.reading(line))
            _said(grid.cell(), viewer_words.taken(line))
        chosen = st.menu_button(
            t("viewers.actions"), _offered(line), format_func=t, key=f"actions-{line.id}", type="tertiary"
        )
    if chosen:
        ACTIONS[chosen](share, line, lines)


def _offered(line: ViewerLine) -> tuple[str, ...]:
    """What can be done; what is most wanted first."""
    first = ("viewers.once_more",) if any(mail.state == "unknown" for mail in line.mails) else ()
    if line.pass_on_since:
        first += ("viewers.passed_on",)
    return (*first, *OFFERED[line.state]) if line.state is not State.REVOKED else OFFERED[line.state]


def _who(cell: st.delta_generator.DeltaGenerator, share: ShareLine, line: ViewerLine) -> None:
    with cell.container(gap="xxsmall"):
        st.text(line.address)
        with st.container(horizontal=True, gap="xxsmall"):
            badges.state(line.state)
            if line.state is not State.REVOKED:
                spans.badge(share)
            if line.pass_on_since:
                badges.draw(t("viewers.pass_on"), "record_voice_over", "orange", t("viewers.pass_on_hint"))
            if line.signed_in:
                badges.draw(t("viewers.inside"), "visibility", "blue")


def _mails(cell: st.delta_generator.DeltaGenerator, line: ViewerLine) -> None:
    with cell.container(gap="xxsmall"):
        for state, sentences in viewer_words.answers(line):
            badges.mail(state)
            for sentence in sentences:
                st.caption(sentence)


def _said(cell: st.delta_generator.DeltaGenerator, sentences: Sequence[str]) -> None:
    with cell.container(gap="xxsmall"):
        for place, sentence in enumerate(sentences):
            (st.caption if place else st.markdown)(sentence)


# --- the mails after sharing ----------------------------------------------------------------------


@analyst_fragment(run_every=REFRESH)
def mail_states(share_id: int, viewer_ids: tuple[int, ...]) -> None:
    """What became of the mails to these viewers, looked at again every few seconds."""
    told = [line for line in of(share_id) if line.id in viewer_ids]
    lines = sorted(told, key=lambda line: not viewer_words.troubled(line))
    with st.container(border=True, gap="xsmall"):
        rows.paged(rows.searched(lines, "mails", lambda line: line.address), "mails", _mail_row)


def _mail_row(line: ViewerLine) -> None:
    found = viewer_words.answers(line)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.text(line.address, width="stretch")
        for state, _ in found:
            badges.mail(state)
    for _, sentences in found:
        for sentence in sentences[1:]:
            st.caption(sentence)
