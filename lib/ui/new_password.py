"""A password to be set: the field is filled with a generated one, which can be replaced."""

import streamlit as st

from lib.shares import passwords
from lib.ui import once, session, strength
from lib.ui.guarded import analyst_callback
from lib.ui.i18n import t


def field(label: str, *, key: str, context: tuple[str, ...] = ()) -> str:
    """Draw the field with its meter and the button for another generated one; returns what stands in it."""
    drafts = once.open_drawer().drafts
    number = int(st.session_state.get(f"number-{key}", 0))  # a field with another key takes the new text
    generated = drafts.setdefault(f"{key}-{number}", passwords.generate())
    text = strength.password_field(label, f"password-{key}-{number}", value=generated, context=context)
    st.button(
        t("password.generate"),
        icon=":material/autorenew:",
        key=f"generate-{key}",
        on_click=_another,
        args=(key, number),
    )
    return text


def refusal(text: str, context: tuple[str, ...] = ()) -> str:
    """Why `text` cannot be set, in words; empty when it can."""
    minimum = session.app().settings.password_minimum
    if not text:
        return t("password.none")
    refused = passwords.check(text, context, minimum)
    return t(refused, minimum=minimum, maximum=passwords.MAXIMUM) if refused else ""


@analyst_callback
def _another(key: str, number: int) -> None:
    st.session_state[f"number-{key}"] = number + 1
