"""Shares and their viewers: the lists, who came, what became of each mail, and what can be done about it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from lib import wiring
from lib.mail.outbox import MailState
from lib.shares import shares
from lib.shares.shares import ShareLine, State, ViewerLine
from lib.ui import handover, once, places, session, share_dialogs, spans
from lib.ui.guarded import analyst_fragment
from lib.ui.i18n import language, plain, t

PAGE = "shares"
REFRESH = 4.0  # seconds between two looks at the mails and visits
A_PAGE = 25  # rows drawn at once
SEARCHED = 8  # from so many rows on there is a field to search them

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
TROUBLED = ("refused", "waiting", "unknown")  # mails that stand first, because somebody must look at them
Line = TypeVar("Line")
Action = Callable[[ShareLine, ViewerLine, Sequence[ViewerLine]], None]
ACTIONS: dict[str, Action] = {  # of one viewer, by locale key
    "viewers.change_password": share_dialogs.change_one_password,
    "viewers.revoke": share_dialogs.revoke,
    "viewers.invite_again": share_dialogs.invite_again,
}
OFFERED = {  # what can be done for a viewer in each state
    State.ACTIVE: ("viewers.change_password", "viewers.revoke"),
    State.SUSPENDED: ("viewers.change_password", "viewers.revoke"),
    State.EXPIRED: ("viewers.revoke",),
    State.OFF: ("viewers.revoke",),
    State.REVOKED: ("viewers.invite_again",),
}


# --- all shares -----------------------------------------------------------------------------------


def asked() -> ShareLine | None:
    """The share that the address names."""
    number = st.query_params.get("share", "")
    if not number.isdecimal() or len(number) > 9:
        return None
    return shares.find(session.app().records, int(number), wiring.now())


def all_shares() -> tuple[ShareLine, ...]:
    """Every share, the newest first."""
    return shares.shares_of(session.app().records, None, wiring.now())


@analyst_fragment
def list_shares(found: Sequence[ShareLine]) -> None:
    """One row per share, with a search once there are many."""
    _rows(found, "shares", lambda share: " ".join((*share.titles, share.analyst)), share_row)


def share_row(share: ShareLine, with_titles: bool = True) -> None:
    """One share in a list, with the link to manage it."""
    box = st.container(border=True, gap="xxsmall")
    with box.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(width="stretch", gap="xxsmall"):
            if with_titles:
                st.markdown(f"**{_titles(share)}**")
            st.caption(_facts(share))
        _badge(share.state)
        # A link from a page to itself leaves the browser's address as it was, so this is a button.
        if st.button(t("shares.manage"), icon=":material/group:", type="tertiary", key=f"manage-{share.id}"):
            places.go("shares", {"share": str(share.id)})


def _facts(share: ShareLine) -> str:
    parts = [
        t("shares.viewers", count=share.viewers),
        t("shares.visits", count=share.visits),
        t("shares.made", at=spans.moment(share.created_at)),
        spans.until(share),
    ]
    return " · ".join(parts)


def _titles(share: ShareLine) -> str:
    return " · ".join(plain(title) for title in share.titles) or t("shares.no_campaign")


# --- one share ------------------------------------------------------------------------------------


def manage(share: ShareLine) -> None:
    """One share: what it is, what can be done with it, and its viewers."""
    once.say(PAGE)
    if st.button(t("shares.back"), icon=":material/arrow_back:", type="tertiary", key="all-shares"):
        places.go("shares")
    st.title(_titles(share), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        _badge(share.state)
        st.caption(
            _facts(share) + (f" · {t('shares.by', name=plain(share.analyst))}" if share.analyst else "")
        )
    kept = once.drawer(PAGE).kept.get(str(share.id))
    if kept:
        handover.draw(PAGE, kept)
    _buttons(share)
    _viewers(share.id)


@analyst_fragment
def _buttons(share: ShareLine) -> None:
    """What can be done with the whole share; each opens a dialog."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for key, icon, dialog in _share_actions(share):
            if st.button(t(key), icon=f":material/{icon}:", key=f"{key}-{share.id}"):
                dialog(share, _lines(share.id))
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


def _share_actions(share: ShareLine) -> list[tuple[str, str, Callable[..., None]]]:
    end = ("viewers.extend", "event", share_dialogs.extend)
    if share.state is State.OFF:
        return [("viewers.on", "power_settings_new", share_dialogs.switch_on), end]
    off = ("viewers.off", "power_settings_new", share_dialogs.switch_off)
    if share.state is State.EXPIRED:
        return [end, off]
    add = ("viewers.add", "person_add", share_dialogs.add_viewers)
    return [add, ("viewers.change_all", "password", share_dialogs.change_every_password), end, off]


