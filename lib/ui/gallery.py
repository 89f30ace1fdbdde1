"""Every chart of the report, each drawn from the first campaign that has data for it, samples first."""

from collections.abc import Iterator

import streamlit as st

from lib.model import Form, Scope
from lib.paper.sections import CHARTS
from lib.reports import Report
from lib.ui import cache, plots
from lib.ui.i18n import language, plain, t

TRIED = 30  # campaigns, the samples among them first; a chart that none of them feeds is named


def draw(scope: Scope) -> None:
    """The charts by name, in both forms."""
    left = dict.fromkeys(CHARTS)
    for report in _reports(scope):
        for name in [name for name in left if CHARTS[name](report, language()) is not None]:
            del left[name]
            _one(report, name)
        if not left:
            return
    st.info(t("gallery.empty", names=", ".join(left)), icon=":material/bar_chart_off:")


def _one(report: Report, name: str) -> None:
    with st.container(border=True, key=f"gallery-{name.replace('.', '-')}"):
        st.subheader(name, anchor=False)
        st.caption(f"{plain(report.campaign.title)} · {t(f'report.{report.form}')}")
        plots.draw(report, name, t("gallery.alt", name=name))


def _reports(scope: Scope) -> Iterator[Report]:
    frame = cache.campaigns(scope).sort_values("sample", ascending=False, kind="stable")
    for campaign in frame["id"].head(TRIED):
        for form in Form:
            yield cache.report(scope, str(campaign), form)
