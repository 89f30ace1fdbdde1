"""The report of one campaign, drawn alike for the analyst and for a viewer, within the scope of each."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import BoundedSemaphore

import pandas as pd
import streamlit as st

from lib.model import Form, Scope
from lib.paper import numbers
from lib.paper.passport import difference, differs, passport
from lib.reports import FEWEST, CampaignView, Report, Section, UnknownCampaign
from lib.reports.export import claim_label
from lib.ui import cache, counting, downloads, kept, passports, printing, session, story
from lib.ui.counting import USUAL, Opening
from lib.ui.i18n import language, plain, t
from lib.ui.sections import DRAWN, LIVE

HEADLINES = (  # the figure of a card, and the one in small letters below it
    ("recipients", None),
    ("deliveries", "delivery_share"),
    ("open_rate", "unique_opens"),
    ("click_rate", "unique_clicks"),
    ("click_to_open_rate", None),
    ("opens", None),
    ("clicks", None),
    ("bounce_rate", "bounces"),
    ("unsubscribe_rate", "unsubscribes"),
    ("complaint_rate", "complaints"),
    ("orders", None),
    ("revenue", None),
)
SHOWN_WHEN_KNOWN = ("orders", "revenue")
FEWEST_JUMPS = 4  # sections, from which on the way to each of them stands at the top
# On a phone Streamlit would cut the words of a card short. The button of a passport stands in the card's
# corner as a mere sign; its words stay for those who do not see it. The empty span keeps the style from being
# put where dialogs stand.
STYLE = (
    "<span></span><style>"
    "@media (max-width: 640px) { .st-key-section-figures [data-testid=stMetric] :is(p, label, div)"
    "{ white-space: normal; overflow-wrap: anywhere; } }"
    "[class*=st-key-card-] { position: relative; }"
    "[class*=st-key-card-] [data-testid=stMetricLabel] { padding-right: 1.6rem; }"
    "[class*=st-key-passport-] { position: absolute; top: 0.5rem; right: 0.5rem; width: auto; }"
    "[class*=st-key-passport-] button [aria-hidden] > span > [data-testid=stIconMaterial] { display: none; }"
    "[class*=st-key-passport-] button [data-testid=stMarkdownContainer]"
    "{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }"
    "[class*=st-key-take-of-] button [data-testid=stMarkdownContainer]"
    "{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }"
    "</style>"
)


AT_ONCE = 4
"""Reports that are drawn at the same moment. All share one interpreter: a hundred at once take longer in all
than a hundred by fours, and the first of them waits for the last.
"""
turns = BoundedSemaphore(AT_ONCE)
CROWDED = 0.05
"""Seconds of waiting for a turn from which on many readers come at the same moment."""
FIRST_SCREEN = 2
"""Sections that stand on the screen while the others are still on their way: the first has figures, the
second the first chart.
"""
DRAWN_BEFORE = "drawn-before"  # in st.session_state: whether this browser has read Streamlit's scripts


def draw(scope: Scope, campaign: str, opening: Opening = USUAL, *, otherwise: str = "report.unknown") -> bool:
    """Draw the report; False when there is none of this id within `scope`, and `otherwise` is said.

    Who had to wait for a turn is asked for again: access may have ended meanwhile.
    """
    began = time.monotonic()
    with turns:
        waited = time.monotonic() - began
        if waited >= session.FRESH and not _may_still_read(scope):
            st.rerun()
        return _draw(scope, campaign, opening, otherwise, in_a_crowd=waited >= CROWDED)


def _may_still_read(scope: Scope) -> bool:
    """Whether the records still give the reader this scope; a preview's is not the analyst's own."""
    reader = session.find_reader()
    return reader is not None and (not reader.is_viewer or reader.scope == scope)


def _draw(scope: Scope, campaign: str, opening: Opening, otherwise: str, *, in_a_crowd: bool) -> bool:
    try:
        known = cache.report(scope, campaign)
    except UnknownCampaign:
        missing(otherwise)
        return False
    kept.draw(known.mark, "header", lambda: _header(known.campaign))
    form = _form(known, opening)
    found = known if form is Form.ALL else cache.report(scope, campaign, form)
    shown = _with_data(found)
    origins = cache.origins(campaign) if _is_analyst(scope) else None
    in_short = partial(_in_short, known, found, scope, origins, shown)
    kept.draw(found.mark, "in-short", in_short, known.mark, origins, printing.style())
    for number, section in enumerate(shown):
        if number == FIRST_SCREEN and not (in_a_crowd or st.session_state.get(DRAWN_BEFORE)):
            kept.pause()
        _section(found, section, scope, opening.addressed)
    kept.draw(found.mark, "rest", partial(_rest, found, scope))
    st.session_state[DRAWN_BEFORE] = True
    return True


def missing(said: str) -> None:
    """There is nothing to read here."""
    st.info(t(said), icon=":material/search_off:")


def is_known(scope: Scope, campaign: str) -> bool:
    """Whether there is a report of this id within `scope`."""
    try:
        cache.report(scope, campaign)
    except UnknownCampaign:
        return False
    return True


def section_key(name: str) -> str:
    """Of a section's container, by which the page of a viewer knows it again (lib/ui/attention.js)."""
    return f"section-{name}"


