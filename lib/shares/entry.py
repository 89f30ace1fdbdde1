"""The viewer's entry: a link and a password in, a session out.

How often one may try, and whom that holds up:

- Each viewer has a counter of failures in a row (G1): five are free, then 1, 2, 4 ... 900 s must pass; after
  100 the credential is suspended until an analyst re-issues it. A try is counted *before* its password is
  looked at, and taken back when it was right: fifty at once get no further than fifty in a row.
- Each network has a bucket per share (G2): ten failures in 30 minutes fill it. A full bucket turns away,
  without a look at the password, those viewers who have used up their own five free tries: whoever tries out
  passwords with one link gets ten tries in half an hour from there. A viewer with free tries left is let
  through to the check, so colleagues behind the same address, who know their password, never notice (G3).
- A link that nobody has is paced in the same way, by a bucket of its own, and answered in the same time by
  verifying a dummy hash (G6); what it can do to a network's bucket for such links touches no viewer.

Whatever does not open answers `Refused`, with one value for all reasons (G5). The audit log keeps why, for
links that somebody has; what is not looked at leaves no row, so the waits bound how many there are.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lib.model import SYSTEM, Actor
from lib.shares import notices, passwords, sessions, standing, throttle, tokens
from lib.shares.again import answer_requests, ask_again
from lib.shares.standing import State
from lib.shares.throttle import FREE, Refused, TooMany
from lib.store import audit
from lib.store.tables import shares, viewers, visits

__all__ = ["Refused", "TooMany", "Unlocked", "answer_requests", "ask_again", "fetched", "unlock"]

log = logging.getLogger(__name__)

SUSPENDED_AT = 100
"""Failures in a row (NIST SP 800-63B: no more than 100)."""
PER_NETWORK = 10
"""Failures per share and network within throttle.WINDOW."""
UNKNOWN_PER_NETWORK = 60
"""The same for links that nobody has: each costs a hash, and a flood of them must not use up all."""
RETRY = 5
"""Seconds, when the records or the hashes are busy."""


@dataclass(frozen=True)
class Unlocked:
    """The value of the new session's cookie."""

    cookie: str


@dataclass(frozen=True)
class _Try:
    """A counted try: whose it is (None: nobody's), and what must be taken back when it was a good one."""

    viewer: sa.Row[Any] | None
    state: State | None
    network: str
    noted: tuple[int, ...]

    @property
    def hashed(self) -> str | None:
        return None if self.viewer is None else self.viewer.password_hash


def fetched(records: sa.Engine, token: str, by_a_machine: bool, now: datetime) -> None:
    """Count one opening of the link, by a person or as an automatic check. It changes nothing else (L1)."""
    counted = viewers.update().where(viewers.c.token_hash == tokens.digest(token))
    both = {"fetches": viewers.c.fetches + 1, "checks": viewers.c.checks + int(by_a_machine)}
    try:
        with records.begin() as db:
            db.execute(counted.values(both))
    except sa.exc.SQLAlchemyError as problem:
        log.warning("an opening at %s was not counted: %s", now, type(problem).__name__)


def unlock(
    records: sa.Engine, token: str, password: str, network: str, user_agent: str, now: datetime
) -> Unlocked | Refused | TooMany:
    """Open a new session for the viewer with this link and this password.

    `network` is the address of the browser; only its /24 or /64 is kept. An empty password, such as a scanner
    sends, counts for nobody (L2). When the records cannot be written nothing opens.
    """
    if not password or len(password) > passwords.MAXIMUM:
        return Refused()
    try:
        return _unlock(records, tokens.digest(token), password, throttle.network(network), user_agent, now)
    except sa.exc.DBAPIError as problem:
        log.error("the entry stays closed: %s", type(problem).__name__)
        return TooMany(RETRY)


def _unlock(
    records: sa.Engine, token_hash: str, password: str, network: str, user_agent: str, now: datetime
) -> Unlocked | Refused | TooMany:
    tried = _count(records, token_hash, network, now)
    if isinstance(tried, TooMany):
        return tried
    try:
        right = passwords.verify(tried.hashed, password)
    except passwords.Busy:
        _take_back(records, tried)
        return TooMany(RETRY)
    if tried.viewer is None or not right or tried.state is not State.ACTIVE:
        _record_failure(records, tried, right, now)
        return Refused()
    fresh = _rehashed(tried.viewer.password_hash, password)
    return _enter(records, tried, fresh, network, user_agent, now)


def _count(records: sa.Engine, token_hash: str, network: str, now: datetime) -> _Try | TooMany:
    with records.begin() as db:
        viewer = db.execute(_VIEWERS.where(viewers.c.token_hash == token_hash)).first()
        if viewer is None:
            return _count_nobodys(db, token_hash, network, now)
        bucket = f"share:{viewer.share_id}|{network}"
        wait = throttle.left(viewer.wait_until, now)
        if viewer.failures >= FREE:
            wait = max(wait, throttle.full(db, bucket, PER_NETWORK, now))
        if wait:
            return TooMany(wait)
        failures = viewer.failures + 1
        _change(db, viewer.id, failures=failures, wait_until=now + throttle.wait_after(failures))
        state = standing.of_viewer(viewer, now)
        if state is State.ACTIVE and viewer.failures >= SUSPENDED_AT:
            state = State.SUSPENDED
        return _Try(viewer, state, network, throttle.note(db, (bucket,), now))


