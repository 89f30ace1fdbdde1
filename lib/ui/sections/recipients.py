"""The recipients on the screen: how many did what, and who they are, a page at a time.

What is chosen stands in the address, so that a list can be bookmarked.
"""

from dataclasses import replace
from functools import partial
from zlib import crc32

import pandas as pd
import streamlit as st

from lib.model import Scope
from lib.paper import numbers
from lib.paper.sections import TABLES
from lib.paper.sections.recipients import LIST, deed
from lib.reports import Report, Section, recipients
from lib.reports.recipients import LONGEST, SORTS, Asked, NoSuchList, Page
from lib.store.analytics import Analytics
from lib.ui import downloads, exchange, kept, session, tables
from lib.ui.guarded import reader_fragment
from lib.ui.i18n import language, plain, t

DEED, WHO, SORT, PAGE = "deed", "who", "sort", "page"
"""In the address."""
USUAL = Asked()
SEARCH_WIDTH, SORT_WIDTH = 320, 260  # pixels
DIGITS = 9  # of a page's number
REASONS = ("bounce_reasons", "unsubscribe_reasons")


def draw(report: Report, section: Section, scope: Scope) -> None:
    counts = dict(zip(section.rows["deed"], section.rows["recipients"], strict=True))
    listed = tuple(section.rows["deed"][section.rows["listed"]])
    if listed:
        _list(report, counts, listed, scope)
    else:
        st.caption(t("recipients.none_listed"))
        tables.draw(report, TABLES["recipients"], section.rows, "recipients.counts_alt")
    for name in REASONS:
        if name in section.more:
            _reasons(report, section, name)


def show(chosen: str, campaign: str) -> None:
    """Open the list of a deed from elsewhere on the page."""
    for name in (DEED, WHO, SORT):
        st.session_state.pop(_key(name, campaign), None)
    for name in (WHO, SORT, PAGE):
        st.query_params.pop(name, None)
    st.query_params[DEED] = chosen
    st.rerun()


def _is_live(scope: Scope) -> bool:
    """Whether this is the reader's own page. Within the scope of a share an analyst looks at a preview: that
    has no address of its own, and nothing of it is taken along.
    """
    return session.reader().is_viewer or scope == session.EVERYTHING


def _reasons(report: Report, section: Section, name: str) -> None:
    table = section.more[name]
    kept.draw(report.mark, name, partial(_said, report, name, table))


def _said(report: Report, name: str, table: pd.DataFrame) -> None:
    with st.expander(t(f"recipients.{name}", count=len(table)), icon=":material/chat_info:"):
        tables.draw(
            report, TABLES[f"recipients.{name}"], table, f"recipients.{name.removesuffix('_reasons')}s_alt"
        )


@reader_fragment
def _list(report: Report, counts: dict[str, int], listed: tuple[str, ...], scope: Scope) -> None:
    """The choice, the search, one page, and the way to the other pages."""
    reader = session.reader()
    within = reader.scope if reader.is_viewer else scope
    live = _is_live(scope)
    asked = _asked(report, counts, listed, _addressed() if live else USUAL)
    if asked.deed not in listed:
        st.caption(t("recipients.not_listed"))
        return
    try:
        page = _page(session.app().analytics, report.mark, within, report.campaign.id, asked)
    except NoSuchList:
        st.caption(t("recipients.gone"))
        return
    _rows(report, asked, page, within)
    _turn(report, asked, page)
    _take_along(report, asked, page, live)
    if live:
        _remember(asked, page.number)


