"""Share: who else may read the report of these campaigns?"""

import streamlit as st

from lib.ui import guide, places, session, sharing
from lib.ui.i18n import t

scope = session.require_analyst()

campaigns = sharing.asked(scope)
guide.headline(t("share.title", count=max(1, len(campaigns))), "share")
if not campaigns:
    st.info(t("share.no_campaign"), icon=":material/search_off:")
    places.link("overview", t("share.to_overview"), icon=":material/arrow_back:")
    st.stop()

sharing.draw(scope, campaigns)
