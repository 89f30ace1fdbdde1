"""The first visit: nobody is here yet, so the first visitor becomes the first admin."""

import streamlit as st

from lib import wiring
from lib.model import Actor
from lib.shares import analysts, sessions, throttle
from lib.shares.refusal import ShareRefused
from lib.ui import exchange, session
from lib.ui.i18n import language, t
from lib.ui.signin import choose_language, narrow
from lib.ui.strength import password_field


def page() -> None:
    """Name, address and password of the first admin; then signed in at once."""
    with narrow():
        st.title(t("setup.title", brand=session.app().settings.brand), anchor=False)
        st.write(t("setup.welcome"))
        with st.container(border=True):
            _form()
        choose_language()


def _form() -> None:
    name = st.text_input(t("setup.name"), key="setup-name", autocomplete="name").strip()
    address = st.text_input(t("setup.address"), key="setup-address", type="email", placeholder="").strip()
    password = password_field(t("setup.password"), "setup-password", context=(name, address))
    # A form, because the Tab key leads from a lone password field to its eye without handing over the text.
    with st.form("setup", border=False):
        repeated = st.text_input(
            t("setup.repeated"), key="setup-repeated", type="password", autocomplete="new-password"
        )
        if not st.form_submit_button(t("setup.button"), type="primary", width="stretch"):
            return
    try:
        exchange.sign_in(_begin(name, address, password, repeated))
    except ShareRefused as refused:
        st.error(t(refused.reason, **refused.holes))


def _begin(name: str, address: str, password: str, repeated: str) -> str:
    """Make the first admin; returns a ticket. Raises ShareRefused, also when somebody was faster."""
    if not name:
        raise ShareRefused("name", "setup.no_name")
    if password != repeated:
        raise ShareRefused("repeated", "setup.not_repeated")
    parts, now = session.app(), wiring.now()
    by = Actor("analyst", address, throttle.network(session.network()))
    minimum = parts.settings.password_minimum
    analyst = analysts.add_first(parts.records, name, address, password, now, minimum, by=by)
    analysts.set_language(parts.records, analyst, language())
    return sessions.ticket(parts.records, analyst, now)
