"""A/B and multivariate tests on the screen."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from lib.model import Scope
from lib.paper import numbers
from lib.paper.sections.variants import TABLES, margins, verdict
from lib.reports import Report, Section
from lib.reports.sections.variants import LEVELS, criteria, judged
from lib.ui import kept, plots, tables
from lib.ui.guarded import reader_fragment
from lib.ui.i18n import language, plain, t

LEVEL = "level"  # in the address, as a whole number of per cent
WINNER = "winner"  # in the address: by what the best is chosen


def draw(report: Report, section: Section, _scope: Scope) -> None:
    _test(report, section)


@reader_fragment
def _test(report: Report, section: Section) -> None:
    with st.container(horizontal=True, gap="large"):
        by = _by(section)
        level = _level()
    kept.draw(report.mark, "variants", partial(_outcome, report, section, level, by), level, by)


def _outcome(report: Report, section: Section, level: float, by: str) -> None:
    """What the test says at the level and by the criterion that were chosen."""
    sections = report.sections | {"variants": judged(section, level, by)}
    shown = replace(report, sections=sections, mark=f"{report.mark}-{level}-{by}")
    told = verdict(shown, language(), plain)
    st.markdown(f"**{told}**")
    plots.draw(shown, "variants", verdict(shown, language()))
    tables.draw(shown, TABLES["variants"], shown.sections["variants"].rows, "variants.alt")
    st.caption(margins(shown.sections["variants"], language()))


def _by(section: Section) -> str:
    known = criteria(section)
    if len(known) < 2:
        return known[0] if known else ""
    return _chosen(WINNER, known, lambda name: t(f"variants.criterion.{name}"), t("variants.by"))


def _level() -> float:
    names = [f"{round(level * 100)}" for level in LEVELS]
    chosen = _chosen(
        LEVEL, names, lambda name: numbers.percent(int(name) / 100, language(), 0), t("variants.level")
    )
    return int(chosen) / 100


def _chosen(name: str, options: Sequence[str], show: Callable[[str], str], label: str) -> str:
    """One of `options`, kept in the address; the first where the address names none of them."""
    asked = st.query_params.get(name)
    default = asked if asked in options else options[0]
    chosen = st.segmented_control(
        label, options, format_func=show, default=default, required=True, key=f"variants-{name}"
    )
    if chosen is not None and chosen != default:
        st.query_params[name] = chosen
    return str(chosen or default)
