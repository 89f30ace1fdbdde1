"""The server. `streamlit run streamlit_app.py` finds the literal `st.App(...)` below and serves it."""

import streamlit as st

from lib import web, wiring
from lib.ui import mishap

_parts = wiring.app()

app = st.App(
    "lib/ui/frame.py",
    routes=web.routes(_parts),
    middleware=web.middleware(_parts),
    lifespan=web.lifespan(_parts),
    on_script_error=mishap.say,
)