def _count_nobodys(db: sa.Connection, token_hash: str, network: str, now: datetime) -> _Try | TooMany:
    link, all_links = f"link:{token_hash}", f"unknown|{network}"
    failures, wait = throttle.pace(db, link, now)
    limit = PER_NETWORK if failures >= FREE else UNKNOWN_PER_NETWORK
    wait = max(wait, throttle.full(db, all_links, limit, now))
    if wait:
        return TooMany(wait)
    return _Try(None, None, network, throttle.note(db, (link, all_links), now))


def _take_back(records: sa.Engine, tried: _Try) -> None:
    with records.begin() as db:
        throttle.forget(db, tried.noted)
        if tried.viewer is not None:
            fewer = {"failures": viewers.c.failures - 1, "wait_until": tried.viewer.wait_until}
            mine = viewers.c.id == tried.viewer.id, viewers.c.failures > 0
            db.execute(viewers.update().where(*mine).values(fewer))


def _record_failure(records: sa.Engine, tried: _Try, right: bool, now: datetime) -> None:
    """A link that nobody has leaves nothing, and takes as long (G6)."""
    with records.begin() as db:
        if tried.viewer is None:
            audit.head(db)
            throttle.forget(db, throttle.note(db, ("nobody",), now))
            return
        viewer, failures = tried.viewer, tried.viewer.failures + 1
        suspended = failures >= SUSPENDED_AT and _suspend(db, viewer, now)
        reason = str(tried.state) if right else "password"
        _log(db, now, "visit.failed", Actor("visitor", network=tried.network), viewer, reason=reason)
        if failures == FREE:
            _tell_denied(db, viewer, now, count=failures)
        if suspended:
            _log(db, now, "viewer.suspended", SYSTEM, viewer)
            _tell_denied(db, viewer, now, variant="suspended", count=SUSPENDED_AT)


def _suspend(db: sa.Connection, viewer: sa.Row[Any], now: datetime) -> bool:
    """Whether it was this try. Before anything is logged: whoever waits for the log may hold the viewer."""
    still = viewers.c.failures >= SUSPENDED_AT, viewers.c.suspended_at.is_(None)
    suspended = viewers.update().where(viewers.c.id == viewer.id, *still).values(suspended_at=now)
    return db.execute(suspended).rowcount == 1


def _tell_denied(db: sa.Connection, viewer: sa.Row[Any], now: datetime, **holes: object) -> None:
    """Once for each row of failures: it ends with a visit, or with a new credential."""
    key = f"denied:{viewer.id}:{viewer.version}:{viewer.visits}:{holes.get('variant', '')}"
    _tell(db, viewer, now, "denied", key, **holes)


def _tell(db: sa.Connection, viewer: sa.Row[Any], now: datetime, kind: str, key: str, **holes: Any) -> None:
    whose = {"share_id": viewer.share_id, "viewer_id": viewer.id}
    notices.tell(db, now, viewer.analyst_id, kind, key, **whose, **holes)


def _log(
    db: sa.Connection, now: datetime, kind: str, by: Actor, viewer: sa.Row[Any], **details: object
) -> None:
    audit.append(db, now, kind, by, share_id=viewer.share_id, viewer_id=viewer.id, **details)


def _rehashed(hashed: str, password: str) -> str:
    """The same password hashed with today's parameters, if the hash has older ones."""
    if not passwords.is_dated(hashed):
        return hashed
    try:
        return passwords.make_hash(password, passwords.PATIENCE)
    except passwords.Busy:
        return hashed


def _enter(
    records: sa.Engine, tried: _Try, hashed: str, network: str, user_agent: str, now: datetime
) -> Unlocked | Refused:
    """Looked up once more: while the password was checked, an analyst may have revoked or changed it."""
    before = tried.viewer
    assert before is not None  # noqa: S101 - for the type checker: only a viewer's try gets here
    with records.begin() as db:
        viewer = db.execute(_VIEWERS.where(viewers.c.id == before.id)).one()
        if viewer.version != before.version or standing.of_viewer(viewer, now) is not State.ACTIVE:
            return Refused()
        throttle.forget(db, tried.noted)
        opened = sessions.open_viewer(db, viewer.id, viewer.version, now)
        _record_visit(db, viewer, opened.id, network, user_agent, now)
        _log(db, now, "visit.opened", Actor("viewer", viewer.address, network), viewer)
        if viewer.first_visit_at is None:
            _tell(db, viewer, now, "first_visit", f"first_visit:{viewer.id}")
        _change(db, viewer.id, failures=0, wait_until=None, password_hash=hashed)
        return Unlocked(opened.cookie)


def _record_visit(
    db: sa.Connection, viewer: sa.Row[Any], session_id: int, network: str, user_agent: str, now: datetime
) -> None:
    browser = "".join(sign for sign in user_agent if sign.isprintable())[:300]
    visit = {"viewer_id": viewer.id, "session_id": session_id, "started_at": now}
    db.execute(visits.insert().values(visit | {"network": network, "user_agent": browser}))
    first = viewer.first_visit_at or now
    _change(db, viewer.id, first_visit_at=first, last_visit_at=now, visits=viewers.c.visits + 1)


def _change(db: sa.Connection, viewer_id: int, **values: object) -> None:
    db.execute(viewers.update().where(viewers.c.id == viewer_id).values(values))


_VIEWERS = (  # locked where the database locks rows; SQLite's write transaction locks them all
    # The share is not: analysts lock it before its viewers, and what it says is asked again inside.
    sa.select(viewers, shares.c.analyst_id, *standing.COLUMNS)
    .join(shares, shares.c.id == viewers.c.share_id)
    .with_for_update(of=viewers)
)
