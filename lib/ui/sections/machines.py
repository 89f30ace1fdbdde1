"""People and machines on the screen."""

import streamlit as st

from lib.model import Scope
from lib.paper.sections import TABLES
from lib.paper.sections.machines import bands, has_windows, summary, version, windows_why
from lib.reports import Report, Section
from lib.ui import plots, tables
from lib.ui.i18n import language, t


def draw(report: Report, section: Section, _scope: Scope) -> None:
    """How many events were set apart and what that changes, by which rules, and how much hangs on them."""
    st.markdown(summary(section, language()))
    if section.facts["opens"] or section.facts["clicks"]:
        tables.draw(report, TABLES["machines"], section.rows, "machines.alt")
        st.markdown(f"**{t('machines.rules')}**")
        tables.draw(report, TABLES["machines.rules"], section.more["rules"], "machines.rules_alt")
    st.caption(version(section, language()))
    _band(report, section)


def _band(report: Report, section: Section) -> None:
    """What other time windows would change."""
    windows = section.more["windows"]
    if not has_windows(section):
        return
    st.markdown(f"**{t('machines.windows')}**")
    st.caption(windows_why(language()))
    st.markdown("\n".join(f"- {line}" for line in bands(report, language())))
    if any(section.facts[f"{name}_low"] != section.facts[f"{name}_high"] for name in section.rows["metric"]):
        plots.draw(report, "machines", t("machines.band_alt"))
    tables.draw(report, TABLES["machines.windows"], windows, "machines.windows_alt")
