"""Campaign: what became of this one mailing?"""

import streamlit as st

from lib.ui import actions, explore, report, session

scope = session.require_analyst()

campaign = st.query_params.get("id", "")
actions.draw(campaign, known=report.is_known(scope, campaign))
if report.draw(scope, campaign):
    explore.draw(campaign)
