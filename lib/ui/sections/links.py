"""The links on the screen: pages first, then their addresses as clicked, then places in the mail."""

import streamlit as st

from lib.model import Scope
from lib.paper import numbers
from lib.paper.sections import TABLES
from lib.paper.sections.links import sentences
from lib.reports import OTHER, Report, Section
from lib.ui import plots, tables
from lib.ui.i18n import language, t


def draw(report: Report, section: Section, _scope: Scope) -> None:
    pages = section.more.get("pages")
    first = section.rows.iloc[0] if pages is None else pages.iloc[0]
    page = t("report.other_links") if first.iloc[0] == OTHER else str(first.iloc[0])
    clicks = numbers.show("clicks", first["clicks"], language())
    plots.draw(report, "links", t("links.chart_alt", page=page, clicks=clicks))
    if pages is None:
        tables.draw(report, TABLES["links"], section.rows, "report.links_alt")
        return
    tables.draw(report, TABLES["links.pages"], pages, "links.pages_alt")
    st.caption(" ".join(sentences(report, language())))
    _more(report, section, "addresses", t("links.raw", count=len(section.rows)))
    _more(report, section, "placements", t("links.placements"))


def _more(report: Report, section: Section, name: str, label: str) -> None:
    table = section.more.get(name)
    if table is not None:
        with st.expander(label, icon=":material/link:"):
            tables.draw(report, TABLES[f"links.{name}"], table, f"links.{name}_alt")