@analyst_fragment(run_every=REFRESH)
def _viewers(share_id: int) -> None:
    """The viewers, looked at again every few seconds; a dialog opened from here stays open meanwhile."""
    share = shares.find(session.app().records, share_id, wiring.now())
    lines = _lines(share_id)
    if share is None:
        return
    st.subheader(t("viewers.title", count=share.viewers), anchor=False)
    _rows(
        sorted(lines, key=lambda line: line.state is State.REVOKED),
        "viewers",
        lambda line: line.address,
        lambda line: _viewer_row(share, line, lines),
    )


def _viewer_row(share: ShareLine, line: ViewerLine, lines: Sequence[ViewerLine]) -> None:
    with st.container(border=True, gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.text(line.address, width="stretch")
            _badge(line.state)
            _mail_badge(line)
            chosen = st.menu_button(
                t("viewers.actions"),
                OFFERED[line.state],
                format_func=t,
                key=f"actions-{line.id}",
                type="tertiary",
            )
        for sentence in _history(line):
            st.caption(sentence)
    if chosen:
        ACTIONS[chosen](share, line, lines)


def _history(line: ViewerLine) -> list[str]:
    """What is known of a viewer, in sentences of Markdown; what does not apply is left out."""
    sentences = [_visits(line)]
    checks = max(0, line.fetches - line.visits)  # a visit begins with an opening of the link, too
    if checks:
        sentences.append(t("viewers.checks" if line.visits else "viewers.checks_only", count=checks))
    if line.failures:
        sentences.append(t("viewers.failures", count=line.failures))
    mail = _mail(line)
    if mail:
        said, at = plain(mail.said(language())), spans.moment(mail.at)
        sentences.append(t("viewers.mail", at=at, answer=said) if said else t("viewers.mail_at", at=at))
    return sentences + _way_out(line)


def _way_out(line: ViewerLine) -> list[str]:
    """What to do about a mail that the server refused."""
    ours = line.mail_answer.startswith("mail.answer.")
    return [t("viewers.refused")] if line.mail == "refused" and not ours else []


def _mail(line: ViewerLine) -> MailState | None:
    """The last mail to a viewer; None when there was none."""
    return MailState(line.mail, line.mail_answer, line.mail_at or line.created_at) if line.mail else None


def _visits(line: ViewerLine) -> str:
    if not line.visits:
        return t("viewers.no_visit")
    first, last = spans.moment(line.first_visit_at), spans.moment(line.last_visit_at)
    return t("viewers.visits", count=line.visits, first=first, last=last)


def _lines(share_id: int) -> tuple[ViewerLine, ...]:
    return shares.viewers_of(session.app().records, share_id, wiring.now())


# --- the mails after sharing ----------------------------------------------------------------------


@analyst_fragment(run_every=REFRESH)
def mail_states(share_id: int, viewer_ids: tuple[int, ...]) -> None:
    """What became of the mails to these viewers, looked at again every few seconds."""
    told = (line for line in _lines(share_id) if line.id in viewer_ids)
    lines = sorted(told, key=lambda line: line.mail not in TROUBLED)
    with st.container(border=True, gap="xsmall"):
        _rows(lines, "mails", lambda line: line.address, _mail_row)


def _mail_row(line: ViewerLine) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.text(line.address, width="stretch")
        _mail_badge(line)
    mail = _mail(line)
    if mail and mail.said(language()):
        st.caption(" ".join([plain(mail.said(language())), *_way_out(line)]))


# --- pieces ---------------------------------------------------------------------------------------


def _badge(state: State) -> None:
    colour, icon = STATES[state]
    st.badge(t(f"state.{state}"), icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]  # a theme's colour


def _mail_badge(line: ViewerLine) -> None:
    state = line.mail or "none"
    colour, icon = MAILS[state]
    st.badge(t(f"mail_state.{state}"), icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]


def _rows(lines: Sequence[Line], key: str, text: Callable[[Line], str], draw: Callable[[Line], None]) -> None:
    """Draw the lines, a page at a time; `text` is what a search looks in."""
    if len(lines) > SEARCHED:
        wanted = st.text_input(
            t("viewers.search"),
            key=f"search-{key}",
            icon=":material/search:",
            label_visibility="collapsed",
            placeholder=t("viewers.search"),
            live=True,
        )
        lines = [line for line in lines if (wanted or "").casefold().strip() in text(line).casefold()]
    rows = st.container(gap="small")
    pages = -(-len(lines) // A_PAGE)
    page = st.pagination(pages, key=f"page-{key}") if pages > 1 else 1
    with rows:
        if not lines:
            st.caption(t("viewers.nothing_found"))
        for line in lines[(page - 1) * A_PAGE : page * A_PAGE]:
            draw(line)
