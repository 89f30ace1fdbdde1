"""The whole life of a campaign on the screen."""

import streamlit as st

from lib.model import Scope
from lib.paper.sections.life import TABLES, sentences
from lib.reports import Report, Section
from lib.ui import plots, tables
from lib.ui.i18n import language, t


def draw(report: Report, section: Section, _scope: Scope) -> None:
    told = " ".join(sentences(report, language()))
    if told:
        st.markdown(told)
    plots.draw(report, "life", t("life.alt", what=told))
    with st.expander(t("life.as_table"), icon=":material/table_rows:"):
        tables.draw(report, TABLES["life"], section.rows, "life.table_alt")
