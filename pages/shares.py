"""Shares: who was given which report, did they come, and until when?"""

import streamlit as st

from lib.ui import places, restored, session, share_list, share_page
from lib.ui.i18n import t

scope = session.require_analyst()

share = share_page.asked()
if share is not None:
    share_page.draw(share)
    st.stop()

st.title(t("shares.title"), anchor=False)
restored.banner()
found = share_list.all_shares()
if not found:
    st.info(t("shares.none"), icon=":material/group:")
    places.link("overview", t("shares.to_overview"), icon=":material/arrow_forward:")
    st.stop()

share_list.draw(found)
