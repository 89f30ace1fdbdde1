"""Imports: bring files in, and take them back."""

import streamlit as st

from lib.ui import importing, session
from lib.ui.i18n import t

scope = session.require_analyst()

st.title(t("imports.heading"), anchor=False)
st.caption(t("imports.what"))
importing.upload()
importing.past()
