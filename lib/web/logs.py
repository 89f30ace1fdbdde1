"""The audit log as a file, for analysts; for everybody else it does not exist."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import available_timezones

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from lib.model import Actor
from lib.shares import audit, visits
from lib.shares.audit import Filter
from lib.web import files, gate, screens
from lib.wiring import App, now

ADDRESS = "/export/audit.csv"
BOM = "\ufeff"
"""Without the mark Excel takes accents for something else."""
LARGEST = 2**31 - 1
"""Of a number in the records."""


def routes(parts: App) -> list[Route]:
    return [Route(ADDRESS, files.unless_busy(parts, _log), methods=["GET"])]


def _log(parts: App, request: Request) -> Response:
    analyst = gate.analyst_of(parts, request)
    if analyst is None:
        return screens.missing(parts, request)
    query = request.query_params
    asked = query.get("zone", "")
    zone = asked if asked in available_timezones() else parts.settings.timezone
    language = analyst.language or gate.language_of(request)
    if request.method == "GET":
        by = Actor("analyst", analyst.address, gate.network(request))
        visits.exported(parts.records, None, "audit.csv", now(), by=by)
    pieces = audit.to_csv(parts.records, _filter(query), language, zone)
    return StreamingResponse(
        _marked(pieces),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="audit.csv"'},
    )


def _marked(pieces: Iterator[str]) -> Iterator[str]:
    yield BOM
    yield from pieces


def _filter(query: QueryParams) -> Filter:
    """The filters of the page; what cannot be one asks for everything."""
    groups = query.get("groups", "").split(",")
    return Filter(
        kinds=tuple(kind for group in groups for kind in audit.GROUPS.get(group, ())),
        actor=query.get("actor", "")[:320],
        share_id=_number(query.get("share", "")),
        viewer_id=_number(query.get("viewer", "")),
        since=_moment(query.get("since", "")),
        until=_moment(query.get("until", "")),
        text=query.get("text", "")[:200],
    )


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 12 and int(text) <= LARGEST else None


def _moment(text: str) -> datetime | None:
    """With its zone, as the page writes it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
