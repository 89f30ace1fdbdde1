"""Is the process up, and can it reach what it needs? For machines, so JSON, and open to everyone."""

import logging
from pathlib import Path

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from lib.store.records import reading
from lib.wiring import App

log = logging.getLogger(__name__)


def routes(parts: App) -> list[Route]:
    return [
        Route("/healthz", _up, methods=["GET"]),
        Route("/readyz", lambda request: _ready(parts, request), methods=["GET"]),
        Route("/robots.txt", lambda _: PlainTextResponse("User-agent: *\nDisallow: /\n"), methods=["GET"]),
    ]


def _up(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _ready(parts: App, _request: Request) -> Response:
    checks = {"records": _records(parts), "events": _events(parts)}
    ready = all(checks.values())
    return JSONResponse({"status": "ok" if ready else "unavailable"} | checks, 200 if ready else 503)


def _records(parts: App) -> bool:
    try:
        with reading(parts.records) as db:
            db.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        log.exception("the records cannot be read")
        return False
    return True


def _events(parts: App) -> bool:
    """The folder is made with the first import, so the one above it will do."""
    folder = Path(parts.settings.events.partition(":")[2])
    return folder.is_dir() or folder.parent.is_dir()
