"""Who is looking. The guards ask the records on every run; what a browser remembers is never enough."""

from collections.abc import Mapping

import streamlit as st

from lib import wiring
from lib.model import Actor, Scope
from lib.shares import cookies as names
from lib.shares import sessions, throttle
from lib.shares.analysts import Analyst
from lib.shares.sessions import Admission
from lib.ui import i18n

EVERYTHING = Scope()


class NobodyHere(Exception):
    """Asked who is signed in where nobody is; a guard was left out."""


def app() -> wiring.App:
    """The App of this process."""
    return wiring.app()


def cookies() -> Mapping[str, str]:
    """The cookies of the websocket's handshake: one set later is here after the page was loaded again."""
    return {name: value for name, value in st.context.cookies.to_dict().items() if isinstance(value, str)}


def network() -> str:
    """The address of the browser, as the server believes it; empty where it is not known."""
    return st.context.ip_address or ""


def find_analyst(touch: bool = True) -> Analyst | None:
    """The analyst who is signed in, by the records, now. `touch` False: a timer asks, nobody is there."""
    parts = app()
    cookie = cookies().get(names.analyst(parts.settings.https))
    return sessions.find_analyst(parts.records, cookie, wiring.now(), touch) if cookie else None


def find_viewer(touch: bool = True) -> Admission | None:
    """The viewer who was let in, by the records, now; None as soon as access has ended. `touch` as above."""
    parts = app()
    cookie = cookies().get(names.viewer(parts.settings.https))
    return sessions.find_viewer(parts.records, cookie, wiring.now(), touch) if cookie else None


def require_analyst() -> Scope:
    """The guard of an analyst's page, and its scope: the whole workspace. A stranger's page ends here."""
    found = find_analyst()
    if found is None:
        st.stop()
    i18n.speak(found.language)
    return EVERYTHING


def require_viewer() -> Scope:
    """The guard of a viewer's page, and the scope of the share. A stranger's page ends here."""
    found = find_viewer()
    if found is None:
        st.stop()
    i18n.speak(found.language)
    return found.scope


def analyst() -> Analyst:
    """The analyst who is signed in. Raises NobodyHere when a page forgot its guard."""
    found = find_analyst()
    if found is None:
        raise NobodyHere("analyst")
    return found


def actor() -> Actor:
    """The analyst who is signed in, as the audit log names those who do something."""
    return Actor("analyst", analyst().address, throttle.network(network()))


def viewer() -> Admission:
    """The viewer who was let in. Raises NobodyHere when a page forgot its guard."""
    found = find_viewer()
    if found is None:
        raise NobodyHere("viewer")
    return found


def on_a_phone() -> bool:
    """Whether the browser names itself a phone's; tables are drawn narrower then."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")
