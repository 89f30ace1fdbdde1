"""Who is looking. The guards ask the records on every run; what a browser remembers is never enough."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar, cast

import streamlit as st

from lib import wiring
from lib.model import Actor, Scope
from lib.shares import cookies as names
from lib.shares import sessions, throttle
from lib.shares.analysts import Analyst
from lib.shares.sessions import Admission
from lib.ui import i18n

EVERYTHING = Scope()
READ_AS = "read-as"  # in st.session_state: by which guard the page was opened, for the fragments of a report
AS_ANALYST, AS_VIEWER = "analyst", "viewer"
FRESH = 1.0
"""Seconds. Guard, fragments and header of one run ask within some milliseconds; a file may take a minute."""

Found = TypeVar("Found")
_found: ContextVar[dict[str, tuple[float, bool, object]] | None] = ContextVar("found", default=None)
"""By AS_...: when this run asked the records, whether as a visit, and what they said. None: each question
reaches the records.
"""


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


@contextmanager
def run() -> Iterator[None]:
    """A run of a page or of a fragment: what its guard is told holds for all that asks within it, for a
    second at most. Outside of runs, as in callbacks, each question reaches the records.
    """
    before = _found.set({})
    try:
        yield
    finally:
        _found.reset(before)


def find_analyst(touch: bool = True) -> Analyst | None:
    """The analyst who is signed in, by the records, now. `touch` False: a timer asks, nobody is there."""

    def ask(touch: bool) -> Analyst | None:
        parts = app()
        cookie = cookies().get(names.analyst(parts.settings.https))
        return sessions.find_analyst(parts.records, cookie, wiring.now(), touch) if cookie else None

    return _once(AS_ANALYST, ask, touch)


def find_viewer(touch: bool = True) -> Admission | None:
    """The viewer who was let in, by the records, now; None as soon as access has ended. `touch` as above."""

    def ask(touch: bool) -> Admission | None:
        parts = app()
        cookie = cookies().get(names.viewer(parts.settings.https))
        return sessions.find_viewer(parts.records, cookie, wiring.now(), touch) if cookie else None

    return _once(AS_VIEWER, ask, touch)


def _once(who: str, ask: Callable[[bool], Found], touch: bool) -> Found:
    """What this run was told already, if that was within the last second; else the records are asked. A run
    that a timer began is no visit to its end, however long it takes and whatever asks within it.
    """
    known = _found.get()
    if known is None:
        return ask(touch)
    at, visit, found = known.get(who, (-FRESH, touch, None))
    if time.monotonic() - at >= FRESH:
        at, found = time.monotonic(), ask(touch and visit)
        known[who] = at, visit, found
    return cast(Found, found)


def require_analyst() -> Scope:
    """The guard of an analyst's page, and its scope: the whole workspace. A stranger's page ends here."""
    found = find_analyst()
    if found is None:
        st.stop()
    i18n.speak(found.language)
    st.session_state[READ_AS] = AS_ANALYST
    return EVERYTHING


def require_viewer() -> Scope:
    """The guard of a viewer's page, and the scope of the share. A stranger's page ends here."""
    found = find_viewer()
    if found is None:
        st.stop()
    i18n.speak(found.language)
    st.session_state[READ_AS] = AS_VIEWER
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


@dataclass(frozen=True)
class Reader:
    """Who reads a report. `name` is their address, `session` names their session as lib/web/gate.py does,
    `viewer` is there for viewers only.
    """

    scope: Scope
    name: str
    session: str
    viewer: Admission | None = None

    @property
    def is_viewer(self) -> bool:
        return self.session.startswith(AS_VIEWER)


def find_reader(touch: bool = True) -> Reader | None:
    """Who reads the report of this page, by the records, now: an analyst on an analyst's page, on a viewer's
    page the viewer alone, with a fresh scope. They are spoken to in their language.
    """
    if st.session_state.get(READ_AS) == AS_VIEWER:
        admission = find_viewer(touch)
        if admission is None:
            return None
        i18n.speak(admission.language)
        session = f"{AS_VIEWER}-{admission.session_id}"
        return Reader(admission.scope, admission.address, session, admission)
    found = find_analyst(touch)
    if found is None:
        return None
    i18n.speak(found.language)
    return Reader(EVERYTHING, found.address, f"{AS_ANALYST}-{found.session_id}")


def reader() -> Reader:
    """Who reads the report of this page. Raises NobodyHere when a guard was left out."""
    found = find_reader()
    if found is None:
        raise NobodyHere("reader")
    return found


def on_a_phone() -> bool:
    """Whether the browser names itself a phone's; tables are drawn narrower then."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")
