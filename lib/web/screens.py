"""The few pages that are not Streamlit's: templates, without a script, in the reader's language."""

import base64
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from lib.web import statics
from lib.web.gate import language_of
from lib.wiring import App
from lib.words import LANGUAGES, t

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing can run in these pages, whatever stands in them."""

POLICY_OF_GOOGLE = f"{POLICY}; script-src 'self'"
"""One script of ours tells the page that opened the window how it ended."""

RETRY = 5
"""Seconds."""

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=jinja2.select_autoescape(["html"]),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def entry(
    parts: App, request: Request, nonce: str, *, status: int = 200, said: str = "", alarm: str = ""
) -> Response:
    """The password form. The same page for every token: nothing in it comes from the records."""
    ahead = statics.announced()
    return _page(parts, request, "entry.html", status, nonce=nonce, said=said, alarm=alarm, ahead=ahead)


def left(parts: App, request: Request) -> Response:
    """After signing out."""
    return _page(parts, request, "note.html", 200, topic="left")


def google(parts: App, request: Request, language: str, outcome: str) -> Response:
    """The last page in the window in which a Google account was to be linked."""
    headers = {"content-security-policy": POLICY_OF_GOOGLE, "content-language": language}
    response = _page(parts, request, "google.html", 200, language=language, outcome=outcome)
    response.headers.update(headers)
    return response


def missing(parts: App, request: Request) -> Response:
    """For everything that is not there, or not for this reader."""
    return _page(parts, request, "note.html", 404, topic="missing")


def busy(parts: App, request: Request) -> Response:
    """For what cannot be written down now, and so is not done."""
    response = _page(parts, request, "note.html", 503, topic="busy")
    response.headers["retry-after"] = str(RETRY)
    return response


def _page(parts: App, request: Request, name: str, status: int, **values: object) -> Response:
    language = str(values.get("language") or language_of(request))
    values |= {
        "brand": parts.settings.brand,
        "language": language,
        "languages": {code: t(code, "entry.language") for code in LANGUAGES},
        "style": Markup(STYLE),  # noqa: S704 - our own file
        "t": lambda key: t(language, key),
    }
    body = _templates.get_template(name).render(values)
    headers = {"content-security-policy": POLICY, "content-language": language, "vary": "Accept-Language"}
    return Response(body, status, headers=headers, media_type="text/html")
