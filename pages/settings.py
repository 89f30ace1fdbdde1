"""Settings: how long shares last, what one is told of, and what is linked."""

import streamlit as st

from lib.ui import benchmarks, session, settings
from lib.ui.i18n import t

scope = session.require_analyst()

st.title(t("navigation.settings"), anchor=False)
settings.say_done()
settings.notices_section()
settings.name_section()
settings.language_section()
settings.password_section()
settings.google_section()
settings.policy_section()
benchmarks.section()
settings.mail_section()
