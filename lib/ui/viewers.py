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
COLUMNS = {"viewer": 2, "mail": 2, "opened": 1, "visits": 1, "reading": 1, "else": 1}  # how wide each is
LEAST = 122  # pixels of the narrow ones; with less room the columns of a row stand below each other
ACTIONS_WIDTH = 96  # pixels
# The names of the columns only help where the columns stand side by side. The empty span keeps Streamlit from
# putting a mere style where dialogs stand: the next look at the table would close any that is open.
HEAD_CSS = (
    "<span></span><style>@media (max-width: 1390px) { .st-key-viewers-head { display: none; } }</style>"
)

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
    State.SUSPENDED: tuple(key for key in OPEN if key != "viewers.new_link"),  # it would open nothing
    State.EXPIRED: CLOSED,
    State.OFF: CLOSED,
    State.REVOKED: ("viewers.restore", "viewers.history"),
}
ORDERS: dict[str, Callable[[ViewerLine], object]] = {
    "viewers.by_address": lambda line: line.address.casefold(),
    "viewers.by_last_visit": lambda line: NEVER - (line.last_visit_at or NEVER),
}
SENTENCES = {  # by column
    "opened": viewer_words.opened,
    "visits": viewer_words.visits,
    "reading": viewer_words.reading,
    "else": viewer_words.taken,
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
    _head()
    rows.paged(wanted, "viewers", lambda line: _row(share, line, lines))


def _ordered(lines: Sequence[ViewerLine], places: tuple[int, ...]) -> Sequence[ViewerLine]:
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        _counted(lines)
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


def _counted(lines: Sequence[ViewerLine]) -> None:
    """How many viewers there are, and beside it how many need attention."""
    live = [line for line in lines if line.state is not State.REVOKED]
    troubled = sum(viewer_words.troubled(line) for line in lines)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.subheader(t("viewers.title", count=len(live)), anchor=False, width="content")
        if troubled:
            badges.draw(t("viewers.trouble", count=troubled), "priority_high", "orange")


def _head() -> None:
    with st.container(border=True, horizontal=True, wrap=False, key="viewers-head"):
        with st.grid(sum(COLUMNS.values()), min_column_width=LEAST, gap="small") as grid:
            for name, width in COLUMNS.items():
                grid.cell(column_span=width).caption(t(f"viewers.column_{name}"))
        with st.container(width=ACTIONS_WIDTH, gap=None, horizontal_alignment="right"):
            st.caption(t("viewers.actions"), width="content")
            st.html(HEAD_CSS)


def _row(share: ShareLine, line: ViewerLine, lines: Sequence[ViewerLine]) -> None:
    with st.container(border=True, horizontal=True, wrap=False, key=f"viewer-{line.id}"):
        with st.grid(sum(COLUMNS.values()), min_column_width=LEAST, gap="small") as grid:
            cells = {name: grid.cell(column_span=width) for name, width in COLUMNS.items()}
        _who(cells["viewer"], share, line)
        _mails(cells["mail"], line)
        for name, sentences in SENTENCES.items():
            _said(cells[name], sentences(line))
        with st.container(width=ACTIONS_WIDTH, horizontal_alignment="right"):
            chosen = st.menu_button(
                t("viewers.actions"),
                _offered(line),
                format_func=t,
                key=f"actions-{line.id}",
                type="tertiary",
            )
    if chosen:
        ACTIONS[chosen](share, line, lines)


def _offered(line: ViewerLine) -> tuple[str, ...]:
    """What can be done; what is most wanted first."""
    if line.state is State.REVOKED:
        return OFFERED[line.state]
    unknown = any(mail.state == "unknown" for mail in line.mails)
    wanted = {"viewers.once_more": unknown, "viewers.passed_on": line.pass_on_since is not None}
    return (*(key for key, there in wanted.items() if there), *OFFERED[line.state])


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
