"""Overview: how did the campaigns do?"""

import streamlit as st

from lib.ui import cache, overview, session
from lib.ui.i18n import t

scope = session.require_analyst()

st.title(t("overview.title"), anchor=False)

campaigns = cache.campaigns(scope)
if campaigns.empty:
    overview.nothing()
else:
    overview.banner(campaigns)
    chosen = overview.filters(campaigns)
    overview.headlines(chosen)
    overview.trend(chosen)
    overview.table(chosen)
    overview.export_all()
