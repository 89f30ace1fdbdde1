"""The account's entries in the navigation: the language, and signing out."""

import streamlit as st
from streamlit.navigation.page import Page

from lib.shares import analysts
from lib.shares.analysts import Analyst
from lib.ui import exchange, places, session
from lib.ui.i18n import LANGUAGE_NAMES, plain, t

LAST = "last"  # where the analyst was, in st.session_state: (place, query)


def pages(analyst: Analyst) -> dict[str, list[Page]]:
    """The section of the navigation that carries the analyst's name."""
    entries = [_language_page(language) for language in LANGUAGE_NAMES]
    leave = st.Page(_sign_out, title=t("account.sign_out"), url_path="sign-out", icon=":material/logout:")
    return {plain(analyst.name): [*entries, leave]}


def remember(place: str) -> None:
    """Keep where the analyst is, to come back there after a change of language."""
    if place in places.PLACES or not place:
        st.session_state[LAST] = (place or places.START, st.query_params.to_dict())


def _language_page(language: str) -> Page:
    def speak() -> None:
        analysts.set_language(session.app().records, session.analyst().id, language)
        places.go(*st.session_state.get(LAST, (places.START, {})))

    return st.Page(
        speak, title=LANGUAGE_NAMES[language], url_path=f"language-{language}", icon=":material/translate:"
    )


def _sign_out() -> None:
    """At once for who was on a page before; who was led here, perhaps by another site, is asked."""
    session.require_analyst()
    if LAST not in st.session_state and not st.button(t("account.sign_out"), key="sign-out"):
        return
    st.caption(t("account.leaving"))
    exchange.sign_out()
