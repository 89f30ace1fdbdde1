"""Streamlit's files, compressed once per installation, and its page with our name on it.

Streamlit sends its 7 MB of scripts uncompressed. The Plotly chunk, the largest, is announced in the page, so
that the browser fetches it while the report is being computed.
"""

import gzip
import html
import importlib
import logging
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import get_ident

import streamlit
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lib.web.headers import STATIC

FILE = re.compile(r"/static/(?:js|css)/[\w.\-]+\.(js|css)")
PAGE = re.compile(r"/[\w-]*")
"""The addresses of pages: one word, which Streamlit answers with its index whatever it is."""

DRAWN_WITH = (
    *("Html", "Metric", "PageLink", "Button", "ButtonGroup", "MenuButton", "TextInput", "Selectbox"),
    *("Pagination", "BidiComponent", "DataFrame", "PlotlyChart"),
)
"""The elements of a report whose scripts the first page does not load. Each asks for some more, and a slow
line waits for every one of these questions.
"""
FONTS = ("SourceSansVF-Upright", "MaterialSymbols-Rounded")
IMPORTS = re.compile(r"""(?:from|import)\s*["']\./([\w.\-]+\.js)["']""")
"""How a script of Streamlit's build names another that it cannot do without."""

REPORTS = ("/shared", "/campaign")
"""The addresses of pages that begin with a report."""

TYPES = {"js": "text/javascript", "css": "text/css"}
FOREVER = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}


log = logging.getLogger(__name__)


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

    def __init__(self, app: ASGIApp, brand: str, own: frozenset[str], data: Path) -> None:
        self.app = app
        self._own = own
        self._packs = Packs(data)
        self._pages = {False: _in_all(index(brand)), True: _in_all(of_reports(index(brand)))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        await (response or self.app)(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response | None:
        path, encoding = scope["path"], _wanted(scope)
        if PAGE.fullmatch(path) and path not in self._own:
            headers = {"vary": "Accept-Encoding"} | ({"content-encoding": encoding} if encoding else {})
            page = self._pages[path in REPORTS][encoding]
            return Response(page, headers=headers, media_type="text/html")
        found = FILE.fullmatch(path)
        if not found or not encoding or not (STATIC / path[1:]).is_file():
            return None
        body = await run_in_threadpool(self._packs.packed, path, encoding)
        return Response(body, headers=FOREVER | {"content-encoding": encoding}, media_type=TYPES[found[1]])


class Packs:
    """Compressed files, in memory and in the installation's folder, which another start finds.

    Their names carry a hash of what is in them; the folder carries Streamlit's version besides.
    """

    def __init__(self, data: Path) -> None:
        self._folder = data / "statics" / streamlit.__version__
        self._kept: dict[tuple[str, str], bytes] = {}

    def packed(self, path: str, encoding: str) -> bytes:
        """One of Streamlit's files; `path` was matched by FILE and exists."""
        key = path, encoding
        if key not in self._kept:
            self._kept[key] = self._read(path, encoding) or self._pack(path, encoding)
        return self._kept[key]

    def prepare(self) -> None:
        """Have all that a report's page needs in the best encoding; what older versions left goes."""
        best = next(iter(ENCODINGS))
        for path in announced():
            if FILE.fullmatch(path) and not self._place(path, best).is_file():
                self._pack(path, best)
        for older in self._folder.parent.glob("*"):
            if older != self._folder:
                shutil.rmtree(older, ignore_errors=True)

    def _read(self, path: str, encoding: str) -> bytes | None:
        try:
            return self._place(path, encoding).read_bytes()
        except OSError:
            return None

    def _pack(self, path: str, encoding: str) -> bytes:
        """Written beside and moved, so that nobody reads half a file; a full disk costs only time."""
        data, place = ENCODINGS[encoding]((STATIC / path[1:]).read_bytes()), self._place(path, encoding)
        beside = place.with_name(f"{place.name}.{os.getpid()}-{get_ident()}")
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.write_bytes(data)
            beside.replace(place)
        except OSError as problem:
            log.warning("a compressed file is not kept: %s", problem)
            with suppress(OSError):  # the half of it would stay for ever, and the disk may be full
                beside.unlink(missing_ok=True)
        return data

    def _place(self, path: str, encoding: str) -> Path:
        return self._folder / f"{path.rpartition('/')[2]}.{encoding}"


@cache
def announced() -> tuple[str, ...]:
    """The paths of what a report's page will ask for, to be fetched while a reader types the password."""
    folder = STATIC / "static"
    beside = [path for name in DRAWN_WITH for path in sorted((folder / "css").glob(f"{name}.*"))]
    beside += [path for name in FONTS for path in sorted((folder / "media").glob(f"{name}.*"))]
    named = (f"/static/{path.parent.name}/{path.name}" for path in beside)
    return tuple(dict.fromkeys([*needed(), *drawing(), *named]))


@cache
def drawing() -> tuple[str, ...]:
    """The paths of the scripts that draw a report, with all that they import."""
    folder = STATIC / "static" / "js"
    found: dict[str, None] = {}
    left = [path.name for name in DRAWN_WITH for path in sorted(folder.glob(f"{name}.*.js"))]
    while left:
        name = left.pop()
        if name not in found and (folder / name).is_file():
            found[name] = None
            left += IMPORTS.findall((folder / name).read_text(encoding="utf-8"))
    return tuple(f"/static/js/{name}" for name in found)


def needed() -> list[str]:
    """The paths of the scripts and styles that the first page asks for."""
    names = re.findall(r'"\./(static/(?:js|css)/[\w.\-]+)"', index(""))
    return [f"/{name}" for name in names]


def index(brand: str) -> str:
    """Streamlit's page, named after us, with the Plotly chunk announced."""
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    page = page.replace("<title>Streamlit</title>", f"<title>{html.escape(brand)}</title>")
    page = re.sub(r'\s*<link rel="service-desc"[^>]*>', "", page)
    chunks = [f'<link rel="modulepreload" crossorigin href="./static/js/{path.name}">' for path in _plotly()]
    return page.replace("</head>", "".join(chunks) + "</head>")


def of_reports(page: str) -> str:
    """The page at the address of a report, with all the scripts announced that will draw it. Charts are
    certain there: while the browser waits for the first words it reads the Plotly chunk, which takes long.
    """
    more = [path for path in drawing() if f".{path}" not in page]
    links = [f'<link rel="modulepreload" crossorigin href=".{path}">' for path in more]
    links += [
        f'<script type="module" crossorigin src="./static/js/{path.name}"></script>' for path in _plotly()
    ]
    return page.replace("</head>", "".join(links) + "</head>")


def _in_all(page: str) -> dict[str, bytes]:
    """By encoding, "" for none."""
    plain = page.encode()
    return {"": plain} | {name: pack(plain) for name, pack in ENCODINGS.items()}


def _plotly() -> list[Path]:
    return sorted((STATIC / "static" / "js").glob("PlotlyChart.*.js"))


def _wanted(scope: Scope) -> str:
    accepted = HTTPConnection(scope).headers.get("accept-encoding", "")
    offered = {part.partition(";")[0].strip() for part in accepted.split(",")}
    return next((name for name in ENCODINGS if name in offered), "")
