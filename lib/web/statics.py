"""Streamlit's files, compressed once per process, and its page with our name on it.

Streamlit sends its 7 MB of scripts uncompressed. The Plotly chunk, the largest, is announced in the page, so
that the browser fetches it while the report is being computed.
"""

import gzip
import html
import importlib
import re
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lib.web.headers import STATIC

FILE = re.compile(r"/static/(?:js|css)/[\w.\-]+\.(js|css)")
PAGE = re.compile(r"/[\w-]*")
"""The addresses of pages: one word, which Streamlit answers with its index whatever it is."""

TYPES = {"js": "text/javascript", "css": "text/css"}
FOREVER = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}


def _brotli(data: bytes) -> bytes:
    packed: bytes = importlib.import_module("brotli").compress(data, quality=9)
    return packed


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {"br": _brotli} if find_spec("brotli") else {}
ENCODINGS |= {"gzip": _gzip}
"""The best first."""


class Statics:
    """Serves pages and scripts itself; everything else, and every miss, goes on to Streamlit."""

    def __init__(self, app: ASGIApp, brand: str, own: frozenset[str]) -> None:
        self.app = app
        self._own = own
        page = index(brand).encode()
        self._pages = {"": page} | {name: pack(page) for name, pack in ENCODINGS.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        await (response or self.app)(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response | None:
        path, encoding = scope["path"], _wanted(scope)
        if PAGE.fullmatch(path) and path not in self._own:
            headers = {"vary": "Accept-Encoding"} | ({"content-encoding": encoding} if encoding else {})
            return Response(self._pages[encoding], headers=headers, media_type="text/html")
        found = FILE.fullmatch(path)
        if not found or not encoding or not (STATIC / path[1:]).is_file():
            return None
        body = await run_in_threadpool(packed, path, encoding)
        return Response(body, headers=FOREVER | {"content-encoding": encoding}, media_type=TYPES[found[1]])


@cache
def packed(path: str, encoding: str) -> bytes:
    """One of Streamlit's files, compressed; `path` was matched by FILE and exists."""
    return ENCODINGS[encoding]((STATIC / path[1:]).read_bytes())


def warm() -> None:
    """Compress what the first page needs, in the best encoding."""
    best = next(iter(ENCODINGS))
    for name in re.findall(r'"\./(static/(?:js|css)/[\w.\-]+)"', index("")):
        packed(f"/{name}", best)


def index(brand: str) -> str:
    """Streamlit's page, named after us, with the Plotly chunk announced."""
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    page = page.replace("<title>Streamlit</title>", f"<title>{html.escape(brand)}</title>")
    page = re.sub(r'\s*<link rel="service-desc"[^>]*>', "", page)
    chunks = [f'<link rel="modulepreload" crossorigin href="./static/js/{path.name}">' for path in _plotly()]
    return page.replace("</head>", "".join(chunks) + "</head>")


def _plotly() -> list[Path]:
    return sorted((STATIC / "static" / "js").glob("PlotlyChart.*.js"))


def _wanted(scope: Scope) -> str:
    accepted = HTTPConnection(scope).headers.get("accept-encoding", "")
    offered = {part.partition(";")[0].strip() for part in accepted.split(",")}
    return next((name for name in ENCODINGS if name in offered), "")
