"""The viewer's entry, `/v/<token>`: opening it changes nothing; the right password opens a session."""

import hmac
import logging
import math
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from lib.shares import cookies, entry
from lib.shares.entry import TooMany, Unlocked
from lib.web import checks, client, screens
from lib.web.gate import language_of, network
from lib.wiring import App, now
from lib.words import t

log = logging.getLogger(__name__)

FORM_COOKIE = "vitrine_form"
LARGEST_FORM = 16 * 1024
"""Bytes: a password of 1,024 characters, each written as %XX%XX%XX%XX."""

Endpoint = Callable[[Request], Awaitable[Response]]


class FormRefused(Exception):
    """The form did not come from our page, or is larger than any that we draw."""


def routes(parts: App) -> list[Route]:
    return [
        Route("/v/{token}", _show(parts), methods=["GET", "HEAD", "OPTIONS"]),
        Route("/v/{token}", _submit(parts), methods=["POST"]),
    ]


def _show(parts: App) -> Endpoint:
    async def show(request: Request) -> Response:
        if request.method == "OPTIONS":
            answer = Response(status_code=204, headers={"allow": "GET, HEAD, OPTIONS, POST"})
        else:
            answer = _answer(parts, request)
        # Once the answer has left: writing takes longer than finding that nobody has this link (G6).
        answer.background = BackgroundTask(_count, parts, request)
        return answer

    return show


def _submit(parts: App) -> Endpoint:
    """One address for both forms of the page, so that the token need not stand in it."""
    unlock, again = _unlock(parts), _again(parts)

    async def submit(request: Request) -> Response:
        return await (again if "again" in request.query_params else unlock)(request)

    return submit


def _unlock(parts: App) -> Endpoint:
    async def unlock(request: Request) -> Response:
        try:
            form = await _form(parts, request)
        except FormRefused:
            return _answer(parts, request, status=403, alarm="entry.stale")
        found = await run_in_threadpool(_try, parts, request, form.get("password", ""))
        if isinstance(found, Unlocked):
            return _admitted(parts, found)
        if isinstance(found, TooMany):
            return _too_many(parts, request, found.retry_after)
        return _answer(parts, request, status=403, alarm="entry.refused")

    return unlock


def _again(parts: App) -> Endpoint:
    async def again(request: Request) -> Response:
        try:
            form = await _form(parts, request)
        except FormRefused:
            return _answer(parts, request, status=403, alarm="entry.stale")
        token, address = request.path_params["token"], form.get("address", "")[:320]
        await run_in_threadpool(entry.ask_again, parts.records, token, address, now(), network(request))
        return _answer(parts, request, said="entry.asked")

    return again


def _count(parts: App, request: Request) -> None:
    by_a_machine = checks.is_a_machine(request, request.method, parts.settings.https)
    try:
        entry.fetched(parts.records, request.path_params["token"], by_a_machine, now())
    except Exception:
        log.exception("an opening was not counted")  # a busy database must not shut the door


def _try(parts: App, request: Request, password: str) -> Unlocked | entry.Refused | TooMany:
    agent = request.headers.get("user-agent", "")
    return entry.unlock(parts.records, request.path_params["token"], password, network(request), agent, now())


def _admitted(parts: App, unlocked: Unlocked) -> Response:
    """The token leaves the address bar; the cookie is new, whatever the browser sent."""
    https = parts.settings.https
    response = RedirectResponse("/shared", 303)
    response.set_cookie(
        cookies.viewer(https), unlocked.cookie, httponly=True, secure=https, samesite="lax", path="/"
    )
    return response


def _too_many(parts: App, request: Request, seconds: int) -> Response:
    minutes = max(1, math.ceil(seconds / 60))
    response = _answer(parts, request, status=429, alarm="entry.too_many", count=minutes)
    response.headers["retry-after"] = str(seconds)
    return response


def _answer(
    parts: App, request: Request, *, status: int = 200, said: str = "", alarm: str = "", **holes: object
) -> Response:
    language = language_of(request)
    said, alarm = (t(language, key, **holes) if key else "" for key in (said, alarm))
    seed = _seed(parts, request) or secrets.token_urlsafe(24)
    response = screens.entry(parts, request, _nonce(parts, seed), status=status, said=said, alarm=alarm)
    if not _seed(parts, request):
        response.set_cookie(
            _form_cookie(parts), seed, httponly=True, secure=parts.settings.https, samesite="lax", path="/"
        )
    return response


async def _form(parts: App, request: Request) -> dict[str, str]:
    """The fields of a form that our page drew for this browser. Raises FormRefused for every other one."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise FormRefused
    fields = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    seed = _seed(parts, request)
    known = bool(seed) and hmac.compare_digest(_nonce(parts, seed).encode(), fields.get("nonce", "").encode())
    if not known or client.is_foreign(request, parts.settings):
        raise FormRefused
    return fields


def _seed(parts: App, request: Request) -> str:
    return request.cookies.get(_form_cookie(parts), "")[:64]


def _nonce(parts: App, seed: str) -> str:
    return hmac.digest(parts.vault.key("entry form"), seed.encode("utf-8", "replace"), "sha256").hex()


def _form_cookie(parts: App) -> str:
    return f"__Host-{FORM_COOKIE}" if parts.settings.https else FORM_COOKIE
