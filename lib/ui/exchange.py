"""What only the browser can do: trade a ticket for the HttpOnly cookie, give it back, fetch a file, print."""

from typing import Any

import streamlit as st

from lib.ui.i18n import t

# One errand per number: Streamlit calls this again whenever the page is drawn anew.
ERRAND = """
const done = new Set();
export default function ({ data, setTriggerValue }) {
  if (!data || done.has(data.number)) return;
  done.add(data.number);
  if (data.print) { window.print(); return; }
  if (!data.method) { window.location.assign(data.then); return; }
  fetch(data.url, { method: data.method, body: data.body || undefined,
                    headers: { "X-Vitrine": "1" }, credentials: "same-origin" })
    .then((answer) => {
      if (!answer.ok) { setTriggerValue("failed", answer.status); return; }
      if (data.then) window.location.replace(data.then); else window.location.reload();
    })
    .catch(() => setTriggerValue("failed", 0));
}
"""

_errand = st.components.v2.component("vitrine_errand", html="<span></span>", js=ERRAND)


def sign_in(ticket: str) -> None:
    """Trade `ticket` for the session's cookie, then load the same address again."""
    _send("in", method="POST", url="/auth/session", body=ticket)


def sign_out() -> None:
    """End the session at the server, then show the sign-in page."""
    _send("out", method="DELETE", url="/auth/session", then="/")


def leave() -> None:
    """End a viewer's session at the server, then show the page that says so."""
    _send("leave", method="POST", url="/auth/leave", then="/left")


def fetch_file(address: str) -> None:
    """Let the browser save the file behind `address`, a guarded route; the page stays."""
    _send("file", then=address)


def print_page() -> None:
    """Open the browser's own dialog for printing this page."""
    _send("print", print=True)


def _send(key: str, **errand: Any) -> None:
    numbered = {"number": _number(), **errand}
    _errand(key=f"errand-{key}", data=numbered, height=1, on_failed_change=_say_failed)


def _number() -> int:
    st.session_state["errands"] = int(st.session_state.get("errands", 0)) + 1
    return int(st.session_state["errands"])


def _say_failed() -> None:
    st.toast(t("account.failed"), icon=":material/error:")
