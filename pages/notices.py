"""Notices: what happened to the shares that somebody should know?"""

import streamlit as st

from lib.ui import notices, places, session
from lib.ui.i18n import t

scope = session.require_analyst()

st.title(t("notices.title"), anchor=False)
notices.list_all()
places.link("settings", t("notices.choose"), icon=":material/tune:")
