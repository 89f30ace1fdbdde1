"""The audit log as people read it: found by filters, told in sentences, taken along as CSV."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from babel.dates import format_date, format_datetime

from lib.shares import letterbox, throttle
from lib.store import sheet
from lib.store.audit import Verdict
from lib.store.records import reading
from lib.store.tables import audit, campaigns, shares, viewers
from lib.words import REGIONS, catalogue, t

GROUPS: dict[
    str, tuple[str, ...]
] = {  # kinds that are asked for together, by key of the locale `audit.group`
    "visits": ("visit.opened", "visit.failed", "visit.left", "export.taken"),
    "shares": (
        "share.created",
        "share.taken_back",
        "share.changed",
        "share.extended",
        "share.off",
        "share.on",
        "share.ended",
        "campaign.added",
        "campaign.declined",
        "campaign.removed",
    ),
    "viewers": (
        "viewer.added",
        "viewer.taken_back",
        "viewer.revoked",
        "viewer.restored",
        "viewer.suspended",
        "password.changed",
        "password.asked",
        "password.passed_on",
        "link.renewed",
    ),
    "mail": (
        "mail.accepted",
        "mail.waiting",
        "mail.refused",
        "mail.unknown",
        "mail.kept",
        "mail.withdrawn",
        "mail.again",
    ),
    "analysts": (
        "analyst.signed_in",
        "analyst.failed",
        "analyst.signed_out",
        "analyst.added",
        "analyst.renamed",
        "analyst.disabled",
        "analyst.enabled",
        "analyst.password",
    ),
    "notes": ("note.added", "note.changed", "note.removed", "note.restored"),
    "workspace": (
        "settings.changed",
        "notices.changed",
        "benchmarks.added",
        "benchmarks.removed",
        "benchmarks.chosen",
        "google.linked",
        "google.unlinked",
        "records.restored",
        "records.acknowledged",
    ),
}
ACTORS = ("analyst", "viewer", "visitor", "stranger", "command", "system")
"""Kinds of model.Actor, by which one may filter too."""

AT_ONCE = 1000
OF_ONE_VIEWER = 500

Plain = Callable[[object], str]


@dataclass(frozen=True)
class Filter:
    """What is asked for; what is empty asks for everything.

    `actor` is an address or a kind of ACTORS, `since` inclusive, `until` exclusive. `text` is looked for in
    the addresses, the networks, the titles of the shares and the details.
    """

    kinds: tuple[str, ...] = ()
    actor: str = ""
    share_id: int | None = None
    viewer_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


@dataclass(frozen=True)
class AuditLine:
    """One row of the log, with what its numbers stand for today."""

    id: int
    at: datetime
    kind: str
    actor_kind: str
    actor: str
    network: str
    share_id: int | None
    titles: tuple[str, ...]
    """Of those campaigns of the share that are still there."""
    viewer_id: int | None
    viewer: str
    """The viewer's address; "" for a row that concerns none."""
    campaign: str
    """The title of the one campaign that the row is about; "" for the other rows."""
    details: Mapping[str, Any]
    hash: str

    def said(self, language: str, plain: Plain = str) -> str:
        """The row in one sentence. `plain` writes names so that the screen at hand shows them as they are."""
        return t(language, self._key(), **self._holes(language, plain))

    def details_said(self, language: str, plain: Plain = str) -> tuple[str, ...]:
        """What is known beyond the sentence, in words."""
        told = (_DETAILS[name](self, language, plain) for name in _DETAILS if name in self.details)
        return tuple(words for words in told if words)

    def share(self, language: str, plain: Plain = str) -> str:
        """What the share shows: the first campaign's title in quotes, and how many more."""
        if not self.titles:
            key = "audit.gone" if self.share_id is not None else "audit.a_share"
            return t(language, key, number=self.share_id)
        more = len(self.titles) - 1
        first = t(language, "audit.quoted", title=plain(self.titles[0]))
        return t(language, "audit.and_more", title=first, count=more) if more else first

    def _key(self) -> str:
        """A failed sign-in with an address that nobody has names none."""
        unnamed = self.kind == "analyst.failed" and not self.details.get("analyst")
        return "audit.somebody_failed" if unnamed else f"audit.kind.{self.kind.replace('.', '_')}"

    def _holes(self, language: str, plain: Plain) -> dict[str, str]:
        address = self.viewer or str(self.details.get("address") or "")
        return {
            "who": plain(self.actor) if self.actor else t(language, f"audit.who.{self.actor_kind}"),
            "viewer": plain(address) if address else t(language, "audit.a_viewer"),
            "share": self.share(language, plain),
            "place": self._place(language, plain),
            "campaign": t(language, "audit.quoted", title=plain(self.campaign)) if self.campaign else "–",
            "analyst": plain(self.details.get("analyst") or "–"),
            "file": plain(self.details.get("file") or "–"),
        }

    def _place(self, language: str, plain: Plain) -> str:
        """From which network; nothing where it is not known."""
        known = self.network and self.network != throttle.UNKNOWN
        return t(language, "audit.place", network=plain(self.network)) if known else ""


