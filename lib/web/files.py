"""Files for readers: exports and lists of rejects, behind the one gate; for a stranger they do not exist."""

import logging
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from sqlalchemy.exc import OperationalError
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from lib import reports
from lib.model import Actor, Form
from lib.paper import files, naming, parcels, side_by_side, workbook
from lib.paper.files import MEDIA
from lib.paper.parcels import TooManyMakers
from lib.paper.pdf import Edition
from lib.paper.sections import CHARTS, TABLES
from lib.paper.sections.recipients import LIST, deed
from lib.reports import Report, UnknownCampaign, export, recipients
from lib.reports.recipients import Asked, NoSuchList
from lib.reports.side_by_side import MOST
from lib.shares import visits
from lib.store import library
from lib.web import gate, screens
from lib.web.gate import Reader
from lib.wiring import App, now

log = logging.getLogger(__name__)

Page = Callable[[Request], Response]
Guarded = Callable[[App, Request, Reader], Response]

PATIENCE = 20.0
"""Seconds that a long file waits for its turn."""
NOTHING_RUNS = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For a drawing or a document that somebody opens in the browser."""


def routes(parts: App) -> list[Route]:
    return [
        Route("/export/campaigns.{kind}", _guarded(parts, _campaigns), methods=["GET"]),
        Route("/export/compare.{kind}", _guarded(parts, _compared), methods=["GET"]),
        Route("/export/campaign/{id}.csv", _guarded(parts, _campaign), methods=["GET"]),
        Route("/export/campaign/{id}.{kind}", _guarded(parts, _whole), methods=["GET"]),
        Route("/export/campaign/{id}/{name}.{kind}", _guarded(parts, _part), methods=["GET"]),
        Route("/export/parcel/{number}", _guarded(parts, _parcel), methods=["GET"]),
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
        except TooManyMakers:
            return screens.busy(parts, request)
        except visits.TooManyExports:
            answer = screens.busy(parts, request)
            answer.status_code = 429
            del answer.headers["retry-after"]  # another session may, this one never
            return answer

    return guarded


def _guarded(parts: App, page: Guarded) -> Page:
    """A campaign outside of the reader's scope is answered like one that does not exist; for a session that
    may take nothing more along, nothing is computed.
    """

    def for_readers(parts: App, request: Request) -> Response:
        reader = gate.reader(parts, request)
        if reader is None:
            return screens.missing(parts, request)
        visits.refuse_spent(parts.records, reader.viewer)
        try:
            answer = page(parts, request, reader)
        except UnknownCampaign:
            answer = None
        return answer or screens.missing(parts, request)

    return unless_busy(parts, for_readers)


# --- all campaigns, one campaign ------------------------------------------------------------------


def _campaigns(parts: App, request: Request, reader: Reader) -> Response:
    kind, form = request.path_params["kind"], _form(request)
    if kind not in files.OF_TABLES:
        return screens.missing(parts, request)
    table = reports.campaigns(parts.analytics, reader.scope, form)
    name = f"campaigns.{kind}"
    if kind == "csv":
        return _text(parts, request, reader, name, [files.BOM, export.campaigns_csv(table, form)])
    leaf = files.campaigns(table, reader.language)
    return _written(parts, request, reader, name, lambda to: workbook.xlsx([leaf], to))


def _campaign(parts: App, request: Request, reader: Reader) -> Response:
    report = _report(parts, request, reader)
    text = export.report_csv(report, reader.language)
    name = files.file_name("csv", naming.campaign(report))
    return _text(parts, request, reader, name, [files.BOM, text])


def _whole(parts: App, request: Request, reader: Reader) -> Response:
    kind = request.path_params["kind"]
    if kind not in files.OF_REPORTS:
        return screens.missing(parts, request)
    report = _report(parts, request, reader)
    edition = Edition(parts.settings.brand, reader.by.name, now(), reader.language)
    made = files.whole(report, kind, edition)
    return _written(parts, request, reader, made.name, lambda to: made.write(to, None))


def _compared(parts: App, request: Request, reader: Reader) -> Response:
    """Campaigns side by side, for analysts: their figures as a table, or the `curve` over a `span`."""
    kind, asked = request.path_params["kind"], request.query_params
    if reader.viewer is not None or kind not in (*files.OF_TABLES, *files.OF_CHARTS):
        return screens.missing(parts, request)
    ids = asked.getlist("campaign")[:MOST]
    found = reports.side_by_side(parts.analytics, reader.scope, ids, _form(request))
    name = f"compare.{kind}"
    if kind in files.OF_CHARTS:
        wanted = asked.get("curve", ""), asked.get("span", "")
        draw = files.compared(found, kind, *wanted, language=reader.language)
        return _drawn(parts, request, reader, name, draw) or screens.missing(parts, request)
    leaf = side_by_side.leaf(found.figures, reader.language)
    if kind == "csv":
        return _text(parts, request, reader, name, files.csv(leaf))
    return _written(parts, request, reader, name, lambda to: workbook.xlsx([leaf], to))


# --- one table, one chart -------------------------------------------------------------------------


def _part(parts: App, request: Request, reader: Reader) -> Response:
    name, kind = request.path_params["name"], request.path_params["kind"]
    report = _report(parts, request, reader)
    answer = None
    if name == LIST and kind in files.OF_TABLES:
        answer = _recipients(parts, request, reader, report)
    elif name in TABLES and kind in files.OF_TABLES:
        answer = _table(parts, request, reader, report)
    elif name in CHARTS and kind in files.OF_CHARTS:
        answer = _chart(parts, request, reader, report)
    return answer or screens.missing(parts, request)


def _table(parts: App, request: Request, reader: Reader, report: Report) -> Response | None:
    name, kind = request.path_params["name"], request.path_params["kind"]
    leaf = workbook.leaf(report, name, reader.language)
    if leaf is None:
        return None
    called = files.file_name(kind, naming.campaign(report), leaf.name)
    if kind == "csv":
        return _text(parts, request, reader, called, files.csv(leaf))
    return _written(parts, request, reader, called, lambda to: workbook.xlsx([leaf], to))


def _recipients(parts: App, request: Request, reader: Reader, report: Report) -> Response | None:
    """A list of recipients, however long: by `deed`, `who` (part of the address) and `sort`."""
    wanted, usual = request.query_params, Asked()
    asked = Asked(
        wanted.get("deed", usual.deed),
        wanted.get("who", usual.who),
        wanted.get("sort", usual.sort),
        form=report.form,
    )
    try:
        frames = recipients.everything(parts.analytics, reader.scope, report.campaign.id, asked)
    except NoSuchList:
        return None
    kind, titled = request.path_params["kind"], deed(asked.deed, reader.language)
    one = workbook.flowing(TABLES[LIST], frames, titled, report, reader.language)
    called = files.file_name(kind, naming.campaign(report), titled)
    if kind == "csv":
        return _text(parts, request, reader, called, files.csv(one))
    return _written(parts, request, reader, called, lambda to: workbook.xlsx([one], to))


def _chart(parts: App, request: Request, reader: Reader, report: Report) -> Response | None:
    name, kind = request.path_params["name"], request.path_params["kind"]
    called = files.file_name(kind, naming.campaign(report), naming.table(name, reader.language))
    return _drawn(parts, request, reader, called, files.chart(report, name, kind, reader.language))


# --- what is there already ------------------------------------------------------------------------


def _parcel(parts: App, request: Request, reader: Reader) -> Response:
    """A file that the page of the same session has made, for the scope that the reader still has."""
    shelf = parcels.shelf(parts.settings.data)
    found = shelf.find(request.path_params["number"], reader.session, reader.scope)
    if found is None:
        return screens.missing(parts, request)
    _note(parts, request, reader, found.name)
    return FileResponse(found.path, media_type=found.media, headers=_headers(found.name))


def _rejects(parts: App, request: Request) -> Response:
    analyst, number = gate.analyst_of(parts, request), request.path_params["id"]
    path = library.rejects_path(parts.analytics, number) if analyst else None
    if analyst is None or path is None:
        return screens.missing(parts, request)
    name = f"rejects-{number}.csv"
    if request.method == "GET":
        by = Actor("analyst", analyst.address, gate.network(request))
        visits.exported(parts.records, None, name, now(), by=by)
    return FileResponse(path, media_type=MEDIA["csv"], filename=name)


# --- asking and answering -------------------------------------------------------------------------


def _report(parts: App, request: Request, reader: Reader) -> Report:
    """As the reader looks at it, within the scope. Raises UnknownCampaign."""
    found = reports.report(parts.analytics, reader.scope, request.path_params["id"], _form(request))
    return files.as_chosen(
        found, request.query_params.get("level", ""), request.query_params.get("winner", "")
    )


def _form(request: Request) -> Form:
    """`opens` is all or people."""
    asked = request.query_params.get("opens", "")
    return Form(asked) if asked in set(Form) else Form.ALL


def _text(parts: App, request: Request, reader: Reader, name: str, pieces: Iterable[str]) -> Response:
    """A text that flows while it is made, written down before its first line leaves."""
    _note(parts, request, reader, name)
    encoded = (piece.encode("utf-8", "replace") for piece in (pieces if request.method == "GET" else ()))
    return StreamingResponse(encoded, media_type=MEDIA["csv"], headers=_headers(name))


def _drawn(
    parts: App, request: Request, reader: Reader, name: str, draw: Callable[[], bytes] | None
) -> Response | None:
    """A picture; for its head alone it is not drawn."""
    if draw is None:
        return None
    content = draw() if request.method == "GET" else b""
    _note(parts, request, reader, name)
    return Response(content, media_type=MEDIA[name.rpartition(".")[2]], headers=_headers(name))


def _written(
    parts: App, request: Request, reader: Reader, name: str, write: Callable[[Path], None]
) -> Response:
    """A file made in a folder that is gone as soon as it was sent."""
    place = tempfile.NamedTemporaryFile(delete=False, suffix=f"-{name}")  # noqa: SIM115 - sent after this
    path = Path(place.name)
    place.close()
    try:
        if request.method == "GET":
            with parcels.turn(PATIENCE, reader.session):
                write(path)
        _note(parts, request, reader, name)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    gone = BackgroundTask(path.unlink, missing_ok=True)
    kind = name.rpartition(".")[2]
    return FileResponse(path, media_type=MEDIA[kind], headers=_headers(name), background=gone)


def _note(parts: App, request: Request, reader: Reader, name: str) -> None:
    """Write down that a file leaves; asking for its head takes nothing along."""
    if request.method == "GET":
        visits.exported(parts.records, reader.viewer, name, now(), by=reader.by)


def _headers(name: str) -> dict[str, str]:
    return {
        "content-disposition": f'attachment; filename="{name}"',
        "content-security-policy": NOTHING_RUNS,
    }
