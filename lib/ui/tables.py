"""A table of the report on the screen, as it is declared in lib/paper/sections."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from lib.paper import numbers
from lib.paper.tables import Column, Table
from lib.reports import Report
from lib.ui import session
from lib.ui.i18n import language, t

PHONE = 150  # pixels of a wide column there
WIDE = 460
BESIDE_MANY = 220  # of a wide column
MANY = 5  # columns beside which a wide one is narrower
MOMENT = 170


def draw(report: Report, declared: Table, table: pd.DataFrame, alt: str, **more: Any) -> Any:
    """Draw `table`; `alt` is the key of what it is, for those who do not see it. `more` goes to Streamlit."""
    columns = declared.shown(table)
    config = {column.name: KINDS[column.kind](t(column.heading), column, report) for column in columns}
    config |= {
        column.name: st.column_config.TextColumn(t(column.heading), width=_wide(len(columns)))
        for column in columns
        if column.wide
    }
    shown = declared.in_words(table, language())
    for column in columns:
        if column.kind == "rate":
            shown[column.name] = numbers.for_table(shown[column.name])
    return st.dataframe(
        shown, column_config=config, hide_index=True, placeholder=numbers.UNKNOWN, alt=t(alt), **more
    )


def _wide(columns: int) -> int:
    """Pixels of a wide column in a table of so many."""
    if session.on_a_phone():
        return PHONE
    return BESIDE_MANY if columns > MANY else WIDE


def _text(heading: str, _column: Column, _report: Report) -> Any:
    return st.column_config.TextColumn(heading)


def _number(**form: Any) -> Callable[[str, Column, Report], Any]:
    return lambda heading, _column, _report: st.column_config.NumberColumn(heading, **form)


def _share(heading: str, _column: Column, _report: Report) -> Any:
    return st.column_config.ProgressColumn(heading, format="percent", min_value=0, max_value=1)


def _money(heading: str, _column: Column, report: Report) -> Any:
    named = f"{heading} ({report.campaign.currency})" if report.campaign.currency else heading
    return st.column_config.NumberColumn(named, format="localized", step=0.01)


def _moment(heading: str, _column: Column, report: Report) -> Any:
    return st.column_config.DatetimeColumn(
        heading, format="localized", timezone=report.campaign.zone, width=MOMENT
    )


KINDS: dict[str, Callable[[str, Column, Report], Any]] = {
    "text": _text,
    "url": _text,
    "count": _number(format="localized"),
    "decimal": _number(format="localized", step=0.1),
    "rate": _number(format="percent", step=numbers.STEP),
    "share": _share,
    "money": _money,
    "moment": _moment,
}
