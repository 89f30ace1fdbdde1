"""The viewer's page around the report: whose it is, until when, the way out, and the end of access."""

from typing import Any

import streamlit as st

from lib import words
from lib.model import Scope
from lib.ui import cache, exchange, numbers, report, session, signin, spans
from lib.ui.guarded import viewer_fragment
from lib.ui.i18n import language, plain, t

ADMITTED = "admitted"  # the key of st.session_state under which a viewer's language stays, and nothing else
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
    """The brand, until when the report is open, and the way out."""
    st.session_state[ADMITTED] = language()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{plain(session.app().settings.brand)}**")
        st.caption(_until(), width="stretch")
        with st.container(width="content"):
            _leave()


def choose(scope: Scope) -> str | None:
    """The campaign to be read: the only one, or the one chosen of several. None when none is left."""
    titles = {str(row["id"]): _title(row) for _, row in cache.campaigns(scope).iterrows()}
    if len(titles) < 2:
        return next(iter(titles), None)
    return st.selectbox(
        t("shared.campaign"), list(titles), format_func=titles.__getitem__, key="shared-campaign"
    )


@viewer_fragment
def footer(campaign: str) -> None:
    """What can be taken along, through the guarded route; a colleague who is signed in gets no more."""
    if st.button(t("shared.export"), icon=":material/download:", key="export"):
        exchange.fetch_file(report.export_address(campaign, **{"as": "viewer"}))


def _title(row: Any) -> str:
    return str(row["title"] or row["subject"] or row["id"])


def _until() -> str:
    viewer = session.viewer()
    if viewer.expires_on is None:
        return t("shared.with_you")
    return t("shared.until", day=spans.day(viewer.expires_on), zone=numbers.zone(viewer.zone, language()))


@viewer_fragment
def _leave() -> None:
    if st.button(t("shared.sign_out"), icon=":material/logout:", type="tertiary", key="leave"):
        exchange.leave()
