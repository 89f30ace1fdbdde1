"""Files for readers: exports and lists of rejects, behind the one gate; for a stranger they do not exist."""

import logging
import re
import unicodedata
from collections.abc import Callable

from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from lib import reports
from lib.model import Actor, Form
from lib.reports import UnknownCampaign, export
from lib.shares import visits
from lib.store import library
from lib.web import gate, screens
from lib.web.gate import Reader
from lib.wiring import App, now

log = logging.getLogger(__name__)

Page = Callable[[Request], Response]


def routes(parts: App) -> list[Route]:
    return [
        Route("/export/campaigns.csv", _guarded(parts, _campaigns), methods=["GET"]),
        Route("/export/campaign/{id}.csv", _guarded(parts, _campaign), methods=["GET"]),
        Route("/rejects/{id:int}.csv", unless_busy(parts, _rejects), methods=["GET"]),
        Route("/export/{rest:path}", lambda request: screens.missing(parts, request)),
        Route("/rejects/{rest:path}", lambda request: screens.missing(parts, request)),
    ]


def unless_busy(parts: App, page: Callable[[App, Request], Response]) -> Page:
    """What cannot be written down is not handed out."""

    def guarded(request: Request) -> Response:
        try:
            return page(parts, request)
        except OperationalError as problem:
            log.error("no file leaves: %s", type(problem).__name__)
            return screens.busy(parts, request)
        except visits.TooManyExports:
            answer = screens.busy(parts, request)
            answer.status_code = 429
            del answer.headers["retry-after"]  # another session may, this one never
            return answer

    return guarded


def _guarded(parts: App, page: Callable[[App, Request, Reader], Response]) -> Page:
    def for_readers(parts: App, request: Request) -> Response:
        reader = gate.reader(parts, request)
        return screens.missing(parts, request) if reader is None else page(parts, request, reader)

    return unless_busy(parts, for_readers)


def _campaigns(parts: App, request: Request, reader: Reader) -> Response:
    form = _form(request)
    table = reports.campaigns(parts.analytics, reader.scope, form)
    return _csv(parts, request, reader, export.campaigns_csv(table, form), "campaigns")


def _campaign(parts: App, request: Request, reader: Reader) -> Response:
    campaign = request.path_params["id"]
    try:
        report = reports.report(parts.analytics, reader.scope, campaign, _form(request))
    except UnknownCampaign:
        return screens.missing(parts, request)
    text = export.report_csv(report, reader.language)
    return _csv(parts, request, reader, text, report.campaign.title or campaign)


def _rejects(parts: App, request: Request) -> Response:
    analyst, number = gate.analyst_of(parts, request), request.path_params["id"]
    path = library.rejects_path(parts.analytics, number) if analyst else None
    if analyst is None or path is None:
        return screens.missing(parts, request)
    name = f"rejects-{number}.csv"
    if request.method == "GET":
        by = Actor("analyst", analyst.address, gate.network(request))
        visits.exported(parts.records, None, name, now(), by=by)
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename=name)


def _form(request: Request) -> Form:
    """`opens` is all or people."""
    asked = request.query_params.get("opens", "")
    return Form(asked) if asked in set(Form) else Form.ALL


def _csv(parts: App, request: Request, reader: Reader, text: str, title: str) -> Response:
    """The file, written down before it leaves."""
    name = f"{_file_name(title)}.csv"
    if request.method == "GET":
        visits.exported(parts.records, reader.viewer, name, now(), by=reader.by)
    disposition = f'attachment; filename="{name}"'
    marked = text.encode("utf-8-sig")  # without the mark Excel takes accents for something else
    return Response(
        marked, media_type="text/csv; charset=utf-8", headers={"content-disposition": disposition}
    )


def _file_name(title: str) -> str:
    """Letters, digits and hyphens only, so that no title can reach into a header or a folder."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "report"
