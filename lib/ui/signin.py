"""The sign-in page, shown to a stranger at every address.

streamlit-authenticator draws the form and checks the bcrypt hash. Its own cookie is switched off, and what it
leaves in the session opens nothing: a right password makes a one-time ticket, which the browser trades for
the HttpOnly cookie of a session in the records (S7). Tries are counted there, per name and per network.
"""

import secrets
import unicodedata
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit_authenticator import Authenticate

from lib import wiring
from lib.shares import analysts, sessions
from lib.shares.analysts import Analyst
from lib.shares.throttle import TooMany
from lib.ui import exchange, session
from lib.ui.i18n import LANGUAGE_NAMES, WISH, language, t

OWN_STATE = ("authentication_status", "username", "name", "email", "roles", "logout")
Login = Callable[..., bool | None]


def page() -> None:
    """Sign in; afterwards the address that was asked for shows its page."""
    _draw(hint=False)


def page_for_viewers() -> None:
    """The same at the address of shared reports, with a word for those who received one."""
    _draw(hint=True)


def _draw(hint: bool) -> None:
    with narrow():
        st.title(session.app().settings.brand, anchor=False)
        if hint:
            st.info(t("signin.received"), icon=":material/mail:")
        _form()
        choose_language()


def narrow() -> Any:
    """The middle of the page, as wide as a form reads well."""
    return st.container(horizontal_alignment="center").container(width=420)


def choose_language() -> None:
    """The two languages; the choice holds for this visit."""
    st.segmented_control(
        t("account.language"),
        list(LANGUAGE_NAMES),
        format_func=LANGUAGE_NAMES.__getitem__,
        default=language(),
        key=WISH,
        label_visibility="collapsed",
    )


def _form() -> None:
    _forget_own_state()
    records = session.app().records
    slot = st.empty()
    with slot:  # where the library mounts a cookie reader that is never used
        form = Authenticate(
            analysts.credentials(records),
            secrets.token_urlsafe(16),  # a name that no cookie has: the library stumbles over a strange one
            secrets.token_urlsafe(32),
            0,
            auto_hash=False,
            login_sleep_time=0,
        )
    slot.empty()
    door = Door(form.authentication_controller.login)
    form.authentication_controller.login = door.login
    form.login(fields=_fields())
    if door.ticket:
        exchange.sign_in(door.ticket)
    elif door.answer:
        st.error(door.answer, icon=":material/lock:")


def _forget_own_state() -> None:
    for key in OWN_STATE:
        st.session_state[key] = None


def _fields() -> dict[str, str]:
    return {
        "Form name": t("signin.title"),
        "Username": t("signin.address"),
        "Password": t("signin.password"),
        "Login": t("signin.button"),
    }


class Door:
    """The library's check of name and password, with the counting of tries around it."""

    def __init__(self, check: Login) -> None:
        self._check = check
        self.ticket = ""
        self.answer = ""

    def login(
        self, username: str | None = None, password: str | None = None, *_rest: Any, **named: Any
    ) -> bool:
        """What the form calls. A token, the library's own cookie, never counts."""
        if not username or not password:
            self.answer = t("signin.wrong") if named.get("token") is None else ""
            return False
        records, network, now = session.app().records, session.network(), wiring.now()
        found = analysts.check(
            records, username, password, network, now,
            is_right=lambda typed, _hash: bool(self._check(username, unicodedata.normalize("NFC", typed))),
        )  # fmt: skip
        if isinstance(found, Analyst):
            self.ticket = sessions.ticket(records, found.id, now)
        elif isinstance(found, TooMany):
            self.answer = t("signin.wait", count=found.retry_after)
        else:
            self.answer = t("signin.wrong")
        return isinstance(found, Analyst)
