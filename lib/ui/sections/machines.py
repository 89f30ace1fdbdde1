"""People and machines on the screen."""

import streamlit as st

from lib.model import Scope
from lib.paper import numbers
from lib.paper.sections import TABLES
from lib.paper.sections.machines import band_in_words, windows_in_words
from lib.reports import Report, Section
from lib.ui import plots, tables
from lib.ui.i18n import language, t


def draw(report: Report, section: Section, _scope: Scope) -> None:
    """How many events were set apart and what that changes, by which rules, and how much hangs on them."""
    st.markdown(_summary(section))
    if section.facts["opens"] or section.facts["clicks"]:
        tables.draw(report, TABLES["machines"], section.rows, "machines.alt")
        st.markdown(f"**{t('machines.rules')}**")
        tables.draw(report, TABLES["machines.rules"], section.more["rules"], "machines.rules_alt")
    st.caption(t("machines.version", version=section.facts["version"]))
    _band(report, section)


def _summary(section: Section) -> str:
    """How many opens and clicks machines made; that nobody saw any, where it is so."""
    opens, clicks = section.facts["opens"], section.facts["clicks"]
    if not opens and not clicks:
        return t("machines.none")
    counted = [
        t(f"machines.set_apart.{name}", count=count, number=numbers.whole(count, language()))
        for name, count in (("opens", opens), ("clicks", clicks))
    ]
    return t("machines.summary", opens=counted[0], clicks=counted[1])


def _band(report: Report, section: Section) -> None:
    """What other time windows would change."""
    windows = section.more["windows"]
    if len(windows) < 2:
        return
    st.markdown(f"**{t('machines.windows')}**")
    st.caption(t("machines.windows_why", windows=windows_in_words()))
    said = {name: band_in_words(report, name, language()) for name in ("open_rate", "click_rate")}
    lines = [
        "- " + t("machines.line", figure=t(f"metric.{name}"), text=text)
        for name, text in said.items()
        if text
    ]
    st.markdown("\n".join(lines))
    if any(section.facts[f"{name}_low"] != section.facts[f"{name}_high"] for name in section.rows["metric"]):
        plots.draw(report, "machines", t("machines.band_alt"))
    tables.draw(report, TABLES["machines.windows"], windows, "machines.windows_alt")
