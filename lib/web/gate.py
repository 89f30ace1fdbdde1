"""The one gate of every route: who is this, and what may they see? The records are asked each time."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from lib import words
from lib.model import Actor, Scope
from lib.shares import cookies, sessions, throttle
from lib.shares.analysts import Analyst
from lib.shares.sessions import Admission
from lib.wiring import App, now

EVERYTHING = Scope()


@dataclass(frozen=True)
class Reader:
    """One who may read, within `scope`; `by` as the audit log names them, `viewer` for viewers only.

    `session` names the session among all of analysts and viewers.
    """

    scope: Scope
    language: str
    by: Actor
    viewer: Admission | None = None
    session: str = ""


def reader(parts: App, connection: HTTPConnection) -> Reader | None:
    """The analyst or the viewer behind a request, or None. `as=viewer` asks for the viewer only."""
    if connection.query_params.get("as") != "viewer" and (analyst := analyst_of(parts, connection)):
        by = Actor("analyst", analyst.address, network(connection))
        session = f"analyst-{analyst.session_id}"
        return Reader(EVERYTHING, analyst.language or language_of(connection), by, session=session)
    if admission := viewer_of(parts, connection):
        by = Actor("viewer", admission.address, network(connection))
        session = f"viewer-{admission.session_id}"
        return Reader(admission.scope, admission.language, by, admission, session)
    return None


def network(connection: HTTPConnection) -> str:
    """Of the visitor, whom the middleware put into the place of a proxy; no whole address."""
    return throttle.network(connection.client.host if connection.client else None)


def analyst_of(parts: App, connection: HTTPConnection) -> Analyst | None:
    cookie = connection.cookies.get(cookies.analyst(parts.settings.https))
    return sessions.find_analyst(parts.records, cookie, now()) if cookie else None


def viewer_of(parts: App, connection: HTTPConnection) -> Admission | None:
    cookie = connection.cookies.get(cookies.viewer(parts.settings.https))
    return sessions.find_viewer(parts.records, cookie, now()) if cookie else None


def language_of(connection: HTTPConnection) -> str:
    """As asked by `lang`, else what the browser prefers."""
    asked = connection.query_params.get("lang", "")
    return asked if asked in words.LANGUAGES else words.best(connection.headers.get("accept-language"))
