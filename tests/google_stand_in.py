"""For tests: Google's authorization server and People API on loopback, as far as they are documented.

It refuses what Google would refuse, with the answers that are documented or known: an unknown client, another
redirect URI, a missing PKCE challenge, a used code, a page token with other parameters, a scope not granted.
https://developers.google.com/identity/protocols/oauth2/web-server
https://developers.google.com/people/api/rest/v1/people.connections/list
"""

import base64
import hashlib
import html
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CONTACTS = "https://www.googleapis.com/auth/contacts.readonly"
OTHERS = "https://www.googleapis.com/auth/contacts.other.readonly"
NAMES = {CONTACTS: "See and download your contacts", OTHERS: "See your Other contacts"}
ID, SECRET = "4711.apps.googleusercontent.com", "GOCSPX-canary-of-the-client"
EXHAUSTED = {
    "error": {
        "code": 429,
        "message": "Resource has been exhausted (e.g. check quota).",
        "status": "RESOURCE_EXHAUSTED",
    }
}
BROKEN = {"error": {"code": 500, "message": "Internal error encountered.", "status": "INTERNAL"}}


def person(name: str, *addresses: str, groups: tuple[str, ...] = ()) -> dict[str, Any]:
    """One entry of a list, as the API writes it."""
    told: dict[str, Any] = {"resourceName": f"people/c{secrets.randbelow(10**12)}", "etag": "%EgU"}
    if name:
        told["names"] = [{"metadata": {"primary": True}, "displayName": name}]
    if addresses:
        told["emailAddresses"] = [{"value": address, "type": "work"} for address in addresses]
    if groups:
        told["memberships"] = [
            {
                "contactGroupMembership": {
                    "contactGroupId": group,
                    "contactGroupResourceName": f"contactGroups/{group}",
                }
            }
            for group in groups
        ]
    return told


def label(key: str, name: str, kind: str = "USER_CONTACT_GROUP") -> dict[str, Any]:
    return {"resourceName": f"contactGroups/{key}", "groupType": kind, "name": name, "formattedName": name}


