"""All campaigns at once: filters, headlines, trend, and the table with a menu beside each campaign."""

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st
from babel.dates import get_day_names

from lib import charts, wiring
from lib.importers import samples
from lib.paper import numbers
from lib.reports.figures import quotient
from lib.reports.side_by_side import FEWEST, MOST
from lib.ui import exchange, guarded, places, session
from lib.ui.i18n import language, t
from lib.ui.plots import CHART
from lib.words import REGIONS

ROW_HEIGHT = 38
HEADER_HEIGHT = 35  # Streamlit's own
ROWS_SHOWN = 15
CHOSEN_FROM = 200  # campaigns that can be chosen by name; the search finds the others
POINTS = 60  # more campaigns than these are drawn by month
MOST_POINTS = 500  # beyond, a point per campaign says nothing any more
STEPS = ("campaign", "month")
TRENDS = ("open_rate", "click_rate")
PARTS = {"open_rate": ("unique_opens", "deliveries"), "click_rate": ("unique_clicks", "deliveries")}
COUNTS = ("recipients", "deliveries", "unique_opens", "unique_clicks", "bounces", "unsubscribes")
RATES = ("open_rate", "click_rate")
COLUMNS = (
    "actions", "day", "title", "mark", "subject", "audience", "recipients", "open_rate", "click_rate",
    "unique_opens", "unique_clicks", "bounces", "unsubscribes", "sender",
)  # fmt: skip
REPEATED = ("audience", "sender")  # few values in many rows: each travels to the browser once
FIRST_ON_A_PHONE = ("actions", "title", "open_rate", "click_rate")
RARER = ("tag", "weekday", "from", "to")  # filters behind a button of their own
FILTERS = ("q", "audience", "sender", "year", *RARER)
WEEKDAYS = tuple("1234567")
TABLE = "campaigns"  # the table's key
Months = npt.NDArray[np.int64]
DRAWN = "drawn"  # the ids of the rows that are on the screen, in st.session_state


def nothing() -> None:
    """There is no campaign yet: the way to the first one."""
    st.info(t("overview.nothing"), icon=":material/upload_file:")
    places.link("imports", t("overview.first_import"), icon=":material/arrow_forward:")


def banner(frame: pd.DataFrame) -> None:
    """Say that there are samples, and offer to remove them."""
    if not frame["sample"].any():
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/science: {t('sample.banner')}", width="stretch")
        if st.button(
            t("sample.remove"), help=t("sample.remove_help"), type="tertiary", icon=":material/delete:"
        ):
            samples.remove(session.app().analytics, wiring.now())
            st.rerun()


def filters(frame: pd.DataFrame) -> pd.DataFrame:
    """The campaigns that the reader asks for. The choice stands in the address."""
    years = _days(frame).dt.year
    with st.grid(4, min_column_width=160, gap="small"):
        words = st.text_input(
            t("overview.search"),
            key="q",
            type="search",
            placeholder=t("overview.search_hint"),
            bind="query-params",
            live=True,
        )
        audience = _choice("audience", frame["audience"])
        sender = _choice("sender", frame["sender"])
        year = _choice("year", years.dropna().astype(int).astype(str))
    kept = _contains(frame, words or "")
    for column, wanted in (("audience", audience), ("sender", sender)):
        kept = kept & ((frame[column] == wanted) if wanted else True)
    kept = kept & ((years == int(year)) if year else True)
    with st.container(horizontal=True, vertical_alignment="center"):
        kept = kept & _more_filters(frame)
        if any(map(_is_set, FILTERS)):
            st.button(
                t("overview.clear"),
                type="tertiary",
                icon=":material/filter_alt_off:",
                key="clear-filters",
                on_click=_clear,
            )
    return frame[kept]


