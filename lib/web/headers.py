"""The headers of every answer, errors and websocket handshakes included."""

import base64
import hashlib
import logging
import re
import secrets
from pathlib import Path

import streamlit
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.config import Settings

log = logging.getLogger(__name__)

STATIC = Path(streamlit.__file__).parent / "static"
STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
HASHED = re.compile(r"/static/(js|css|media)/[\w.\-]+")
"""Streamlit's files that carry a hash in their name and never change."""

FRAMED = re.compile(r"/mail/campaign/[^/]+\.html")
"""The one answer that stands in a frame of our own pages: a mail, drawn by lib/web/mails.py."""


def policy() -> str:
    """What Streamlit's page may load: itself, its inline script, components as blobs; nobody may frame it."""
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", index, re.DOTALL)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts
    )
    return (
        f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' blob: {hashes}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self'; frame-src 'self'; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


class Headers:
    """Outermost: what any inner layer answers, or fails to answer, leaves with the same headers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._always = _always(settings)
        self._policy = policy().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started = False

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] in STARTS:
                started = True
                message = {**message, "headers": self._dress(scope, message)}
            await send(message)

        try:
            await self.app(scope, receive, dressed)
        except Exception:
            if started or scope["type"] != "http":
                raise
            await _failure()(scope, receive, dressed)

    def _dress(self, scope: Scope, message: Message) -> list[tuple[bytes, bytes]]:
        replaced = {name for name, _ in self._always}
        headers = [(n, v) for n, v in message.get("headers", []) if n.lower() not in replaced]
        names = {name.lower() for name, _ in headers}
        if b"content-security-policy" not in names:
            headers.append((b"content-security-policy", self._policy))
        if not _may_be_kept(scope, message):
            headers = [(n, v) for n, v in headers if n.lower() != b"cache-control"]
            headers.append((b"cache-control", b"no-store"))
        if FRAMED.fullmatch(scope["path"]) and message.get("status") == 200:
            return headers + [(n, b"SAMEORIGIN" if n == b"x-frame-options" else v) for n, v in self._always]
        return headers + self._always


def _may_be_kept(scope: Scope, message: Message) -> bool:
    return bool(HASHED.fullmatch(scope["path"])) and message.get("status") in (200, 304)


def _always(settings: Settings) -> list[tuple[bytes, bytes]]:
    headers = {
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex, nofollow",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "cross-origin-resource-policy": "same-origin",
    }
    if settings.https:
        headers["strict-transport-security"] = "max-age=31536000"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _failure() -> PlainTextResponse:
    """A reader learns a number; what happened stands beside it in the log."""
    reference = secrets.token_hex(4)
    log.exception("error %s", reference)
    return PlainTextResponse(f"Something went wrong. Reference: {reference}\n", 500)