def _asked(report: Report, counts: dict[str, int], listed: tuple[str, ...], first: Asked) -> Asked:
    """What the reader chose; at first what the address says."""
    campaign, names = report.campaign.id, list(counts)
    usual = first.deed if first.deed in names else next(iter(listed))
    chosen = st.pills(
        t("recipients.choose"),
        names,
        default=usual,
        required=True,
        format_func=lambda name: _counted(name, counts[name]),
        key=_key(DEED, campaign),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = st.text_input(
            t("recipients.search"),
            first.who,
            max_chars=LONGEST,
            icon=":material/search:",
            width=SEARCH_WIDTH,
            key=_key(WHO, campaign),
        )
        sort = st.selectbox(
            t("recipients.sort"),
            list(SORTS),
            index=list(SORTS).index(first.sort),
            format_func=lambda name: t(f"recipients.sorted.{name}"),
            width=SORT_WIDTH,
            key=_key(SORT, campaign),
        )
    asked = Asked(chosen or usual, (who or "").strip(), sort or first.sort, form=report.form)
    same = (asked.deed, asked.who, asked.sort) == (usual, first.who, first.sort)
    number = st.session_state.get(_turned(report, asked), first.page if same else 1)
    return replace(asked, page=int(number))


def _counted(name: str, number: int) -> str:
    return t("recipients.counted", deed=deed(name, language()), number=numbers.whole(number, language()))


def _rows(report: Report, asked: Asked, page: Page, within: Scope) -> None:
    if not page.total:
        nobody = t("recipients.no_match", who=plain(asked.who)) if asked.who else t("recipients.nobody")
        st.info(nobody, icon=":material/search_off:")
        return
    first = (page.number - 1) * recipients.A_PAGE + 1
    shown = "–".join(numbers.whole(one, language()) for one in (first, first + len(page.rows) - 1))
    st.caption(
        t(
            "recipients.shown",
            shown=shown,
            count=page.total,
            number=numbers.whole(page.total, language()),
        )
    )
    table = partial(tables.draw, report, TABLES[LIST], page.rows, "recipients.alt")
    kept.draw(report.mark, "recipients", table, asked, within)


@st.cache_resource(max_entries=256, show_spinner=False, hash_funcs={Scope: repr, Asked: repr})
def _page(_analytics: Analytics, mark: str, scope: Scope, campaign: str, asked: Asked) -> Page:  # noqa: ARG001 - hashed
    """Kept as long as the report that it belongs to: newer events make another report, with another mark."""
    return recipients.page(_analytics, scope, campaign, asked)


def _turn(report: Report, asked: Asked, page: Page) -> None:
    """The way to the other pages; of a list that became shorter, to those that are left."""
    if page.pages < 2:
        return
    key = _turned(report, asked)
    if st.session_state.get(key, page.number) > page.pages:
        st.session_state[key] = page.number
    st.pagination(page.pages, default=page.number, key=key)


def _take_along(report: Report, asked: Asked, page: Page, live: bool) -> None:
    pressed = st.button(
        t("recipients.export"),
        icon=":material/download:",
        type="tertiary",
        key=_key("export", report.campaign.id),
        disabled=not live or not page.total,
    )
    if pressed and live:
        more = {DEED: asked.deed, WHO: asked.who, SORT: asked.sort}
        exchange.fetch_file(downloads.address(report.campaign.id, f"/{LIST}.csv", report.form, **more))


# --- the address ----------------------------------------------------------------------------------


def _addressed() -> Asked:
    """What the address says, as far as it makes sense."""
    given = st.query_params
    sort, page = given.get(SORT, ""), given.get(PAGE, "")
    return Asked(
        given.get(DEED, USUAL.deed),
        given.get(WHO, "")[:LONGEST].strip(),
        sort if sort in SORTS else USUAL.sort,
        int(page) if page.isdecimal() and 0 < len(page) < DIGITS else 1,
    )


def _remember(asked: Asked, number: int) -> None:
    """Keep the address in step with what is on the screen; what is usual needs no word."""
    told = {DEED: asked.deed, WHO: asked.who, SORT: asked.sort, PAGE: str(number)}
    usual = {DEED: USUAL.deed, WHO: USUAL.who, SORT: USUAL.sort, PAGE: str(USUAL.page)}
    for name, value in told.items():
        if value == usual[name]:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != value:
            st.query_params[name] = value


def _key(name: str, campaign: str) -> str:
    return f"recipients-{name}-{campaign}"


def _turned(report: Report, asked: Asked) -> str:
    """Another list begins at its first page."""
    chosen = crc32(repr((asked.deed, asked.who, asked.sort, report.form)).encode())
    return _key(f"{PAGE}-{chosen}", report.campaign.id)