def _more_filters(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Those that are needed less often; how many of them are set stands on the button."""
    days = _days(frame)
    active = sum(map(_is_set, RARER))
    label = t("overview.more_active", count=active) if active else t("overview.more_filters")
    with st.popover(label, icon=":material/filter_list:", key="more-filters"):
        tag = _choice("tag", frame["tags"].str.split("|").explode()) if frame["tags"].any() else None
        weekday = _weekday()
        first, last = (_day(name, days) for name in ("from", "to"))
    kept = pd.Series(True, index=frame.index)
    if tag:
        kept &= ("|" + frame["tags"] + "|").str.contains(f"|{tag}|", regex=False)
    if weekday:
        kept &= days.dt.day_of_week == int(weekday) - 1
    if first:
        kept &= days.dt.normalize() >= pd.Timestamp(first)
    if last:
        kept &= days.dt.normalize() <= pd.Timestamp(last)
    return kept


def _is_set(name: str) -> bool:
    """Whether a filter is in use; before it is drawn for the first time only the address tells."""
    if name in st.session_state:
        return st.session_state[name] not in (None, "")
    return bool(st.query_params.get(name))


def _weekday() -> str | None:
    """1 is Monday. The address has the number, for the names are the reader's."""
    names = get_day_names(locale=REGIONS[language()])
    asked = st.query_params.get("weekday", "")
    if "weekday" not in st.session_state and asked in WEEKDAYS:
        st.session_state["weekday"] = asked
    chosen = st.selectbox(
        t("overview.weekday"),
        WEEKDAYS,
        index=None,
        format_func=lambda number: names[int(number) - 1].capitalize(),
        key="weekday",
        placeholder=t("overview.all"),
    )
    if chosen is None:
        st.query_params.pop("weekday", None)
    elif chosen != asked:
        st.query_params["weekday"] = chosen
    return chosen


def _day(name: str, days: "pd.Series[pd.Timestamp]") -> date | None:
    """The first or the last day of a period, both included."""
    known = days.dropna()
    return st.date_input(
        t(f"overview.{name}"),
        value=None,
        min_value=None if known.empty else date(known.min().year, 1, 1),
        max_value=None if known.empty else date(known.max().year, 12, 31),
        key=name,
        bind="query-params",
    )


@guarded.analyst_callback
def _clear() -> None:
    for name in FILTERS:
        st.session_state[name] = "" if name == "q" else None


def headlines(frame: pd.DataFrame) -> None:
    """What the chosen campaigns come to: rates of all their messages together."""
    texts = {
        "campaigns": numbers.whole(len(frame), language()),
        "recipients": numbers.show("recipients", frame["recipients"].sum(min_count=1), language()),
        **{name: numbers.show(name, _together(frame, name), language()) for name in TRENDS},
    }
    with st.grid(4, min_column_width=140, gap="small"):
        for name, text in texts.items():
            st.metric(t(f"overview.headline.{name}"), text, border=True)


def trend(frame: pd.DataFrame) -> None:
    """Open and click rate over time, a point per campaign, or per month when there are many."""
    sent = frame[frame["sent_at"].notna()].sort_values("sent_at")
    if len(sent) < 2:
        return
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            place = st.container(width="content")
            by_month = _is_by_month(len(sent))
        place.subheader(
            t("overview.trend_by_month" if by_month else "overview.trend_by_campaign"), anchor=False
        )
        table = _by_month(sent) if by_month else _by_campaign(sent)
        labels = {name: t(f"metric.{name}") for name in TRENDS}
        figure = charts.rates_over_time(table, labels, numbers.MANNERS[language()])
        st.plotly_chart(figure, config=CHART, key="trend", alt=_trend_alt(table))


def _is_by_month(count: int) -> bool:
    """The reader's choice, which stands in the address; without one, by month when there are many points."""
    if count > MOST_POINTS:
        return True
    usual = "month" if count > POINTS else "campaign"
    named = st.query_params.get("by", "")
    asked = named if named in STEPS else usual
    chosen = st.segmented_control(
        t("overview.by.label"),
        STEPS,
        default=asked,
        format_func=lambda step: t(f"overview.by.{step}"),
        required=True,
        label_visibility="collapsed",
        key=f"trend-by-{usual}",
    )
    if chosen is not None and chosen != asked:
        st.query_params["by"] = chosen
    return (chosen or asked) == "month"


def table(frame: pd.DataFrame) -> None:
    """The campaigns, to sort by any column; the menu of a row leads to its report, its sharing, its file."""
    if frame.empty:
        st.info(t("overview.no_match"), icon=":material/search_off:")
        return
    drawn = st.session_state.get(DRAWN)  # a click counts its row in the table that was on the screen
    st.session_state[DRAWN] = ids = frame["id"].to_numpy()
    _keep_selected(drawn, ids)
    bar = st.container(horizontal=True, vertical_alignment="center")  # left: the table's own bar floats right
    st.dataframe(
        _shown(frame),
        column_config=_columns(),
        column_order=_order(frame),
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * min(len(frame), ROWS_SHOWN) + HEADER_HEIGHT + 2,
        key=TABLE,
        on_select="ignore" if session.on_a_phone() else "rerun",  # its boxes would push the rates off a phone
        selection_mode="multi-row",
        placeholder=numbers.UNKNOWN,
        alt=t("overview.table_alt"),
    )
    if not session.on_a_phone():
        with bar:
            _with_selected([str(ids[row]) for row in _selected() if row < len(ids)])
    click = st.session_state.get("menu")
    if click is not None and drawn is not None:
        _do(click["label"], str(drawn[click["row"]]))
    _by_name(frame)


def _keep_selected(before: Any, after: Any) -> None:
    """Selected rows are numbers to Streamlit: when a filter moves the rows, their campaigns stay selected."""
    if before is None or not _selected() or list(before) == list(after):
        return
    chosen = {before[row] for row in _selected() if row < len(before)}
    rows = [row for row, campaign in enumerate(after) if campaign in chosen]
    st.session_state[TABLE] = {"selection": {"rows": rows, "columns": [], "cells": []}}


def _selected() -> list[int]:
    state = st.session_state.get(TABLE)
    return list(state["selection"]["rows"]) if state else []


def _with_selected(campaigns: list[str]) -> None:
    """One share for all that are selected in the table; or all of them side by side."""
    shared = st.button(
        t("overview.share_selected", count=len(campaigns)) if campaigns else t("overview.share"),
        icon=":material/person_add:",
        key="share-selected",
        disabled=not campaigns,
    )
    compared = st.button(
        t("overview.compare"),
        icon=":material/stacked_line_chart:",
        key="compare-selected",
        disabled=not FEWEST <= len(campaigns) <= MOST,
    )
    st.caption(t("overview.compare_most", most=MOST) if len(campaigns) > MOST else t("overview.select_hint"))
    if shared:
        places.go("share", {"campaign": campaigns})
    if compared:
        places.go("compare", {"campaign": campaigns})


def export_all() -> None:
    """All campaigns with their figures as a file, whatever the filters show."""
    if st.button(t("overview.export_all"), type="tertiary", icon=":material/download:", key="export-all"):
        exchange.fetch_file("/export/campaigns.csv")


def _by_name(frame: pd.DataFrame) -> None:
    """The same menu for a campaign chosen by its name: the keys open no menu within Streamlit's table."""
    some = frame.head(CHOSEN_FROM)
    names = dict(
        zip(some["id"], some["title"].where(some["title"].astype(bool), some["subject"]), strict=True)
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        campaign = st.selectbox(
            t("overview.by_name"),
            list(names),
            index=None,
            format_func=lambda one: str(names.get(one) or one),
            key="by-name",
            placeholder=t("overview.by_name_hint"),
            width=420,
        )
        chosen = st.menu_button(
            t("overview.actions"),
            list(ACTIONS),
            format_func=lambda name: t(f"overview.{name}"),
            key="by-name-menu",
            disabled=campaign is None,
        )
    if campaign and chosen:
        ACTIONS[chosen](campaign)


def _do(label: str, campaign: str) -> None:
    """What was chosen in the menu of a row."""
    for name, action in ACTIONS.items():
        if label == t(f"overview.{name}"):
            action(campaign)


def _fetch(campaign: str) -> None:
    exchange.fetch_file(f"/export/campaign/{campaign}.csv")


def _go(place: str, parameter: str) -> Callable[[str], None]:
    return lambda campaign: places.go(place, {parameter: campaign})


ACTIONS: dict[str, Callable[[str], None]] = {
    "view": _go("campaign", "id"),
    "share": _go("share", "campaign"),
    "export": _fetch,
}


def _choice(name: str, values: "pd.Series[str]") -> str | None:
    options = sorted({str(value) for value in values.dropna() if str(value)}, reverse=name == "year")
    return st.selectbox(
        t(f"overview.{name}"),
        options,
        index=None,
        key=name,
        placeholder=t("overview.all"),
        bind="query-params",
    )


def _contains(frame: pd.DataFrame, words: str) -> "pd.Series[bool]":
    kept = pd.Series(True, index=frame.index)
    if not words.split():
        return kept
    texts = (frame["title"].fillna("") + " " + frame["subject"].fillna("")).str.casefold()
    for word in words.casefold().split():
        kept &= texts.str.contains(word, regex=False)
    return kept


def _together(frame: pd.DataFrame, name: str) -> float | None:
    part, whole = PARTS[name]
    known = frame[frame[part].notna() & frame[whole].notna()]
    below = float(known[whole].sum())
    return float(known[part].sum()) / below if below else None


def _by_campaign(sent: pd.DataFrame) -> pd.DataFrame:
    names = sent["title"].where(sent["title"].astype(bool), sent["subject"])
    return sent[list(TRENDS)].assign(at=_days(sent), name=names)


def _by_month(sent: pd.DataFrame) -> pd.DataFrame:
    """One row per month from the first to the last; a month without a campaign has no rates."""
    months = _days(sent).to_numpy().astype("datetime64[M]").astype(np.int64)
    first, places = int(months.min()), months - months.min()
    calendar = pd.period_range(pd.Period(ordinal=first, freq="M"), periods=int(places.max()) + 1, freq="M")
    counted = np.bincount(places, minlength=len(calendar)).tolist()
    names = [t("overview.campaigns", count=count) if count else "" for count in counted]
    rates = {name: _together_by(sent, places, name, len(calendar)) for name in TRENDS}
    return pd.DataFrame(rates, index=calendar).assign(at=calendar.to_timestamp(), name=names)


def _together_by(sent: pd.DataFrame, places: Months, name: str, number: int) -> npt.NDArray[np.float64]:
    """The rate of all campaigns of each of `number` months, given in which of them each campaign lies."""
    part, whole = (sent[one].to_numpy(dtype=np.float64) for one in PARTS[name])
    known = ~np.isnan(part) & ~np.isnan(whole)
    above, below = (
        np.bincount(places[known], one[known], number).astype(np.float64) for one in (part, whole)
    )
    return quotient(above, below)


def _trend_alt(table: pd.DataFrame) -> str:
    first, last = table.iloc[0], table.iloc[-1]
    rates = {
        f"{name}_{place}": numbers.show(name, row[name], language())
        for name in TRENDS
        for place, row in (("first", first), ("last", last))
    }
    return t("overview.trend_alt", count=len(table), **rates)


def _order(frame: pd.DataFrame) -> list[str]:
    """The columns from left to right; on a phone the rates stand where the screen ends."""
    first = FIRST_ON_A_PHONE if session.on_a_phone() else ()
    there = [name for name in COLUMNS if name != "mark" or frame["sample"].any()]
    return [*first, *(name for name in there if name not in first)]


def _shown(frame: pd.DataFrame) -> pd.DataFrame:
    menu = [t(f"overview.{name}") for name in ACTIONS]
    marks = pd.Series(
        [[t("sample.badge")] if sample else [] for sample in frame["sample"]], index=frame.index
    )
    return frame.assign(
        mark=marks,
        actions=pd.Series([menu] * len(frame), index=frame.index, dtype=object),
        day=_days(frame),
        **{name: frame[name].astype("category") for name in REPEATED},
        **{name: numbers.for_table(frame[name]) for name in RATES},
    )[list(COLUMNS)]


def _days(frame: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    """The date of the sending, in the zone of each campaign."""
    days = np.full(len(frame), "NaT", dtype="datetime64[ns]")
    for zone, rows in frame.groupby("zone").indices.items():
        local = frame["sent_at"].iloc[rows].dt.tz_convert(ZoneInfo(str(zone)))
        days[rows] = local.dt.tz_localize(None).to_numpy()
    return pd.Series(days, index=frame.index)


def _columns() -> dict[str, Any]:
    column = st.column_config
    titles = 122 if session.on_a_phone() else 222
    return {
        "actions": column.ButtonColumn(
            t("overview.actions"), type="tertiary", key="menu", pinned=True, width=56
        ),
        "day": column.DateColumn(t("overview.sent"), format="localized", width=108),
        "title": column.TextColumn(t("overview.title_column"), width=titles),
        "mark": column.MultiselectColumn("", options=[t("sample.badge")], color="orange", width=94),
        "subject": column.TextColumn(t("overview.subject"), width=212),
        "audience": column.TextColumn(t("overview.audience"), width=132),
        "sender": column.TextColumn(t("overview.sender"), width=100),
        **{name: _number(name, format="localized") for name in COUNTS},
        **{name: _number(name, format="percent", step=numbers.STEP) for name in RATES},
    }


def _number(metric: str, **form: Any) -> Any:
    """A column of figures, as wide as its heading needs."""
    heading = t(f"metric.{metric}")
    return st.column_config.NumberColumn(heading, width=max(84, 7 * len(heading) + 24), **form)
