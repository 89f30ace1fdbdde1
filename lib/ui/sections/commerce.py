"""Orders and revenue on the screen."""

import streamlit as st

from lib.model import Scope
from lib.paper.sections.commerce import TABLES, sentences
from lib.reports import Report, Section
from lib.ui import tables
from lib.ui.i18n import language


def draw(report: Report, section: Section, _scope: Scope) -> None:
    tables.draw(report, TABLES["commerce"], section.rows, "commerce.alt")
    for sentence in sentences(report, language()):
        st.caption(sentence)
    if "products" in section.more:
        tables.draw(report, TABLES["commerce.products"], section.more["products"], "commerce.products_alt")
