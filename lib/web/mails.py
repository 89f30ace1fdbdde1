"""The mail of a campaign with its clicks, to be looked at in a frame of the report, behind the one gate.

The mail is a stranger's page. It leaves without what runs, leads or loads (lib/reports/mail_html.py).
Its own headers forbid the browser all of that once more.
"""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from lib import reports
from lib.model import Form, Scope
from lib.paper.sections import click_map
from lib.reports import UnknownCampaign, clickmap
from lib.reports.mail_html import TooLarge
from lib.web import gate, screens
from lib.web.files import unless_busy
from lib.wiring import App
from lib.words import LANGUAGES, t

POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:{pictures}; frame-ancestors 'self'"
)
PICTURES = " https: http:"
"""Only when the reader asks for them."""


def routes(parts: App) -> list[Route]:
    return [
        Route("/mail/campaign/{id}.html", unless_busy(parts, _mail), methods=["GET"]),
        Route("/mail/{rest:path}", lambda request: screens.missing(parts, request)),
    ]


def _mail(parts: App, request: Request) -> Response:
    """`opens` is all or people, `images` 1 or 0; `people=0` asks as one who may not see recipients."""
    reader = gate.reader(parts, request)
    campaign = request.path_params["id"]
    if reader is None:
        return screens.missing(parts, request)
    scope = _narrowed(reader.scope, request)
    letter = clickmap.letter(parts.analytics, scope, campaign)
    if letter is None:
        return screens.missing(parts, request)
    try:
        found = reports.report(parts.analytics, scope, campaign, _form(request)).sections[clickmap.SECTION]
    except UnknownCampaign:
        return screens.missing(parts, request)
    asked = request.query_params.get("lang", "")
    language = asked if asked in LANGUAGES else reader.language
    pictures = request.query_params.get("images") == "1"
    title = t(language, "click_map.document")
    try:
        bubbles = click_map.bubbles(found, language)
        page = clickmap.drawn(letter, bubbles, title=title, language=language, pictures=pictures)
    except TooLarge:
        page = f"<!doctype html><title>{title}</title><p>{t(language, 'click_map.too_large')}</p>"
    policy = POLICY.format(pictures=PICTURES if pictures else "")
    return HTMLResponse(page, headers={"content-security-policy": policy, "content-language": language})


def _narrowed(scope: Scope, request: Request) -> Scope:
    """The click map alone, and never more than the reader may see."""
    shown = (clickmap.SECTION,) if scope.shows(clickmap.SECTION) else ()
    people = scope.people and request.query_params.get("people") != "0"
    return replace(scope, sections=shown, people=people, raw_links=scope.raw_links and people)


def _form(request: Request) -> Form:
    asked = request.query_params.get("opens", "")
    return Form(asked) if asked in set(Form) else Form.ALL
