"""Definitions: what does each figure mean, and how is it computed?"""

import streamlit as st

from lib.ui import definitions, session
from lib.ui.i18n import t

scope = session.require_analyst()

st.title(t("definitions.title"), anchor=False)
st.caption(t("definitions.what"))
definitions.draw()