@dataclass
class StandIn:
    """What this Google knows, and how it is told to behave."""

    url: str = ""
    redirect_uris: set[str] = field(default_factory=set)
    connections: list[dict[str, Any]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    page: int = 1000
    """The most entries on one page."""
    lifetime: int = 3599
    troubles: dict[str, list[tuple[int, Any, dict[str, str]] | None]] = field(default_factory=dict)
    """Answers by path that are given first, one for each request; None is the honest one."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    access: dict[str, set[str]] = field(default_factory=dict)
    refresh: dict[str, set[str]] = field(default_factory=dict)
    pages: dict[str, tuple[str, dict[str, str], int]] = field(default_factory=dict)
    refreshed: int = 0
    revoked: list[str] = field(default_factory=list)

    def consent(self, address: str, *scopes: str) -> str:
        """What a user does on the page of consent; returns where the browser is sent then."""
        fields = {"request": _hidden(requests.get(address, timeout=5).text), "scope": list(scopes)}
        fields["answer"] = "allow" if scopes else "cancel"
        answer = requests.post(f"{self.url}/consent", data=fields, timeout=5, allow_redirects=False)
        return answer.headers["location"]

    def allow_nothing(self, address: str) -> str:
        """Continue with every box unticked."""
        fields = {"request": _hidden(requests.get(address, timeout=5).text), "answer": "allow"}
        answer = requests.post(f"{self.url}/consent", data=fields, timeout=5, allow_redirects=False)
        return answer.headers["location"]

    def end_access_tokens(self) -> None:
        self.access.clear()

    def take_everything_back(self) -> None:
        """As a user does on myaccount.google.com/connections."""
        self.access.clear()
        self.refresh.clear()

    def secrets(self) -> list[str]:
        """Everything that must never be seen outside of the server."""
        return [SECRET, *self.access, *self.refresh]


@contextmanager
def google() -> Iterator[StandIn]:
    """Serve until the block ends. Under another site's name than the product, as Google is."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        known = StandIn(f"http://localhost:{listening.getsockname()[1]}")
        server = uvicorn.Server(uvicorn.Config(_app(known), log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield known
        finally:
            server.should_exit = True
            thread.join(10)


def _app(known: StandIn) -> Starlette:
    lists = {
        "/v1/people/me/connections": (CONTACTS, "connections", "connections", "personFields"),
        "/v1/contactGroups": (CONTACTS, "contactGroups", "groups", ""),
        "/v1/otherContacts": (OTHERS, "otherContacts", "others", "readMask"),
    }

    async def consent_page(request: Request) -> Response:
        asked = dict(request.query_params)
        wrong = _wrong(known, asked)
        if wrong:
            return HTMLResponse(f"<h1>Error 400: {wrong}</h1>", 400)
        number = secrets.token_urlsafe(8)
        known.codes[number] = asked
        boxes = "".join(
            f'<p><label><input type="checkbox" name="scope" value="{scope}" checked>{NAMES[scope]}</label>'
            for scope in asked["scope"].split()
        )
        return HTMLResponse(
            f'<title>Sign in</title><h1>Vitrine wants access</h1><form method="post" action="/consent">'
            f'<input type="hidden" name="request" value="{html.escape(number)}">{boxes}'
            '<button name="answer" value="cancel">Cancel</button>'
            '<button name="answer" value="allow">Continue</button></form>'
        )

    async def consented(request: Request) -> Response:
        form = await request.form()
        asked = known.codes.pop(str(form["request"]))
        told = {"state": asked["state"]}
        if form["answer"] != "allow":
            return RedirectResponse(
                f"{asked['redirect_uri']}?{urlencode(told | {'error': 'access_denied'})}", 303
            )
        code = "4/0A" + secrets.token_urlsafe(24)
        scopes = " ".join(str(scope) for scope in form.getlist("scope"))
        known.codes[code] = asked | {"granted": scopes}
        return RedirectResponse(
            f"{asked['redirect_uri']}?{urlencode(told | {'code': code, 'scope': scopes})}", 303
        )

    async def token(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        if trouble := _trouble(known, "/token"):
            return trouble
        if (form.get("client_id"), form.get("client_secret")) != (ID, SECRET):
            return JSONResponse({"error": "invalid_client", "error_description": "Unauthorized"}, 401)
        return (
            _by_code(known, form) if form["grant_type"] == "authorization_code" else _by_refresh(known, form)
        )

    async def revoke(request: Request) -> Response:
        given = str((await request.form()).get("token", ""))
        if trouble := _trouble(known, "/revoke"):
            return trouble
        if given not in known.refresh and given not in known.access:
            return JSONResponse(
                {"error": "invalid_token", "error_description": "Token expired or revoked"}, 400
            )
        known.revoked.append(given)
        known.take_everything_back()
        return JSONResponse({})

    async def people(request: Request) -> Response:
        path, asked = request.url.path, dict(request.query_params)
        known.asked.append((path, dict(asked)))
        if trouble := _trouble(known, path):
            return trouble
        scope, field_name, source, mask = lists[path]
        scopes = known.access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if scopes is None:
            return _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if scope not in scopes:
            details = [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                }
            ]
            return _error(
                403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.", details
            )
        if (mask and mask not in asked) or not 1 <= int(asked.get("pageSize", 100)) <= 1000:
            return _error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
        return _page(known, path, asked, field_name, getattr(known, source))

    return Starlette(
        routes=[
            Route("/o/oauth2/v2/auth", consent_page),
            Route("/consent", consented, methods=["POST"]),
            Route("/token", token, methods=["POST"]),
            Route("/revoke", revoke, methods=["POST"]),
            *(Route(path, people) for path in lists),
        ]
    )


def _wrong(known: StandIn, asked: dict[str, str]) -> str:
    if asked.get("client_id") != ID:
        return "invalid_client"
    if asked.get("redirect_uri") not in known.redirect_uris:
        return "redirect_uri_mismatch"
    if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
        return "invalid_request"
    if asked.get("response_type") != "code" or not set(asked.get("scope", "").split()) <= set(NAMES):
        return "invalid_scope"
    wanted = {"access_type": "offline", "prompt": "consent"}
    return "" if wanted.items() <= asked.items() and asked.get("state") else "invalid_request"


def _by_code(known: StandIn, form: dict[str, str]) -> Response:
    asked = known.codes.pop(form.get("code", ""), None)
    if asked is None or "granted" not in asked:
        return JSONResponse({"error": "invalid_grant", "error_description": "Malformed auth code."}, 400)
    if form.get("redirect_uri") != asked["redirect_uri"]:
        return JSONResponse({"error": "redirect_uri_mismatch", "error_description": "Bad Request"}, 400)
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
        return JSONResponse({"error": "invalid_grant", "error_description": "Invalid code verifier."}, 400)
    scopes, refresh = set(asked["granted"].split()), "1//canary-" + secrets.token_urlsafe(24)
    known.refresh[refresh] = scopes
    return JSONResponse(_tokens(known, scopes) | {"refresh_token": refresh})


def _by_refresh(known: StandIn, form: dict[str, str]) -> Response:
    scopes = known.refresh.get(form.get("refresh_token", ""))
    if scopes is None:
        told = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        return JSONResponse(told, 400)
    known.refreshed += 1
    return JSONResponse(_tokens(known, scopes))


def _tokens(known: StandIn, scopes: set[str]) -> dict[str, Any]:
    access = "ya29.canary-" + secrets.token_urlsafe(24)
    known.access[access] = scopes
    return {
        "access_token": access,
        "expires_in": known.lifetime,
        "scope": " ".join(sorted(scopes)),
        "token_type": "Bearer",
    }


def _page(known: StandIn, path: str, asked: dict[str, str], name: str, entries: list[Any]) -> Response:
    given, at = asked.pop("pageToken", ""), 0
    if given:
        of, parameters, at = known.pages.get(given, ("", {}, 0))
        if (of, parameters) != (path, asked):
            return _error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
    end = at + min(known.page, int(asked.get("pageSize", 100)))
    told: dict[str, Any] = {name: entries[at:end], "totalItems": len(entries)}
    if end < len(entries):
        told["nextPageToken"] = secrets.token_urlsafe(12)
        known.pages[told["nextPageToken"]] = (path, asked, end)
    return JSONResponse(told)


def _trouble(known: StandIn, path: str) -> Response | None:
    waiting = known.troubles.get(path)
    if not waiting:
        return None
    trouble = waiting.pop(0)
    if trouble is None:
        return None
    status, body, headers = trouble
    return JSONResponse(body, status, headers=headers)


def _error(status: int, word: str, message: str, details: Any = ()) -> Response:
    error = {"code": status, "message": message, "status": word} | ({"details": details} if details else {})
    return JSONResponse({"error": error}, status)


def _hidden(page: str) -> str:
    return page.partition('name="request" value="')[2].partition('"')[0]
