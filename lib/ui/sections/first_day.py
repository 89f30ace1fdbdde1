"""The first day on the screen."""

import pandas as pd
import streamlit as st

from lib.model import Scope
from lib.paper import numbers
from lib.paper.sections.first_day import TABLES
from lib.reports import Report, Section
from lib.ui import plots, tables
from lib.ui.i18n import language, t


def draw(report: Report, section: Section, _scope: Scope) -> None:
    table = section.rows
    plots.draw(report, "first_day", alt(table))
    with st.expander(t("first_day.as_table"), icon=":material/table_rows:"):
        tables.draw(report, TABLES["first_day"], table, "first_day.table_alt")


def alt(table: pd.DataFrame) -> str:
    """The chart in words: how many opened and clicked for the first time, and when most did."""
    opens, clicks = table["first_opens"], table["first_clicks"]
    busiest = opens if opens.notna().any() else clicks
    return t(
        "first_day.alt",
        opens=_total(opens),
        clicks=_total(clicks),
        hour=int(table["hour"].iloc[int(busiest.fillna(-1).argmax())]),
    )


def _total(counts: "pd.Series[float]") -> str:
    known = counts.notna().any()
    return numbers.whole(float(counts.sum()), language()) if known else numbers.UNKNOWN
