"""Settings: how long shares last, what one is told of, and what is linked."""

import streamlit as st

from lib.ui import session
from lib.ui.i18n import t

scope = session.require_analyst()

st.title(t("navigation.settings"), anchor=False)
