"""Where it was opened, on the screen: the map, the countries, their regions."""

import streamlit as st

from lib.model import Scope
from lib.paper import numbers, places
from lib.paper.sections import TABLES
from lib.paper.sections.locations import sentences
from lib.reports import OTHER, Report, Section
from lib.ui import plots, tables
from lib.ui.i18n import language, t

ON_A_PHONE = 210  # pixels: the map is as wide as the screen there


def draw(report: Report, section: Section, _scope: Scope) -> None:
    plots.draw(report, "locations", _alt(section), on_a_phone=ON_A_PHONE)
    tables.draw(report, TABLES["locations"], section.rows, "locations.alt")
    if "regions" in section.more:
        with st.expander(t("locations.regions", count=len(section.more["regions"])), icon=":material/map:"):
            tables.draw(report, TABLES["locations.regions"], section.more["regions"], "locations.regions_alt")
    for sentence in sentences(report, language()):
        st.caption(sentence)


def _alt(section: Section) -> str:
    table = section.rows
    known = table[table["country"].notna() & (table["country"] != OTHER)]
    if known.empty:
        return t("locations.map_empty_alt")
    first = known.iloc[0]
    return t(
        "locations.map_alt",
        count=len(known),
        country=places.country(first["country"], language()),
        opens=numbers.show("unique_opens", first["unique_opens"], language()),
    )
