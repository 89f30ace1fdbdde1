"""Audit log: who did what, and when?"""

import streamlit as st

from lib.ui import session
from lib.ui.i18n import t

scope = session.require_analyst()

st.title(t("navigation.audit"), anchor=False)
