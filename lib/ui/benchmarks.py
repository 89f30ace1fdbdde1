"""Industry averages among the settings: brought in as CSV or typed, chosen, removed."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import pandas as pd
import streamlit as st

from lib import wiring
from lib.paper import numbers
from lib.reports import benchmarks
from lib.reports.benchmarks import RATES, Benchmark, BenchmarksRefused, Trouble
from lib.ui import once, session
from lib.ui.guarded import analyst_callback
from lib.ui.i18n import language, plain, t

PAGE = "settings"
ROUND = "benchmarks-round"  # in st.session_state: a new number empties the fields
CHOICE = "benchmarks-choice"
FIELD = 480  # pixels
TOLD = ("industry", "published", "source")


def section() -> None:
    """Which averages are there, which of them stand in reports, and how others come in."""
    known = benchmarks.listed(session.app().records)
    box = st.container(border=True, key="section-benchmarks")
    with box:
        st.subheader(t("benchmarks.title"), anchor=False)
        st.caption(t("benchmarks.why"))
        if known:
            _choice(known)
            _list(known)
        with st.expander(t("benchmarks.upload"), icon=":material/upload:", expanded=not known):
            _upload()
        with st.expander(t("benchmarks.type"), icon=":material/edit:"):
            _typed()


# --- which one ------------------------------------------------------------------------------------


def _choice(known: Sequence[Benchmark]) -> None:
    chosen = benchmarks.chosen(session.app().records)
    industries = list(dict.fromkeys(one.industry for one in known))
    st.selectbox(
        t("benchmarks.choice"),
        [None, *industries],
        index=industries.index(chosen.industry) + 1 if chosen else 0,
        format_func=lambda industry: industry or t("benchmarks.no_choice"),
        key=CHOICE,
        width=FIELD,
        on_change=_choose,
    )
    if chosen is not None:
        rates = ", ".join(
            f"{t(f'metric.{name}')} {numbers.percent(rate, language())}"
            for name, rate in chosen.rates.items()
        )
        st.write(t("benchmarks.chosen", industry=plain(chosen.industry), year=chosen.year, rates=rates))
        if chosen.before_proxy:
            st.caption(t("history.before_proxy"))


@analyst_callback
def _choose() -> None:
    with suppress(BenchmarksRefused):  # a colleague has just removed it
        benchmarks.choose(session.app().records, st.session_state[CHOICE], wiring.now(), by=session.actor())


def _list(known: Sequence[Benchmark]) -> None:
    told = pd.DataFrame([(one.industry, one.published, one.source) for one in known], columns=list(TOLD))
    rates = pd.DataFrame([one.rates for one in known]).reindex(columns=list(RATES)).dropna(axis=1, how="all")
    percents = rates.astype("float64").apply(numbers.for_table)
    columns = {name: st.column_config.TextColumn(t(f"history.{name}")) for name in TOLD}
    columns |= {
        name: st.column_config.NumberColumn(t(f"metric.{name}"), format="percent", step=numbers.STEP)
        for name in map(str, rates.columns)
    }
    with st.expander(t("benchmarks.list", count=len(known)), icon=":material/table_rows:"):
        st.dataframe(
            pd.concat([told, percents], axis=1),
            column_config=columns,
            hide_index=True,
            placeholder=numbers.UNKNOWN,
            alt=t("benchmarks.list_alt"),
        )
        _removal(known)


def _removal(known: Sequence[Benchmark]) -> None:
    by_id = {one.id: one for one in known}
    chosen = st.multiselect(
        t("benchmarks.remove_which"),
        list(by_id),
        format_func=lambda number: _named(by_id[number]) if number in by_id else "",
        placeholder="",
        key=f"benchmarks-remove-{_round()}",
    )
    if st.button(
        t("benchmarks.remove"), icon=":material/delete:", disabled=not chosen, key="benchmarks-removal"
    ):
        for number in chosen:
            benchmarks.remove(session.app().records, number, wiring.now(), by=session.actor())
        _finish(t("benchmarks.removed", count=len(chosen)))


def _named(one: Benchmark) -> str:
    return ", ".join(filter(None, (one.industry, one.published, one.source)))


# --- bringing in ----------------------------------------------------------------------------------


def _upload() -> None:
    st.caption(t("benchmarks.upload_how"))
    file = st.file_uploader(t("benchmarks.file"), "csv", key=f"benchmarks-file-{_round()}", max_upload_size=1)
    if (
        st.button(t("benchmarks.bring"), type="primary", disabled=file is None, key="benchmarks-bring")
        and file is not None
    ):
        _keep(lambda: benchmarks.parsed(file.getvalue()))


def _typed() -> None:
    with st.form(f"benchmarks-typed-{_round()}", border=False):
        with st.grid(3, min_column_width=200, gap="small"):
            industry, published, source = map(_word, TOLD)
        with st.grid(3, min_column_width=150, gap="small"):
            rates = {
                name: st.number_input(
                    t("benchmarks.in_percent", metric=t(f"metric.{name}")),
                    min_value=0.0,
                    max_value=100.0,
                    value=None,
                    step=0.01,
                    key=f"benchmarks-{name}-{_round()}",
                )
                for name in RATES
            }
        pressed = st.form_submit_button(t("benchmarks.add"), type="primary")
    if pressed:
        known = {name: round(rate / 100, 8) for name, rate in rates.items() if rate is not None}
        _keep(lambda: (Benchmark(industry, published, source, known),))


def _word(name: str) -> str:
    typed = st.text_input(
        t(f"history.{name}"), help=t(f"benchmarks.{name}_help"), key=f"benchmarks-{name}-{_round()}"
    )
    return typed or ""


def _keep(read: Callable[[], Sequence[Benchmark]]) -> None:
    """Bring in what is read; what is refused is said, and nothing of it is kept."""
    try:
        new = read()
        benchmarks.bring(session.app().records, new, wiring.now(), by=session.actor())
    except BenchmarksRefused as refused:
        st.error("  \n".join([t("benchmarks.nothing_kept"), *map(_trouble, refused.troubles)]))
        return
    _finish(t("benchmarks.kept", count=len(new)))


def _trouble(one: Trouble) -> str:
    words = t(f"benchmarks.refused.{one.reason}", value=plain(one.value), column=plain(one.column))
    return t("benchmarks.in_line", line=one.line, trouble=words) if one.line else words


def _finish(notice: str) -> None:
    st.session_state[ROUND] = _round() + 1
    once.drawer(PAGE).notices.append(notice)
    st.rerun()


def _round() -> int:
    return int(st.session_state.get(ROUND, 0))
