"""Linking a Google account: to Google's page of consent, back, and a last page that tells the share page.

All of it happens in a window of its own, so that what is being typed on the share page stays. Only a
signed-in analyst gets anywhere; tokens never leave the server.
"""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from lib import contacts
from lib.contacts import GoogleRefused
from lib.contacts.google import CALLBACK, Google
from lib.model import Actor
from lib.shares.analysts import Analyst
from lib.web import client, gate, screens
from lib.web.door import Endpoint
from lib.wiring import App, now

LINKED, DENIED, NOTHING, STALE, FAILED = "linked", "denied", "nothing", "stale", "failed"
OUTCOMES = (LINKED, DENIED, NOTHING, STALE, FAILED)
"""The words that the share page hears; nothing else is said to it."""

OF_REFUSALS = {"nothing": NOTHING, "state": STALE}
LONGEST = 2048
"""Characters of a code or state; Google's codes have less than 256."""

SCRIPT = """\
const channel = new BroadcastChannel("vitrine-google");
channel.postMessage(document.querySelector("main").dataset.outcome);
setTimeout(() => window.close(), 300);
"""

Page = Callable[[App, Request, Analyst, Google], Response]


def routes(parts: App) -> list[Route]:
    return [
        Route("/google/start", _guarded(parts, _start), methods=["GET"]),
        Route(CALLBACK, _guarded(parts, _callback), methods=["GET"]),
        Route("/google/done", _guarded(parts, _done), methods=["GET"]),
        Route("/google/done.js", _guarded(parts, _script), methods=["GET"]),
    ]


def _guarded(parts: App, page: Page) -> Endpoint:
    """For a stranger, and where Google is not set up, these addresses do not exist."""

    def answer(request: Request) -> Response:
        analyst, google = gate.analyst_of(parts, request), contacts.configured(parts.settings)
        if analyst is None or google is None:
            return screens.missing(parts, request)
        return page(parts, request, analyst, google)

    async def guarded(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return guarded


def _start(parts: App, request: Request, analyst: Analyst, google: Google) -> Response:
    if client.is_foreign(request, parts.settings) or analyst.session_id is None:
        return screens.missing(parts, request)
    address = contacts.begin(parts.records, parts.vault, google, analyst.session_id, now())
    return RedirectResponse(address, 303)


def _callback(parts: App, request: Request, analyst: Analyst, google: Google) -> Response:
    """Google sends the browser here. The next address is a bare one: no code stays in its history."""
    return RedirectResponse(f"/google/done?outcome={_outcome(parts, request, analyst, google)}", 303)


def _outcome(parts: App, request: Request, analyst: Analyst, google: Google) -> str:
    state, code, error = (request.query_params.get(name, "")[:LONGEST] for name in ("state", "code", "error"))
    by = Actor("analyst", analyst.address, gate.network(request))
    try:
        verifier = contacts.claim(parts.records, parts.vault, analyst.session_id or 0, state, now())
        if error or not code:
            return DENIED if error == "access_denied" else FAILED
        contacts.keep(parts.records, parts.vault, google, analyst.id, code, verifier, now(), by=by)
    except GoogleRefused as refused:
        return OF_REFUSALS.get(refused.reason, FAILED)
    return LINKED


def _done(parts: App, request: Request, analyst: Analyst, _google: Google) -> Response:
    outcome = request.query_params.get("outcome", "")
    language = analyst.language or gate.language_of(request)
    return screens.google(parts, request, language, outcome if outcome in OUTCOMES else FAILED)


def _script(_parts: App, _request: Request, _analyst: Analyst, _google: Google) -> Response:
    return Response(SCRIPT, media_type="text/javascript")
