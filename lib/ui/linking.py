"""A Google account: how to set it up, linking it in a window of its own, and taking the link away."""

from functools import cache
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib import contacts, wiring
from lib.contacts import CONTACTS, OTHERS, Link
from lib.contacts.google import Google
from lib.paper import numbers
from lib.ui import session
from lib.ui.guarded import analyst_callback
from lib.ui.i18n import language, t

STEPS = ("project", "api", "consent", "audience", "client", "redirect", "settings")
OUTCOMES = ("denied", "nothing", "stale", "blocked", "failed")
CONSOLE = "https://console.cloud.google.com"
CONNECTIONS = "https://myaccount.google.com/connections"
BUTTON = """
<button type="button"></button>
"""
STYLE = """
button {
  font: inherit; font-family: var(--st-font); font-size: 1rem; min-height: 2.5rem; padding: .25rem .9rem;
  cursor: pointer; color: white; background: var(--st-primary-color); border: 1px solid transparent;
  border-radius: var(--st-button-radius);
}
button:hover { filter: brightness(.92); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""
# The window is opened in the click itself, else browsers block it. It has no way back into this page but one
# word on the channel, which our last page says.
SCRIPT = """
const channels = new WeakMap();
export default function ({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  button.onclick = () => {
    channels.get(button)?.close();
    const channel = new BroadcastChannel("vitrine-google");
    channels.set(button, channel);
    channel.onmessage = (event) => {
      channel.close();
      setTriggerValue("outcome", String(event.data));
    };
    const opened = window.open(data.address, "vitrine-google", "popup,width=520,height=700");
    if (opened) opened.opener = null;
    else setTriggerValue("outcome", "blocked");
  };
}
"""


def explain() -> None:
    """What an operator has to do until Google contacts can be used, step by step."""
    st.markdown(t("google.setup"))
    uri = contacts.redirect_uri(session.app().settings)
    for number, step in enumerate(STEPS, start=1):
        st.markdown(f"{number}\\. {t(f'google.step.{step}', console=CONSOLE)}")
        if step == "redirect":
            st.code(uri, language=None)
        if step == "settings":
            st.code("VITRINE_GOOGLE_CLIENT_ID=\nVITRINE_GOOGLE_CLIENT_SECRET=", language=None)
    st.caption(t("google.setup_more"))


def offer(key: str) -> None:
    """The button that links an account, and what came of the last try."""
    st.markdown(t("google.offer"))
    result = _button()(
        key=f"link-{key}",
        data={"label": t("google.link"), "address": "/google/start"},
        on_outcome_change=_nothing,
    )
    if result.outcome:
        word = result.outcome if result.outcome in OUTCOMES else "failed"
        st.warning(t(f"google.outcome.{word}"), icon=":material/warning:")


def status(google: Google | None, link: Link, key: str) -> DeltaGenerator:
    """Since when the account is linked and what it opens; taking the link away, which is asked once more.

    Returns the row of small buttons, for others.
    """
    opens = [name for scope, name in ((CONTACTS, "contacts"), (OTHERS, "others")) if scope in link.scopes]
    moment = numbers.moment(link.linked_at, language(), st.context.timezone or "UTC")
    st.caption(" ".join((t("google.linked", moment=moment), *(t(f"google.opens_{name}") for name in opens))))
    row = st.container(horizontal=True)
    if st.session_state.get(_asked(key)):
        _confirm(google, key)
    else:
        row.button(
            t("google.unlink"), type="tertiary", icon=":material/link_off:", key=f"unlink-{key}",
            on_click=_ask, args=(key, True),
        )  # fmt: skip
    return row


def _confirm(google: Google | None, key: str) -> None:
    st.warning(t("google.unlink_what"), icon=":material/link_off:")
    with st.container(horizontal=True):
        st.button(t("google.keep"), key=f"keep-{key}", on_click=_ask, args=(key, False))
        st.button(
            t("google.unlink_now"), type="primary", key=f"unlink-now-{key}",
            on_click=_unlink, args=(google, key),
        )  # fmt: skip


def came_of_it(key: str) -> None:
    """What Google said when the link was taken away, until the next time that this is opened."""
    revoked = st.session_state.get(f"unlinked-{key}")
    if revoked is True:
        st.success(t("google.unlinked"), icon=":material/check:")
    elif revoked is False:
        st.warning(t("google.unlinked_here", address=CONNECTIONS), icon=":material/warning:")


def start(key: str) -> None:
    """Forget what was asked and said before."""
    for name in (_asked(key), f"unlinked-{key}"):
        st.session_state.pop(name, None)


def _asked(key: str) -> str:
    return f"unlinking-{key}"


@analyst_callback
def _ask(key: str, asked: bool) -> None:
    st.session_state[_asked(key)] = asked


@analyst_callback
def _unlink(google: Google | None, key: str) -> None:
    parts, analyst = session.app(), session.analyst()
    start(key)
    st.session_state[f"unlinked-{key}"] = contacts.unlink(
        parts.records, parts.vault, google, analyst.id, wiring.now(), by=session.actor()
    )


@cache
def _button() -> Any:
    return st.components.v2.component("google_link", html=BUTTON, css=STYLE, js=SCRIPT)


def _nothing() -> None:
    return None
