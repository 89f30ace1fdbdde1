"""Sessions of analysts and viewers, kept in the records: a cookie alone proves nothing.

`find_viewer` is the gate of everything that is shared. Page, fragment, export and route ask it each time, and
it asks the records each time; so what an analyst ends has ended at the viewer's next message.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lib.model import Actor, Form, Scope
from lib.shares import standing, tokens
from lib.shares.analysts import Analyst, of_row
from lib.shares.standing import State
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import analysts, sessions, shares, tickets, viewers

log = logging.getLogger(__name__)

ANALYST, VIEWER = "analyst", "viewer"

# OWASP's session cheat sheet: idle 15 to 30 min, absolute 4 to 8 h. Analysts work with the product all day.
VIEWER_IDLE, VIEWER_LONGEST = timedelta(minutes=30), timedelta(hours=8)
ANALYST_IDLE, ANALYST_LONGEST = timedelta(hours=12), timedelta(days=7)

TOUCH = timedelta(minutes=1)
"""`seen_at` is written at most this often; an idle session may end that much early."""
TICKET = timedelta(seconds=30)


@dataclass(frozen=True)
class Admission:
    """What a viewer may see at this moment. Everything in it comes from the share's records."""

    viewer_id: int
    share_id: int
    address: str
    language: str
    scope: Scope
    form: Form
    """The count with which the report opens; the viewer may switch."""
    expires_on: date | None
    """The share's last day, inclusive, in `zone`; None: no end."""
    zone: str
    session_id: int
    message: str
    """What was written with the share, "" for nothing."""
    analyst: str
    """The name of whom the share is from, "" when nobody's account made it."""


@dataclass(frozen=True)
class Opened:
    """A new session: its id, and the cookie's value, which is not stored."""

    id: int
    cookie: str


def ticket(records: sa.Engine, analyst_id: int, now: datetime) -> str:
    """A pass for one new session of this analyst, good once and for 30 s."""
    text = tokens.new()
    row = {"hash": tokens.digest(text), "analyst_id": analyst_id, "expires_at": now + TICKET}
    with records.begin() as db:
        db.execute(tickets.delete().where(tickets.c.expires_at <= now))
        db.execute(tickets.insert().values(row))
    return text


def redeem(records: sa.Engine, ticket: str, now: datetime) -> str | None:
    """The cookie's value of a new session, or None when the ticket is unknown, used or too old."""
    with records.begin() as db:
        found = db.execute(_redeemable(ticket, now)).first()
        if found is None:
            return None
        used = db.execute(tickets.delete().where(tickets.c.hash == tokens.digest(ticket)))
        if used.rowcount != 1:  # another request was faster
            return None
        who = {"kind": ANALYST, "analyst_id": found.id, "version": found.password_version}
        return _opened(db, who, now).cookie


def open_viewer(db: sa.Connection, viewer_id: int, version: int, now: datetime) -> Opened:
    """A new session, whatever cookie the browser came with."""
    return _opened(db, {"kind": VIEWER, "viewer_id": viewer_id, "version": version}, now)


def find_analyst(records: sa.Engine, cookie: str | None, now: datetime, touch: bool = True) -> Analyst | None:
    """Who is signed in with this cookie; nobody after signing out, a new password, or too long a pause."""
    found = _found(records, _ANALYSTS, cookie)
    if found is None or found.disabled_at is not None or found.version != found.password_version:
        return None
    if not _lasts(found, ANALYST_IDLE, ANALYST_LONGEST, now):
        return None
    if touch:
        _touch(records, found, now)
    return of_row(found, session_id=found.session_id)


def find_viewer(
    records: sa.Engine, cookie: str | None, now: datetime, touch: bool = True
) -> Admission | None:
    """The gate: what this cookie may see now, or None; None as well when the records cannot be asked.

    `touch=False` is for what runs by itself, such as the watch of an open page: it must not keep a session
    alive that nobody uses.
    """
    try:
        found = _found(records, _VIEWERS, cookie)
    except sa.exc.SQLAlchemyError as problem:
        log.error("the gate stays closed: %s", type(problem).__name__)
        return None
    if (
        found is None
        or found.version != found.credential
        or standing.of_viewer(found, now) is not State.ACTIVE
    ):
        return None
    if not _lasts(found, VIEWER_IDLE, VIEWER_LONGEST, now):
        return None
    if touch:
        _touch(records, found, now)
    return _admission(found)


def end(records: sa.Engine, cookie: str | None, now: datetime, network: str = "") -> None:
    """Sign out; a session that is unknown or ended already stays as it is."""
    if cookie:
        with records.begin() as db:
            mine = _ANALYSTS.where(sessions.c.hash == tokens.digest(cookie), sessions.c.ended_at.is_(None))
            leaving = db.execute(mine).first()
            _end(db, sessions.c.hash == tokens.digest(cookie), now)
            if leaving:
                audit.append(db, now, "analyst.signed_out", Actor("analyst", leaving.address, network))


