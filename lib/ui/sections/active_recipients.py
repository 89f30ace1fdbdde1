"""The most active recipients on the screen."""

import streamlit as st

from lib.model import Scope
from lib.paper.sections import TABLES
from lib.reports import Report, Section
from lib.ui import tables
from lib.ui.guarded import reader_fragment
from lib.ui.i18n import t
from lib.ui.sections import recipients


def draw(report: Report, section: Section, scope: Scope) -> None:
    tables.draw(report, TABLES["active_recipients"], section.rows, "report.active_recipients_alt")
    if scope.shows("recipients") and "recipients" in report.sections:
        _openers(report.campaign.id)


@reader_fragment
def _openers(campaign: str) -> None:
    pressed = st.button(
        t("recipients.openers"),
        icon=":material/arrow_upward:",
        type="tertiary",
        key=f"openers-{campaign}",
    )
    if pressed:
        recipients.show("opened", campaign)
