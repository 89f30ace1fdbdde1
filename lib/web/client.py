"""Where a request comes from: the address of the visitor, and whether our own pages sent it."""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from lib.config import Settings

UNKNOWN = "unknown"
OURS = ("same-origin", "none")


class Visitor:
    """Puts the visitor's address in the place of the peer's, for our routes and for Streamlit's pages."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._trusted = settings.trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            scope = {**scope, "client": (address(HTTPConnection(scope), self._trusted), 0)}
        await self.app(scope, receive, send)


def address(connection: HTTPConnection, trusted: tuple[str, ...]) -> str:
    """The visitor's address. X-Forwarded-For is believed only from a proxy that the settings name."""
    claims = _forwarded(connection)
    peer = _peer(connection, claims)
    for claim in reversed(claims):
        if not _is_trusted(peer, trusted):
            break
        peer = _without_port(claim)
    return peer


def is_foreign(connection: HTTPConnection, settings: Settings) -> bool:
    """Another site sent this request.

    Origin may be missing or "null": our Referrer-Policy makes browsers hide it when a form is posted. Nor is
    Sec-Fetch-Site there on plain http. So this only ever refuses; forms carry a nonce as well.
    """
    if connection.headers.get("sec-fetch-site", "none") not in OURS:
        return True
    return not is_our_origin(connection, settings)


def is_our_origin(connection: HTTPConnection, settings: Settings) -> bool:
    """The Origin header is missing, hidden, or names the very host and port that was asked."""
    origin = connection.headers.get("origin", "null")
    ours = (urlsplit(settings.base_url).netloc, connection.headers.get("host", ""))
    try:
        return origin == "null" or urlsplit(origin).netloc in ours
    except ValueError:
        return False


def _forwarded(connection: HTTPConnection) -> list[str]:
    """As written, the nearest last."""
    lists = connection.headers.getlist("x-forwarded-for")
    return [part.strip() for part in ",".join(lists).split(",") if part.strip()]


def _peer(connection: HTTPConnection, claims: list[str]) -> str:
    """Who is connected to us.

    By default uvicorn believes X-Forwarded-For from this machine and has then put the claim in the place of
    the peer, with the claim's port or 0, which no peer has; behind it is this machine. Whoever merely claims
    to be who they are is not this machine.
    """
    if not connection.client:
        return UNKNOWN
    host, port = connection.client
    put_there = (host in claims and port == 0) or f"{host}:{port}" in claims or f"[{host}]:{port}" in claims
    return "127.0.0.1" if put_there else host.removeprefix("::ffff:")


def _is_trusted(peer: str, trusted: tuple[str, ...]) -> bool:
    try:
        ip = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(ip in ipaddress.ip_network(place, strict=False) for place in trusted)


def _without_port(claim: str) -> str:
    if claim.startswith("["):
        return claim[1:].partition("]")[0]
    host, colon, _ = claim.partition(":")
    return host if colon and claim.count(":") == 1 else claim
