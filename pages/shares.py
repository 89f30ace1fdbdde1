"""Shares: who was given which report, did they come, and until when?"""

import streamlit as st

from lib.ui import places, session, viewers
from lib.ui.i18n import t

scope = session.require_analyst()

share = viewers.asked()
if share is not None:
    viewers.manage(share)
    st.stop()

st.title(t("shares.title"), anchor=False)
found = viewers.all_shares()
if not found:
    st.info(t("shares.none"), icon=":material/group:")
    places.link("overview", t("shares.to_overview"), icon=":material/arrow_forward:")
    st.stop()

viewers.list_shares(found)
