"""Shared: the report that a viewer was invited to."""

import streamlit as st

from lib.ui import attention, closing, report, session
from lib.ui.i18n import t

scope = session.require_viewer()

closing.watch()
closing.header()
campaign = closing.chosen(scope)
if campaign is None:
    st.info(t("shared.gone"), icon=":material/search_off:")
elif report.draw(scope, campaign):
    closing.footer(campaign)
    attention.watch()
