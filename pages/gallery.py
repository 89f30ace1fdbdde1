"""Gallery: what does every chart look like? In no menu; for those who work on the charts."""

import streamlit as st

from lib.ui import gallery, session
from lib.ui.i18n import t

scope = session.require_analyst()

st.title(t("gallery.title"), anchor=False)
st.caption(t("gallery.what"))
gallery.draw(scope)
