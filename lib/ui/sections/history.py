"""The campaign against its own history on the screen."""

import streamlit as st

from lib.model import Scope
from lib.paper.sections.history import TABLES, row_in_words, sentences
from lib.reports import Report, Section
from lib.ui import plots, tables
from lib.ui.i18n import language, plain, t


def draw(report: Report, section: Section, _scope: Scope) -> None:
    for sentence in sentences(section, language(), report.form):
        st.caption(plain(sentence))
    rows = [row_in_words(row, language()) for row in section.rows.itertuples()]
    plots.draw(report, "history", t("history.alt", rows="; ".join(rows)))
    with st.expander(t("history.as_table"), icon=":material/table_rows:"):
        tables.draw(report, TABLES["history"], section.rows, "history.table_alt")
        if "wider" in section.more:
            tables.draw(report, TABLES["history.wider"], section.more["wider"], "history.wider_alt")
        if "industry" in section.more:
            tables.draw(report, TABLES["history.industry"], section.more["industry"], "history.industry_alt")
