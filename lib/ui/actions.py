"""What an analyst can do with one campaign: back, share, export."""

import streamlit as st

from lib.ui import exchange, places, report
from lib.ui.i18n import t


def draw(campaign: str) -> None:
    """The row of buttons above a report."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        places.link(places.START, t("report.back"), icon=":material/arrow_back:")
        with st.container(horizontal=True, width="content"):
            shared = st.button(t("report.share"), type="primary", icon=":material/person_add:")
            exported = st.button(t("report.export"), icon=":material/download:")
    if shared:
        places.go("share", {"campaign": campaign})
    if exported:
        exchange.fetch_file(report.export_address(campaign))
