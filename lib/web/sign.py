"""Sessions of analysts and viewers over HTTP: cookies that no script can read, and signing out for real."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from lib.model import Actor
from lib.shares import cookies, sessions, visits
from lib.web import client, gate, screens
from lib.web.door import Endpoint
from lib.wiring import App, now

LARGEST_TICKET = 200


def routes(parts: App) -> list[Route]:
    return [
        Route("/auth/session", _open(parts), methods=["POST"]),
        Route("/auth/session", _close(parts), methods=["DELETE"]),
        Route("/auth/leave", _leave(parts), methods=["POST"]),
        Route("/left", lambda request: screens.left(parts, request), methods=["GET"]),
    ]


def _open(parts: App) -> Endpoint:
    """The sign-in page exchanges its one-time ticket for the analyst's cookie."""

    async def redeem(request: Request) -> Response:
        if not _is_ours(parts, request):
            return _refused()
        ticket = (await _short_body(request)).decode("ascii", "replace").strip()
        cookie = await run_in_threadpool(sessions.redeem, parts.records, ticket, now())
        if cookie is None:
            return _refused()
        response = Response(status_code=204)
        _set(parts, response, cookies.analyst(parts.settings.https), cookie)
        return response

    return redeem


def _close(parts: App) -> Endpoint:
    async def sign_out(request: Request) -> Response:
        if not _is_ours(parts, request):
            return _refused()
        return await _ended(parts, request, cookies.analyst(parts.settings.https), Response(status_code=204))

    return sign_out


def _leave(parts: App) -> Endpoint:
    async def leave(request: Request) -> Response:
        if client.is_foreign(request, parts.settings):
            return _refused()
        await run_in_threadpool(_record_leaving, parts, request)
        return await _ended(
            parts, request, cookies.viewer(parts.settings.https), RedirectResponse("/left", 303)
        )

    return leave


def _record_leaving(parts: App, request: Request) -> None:
    if admission := gate.viewer_of(parts, request):
        by = Actor("viewer", admission.address, gate.network(request))
        visits.leave(parts.records, admission, now(), by=by)


async def _ended(parts: App, request: Request, name: str, response: Response) -> Response:
    """The session ends in the records first: a copy of the cookie opens nothing any more."""
    cookie, network = request.cookies.get(name), gate.network(request)
    await run_in_threadpool(sessions.end, parts.records, cookie, now(), network)
    response.delete_cookie(name, path="/", secure=parts.settings.https, httponly=True, samesite="lax")
    response.headers["clear-site-data"] = '"cache"'  # nor does the Back button
    return response


def _set(parts: App, response: Response, name: str, value: str) -> None:
    response.set_cookie(name, value, httponly=True, secure=parts.settings.https, samesite="lax", path="/")


def _is_ours(parts: App, request: Request) -> bool:
    """A header that another site cannot send without asking first, and no sign of another site."""
    return request.headers.get("x-vitrine") == "1" and not client.is_foreign(request, parts.settings)


async def _short_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_TICKET:
            return b""
    return body


def _refused() -> Response:
    return JSONResponse({"error": "refused"}, 403)