def end_viewers(db: sa.Connection, viewer_ids: tuple[int, ...], now: datetime) -> None:
    """End all sessions of these viewers and of nobody else."""
    _end(db, sessions.c.viewer_id.in_(viewer_ids), now)


def live_viewers(db: sa.Connection, share_ids: Collection[int], now: datetime) -> set[int]:
    """The viewers of these shares who have a session that still lasts."""
    of_share = sa.select(sessions.c.viewer_id).join(viewers, viewers.c.id == sessions.c.viewer_id)
    lasting = (
        viewers.c.share_id.in_(share_ids),
        sessions.c.version == viewers.c.version,
        sessions.c.ended_at.is_(None),
        sessions.c.seen_at > now - VIEWER_IDLE,
        sessions.c.created_at > now - VIEWER_LONGEST,
    )
    return set(db.execute(of_share.where(*lasting)).scalars())


_SESSION = (
    sessions.c.id.label("session_id"),
    sessions.c.version,
    sessions.c.created_at.label("opened_at"),
    sessions.c.seen_at,
    sessions.c.ended_at.label("closed_at"),
)
_ANALYSTS = (
    sa.select(analysts, *_SESSION)
    .join(analysts, analysts.c.id == sessions.c.analyst_id)
    .where(sessions.c.kind == ANALYST)
)
_VIEWERS = (
    sa.select(
        *_SESSION,
        viewers.c.id.label("viewer_id"),
        viewers.c.version.label("credential"),
        *(viewers.c[name] for name in ("share_id", "address", "revoked_at", "suspended_at")),
        *standing.COLUMNS,
        *(shares.c[name] for name in ("language", "expires_on", "zone", "message")),
        sa.func.coalesce(analysts.c.name, "").label("analyst"),
        *(shares.c[name] for name in ("campaigns", "sections", "people", "revenue", "history", "form")),
    )
    .join(viewers, viewers.c.id == sessions.c.viewer_id)
    .join(shares, shares.c.id == viewers.c.share_id)
    .outerjoin(analysts, analysts.c.id == shares.c.analyst_id)
    .where(sessions.c.kind == VIEWER)
)


def _redeemable(ticket: str, now: datetime) -> sa.Select[Any]:
    return (
        sa.select(analysts.c.id, analysts.c.password_version)
        .join(tickets, tickets.c.analyst_id == analysts.c.id)
        .where(tickets.c.hash == tokens.digest(ticket), tickets.c.expires_at > now)
        .where(analysts.c.disabled_at.is_(None))
    )


def _opened(db: sa.Connection, who: dict[str, object], now: datetime) -> Opened:
    cookie = tokens.new()
    row = {"hash": tokens.digest(cookie), "created_at": now, "seen_at": now} | who
    made = db.execute(sessions.insert().values(row).returning(sessions.c.id))
    return Opened(int(made.scalar_one()), cookie)


def _found(records: sa.Engine, whose: sa.Select[Any], cookie: str | None) -> sa.Row[Any] | None:
    if not cookie:
        return None
    with reading(records) as db:
        return db.execute(whose.where(sessions.c.hash == tokens.digest(cookie))).first()


def _lasts(session: sa.Row[Any], idle: timedelta, longest: timedelta, now: datetime) -> bool:
    used = now < session.seen_at + idle and now < session.opened_at + longest
    return used and session.closed_at is None


def _touch(records: sa.Engine, session: sa.Row[Any], now: datetime) -> None:
    """The session was let in by now; when the records are busy it is only not prolonged."""
    if now < session.seen_at + TOUCH:
        return
    seen = sessions.update().where(sessions.c.id == session.session_id, sessions.c.ended_at.is_(None))
    try:
        with records.begin() as db:
            db.execute(seen.values(seen_at=now))
    except sa.exc.SQLAlchemyError as problem:
        log.warning("a session was not prolonged: %s", type(problem).__name__)


def _admission(found: sa.Row[Any]) -> Admission:
    sections = None if found.sections is None else tuple(found.sections)
    return Admission(
        viewer_id=found.viewer_id,
        share_id=found.share_id,
        address=found.address,
        language=found.language,
        scope=Scope(
            tuple(found.campaigns),
            sections,
            found.people,
            found.revenue,
            raw_links=False,
            history=found.history,
        ),
        form=Form(found.form),
        expires_on=found.expires_on,
        zone=found.zone,
        session_id=found.session_id,
        message=found.message,
        analyst=found.analyst,
    )


def _end(db: sa.Connection, which: sa.ColumnElement[bool], now: datetime) -> None:
    db.execute(sessions.update().where(which, sessions.c.ended_at.is_(None)).values(ended_at=now))