@dataclass(frozen=True)
class _Names:
    """What the numbers of some rows stand for."""

    viewers: Mapping[int, str] = field(default_factory=dict)
    shares: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    campaigns: Mapping[str, str] = field(default_factory=dict)


def lines(
    records: sa.Engine, wanted: Filter, limit: int, before_id: int | None = None
) -> tuple[AuditLine, ...]:
    """The rows asked for, the newest first, at most `limit`, only those before the row `before_id`."""
    with reading(records) as db:
        rows = sa.select(audit).where(*_conditions(db, wanted)).order_by(audit.c.id.desc()).limit(limit)
        found = db.execute(rows if before_id is None else rows.where(audit.c.id < before_id)).all()
        names = _names(db, found)
    return tuple(_line(row, names) for row in found)


def count(records: sa.Engine, wanted: Filter) -> int:
    """How many rows are asked for."""
    with reading(records) as db:
        counted = sa.select(sa.func.count()).select_from(audit).where(*_conditions(db, wanted))
        return int(db.execute(counted).scalar_one())


def of_viewer(records: sa.Engine, viewer_id: int) -> tuple[AuditLine, ...]:
    """What concerns one viewer, the newest first."""
    return lines(records, Filter(viewer_id=viewer_id), OF_ONE_VIEWER)


def titles_of_shares(records: sa.Engine) -> dict[int, tuple[str, ...]]:
    """All shares, the newest first, each with the titles of its campaigns; those taken back too."""
    with reading(records) as db:
        rows = db.execute(sa.select(shares.c.id, shares.c.campaigns).order_by(shares.c.id.desc())).all()
        return _titles(rows, letterbox.titles(db, tuple({one for row in rows for one in row.campaigns})))


def to_csv(records: sa.Engine, wanted: Filter, language: str, zone: str) -> Iterator[str]:
    """All rows asked for, as pieces of one CSV. Times are those of `zone`, an IANA name, which stands beside.

    Rows that are added while it is read are not in it, or at its beginning: it is read from the newest on.
    """
    yield _sheet([[t(language, f"audit.column.{name}") for name in _COLUMNS]])
    last: int | None = None
    while some := lines(records, wanted, AT_ONCE, last):
        yield _sheet(
            [[cell(line, language, zone) for cell in _COLUMNS.values()] for line in some],
        )
        last = some[-1].id


def verdict_said(found: Verdict, language: str, zone: str) -> str:
    """What a check of the chain found, in one sentence."""
    at = found.at and found.at.astimezone(ZoneInfo(zone))
    if found.reason:
        holes = {"number": found.broken, "count": found.rows, "what": found.kind or "–"}
        told = f"{format_datetime(at, 'd MMM y HH:mm:ss', locale=REGIONS[language])} {zone}" if at else "–"
        return t(language, f"audit.broken.{found.reason}", at=told, **holes)
    return t(language, "audit.unbroken" if found.compared else "audit.no_file", count=found.rows)


def _sheet(rows: Iterable[Iterable[object]]) -> str:
    file = io.StringIO()
    sheet.write(file, rows)
    return file.getvalue()


_COLUMNS: dict[str, Callable[[AuditLine, str, str], object]] = {
    "number": lambda line, *_: line.id,
    "time": lambda line, _, zone: line.at.astimezone(ZoneInfo(zone)).isoformat(" ", "seconds")[:19],
    "zone": lambda _line, _, zone: zone,
    "what": lambda line, language, _: line.said(language),
    "more": lambda line, language, _: "; ".join(line.details_said(language)),
    "kind": lambda line, *_: line.kind,
    "by": lambda line, language, _: t(language, f"audit.actor.{line.actor_kind}"),
    "who": lambda line, *_: line.actor,
    "network": lambda line, *_: line.network,
    "share": lambda line, *_: line.share_id,
    "titles": lambda line, *_: " · ".join(line.titles),
    "viewer": lambda line, *_: line.viewer,
    "details": lambda line, *_: orjson.dumps(line.details).decode() if line.details else "",
    "hash": lambda line, *_: line.hash,
}


# --- finding -------------------------------------------------------------------------------------------