def _header(campaign: CampaignView) -> None:
    if campaign.sample:
        st.badge(t("sample.badge"), icon=":material/science:", color="orange")
    st.title(plain(campaign.title or campaign.subject or campaign.native_id), anchor=False)
    with st.grid("auto", min_column_width=215, gap=("xsmall", "small")):
        for name, text in _facts(campaign).items():
            if text:
                st.markdown(f":gray[:small[{t(f'report.{name}')}]]  \n{plain(text)}")


def _facts(campaign: CampaignView) -> dict[str, str]:
    sender = (
        f"{campaign.from_name or ''} <{campaign.from_email}>" if campaign.from_email else campaign.from_name
    )
    return {
        "subject": campaign.subject or "",
        "preview_text": campaign.preview_text or "",
        "from": (sender or "").strip(),
        "audience": campaign.audience or "",
        "sent": numbers.moment(campaign.sent_at, language(), campaign.zone),
    }


def _form(report: Report, opening: Opening) -> Form:
    """All opens and clicks, or people's only; offered where events tell them apart."""
    form = counting.switch(report.campaign.id, opening) if report.campaign.has_events else Form.ALL
    counting.show(form)
    return form


def _in_short(
    whole: Report,
    report: Report,
    scope: Scope,
    origins: tuple[str, ...] | None,
    shown: Sequence[Section],
) -> None:
    """All that stands above the sections `shown`; see `_cards`."""
    story.draw(report, scope)
    _figures(whole, report, scope, origins)
    _differences(report)
    _jumps(shown)


def _figures(whole: Report, report: Report, scope: Scope, origins: tuple[str, ...] | None) -> None:
    names = [(name, below) for name, below in HEADLINES if _is_shown(report, scope, name)]
    with st.container(gap=None):
        st.html(STYLE + printing.style())
        _cards(whole, report, names, origins)


def _cards(
    whole: Report,
    report: Report,
    names: Sequence[tuple[str, str | None]],
    origins: tuple[str, ...] | None,
) -> None:
    """`whole` is the report in the form ALL, from which the passports are made; `origins` are the files that
    the figures are from, None for a viewer, who is not told.
    """
    with st.grid(4, min_column_width=150, gap="small", key=section_key("figures")):
        for name, below in names:
            with st.container(border=True, height="stretch", gap=None, key=f"card-{name}"):
                st.metric(t(f"metric.{name}"), _text(report, name), delta_description=_below(report, below))
                passports.draw(passport(whole, report.form, name, language()), origins)


def _is_analyst(scope: Scope) -> bool:
    """Whether an analyst's page draws the report; the preview of a share draws it as for a viewer."""
    return scope == session.EVERYTHING


def _is_shown(report: Report, scope: Scope, name: str) -> bool:
    if name not in report.figures or (name in SHOWN_WHEN_KNOWN and not scope.revenue):
        return False
    return name not in SHOWN_WHEN_KNOWN or not numbers.is_unknown(report.figures[name].value)


def _text(report: Report, name: str) -> str:
    return numbers.show_figure(report.figures[name], language(), report.campaign.currency)


