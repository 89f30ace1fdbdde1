"""A password field that shows, while one types, how strong the password is."""

import streamlit as st

from lib.shares import passwords
from lib.ui import session
from lib.ui.i18n import t

COLOURS = ("red", "red", "orange", "green", "green")  # names of the theme's colours


def password_field(label: str, key: str, *, value: str = "", context: tuple[str, ...] = ()) -> str:
    """Draw the field and its meter; returns what was typed. `label` is the text itself.

    `context` is what a password must not be built from (name, address, company).
    """
    text = (
        st.text_input(label, value, key=key, type="password", live="300ms", autocomplete="new-password") or ""
    )
    meter(text, context)
    return text


def meter(text: str, context: tuple[str, ...] = ()) -> None:
    """The strength of `text` as a bar with words, or why it is refused. Nothing for an empty text."""
    if not text:
        st.caption(t("strength.hint"))
        return
    minimum = session.app().settings.password_minimum
    refusal = passwords.check(text, context, minimum)
    score = passwords.strength(text, context)
    verdict = (
        t(refusal, minimum=minimum, maximum=passwords.MAXIMUM) if refusal else t(f"strength.score_{score}")
    )
    st.progress((score + 1) / 5, text=f":{COLOURS[0 if refusal else score]}[{verdict}]")
