"""Share: who else may read this campaign's report?"""

import streamlit as st

from lib.ui import places, session, sharing
from lib.ui.i18n import t

scope = session.require_analyst()

campaign = sharing.campaign(scope)
st.title(t("share.title"), anchor=False)
if campaign is None:
    st.info(t("share.no_campaign"), icon=":material/search_off:")
    places.link("overview", t("share.to_overview"), icon=":material/arrow_back:")
    st.stop()

sharing.draw(campaign)
