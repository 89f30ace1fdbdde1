"""All figures of the campaign on the screen."""

import streamlit as st

from lib.model import Scope
from lib.paper.sections.overview import TABLES, sentences
from lib.reports import Report, Section
from lib.ui import tables
from lib.ui.i18n import language, plain


def draw(report: Report, section: Section, _scope: Scope) -> None:
    tables.draw(report, TABLES["overview"], section.rows, "overall.alt")
    told = " ".join(sentences(report, language(), plain))
    if told:
        st.caption(told)
