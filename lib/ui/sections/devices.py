"""Devices and mail programs on the screen: the charts beside each other, the tables under each other."""

import streamlit as st

from lib.model import Scope
from lib.paper.sections import TABLES
from lib.paper.sections.devices import sentences
from lib.reports import Report, Section
from lib.ui import plots, tables
from lib.ui.i18n import language, t

DECLARED = {"devices": "devices", "clients": "devices.clients"}


def draw(report: Report, section: Section, _scope: Scope) -> None:
    with st.grid(2, min_column_width=320, gap="medium"):
        for name, declared in DECLARED.items():
            with st.container():
                st.markdown(f"**{t(f'devices.{name}_heading')}**")
                plots.draw(report, declared, t(f"devices.{name}_chart_alt"))
    for name, table in (("devices", section.rows), ("clients", section.more["clients"])):
        tables.draw(report, TABLES[DECLARED[name]], table, f"devices.{name}_alt")
    for sentence in sentences(report, language()):
        st.caption(sentence)
