"""What an analyst can do with one campaign: back, write a note, share, compare, take along."""

import streamlit as st

from lib.ui import counting, downloads, notes, places
from lib.ui.i18n import t


def draw(campaign: str, *, known: bool) -> None:
    """The row of buttons above a report; of a campaign that is not `known` only the way back."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        places.link(places.START, t("report.back"), icon=":material/arrow_back:")
        if not known:
            return
        with st.container(horizontal=True, width="content"):
            notes.add_button(campaign)
            shared = st.button(t("report.share"), type="primary", icon=":material/person_add:")
            compared = st.button(t("overview.compare"), icon=":material/stacked_line_chart:", key="compare")
            downloads.whole(campaign)
    notes.bar(campaign)
    if shared:
        places.go("share", {"campaign": campaign} | counting.address(counting.on_screen()))
    if compared:
        places.go("compare", {"campaign": campaign} | counting.address(counting.on_screen()))