def _below(report: Report, name: str | None) -> str | None:
    if name == "delivery_share":
        recipients, deliveries = (report.figures[key].value for key in ("recipients", "deliveries"))
        return numbers.percent(deliveries / recipients, language()) if recipients and deliveries else None
    value = report.figures[name].value if name else None
    if value is None or numbers.is_unknown(value):
        return None
    return t(f"report.below.{name}", count=value, number=_text(report, str(name)))


def _differences(report: Report) -> None:
    """Where the sender claims one thing and the events show another, both are shown."""
    currency = report.campaign.currency
    rows = [
        (
            t(f"metric.{name}"),
            figure.claimed or numbers.show(name, figure.reported, language(), currency),
            numbers.show(name, figure.computed, language(), currency),
            difference(figure, language(), currency),
        )
        for name, figure in report.figures.items()
        if differs(figure, language(), currency)
    ]
    if rows:
        columns = [t(f"report.{name}") for name in ("figure", "reported", "computed", "difference")]
        with st.expander(t("report.differences", count=len(rows)), icon=":material/compare_arrows:"):
            st.caption(t("report.differences_why"))
            st.dataframe(
                pd.DataFrame(rows, columns=columns), hide_index=True, alt=t("report.differences_alt")
            )


def _claims(report: Report) -> None:
    """All that the sender claims, word for word: also what no metric of ours is."""
    rows = [(claim_label(name, language()), text) for name, text in report.claimed.items()]
    if rows:
        with st.expander(t("report.claims", count=len(rows)), icon=":material/format_list_numbered:"):
            st.caption(t("report.claims_why"))
            table = pd.DataFrame(rows, columns=[t("report.figure"), t("report.reported")])
            st.dataframe(table, hide_index=True, alt=t("report.claims_alt"))


def _with_data(report: Report) -> list[Section]:
    """The sections that have something to show, in the order of the report."""
    found = [report.sections[name] for name in DRAWN if name in report.sections]
    return [section for section in found if section.table is not None and not section.table.empty]


def _jumps(shown: Sequence[Section]) -> None:
    """The way to each section."""
    if len(shown) < FEWEST_JUMPS:
        return
    links = (f"[{t(f'report.section.{section.name}')}](#{section_key(section.name)})" for section in shown)
    st.markdown(f":small[:gray[{t('report.jump')}] {' · '.join(links)}]")


def _section(report: Report, section: Section, scope: Scope, live: bool) -> None:
    """One section with its heading; where it is not `live`, in a preview, nothing can be taken along."""
    heading, body = partial(_heading, report, section.name, live), partial(_body, report, section, scope)
    if section.name in LIVE:
        with kept.together(), st.container(border=True, key=section_key(section.name)):
            kept.draw(report.mark, f"heading-{section.name}", heading, live)
            body()
    else:
        kept.draw(report.mark, section.name, partial(_whole, section.name, heading, body), live)


def _whole(name: str, heading: Callable[[], None], body: Callable[[], None]) -> None:
    with st.container(border=True, key=section_key(name)):
        heading()
        body()


def _heading(report: Report, name: str, live: bool) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="top"):
        st.subheader(t(f"report.section.{name}"), anchor=section_key(name), width="content")
        downloads.menu(report, name, live)


def _body(report: Report, section: Section, scope: Scope) -> None:
    DRAWN[section.name](report, section, scope)
    if section.note:
        st.caption(t(section.note, number=FEWEST))


def _rest(report: Report, scope: Scope) -> None:
    """What stands below the sections."""
    _claims(report)
    _without_data(report, scope)


def _without_data(report: Report, scope: Scope) -> None:
    """In one list at the end, the sections with nothing to show and what would fill them."""
    found = [report.sections[name] for name in DRAWN if name in report.sections]
    empty = [section for section in found if section.rows.empty and not section.is_left_out]
    if not empty:
        return
    with st.expander(
        t("report.rest", count=len(empty)), icon=":material/upload_file:", expanded=_is_analyst(scope)
    ):
        st.markdown("\n".join(f"- {_what_would_fill(section)}" for section in empty))


def _what_would_fill(section: Section) -> str:
    sentence = t(section.missing) if section.table is None else t("report.nothing")
    return f"**{t(f'report.section.{section.name}')}** – {sentence}"
