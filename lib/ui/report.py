"""The report of one campaign, drawn alike for the analyst and for a viewer, within the scope of each."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

import pandas as pd
import streamlit as st

from lib.model import Form, Scope
from lib.paper import numbers
from lib.reports import FEWEST, CampaignView, Report, Section, UnknownCampaign
from lib.reports.export import claim_label
from lib.ui import cache
from lib.ui.i18n import language, plain, t
from lib.ui.sections import DRAWN

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
# On a phone Streamlit would cut the words of a card short. The empty span keeps it from putting a mere style
# where dialogs stand.
WHOLE_WORDS = (
    "<span></span><style>@media (max-width: 640px) {"
    ".st-key-section-figures [data-testid=stMetric] :is(p, label, div)"
    "{ white-space: normal; overflow-wrap: anywhere; }}</style>"
)
FORM = "opens"  # in the address: all or people


def draw(scope: Scope, campaign: str) -> bool:
    """Draw the report; False when there is none of this id within `scope`, which is said."""
    try:
        known = cache.report(scope, campaign)
    except UnknownCampaign:
        st.info(t("report.unknown"), icon=":material/search_off:")
        return False
    _header(known.campaign)
    form = _form(known)
    found = known if form is Form.ALL else cache.report(scope, campaign, form)
    _figures(found, scope)
    _differences(found)
    for name in DRAWN:
        if name in found.sections:
            _section(found, found.sections[name], scope)
    _claims(found)
    return True


def section_key(name: str) -> str:
    """Of a section's container, by which the page of a viewer knows it again (lib/ui/attention.js)."""
    return f"section-{name}"


def export_address(campaign: str, **more: str) -> str:
    """The guarded route of this report as a file in the form that is on the screen, with `more` behind it."""
    form = Form(st.session_state.get(FORM) or Form.ALL)  # nothing is kept there while no choice is offered
    return f"/export/campaign/{quote(campaign, safe='')}.csv?{urlencode({FORM: form.value, **more})}"


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


def _form(report: Report) -> Form:
    """All opens and clicks, or people's only; offered where events tell them apart."""
    if not report.campaign.has_events:
        return Form.ALL
    asked = Form.PEOPLE if st.query_params.get(FORM) == Form.PEOPLE else Form.ALL
    chosen = st.segmented_control(
        t("report.count"),
        list(Form),
        format_func=lambda form: t(f"report.{form}"),
        default=asked,
        required=True,
        key=FORM,
        help=t("report.people_rule"),
    )
    if chosen is not None and chosen != asked:
        st.query_params[FORM] = chosen.value
    return chosen or asked


def _figures(report: Report, scope: Scope) -> None:
    names = [(name, below) for name, below in HEADLINES if _is_shown(report, scope, name)]
    with st.container(gap=None):
        st.html(WHOLE_WORDS)
        _cards(report, names)


def _cards(report: Report, names: Sequence[tuple[str, str | None]]) -> None:
    with st.grid(4, min_column_width=150, gap="small", key=section_key("figures")):
        for name, below in names:
            st.metric(
                t(f"metric.{name}"),
                _text(report, name),
                delta_description=_below(report, below),
                border=True,
                height="stretch",
                help=t(f"definition.{name}"),
            )


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
            shown,
        )
        for name, figure in report.figures.items()
        if not numbers.is_unknown(figure.computed) and not numbers.is_unknown(figure.reported)
        for shown in [numbers.show(name, figure.computed, language(), currency)]
        if shown != numbers.show(name, figure.reported, language(), currency)
    ]
    if rows:
        columns = [t("report.figure"), t("report.reported"), t("report.computed")]
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


def _section(report: Report, section: Section, scope: Scope) -> None:
    """One section with its heading; one without data says in words what would fill it."""
    with st.container(border=True, key=section_key(section.name)):
        st.subheader(t(f"report.section.{section.name}"), anchor=False)
        if section.table is None:
            st.caption(f":material/upload_file: {t(section.missing)}")
        elif section.table.empty:
            st.caption(t("report.nothing"))
        else:
            DRAWN[section.name](report, section, scope)
            if section.note:
                st.caption(t(section.note, number=FEWEST))
