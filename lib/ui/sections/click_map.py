"""The click map on the screen: the mail in a frame of its own, drawn by a guarded route, and its table."""

from functools import partial
from urllib.parse import quote, urlencode

import streamlit as st

from lib.model import Form, Scope
from lib.paper.sections import TABLES
from lib.reports import Report, Section
from lib.ui import kept, session, tables
from lib.ui.guarded import reader_fragment
from lib.ui.i18n import language, t

WIDTHS = {"desktop": 700, "phone": 375}
"""Pixels; mails turn from wide to narrow at 480 to 600."""
HEIGHT = 620
# A frame as wide as a computer's screen does not fit into a phone's: there its box is moved sideways.
SIDEWAYS = "<span></span><style>.st-key-click-map-frame { overflow-x: auto; } .st-key-click-map-frame iframe { min-width: %dpx; max-width: none; background: #fff; }</style>"  # noqa: E501


def draw(report: Report, section: Section, scope: Scope) -> None:
    st.caption(t("click_map.why"))
    _mail(report.campaign.id, report.form, people=scope.people)
    kept.draw(report.mark, "click-map-table", partial(_table, report, section))


def _table(report: Report, section: Section) -> None:
    with st.expander(t("click_map.table"), icon=":material/table:"):
        tables.draw(report, TABLES["click_map"], section.rows, "click_map.table_alt")


@reader_fragment
def _mail(campaign: str, form: Form, *, people: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        width = st.segmented_control(
            t("click_map.width"),
            list(WIDTHS),
            format_func=lambda name: t(f"click_map.{name}"),
            default="phone" if session.on_a_phone() else "desktop",
            required=True,
            key="click-map-width",
        )
        pictures = st.toggle(t("click_map.pictures"), key=f"click-map-pictures-{campaign}")
    st.caption(t("click_map.pictures_help"))
    pixels = WIDTHS[width or "desktop"]
    with st.container(key="click-map-frame"):
        st.html(SIDEWAYS % pixels)
        place = address(campaign, form, people=people, pictures=pictures)
        st.iframe(place, width=pixels, height=HEIGHT, alt=t("click_map.frame_alt"))


def address(campaign: str, form: Form, *, people: bool, pictures: bool) -> str:
    """The guarded route of the mail for the reader of this page, no more told than on this page."""
    asked = {"opens": form.value, "images": int(pictures), "lang": language()}
    asked |= {} if people else {"people": 0}
    asked |= {"as": "viewer"} if session.reader().is_viewer else {}
    return f"/mail/campaign/{quote(campaign, safe='')}.html?{urlencode(asked)}"
