"""Explore: on an analyst's page of a campaign, any figures by anything, of some events only."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from lib import reports
from lib.model import Question, Scope
from lib.paper import dimensions, numbers
from lib.paper.tables import Column, Table
from lib.reports import METRICS, Report, UnknownCampaign
from lib.store import library
from lib.store.analytics import Analytics
from lib.ui import cache, counting, session, tables
from lib.ui.guarded import analyst_fragment
from lib.ui.i18n import language, t

MOST_FILTERS = 3
USUAL = ("unique_opens", "unique_clicks")
USUALLY_BY = ("country", "device", "client", "domain")
LONG = frozenset({"link", "page", "placement", "reason", "machine_reason"})
"""Dimensions whose keys are addresses or sentences."""

Filter = tuple[str, str | None]
Key = str | int | None
Version = tuple[str, int]
"""The installation and the version of its data."""


def draw(campaign: str) -> None:
    """At the end of an analyst's report; where a campaign has no events there is nothing to ask."""
    if cache.report(session.EVERYTHING, campaign).campaign.has_events:
        _explore(campaign)


@analyst_fragment
def _explore(campaign: str) -> None:
    scope = session.require_analyst()
    box = st.expander(
        t("explore.title"), icon=":material/query_stats:", key=_name(campaign, "open"), on_change="rerun"
    )
    if not box.open:
        return
    with box:
        try:
            report = cache.report(scope, campaign, counting.on_screen())
        except UnknownCampaign:  # taken back meanwhile
            st.info(t("report.unknown"), icon=":material/search_off:")
            return
        st.caption(t("explore.why"))
        _ask(report, replace(scope, campaigns=(campaign,)))


def _ask(report: Report, scope: Scope) -> None:
    campaign, analytics = report.campaign.id, session.app().analytics
    version = str(analytics.records.url), library.data_version(analytics.records)
    offered = _offered(analytics, version, campaign)
    with st.grid(2, min_column_width=240, gap="small"):
        metrics = _metrics(report)
        by = _by(campaign, tuple(offered))
    where = _filters(campaign, offered)
    if not metrics:
        st.caption(t("explore.no_metrics"))
        return
    question = Question(metrics, by, report.form, where)
    _table(report, question, _answer(analytics, version, scope, question))
    number = _events(analytics, version, campaign)
    told = [t("explore.counted", count=number, number=numbers.whole(number, language()))]
    st.caption(" ".join(told + [t("explore.own")] * bool(where)))


# --- what is asked --------------------------------------------------------------------------------


def _metrics(report: Report) -> tuple[str, ...]:
    """Any that the campaign's events tell; the form is the report's."""
    told = [
        name
        for name, figure in report.figures.items()
        if not name.endswith("_people") and not numbers.is_unknown(figure.computed)
    ]
    chosen = st.multiselect(
        t("explore.metrics"),
        told,
        default=[name for name in USUAL if name in told],
        format_func=lambda name: t(f"metric.{name}"),
        placeholder=t("explore.choose"),
        key=_name(report.campaign.id, "metrics"),
    )
    return tuple(chosen)


def _by(campaign: str, offered: tuple[str, ...]) -> str:
    options = ["", *offered]
    usual = next((name for name in USUALLY_BY if name in offered), "")
    chosen = st.selectbox(
        t("explore.by"),
        options,
        index=options.index(usual),
        format_func=lambda name: dimensions.heading(name, language()),
        key=_name(campaign, "by"),
    )
    return chosen or ""


def _filters(campaign: str, offered: dict[str, list[Key]]) -> tuple[Filter, ...]:
    """One field more as soon as the one before is filled in."""
    chosen: list[Filter] = []
    for number in range(MOST_FILTERS):
        with st.grid(2, min_column_width=240, gap="small"):
            found = _filter(f"{campaign}-{number}", offered)
        if found is None:
            break
        chosen.append(found)
    return tuple(chosen)


def _filter(place: str, offered: dict[str, list[Key]]) -> Filter | None:
    dimension = st.selectbox(
        t("explore.filter"),
        list(offered),
        index=None,
        format_func=lambda name: dimensions.heading(name, language()),
        placeholder=t("explore.no_filter"),
        key=_name(place, "filter"),
    )
    if dimension is None:
        return None
    words = dimensions.keys_in_words(dimension, offered[dimension], language())
    place_of_key = st.selectbox(
        t("explore.key"),
        range(len(words)),
        index=None,
        format_func=list(words.values()).__getitem__,
        placeholder=t("explore.choose"),
        key=_name(place, f"key-{dimension}"),
    )
    if place_of_key is None:
        return None
    key = offered[dimension][place_of_key]
    return dimension, None if key is None else str(key)


def _name(place: str, field: str) -> str:
    return f"explore-{place}-{field}"


# --- what is answered -----------------------------------------------------------------------------


def _table(report: Report, question: Question, found: pd.DataFrame) -> None:
    """The largest of the first figure on top, hours in their order."""
    if found.empty:
        st.info(t("explore.nothing"), icon=":material/search_off:")
        return
    by = question.by
    if by and by != "hour":
        found = found.sort_values(question.metrics[0], ascending=False, kind="stable", ignore_index=True)
    columns = [Column(name, f"metric.{name}", METRICS[name].format) for name in question.metrics]
    if by == "hour":
        columns.insert(0, Column(by, "dimension.hour"))
    elif by:
        words = dimensions.keys_in_words(by, found[by], language())
        heading = f"dimension.{by}"
        columns.insert(0, Column(by, heading, "text", lambda key, _language: words[key], wide=by in LONG))
    tables.draw(report, Table(tuple(columns)), found, "explore.alt")


@st.cache_resource(max_entries=128, show_spinner=False)
def _answer(
    _analytics: Analytics,
    version: Version,  # noqa: ARG001 - hashed
    scope: Scope,
    question: Question,
) -> pd.DataFrame:
    return reports.answer(_analytics, scope, question)


@st.cache_resource(max_entries=64, show_spinner=False)
def _offered(_analytics: Analytics, version: Version, campaign: str) -> dict[str, list[Key]]:  # noqa: ARG001 - hashed
    return reports.keys(_analytics, campaign)


@st.cache_resource(max_entries=256, show_spinner=False)
def _events(_analytics: Analytics, version: Version, campaign: str) -> int:  # noqa: ARG001 - hashed
    return reports.events(_analytics, campaign)
