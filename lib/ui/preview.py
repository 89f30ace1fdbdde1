"""What one viewer will get, drawn for the analyst by the very functions that draw the viewer's page."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from lib.model import Scope
from lib.ui import closing, i18n, report
from lib.ui.guarded import analyst_dialog
from lib.ui.i18n import plain, t


@analyst_dialog("preview.title", width="large")
def dialog(scope: Scope, language: str, address: str, expires_on: date | None, zone: str) -> None:
    """The page of one viewer of a share. Nothing is counted as a visit: nobody unlocks anything here."""
    _band(address)
    _page(scope, language, expires_on, zone)


@analyst_dialog("preview.title", width="large")
def of_draft(
    scope: Scope, language: str, addresses: Sequence[str], expires_on: date | None, zone: str
) -> None:
    """The page of a share that is not made yet, for one of those who are going to be invited."""
    address = addresses[0] if addresses else ""
    if len(addresses) > 1:
        address = st.selectbox(t("preview.viewer"), addresses, key="preview-viewer") or address
    _band(address)
    _page(scope, language, expires_on, zone)


def _band(address: str) -> None:
    sentence = t("preview.band", address=plain(address)) if address else t("preview.band_nobody")
    st.info(sentence, icon=":material/visibility:")


def _page(scope: Scope, language: str, expires_on: date | None, zone: str) -> None:
    """As pages/shared.py draws it, in the viewer's language; the buttons do nothing here."""
    spoken = i18n.language()
    i18n.speak(language)
    try:
        with st.container(border=True, key="preview-page"):
            closing.top(expires_on, zone, _way_out)
            campaign = closing.choose(scope)
            if campaign is None:
                st.info(t("shared.gone"), icon=":material/search_off:")
            elif report.draw(scope, campaign):
                st.button(t("shared.export"), icon=":material/download:", key="preview-export", disabled=True)
    finally:
        i18n.speak(spoken)
        st.query_params.pop(report.FORM, None)  # no part of the address of the page below


def _way_out() -> None:
    st.button(
        t("shared.sign_out"), icon=":material/logout:", type="tertiary", key="preview-leave", disabled=True
    )
