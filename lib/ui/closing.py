"""The viewer's page around the report: whose it is, until when, the way out, and the end of access."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from lib import words
from lib.model import Scope
from lib.paper import numbers
from lib.ui import badges, cache, downloads, exchange, kept, report, session, signin, spans
from lib.ui.counting import Opening
from lib.ui.guarded import viewer_fragment
from lib.ui.i18n import language, plain, t

ADMITTED = "admitted"  # the key of st.session_state under which a viewer's language stays, and nothing else
CAMPAIGN = "campaign"  # in the address
SEARCHED = 8  # from so many campaigns on one may type to find one
CHECK = 5.0  # seconds; an open page loses its data within 15 (S4)


@viewer_fragment(run_every=CHECK)
def watch() -> None:
    """Ask every few seconds whether access has ended; then the guard runs the whole page again, without data.

    A timer is no visit: it does not keep a session alive.
    """


def door() -> None:
    """What stands at the address of shared reports for someone who may not (or no longer) read them."""
    language = st.session_state.get(ADMITTED)
    if language is None:
        signin.page_for_viewers()
        return
    with signin.narrow():
        st.title(session.app().settings.brand, anchor=False)
        st.info(
            words.t(language, "shared.ended_text"),
            title=words.t(language, "shared.ended"),
            icon=":material/lock:",
        )


def header() -> None:
    """The brand, until when the report is open, the way out, and what was written with it."""
    st.session_state[ADMITTED] = language()
    viewer = session.viewer()
    told = viewer.expires_on, viewer.zone, viewer.message, viewer.analyst
    brand, today = session.app().settings.brand, spans.today(viewer.zone)
    kept.draw("", "viewers-header", partial(_head, *told), *told, brand, today)


def _head(expires_on: date | None, zone: str, message: str, analyst: str) -> None:
    top(expires_on, zone, _leave)
    quote(message, analyst)


def top(expires_on: date | None, zone: str, way_out: Callable[[], None]) -> None:
    """The head of a viewer's page; the analyst's preview draws it too, with another way out."""
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{plain(session.app().settings.brand)}**", width="content")
            with st.container(width="content"):
                way_out()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(_until(expires_on, zone), width="content")
            if expires_on is not None:
                _warn((expires_on - spans.today(zone)).days)


def quote(message: str, name: str) -> None:
    """The analyst's message as it was written, line by line, and whose it is; nothing without one."""
    if not message.strip():
        return
    with st.container(border=True, gap="xxsmall"):
        st.caption(t("shared.wrote", name=plain(name)) if name else t("shared.message"))
        st.markdown("  \n".join(plain(line) for line in message.strip().splitlines()))


def opening() -> Opening:
    """The count that the share opens with."""
    return Opening(session.viewer().form)


def chosen(scope: Scope) -> str | None:
    """The campaign to be read, which stands in the address too."""
    asked = st.query_params.get(CAMPAIGN, "")
    campaign = choose(scope, asked)
    if campaign != asked and campaign is not None and _only(scope) is None:
        st.query_params[CAMPAIGN] = campaign
    return campaign


def choose(scope: Scope, asked: str = "") -> str | None:
    """The campaign to be read: the only one, or one chosen of several. None when none is left; whether the
    only one is left, its report says.
    """
    if (only := _only(scope)) is not None:
        return only
    known = cache.campaigns(scope)
    names: list[str] = known["id"].tolist()
    if len(names) < 2:
        return next(iter(names), None)
    titles = {name: _title(row) for name, (_, row) in zip(names, known.iterrows(), strict=True)}
    return st.selectbox(
        t("shared.campaign", count=len(titles)),
        names,
        index=names.index(asked) if asked in titles else 0,
        format_func=titles.__getitem__,
        key="shared-campaign",
        filter_mode=None if len(titles) < SEARCHED else "fuzzy",
    )


def _only(scope: Scope) -> str | None:
    """The one campaign that is shared, for which no list of campaigns is asked."""
    return scope.campaigns[0] if scope.campaigns is not None and len(scope.campaigns) == 1 else None


def read(scope: Scope, campaign: str | None, opening: Opening) -> bool:
    """The report itself; False, and said, when there is none (any more)."""
    if campaign is None:
        report.missing("shared.gone")
        return False
    return report.draw(scope, campaign, opening, otherwise="shared.gone")


def footer(campaign: str, live: bool = True) -> None:
    """What can be taken along; the analyst's preview draws it too, where nothing is fetched."""
    kept.draw("", "viewers-footer", partial(_foot, campaign, live), campaign, live)


def _foot(campaign: str, live: bool) -> None:
    downloads.whole(campaign, live)
    st.caption(t("shared.seen"))


def way_out(leave: Callable[[], None] | None, key: str = "leave") -> None:
    """The button that signs out; in the analyst's preview nobody leaves."""
    label, icon = t("shared.sign_out"), ":material/logout:"
    if st.button(label, icon=icon, type="tertiary", key=key, disabled=leave is None) and leave:
        leave()


def _title(row: Any) -> str:
    title, sent = str(row["title"] or row["subject"] or row["id"]), row["sent_at"]
    if pd.isna(sent):
        return title
    return f"{title} · {spans.day(sent.astimezone(ZoneInfo(row['zone'])).date())}"


def _warn(left: int) -> None:
    """Of an end that is near."""
    if left == 0:
        badges.draw(t("days.last"), "event_upcoming", "red")
    elif 0 < left <= spans.SOON:
        badges.draw(t("days.left", count=left), "event_upcoming", "orange")


def _until(expires_on: date | None, zone: str) -> str:
    if expires_on is None:
        return t("shared.with_you")
    return t("shared.until", day=spans.day(expires_on), zone=numbers.zone(zone, language()))


@viewer_fragment
def _leave() -> None:
    way_out(exchange.leave)
