"""What one viewer will get, drawn for the analyst by the very functions that draw the viewer's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from lib.model import Form, Scope
from lib.shares.shares import ShareLine
from lib.ui import closing, i18n
from lib.ui.counting import Opening
from lib.ui.guarded import analyst_dialog
from lib.ui.i18n import plain, t


@dataclass(frozen=True)
class Page:
    """All that the page of a viewer is made of. `name`: the analyst's, beside the message."""

    scope: Scope
    form: Form
    language: str
    expires_on: date | None
    zone: str
    message: str = ""
    name: str = ""


def of_share(share: ShareLine, addresses: Sequence[str]) -> None:
    """The page of a share, for one of these addresses."""
    shown = share.campaigns, share.sections, share.people, share.revenue
    scope = Scope(*shown, raw_links=False, history=share.history)
    page = Page(scope, share.form, share.language, share.expires_on, share.zone, share.message, share.analyst)
    of_draft(page, addresses)


@analyst_dialog("preview.title", width="large")
def of_draft(page: Page, addresses: Sequence[str]) -> None:
    """The page for one of these addresses. It counts as no visit: nobody unlocks anything here."""
    address = addresses[0] if addresses else ""
    if len(addresses) > 1:
        address = st.selectbox(t("preview.viewer"), addresses, key="preview-viewer") or address
    _band(address)
    _draw(page)


def _band(address: str) -> None:
    sentence = t("preview.band", address=plain(address)) if address else t("preview.band_nobody")
    st.info(sentence, icon=":material/visibility:")


def _draw(page: Page) -> None:
    """As pages/shared.py draws it, in the viewer's language; the buttons do nothing here."""
    with i18n.speaking(page.language), st.container(border=True, key="preview-page"):
        closing.top(page.expires_on, page.zone, lambda: closing.way_out(None, key="preview-leave"))
        closing.quote(page.message, page.name)
        opening = Opening(page.form, addressed=False)
        campaign = closing.choose(page.scope)
        if closing.read(page.scope, campaign, opening):
            closing.footer(campaign or "", live=False)
