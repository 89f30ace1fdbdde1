"""Campaigns side by side: which ones, how their opens and clicks came in, and their figures.

Which campaigns, the curve, its span and the count stand in the address.
"""

from collections.abc import Callable, Sequence
from itertools import product
from urllib.parse import urlencode

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.model import Form
from lib.paper import files, side_by_side
from lib.reports.side_by_side import CURVES, FEWEST, MOST, SideBySide
from lib.ui import counting, exchange, places
from lib.ui.i18n import language, plain, t
from lib.ui.plots import CHART

CAMPAIGN = "campaign"  # in the address, once for each
OFFERED = 200  # campaigns that can be added by name here; the overview's table has them all
DAY = 24


def choose(frame: pd.DataFrame) -> tuple[str, ...]:
    """The campaigns that the address names and those that the reader adds, in that order."""
    named = list(dict.fromkeys(st.query_params.get_all(CAMPAIGN)))
    known = set(frame["id"])
    asked = [one for one in named if one in known]
    if len(asked) > MOST:
        st.info(t("compare.too_many", most=MOST, count=len(asked)), icon=":material/info:")
        asked = asked[:MOST]
    offered = frame[frame["id"].isin([*asked, *frame["id"].head(OFFERED)])]
    labels = side_by_side.names(offered, language())
    chosen = st.multiselect(
        t("compare.campaigns"),
        list(labels),
        default=asked,
        format_func=lambda one: labels.get(one, one),
        max_selections=MOST,
        placeholder=t("compare.choose"),
        key="compared",
    )
    if list(chosen) != named:
        st.query_params[CAMPAIGN] = list(chosen)
    return tuple(chosen)


def enough(chosen: Sequence[str]) -> bool:
    """Whether there is something to compare; else it is said, with the way to the overview."""
    if len(chosen) >= FEWEST:
        return True
    st.info(t(f"compare.{'one_more' if chosen else 'nothing'}"), icon=":material/stacked_line_chart:")
    places.link("overview", t("compare.to_overview"), icon=":material/arrow_back:")
    return False


def form() -> Form:
    """All opens and clicks, or people's only."""
    return counting.switch("compare", counting.Opening())


def curves(found: SideBySide) -> None:
    """How opens or clicks came in since each sending; who has no curve is named."""
    with st.container(border=True):
        head = _heading("compare.curves")
        with st.container(horizontal=True):
            curve = _choice("curve", tuple(CURVES), "compare.curve")
            span = _choice("span", tuple(side_by_side.SPANS), "compare.span")
        figure = side_by_side.curves(found, curve, span, language())
        if figure is None:
            st.caption(f":material/upload_file: {t('compare.no_curves')}")
            return
        with head:
            _take_along(found, files.OF_CHARTS, curve=curve, span=span)
        st.plotly_chart(
            figure,
            config=CHART,
            key=f"chart-compare-{curve}-{span}",
            alt=t("compare.curves_alt", count=len(figure.data)),
        )
        st.caption(t("compare.curves_how"))
        _name_missing(found, curve)


def table(found: SideBySide) -> None:
    """The figures, a row per campaign; the best and the worst of each are told by signs and words."""
    figures = found.figures
    shown = side_by_side.shown(figures)
    labels = side_by_side.names(figures, language())
    texts = side_by_side.texts(figures, language())
    cells = figures[list(shown)].assign(campaign=[labels[one] for one in figures["id"]])
    styled = cells[[CAMPAIGN, *shown]].style
    for row, name in product(cells.index, shown):  # the numbers stay numbers, to sort by
        styled = styled.format(_saying(str(texts.at[row, name])), subset=([row], [name]))
    with st.container(border=True):
        with _heading("compare.figures"):
            _take_along(found, files.OF_TABLES)
        headings = {name: t(f"metric.{name}") for name in shown} | {CAMPAIGN: t("compare.campaign")}
        st.dataframe(styled, column_config=headings, hide_index=True, alt=t("compare.figures_alt"))
        st.caption(t("compare.signs"))


def _heading(key: str) -> DeltaGenerator:
    """A heading, with room for a menu at its right."""
    head = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="top")
    head.subheader(t(key), anchor=False, width="content")
    return head


def _take_along(found: SideBySide, kinds: tuple[str, ...], **chosen: str) -> None:
    """The table or the curves as a file, by the guarded route."""
    kind = st.menu_button(
        t("files.menu"),
        list(kinds),
        format_func=lambda one: t(f"files.{one}"),
        key=f"take-compared-{kinds[0]}",
        type="tertiary",
        icon=":material/download:",
    )
    if kind is not None:
        asked = {CAMPAIGN: list(found.figures["id"]), counting.FORM: found.form.value, **chosen}
        exchange.fetch_file(f"/export/compare.{kind}?{urlencode(asked, doseq=True)}")


def _saying(text: str) -> Callable[[object], str]:
    """What writes a cell as this text: equal amounts may be in different currencies."""
    return lambda _value: text


def _choice(name: str, options: tuple[str, ...], key: str) -> str:
    """One of few options; the first is the usual one, another stands in the address."""
    asked = st.query_params.get(name, "")
    first = asked if asked in options else options[0]
    chosen = st.segmented_control(
        t(f"{key}.label"),
        options,
        format_func=lambda option: t(f"{key}.{option}"),
        default=first,
        required=True,
        key=f"compare-{name}",
    )
    if chosen is not None and chosen != first:
        st.query_params[name] = chosen
    return chosen or first


def _name_missing(found: SideBySide, curve: str) -> None:
    missing = found.without(curve)
    if missing:
        labels = side_by_side.names(found.figures, language())
        named = ", ".join(plain(labels[one]) for one in missing)
        st.caption(f":material/upload_file: {t('compare.missing', count=len(missing), names=named)}")
