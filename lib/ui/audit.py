"""The audit log on the screen: filters, the entries day by day, the check of the chain, the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import streamlit as st
from babel.dates import format_date

from lib.paper import numbers
from lib.shares import analysts, audit
from lib.shares.audit import GROUPS, AuditLine, Filter
from lib.store import epoch
from lib.ui import exchange, places, session, spans
from lib.ui.i18n import language, plain, t
from lib.words import REGIONS

A_PAGE = 50
TURNED = "audit-turned"  # the filter, and the rows at which the pages before this one ended
EVERY = 0  # no share and no viewer has this number
LARGEST = 2**31 - 1
"""Of a number in the records."""

PERIODS = {"all": None, "today": 0, "week": 6, "month": 29, "chosen": None}
"""How many days before today a period begins."""

ICONS = {
    "visits": "visibility",
    "shares": "group",
    "viewers": "person",
    "mail": "mail",
    "analysts": "badge",
    "notes": "sticky_note_2",
    "workspace": "settings",
}
ICON_OF = {kind: ICONS[group] for group, kinds in GROUPS.items() for kind in kinds}


@dataclass(frozen=True)
class Asked:
    """What the filters say: the groups of kinds as they were chosen, and the filter they make."""

    groups: tuple[str, ...]
    filter: Filter


def filters() -> Asked:
    """What somebody looks for; a share or a viewer may stand in the address."""
    titles = audit.titles_of_shares(session.app().records)
    with st.grid(3, min_column_width=220, gap="small"):
        groups = st.multiselect(
            t("audit.kinds"),
            list(GROUPS),
            format_func=lambda group: t(f"audit.group.{group}"),
            placeholder=t("audit.kinds_hint"),
            key="audit-kinds",
        )
        actor = _actor()
        share = _share(titles)
        since, until = _period()
        text = st.text_input(
            t("audit.search"), placeholder=t("audit.search_hint"), type="search", live=True, key="audit-text"
        )
    kinds = tuple(kind for group in groups for kind in GROUPS[group])
    wanted = Filter(kinds, actor, share, _number("viewer"), since, until, (text or "").strip())
    return Asked(tuple(groups), wanted)


def entries(asked: Asked) -> None:
    """The entries, the newest first, day by day, a page at a time."""
    records = session.app().records
    ends = _ends(asked.filter)
    found = audit.lines(records, asked.filter, A_PAGE + 1, ends[-1] if ends else None)
    shown = found[:A_PAGE]
    _only_of_one(asked.filter, shown)
    if not shown:
        st.info(t("audit.no_match" if asked.filter != Filter() else "audit.none"), icon=":material/history:")
        return
    total = audit.count(records, asked.filter)
    first = len(ends) * A_PAGE + 1
    zone = spans.zone()
    st.caption(
        t("audit.shown", shown=f"{first}–{first + len(shown) - 1}", count=total)
        + " · "
        + t("audit.zone", zone=plain(numbers.zone(zone, language())))
    )
    _table(shown, ZoneInfo(zone))
    _turn(ends, older=shown[-1].id if len(found) > A_PAGE else None)


def tools(asked: Asked) -> None:
    """The file with what the filters show, and the check of the whole chain."""
    with st.container(horizontal=True):
        export = st.button(t("audit.export"), icon=":material/download:", key="audit-export")
        check = st.button(t("audit.check"), icon=":material/link:", key="audit-check")
    if export:
        exchange.fetch_file(export_address(asked, spans.zone()))
    if check:
        parts = session.app()
        with st.spinner(t("audit.checking")):
            found = epoch.verify(parts.records, parts.epoch)
        said = plain(audit.verdict_said(found, language(), spans.zone()))
        if found.reason:
            st.error(said, icon=":material/link_off:")
        else:
            st.success(said, icon=":material/link:")


def export_address(asked: Asked, zone: str) -> str:
    """The guarded route with the same filters; times are written in `zone`."""
    wanted = asked.filter
    query = {
        "zone": zone,
        "groups": ",".join(asked.groups),
        "actor": wanted.actor,
        "share": wanted.share_id,
        "viewer": wanted.viewer_id,
        "since": wanted.since and wanted.since.isoformat(),
        "until": wanted.until and wanted.until.isoformat(),
        "text": wanted.text,
    }
    return "/export/audit.csv?" + urlencode({name: value for name, value in query.items() if value})


# --- the filters ---------------------------------------------------------------------------------------


def _actor() -> str:
    people = [one.address for one in analysts.list_all(session.app().records)]
    chosen = st.selectbox(
        t("audit.who_label"),
        ["", *people, *audit.ACTORS],
        format_func=_named,
        key="audit-actor",
    )
    return str(chosen or "")


def _named(actor: str) -> str:
    if not actor:
        return t("audit.anybody")
    return t(f"audit.actor.{actor}") if actor in audit.ACTORS else actor


def _share(titles: dict[int, tuple[str, ...]]) -> int | None:
    asked = _number("share") or EVERY
    known = list(dict.fromkeys((EVERY, *titles, asked)))

    def named(share: int) -> str:
        if share == EVERY:
            return t("audit.every_share")
        shown = " · ".join(titles.get(share, ())) or t("audit.gone", number=share)
        return t("audit.share_named", number=share, titles=shown)

    chosen = st.selectbox(
        t("audit.share_label"), known, index=known.index(asked), format_func=named, key="audit-share"
    )
    if chosen != asked:
        _remember("share", chosen)
    return chosen or None


def _period() -> tuple[datetime | None, datetime | None]:
    """From the beginning of a day of the reader to the end of another; None is no bound."""
    with st.container(gap="small"):
        period = st.selectbox(
            t("audit.period"),
            list(PERIODS),
            format_func=lambda name: t(f"audit.periods.{name}"),
            key="audit-period",
        )
        if period == "chosen":
            return _chosen_days()
    days = PERIODS[period or "all"]
    return (None, None) if days is None else (_midnight(spans.today() - timedelta(days=days)), None)


def _chosen_days() -> tuple[datetime | None, datetime | None]:
    today = spans.today()
    days = st.date_input(
        t("audit.span"), value=(today - timedelta(days=6), today), format="DD/MM/YYYY", key="audit-days"
    )
    chosen = list(days) if isinstance(days, tuple) else [days]
    if not chosen or chosen[0] is None:
        return None, None
    return _midnight(chosen[0]), _midnight(chosen[-1] + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(spans.zone()))


def _number(name: str) -> int | None:
    """A number of the records that the address names."""
    text = st.query_params.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 12 and int(text) <= LARGEST else None


def _remember(name: str, number: int) -> None:
    """Keep the address in step with the filter, so that it can be sent to a colleague."""
    if number == EVERY:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = str(number)


# --- the entries ---------------------------------------------------------------------------------------


def _only_of_one(wanted: Filter, shown: Sequence[AuditLine]) -> None:
    """Where one viewer or one share was asked for: say so, and the ways on."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if wanted.viewer_id is not None:
            address = shown[0].viewer if shown else ""
            st.markdown(t("audit.only_viewer", viewer=plain(address) if address else t("audit.a_viewer")))
            if st.button(t("audit.everything"), type="tertiary", icon=":material/close:", key="audit-all"):
                _remember("viewer", EVERY)
                st.rerun()
        share = wanted.share_id if wanted.share_id is not None else _only_share(wanted, shown)
        if share is not None:
            places.link("shares", t("audit.to_share"), {"share": str(share)}, icon=":material/group:")


