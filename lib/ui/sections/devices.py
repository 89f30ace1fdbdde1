"""Devices and mail programs on the screen, one beside the other where there is room."""

import streamlit as st

from lib.model import Scope
from lib.paper.sections import TABLES
from lib.reports import FEWEST, Report, Section
from lib.ui import plots, tables
from lib.ui.i18n import t


def draw(report: Report, section: Section, scope: Scope) -> None:
    with st.grid(2, min_column_width=320, gap="medium"):
        for name, table in (("devices", section.rows), ("clients", section.more["clients"])):
            declared = "devices" if name == "devices" else f"devices.{name}"
            with st.container():
                st.markdown(f"**{t(f'devices.{name}_heading')}**")
                plots.draw(report, declared, t(f"devices.{name}_chart_alt"))
                tables.draw(report, TABLES[declared], table, f"devices.{name}_alt")
    st.caption(t("devices.clicks_why"))
    if not scope.people:
        st.caption(t("report.few", number=FEWEST))
