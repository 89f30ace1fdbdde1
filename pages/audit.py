"""Audit log: who did what, and when?"""

import streamlit as st

from lib.ui import audit, session
from lib.ui.i18n import t

scope = session.require_analyst()

st.title(t("audit.title"), anchor=False)
st.caption(t("audit.what"))
asked = audit.filters()
audit.tools(asked)
audit.entries(asked)