def _only_share(wanted: Filter, shown: Sequence[AuditLine]) -> int | None:
    return shown[0].share_id if wanted.viewer_id is not None and shown else None


def _table(shown: Sequence[AuditLine], zone: ZoneInfo) -> None:
    """One table, so that its columns stand below each other; each day begins with a row of its own."""
    rows: list[tuple[str, str, str]] = []
    for day, some in groupby(shown, key=lambda line: line.at.astimezone(zone).date()):
        rows.append(("", f"**{format_date(day, 'full', locale=REGIONS[language()])}**", ""))
        rows += [(f"{line.at.astimezone(zone):%H:%M:%S}", _sentence(line), _details(line)) for line in some]
    columns = {t("audit.time"): [time for time, _, _ in rows]}
    if session.on_a_phone():
        columns[t("audit.happened")] = [" · ".join(filter(None, row[1:])) for row in rows]
    else:
        columns[t("audit.happened")] = [said for _, said, _ in rows]
        columns[t("audit.details")] = [more for _, _, more in rows]
    st.table(columns, border="horizontal", hide_index=True, hide_header=True, alt=t("audit.table_alt"))


def _sentence(line: AuditLine) -> str:
    return f":material/{ICON_OF.get(line.kind, 'info')}: {line.said(language(), plain)}"


def _details(line: AuditLine) -> str:
    more = " · ".join(line.details_said(language(), plain))
    return f":gray[{more}]" if more else ""


def _ends(wanted: Filter) -> list[int]:
    """The last rows of the pages before the one on the screen; another filter begins at its first page."""
    kept = st.session_state.get(TURNED)
    if kept is None or kept[0] != wanted:
        st.session_state[TURNED] = kept = (wanted, [])
    return list(kept[1])


def _turn(ends: list[int], older: int | None) -> None:
    """The buttons to the pages before and after."""
    if not ends and older is None:
        return
    with st.container(horizontal=True, horizontal_alignment="center"):
        ways = {
            "newest": ("first_page", [], bool(ends)),
            "newer": ("chevron_left", ends[:-1], bool(ends)),
            "older": ("chevron_right", [*ends, older], older is not None),
        }
        for name, (icon, there, open_) in ways.items():
            label = t(f"audit.{name}")
            if st.button(label, icon=f":material/{icon}:", key=f"audit-{name}", disabled=not open_):
                st.session_state[TURNED] = (st.session_state[TURNED][0], there)
                st.rerun()