def _conditions(db: sa.Connection, wanted: Filter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    for column, value in ((audit.c.share_id, wanted.share_id), (audit.c.viewer_id, wanted.viewer_id)):
        if value is not None:
            found.append(column == value)
    if wanted.kinds:
        found.append(audit.c.kind.in_(wanted.kinds))
    if wanted.actor:
        column = audit.c.actor_kind if wanted.actor in ACTORS else audit.c.actor
        found.append(column == wanted.actor)
    if wanted.since:
        found.append(audit.c.at >= wanted.since)
    if wanted.until:
        found.append(audit.c.at < wanted.until)
    if wanted.text.strip():
        found.append(_holding(db, wanted.text.strip()))
    return found


def _holding(db: sa.Connection, text: str) -> sa.ColumnElement[bool]:
    def holds(column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        return column.icontains(text, autoescape=True)

    titled = sa.select(campaigns.c.id).where(holds(campaigns.c.title) | holds(campaigns.c.subject))
    known = set(db.scalars(titled))
    every = db.execute(sa.select(shares.c.id, shares.c.campaigns)) if known else ()
    showing = [row.id for row in every if known.intersection(row.campaigns)]
    return sa.or_(
        holds(audit.c.actor),
        holds(audit.c.network),
        holds(sa.cast(audit.c.details, sa.Text)),
        audit.c.viewer_id.in_(sa.select(viewers.c.id).where(holds(viewers.c.address))),
        audit.c.share_id.in_(showing),
    )


def _names(db: sa.Connection, rows: Iterable[sa.Row[Any]]) -> _Names:
    """One question for all viewers, one for all shares, one for all campaigns."""
    rows = list(rows)
    viewer_ids = {row.viewer_id for row in rows if row.viewer_id is not None}
    share_ids = {row.share_id for row in rows if row.share_id is not None}
    addresses = sa.select(viewers.c.id, viewers.c.address).where(viewers.c.id.in_(viewer_ids))
    known = sa.select(shares.c.id, shares.c.campaigns).where(shares.c.id.in_(share_ids))
    found = db.execute(known).all()
    shown = {one for row in found for one in row.campaigns}
    titles = letterbox.titles(db, tuple(shown | {row.details["campaign"] for row in rows if _campaign(row)}))
    return _Names({row.id: row.address for row in db.execute(addresses)}, _titles(found, titles), titles)


def _titles(rows: Iterable[Any], titles: Mapping[str, str]) -> dict[int, tuple[str, ...]]:
    return {row.id: tuple(titles[one] for one in row.campaigns if one in titles) for row in rows}


def _campaign(row: sa.Row[Any]) -> str:
    """The campaign that a row is about; "" where it is about none."""
    told = row.details.get("campaign")
    return told if isinstance(told, str) else ""


def _line(row: sa.Row[Any], names: _Names) -> AuditLine:
    same = ("id", "at", "kind", "actor_kind", "actor", "network", "share_id", "viewer_id", "details", "hash")
    return AuditLine(
        **{name: getattr(row, name) for name in same},
        titles=names.shares.get(row.share_id, ()),
        viewer=names.viewers.get(row.viewer_id, ""),
        campaign=names.campaigns.get(_campaign(row), _campaign(row)),
    )


# --- what the details say ------------------------------------------------------------------------------


def _span(line: AuditLine, language: str, _plain: Plain) -> str:
    before, after = (_day(line.details.get(name), language) for name in ("before", "after"))
    return t(language, "audit.detail.span", before=before, after=after)


def _renamed(line: AuditLine, language: str, plain: Plain) -> str:
    before, after = map(plain, line.details["names"])
    return t(language, "audit.detail.span", before=before, after=after)


def _until(line: AuditLine, language: str, _plain: Plain) -> str:
    return t(language, "audit.detail.until", day=_day(line.details["expires_on"], language))


def _day(told: object, language: str) -> str:
    if not isinstance(told, str):
        return t(language, "audit.no_end")
    return format_date(date.fromisoformat(told), "d MMM y", locale=REGIONS[language])


def _answer(line: AuditLine, language: str, plain: Plain) -> str:
    """A mail server's words, or ours by their key."""
    told = str(line.details["answer"])
    return plain(t(language, told) if told in catalogue(language) else told)


def _worded(name: str) -> Callable[[AuditLine, str, Plain], str]:
    """The sentence for one of a few values; nothing for another one."""

    def said(line: AuditLine, language: str, _plain: Plain) -> str:
        key = f"audit.{name}.{line.details[name]}"
        return t(language, key) if key in catalogue(language) else ""

    return said


def _counted(name: str) -> Callable[[AuditLine, str, Plain], str]:
    def said(line: AuditLine, language: str, _plain: Plain) -> str:
        number = line.details[name]
        if isinstance(number, list):
            number = len(number)
        known = isinstance(number, int) and number
        return t(language, f"audit.detail.{name}", count=number) if known else ""

    return said


def _most(line: AuditLine, language: str, plain: Plain) -> str:
    return _counted("most")(line, language, plain) if line.details["most"] else t(language, "audit.no_most")


def _industries(line: AuditLine, language: str, plain: Plain) -> str:
    named = ", ".join(map(plain, line.details["industries"]))
    return named or t(language, "audit.no_industry")


def _admin(line: AuditLine, language: str, _plain: Plain) -> str:
    return t(language, "audit.detail.admin") if line.details["admin"] else ""


def _field(name: str) -> Callable[[AuditLine, str, Plain], str]:
    return lambda _line, language, _plain: t(language, f"audit.field.{name}")


FIELDS = ("audience", "sections", "people", "revenue", "history", "form", "message", "language")
"""What can be changed of a share besides its campaigns and its last day."""

_DETAILS: dict[str, Callable[[AuditLine, str, Plain], str]] = {
    "after": _span,
    "names": _renamed,
    "expires_on": _until,
    "road": _worded("road"),
    "answer": _answer,
    "reason": _worded("reason"),
    "viewers": _counted("viewers"),
    "sessions": _counted("sessions"),
    "days": _counted("days"),
    "most": _most,
    "industries": _industries,
    "admin": _admin,
} | {name: _field(name) for name in FIELDS}
