"""Help: how does sharing work?"""

import streamlit as st

from lib.ui import guide, session
from lib.ui.i18n import t

scope = session.require_analyst()

st.title(t("navigation.help"), anchor=False)
guide.draw()
