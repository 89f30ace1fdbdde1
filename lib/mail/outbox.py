"""Mails to be sent, filled in the transaction that causes them, each sent at most once without asking.

States: queued -> sending (with a lease) -> accepted, refused, kept (as a file), waiting (tried again later)
or unknown (perhaps accepted; never sent again unless someone asks for it).

A mail may follow another one (`after_id`): it leaves once that one was handed over, is refused with it, and
waits as long as nobody knows. What becomes of a mail stands in the audit log in the same transaction; within
one, rows are locked in the order share, analyst, viewers, sessions, outbox, audit, and those of one table by
their ids, so that no two transactions on PostgreSQL wait for each other.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import sqlalchemy as sa

from lib.model import SYSTEM
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import outbox, viewers
from lib.store.vault import Vault
from lib.words import catalogue, t

QUEUED, SENDING, WAITING = "queued", "sending", "waiting"
ACCEPTED, REFUSED, UNKNOWN, KEPT = "accepted", "refused", "unknown", "kept"

DUE = (QUEUED, WAITING)
HANDED_OVER = (ACCEPTED, KEPT)
ERASED = (ACCEPTED, REFUSED, KEPT)
"""Their sealed mail, with the password in it, is erased; an unknown one stays a week."""

WITHDRAWN = "mail.answer.withdrawn"
FIRST_REFUSED = "mail.answer.first_refused"

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
GIVE_UP = timedelta(days=3)
LEASE = timedelta(minutes=10)
KEEP_UNKNOWN = timedelta(days=7)


@dataclass(frozen=True)
class Cause:
    """The action that mails come from: its name, the analyst who acts, and the time until which they wait."""

    batch: str
    analyst_id: int | None
    due_at: datetime


@dataclass(frozen=True)
class Parcel:
    """A claimed mail; `sealed` is the mail, encrypted."""

    id: int
    address: str
    sealed: bytes
    attempts: int
    """This one included."""
    since: datetime
    """When it might have left first; the patience of `GIVE_UP` counts from then."""


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt. `answer` is the server's, or a key of the locale `mail.answer`."""

    state: str
    answer: str = ""


@dataclass(frozen=True)
class MailState:
    """Where one mail to a viewer stands. `due_at`: when it is tried next; None when nothing is planned."""

    id: int
    kind: str
    state: str
    answer: str
    at: datetime
    due_at: datetime | None

    def said(self, language: str) -> str:
        """The answer in the reader's language where it is ours; a server's own words stay as they are."""
        ours = self.answer.startswith("mail.answer.") and self.answer in catalogue(language)
        return t(language, self.answer) if ours else self.answer


def cause(analyst_id: int | None, now: datetime, hold: timedelta = timedelta(0)) -> Cause:
    """A new action; its mails wait for `hold`."""
    return Cause(secrets.token_hex(16), analyst_id, now + hold)


def enqueue(
    db: sa.Connection,
    vault: Vault,
    message: EmailMessage,
    *,
    viewer_id: int | None,
    kind: str,
    now: datetime,
    cause: Cause | None = None,
    after_id: int | None = None,
) -> int:
    """Put a letter into the outbox, sealed, within the caller's transaction; returns the row's id.

    `after_id` is the row of the letter that must have been handed over before. A letter has one reader:
    raises ValueError for several addresses.
    """
    if "Date" not in message:
        message["Date"] = format_datetime(now)
    row = {
        "viewer_id": viewer_id,
        "kind": kind,
        "analyst_id": cause and cause.analyst_id,
        "batch": cause and cause.batch,
        "after_id": after_id,
        "address": _only_address(message),
        "message_id": str(message["Message-ID"]),
        "sealed": vault.seal(message.as_bytes().decode("ascii")),
        "state": QUEUED,
        "next_at": cause.due_at if cause else now,
        "created_at": now,
    }
    return int(db.execute(outbox.insert().values(row).returning(outbox.c.id)).scalar_one())


def claim(records: sa.Engine, now: datetime) -> Parcel | None:
    """Take the mail that is due longest, or None.

    The conditional UPDATE lets any number of workers run, and analysts take back what waits: exactly one of
    them changes the row.
    """
    first = outbox.alias("first")
    free = outbox.c.after_id.is_(None) | first.c.state.in_(HANDED_OVER)
    due = outbox.c.state.in_(DUE) & (outbox.c.next_at <= now) & free
    with records.begin() as db:
        row = db.execute(
            sa.select(outbox, first.c.ended_at.label("released_at"))
            .outerjoin(first, first.c.id == outbox.c.after_id)
            .where(due)
            .order_by(outbox.c.next_at, outbox.c.id)
            .limit(1)
        ).first()
        if row is None:
            return None
        taken = db.execute(
            outbox.update()
            .where(outbox.c.id == row.id, outbox.c.state == row.state, outbox.c.attempts == row.attempts)
            .values(state=SENDING, attempts=row.attempts + 1, lease_until=now + LEASE, leaving_at=None)
        )
        if taken.rowcount != 1:
            return None
        since = max(at for at in (row.created_at, row.ended_at, row.released_at) if at)
        return Parcel(row.id, row.address, row.sealed or b"", row.attempts + 1, since)


def leaving(records: sa.Engine, parcel: Parcel, now: datetime) -> bool:
    """Write down that the mail itself goes out now; whoever vanishes from here on leaves it unknown.

    False: the lease ran out and the mail is no longer this worker's to send.
    """
    held = (
        outbox.c.id == parcel.id,
        outbox.c.attempts == parcel.attempts,
        outbox.c.state == SENDING,
    )
    with records.begin() as db:
        return db.execute(outbox.update().where(*held).values(leaving_at=now)).rowcount == 1


def record(records: sa.Engine, parcel: Parcel, outcome: Outcome, now: datetime) -> None:
    """Write down what became of an attempt; the mail itself is erased once it was handed over or refused.

    A worker that comes back after its lease ran out still knows better than the «unknown» written meanwhile.
    """
    mine = (
        outbox.c.id == parcel.id,
        outbox.c.attempts == parcel.attempts,
        outbox.c.state.in_((SENDING, UNKNOWN)),
    )
    written = _written(parcel, outcome, now)
    with records.begin() as db:
        before = db.execute(
            sa.select(outbox.c.answer, outbox.c.sealed).where(*mine).with_for_update()
        ).first()
        if before is None:
            return
        if written["state"] == WAITING and before.sealed is None:  # withdrawn while it was on its way
            written = _taken_back(now)
        ended = _change(db, outbox.c.id == parcel.id, written)
        if written["state"] == REFUSED:
            ended += _refuse_followers(db, ended, FIRST_REFUSED, now)
        if parcel.attempts == 1 or (WAITING, before.answer) != (written["state"], written["answer"]):
            _log(db, ended, now)  # a server that is down says the same for days; the log hears it once


def close_leases(records: sa.Engine, now: datetime) -> int:
    """A mail whose worker vanished waits anew; unknown if a server may have it. Returns how many vanished.

    An unknown one that nobody sent again within a week is forgotten, and with it what should follow it.
    """
    gone = (outbox.c.state == SENDING) & (outbox.c.lease_until <= now)
    forgotten = (
        (outbox.c.state == UNKNOWN) & (outbox.c.ended_at <= now - KEEP_UNKNOWN) & outbox.c.sealed.is_not(None)
    )
    with reading(records) as db:  # asked every second or so: no write lock without a reason
        if not db.execute(sa.select(outbox.c.id).where(gone | forgotten).limit(1)).first():
            return 0
    with records.begin() as db:
        erased = _change(db, forgotten, {"sealed": None})
        left = {"state": UNKNOWN, "answer": "mail.answer.vanished", "lease_until": None, "ended_at": now}
        lost = _change(db, gone & outbox.c.leaving_at.is_not(None), left)
        lost += _change(db, gone & outbox.c.sealed.is_(None), _taken_back(now))
        here = {"state": WAITING, "answer": "mail.answer.interrupted", "lease_until": None, "next_at": now}
        lost += _change(db, gone, here)
        _log(db, _refuse_followers(db, erased, "mail.answer.first_unknown", now) + lost, now)
        return len(lost)


def send_again(db: sa.Connection, outbox_id: int, now: datetime) -> bool:
    """Queue an unknown mail once more because a person asked for it; same Message-ID. False: not possible.

    `ended_at` stays: it tells since when the mail is tried anew.
    """
    again = outbox.c.state == UNKNOWN, outbox.c.sealed.is_not(None), outbox.c.id == outbox_id
    anew = {"state": QUEUED, "answer": "", "next_at": now, "ended_at": now}
    return db.execute(outbox.update().where(*again).values(anew)).rowcount == 1


def withdraw(db: sa.Connection, viewer_ids: Iterable[int], now: datetime) -> int:
    """Erase what was not sent yet to these viewers, such as an old password; returns how many mails.

    An unknown one stays unknown, and one on its way goes on, but neither is sent again: what stands in it is
    no longer right.
    """
    return _withdraw(db, outbox.c.viewer_id.in_(list(viewer_ids)), now)


def withdraw_from_analyst(db: sa.Connection, analyst_id: int, now: datetime) -> int:
    """The same with the mails to an analyst, such as notices; those to viewers go on."""
    return _withdraw(db, (outbox.c.analyst_id == analyst_id) & outbox.c.viewer_id.is_(None), now)


def _withdraw(db: sa.Connection, theirs: sa.ColumnElement[bool], now: datetime) -> int:
    # Held first: between the two changes a worker could bring a mail back to DUE.
    unsent = outbox.c.state.in_((*DUE, SENDING, UNKNOWN))
    db.execute(sa.select(outbox.c.id).where(theirs, unsent).order_by(outbox.c.id).with_for_update()).all()
    withdrawn = _change(db, theirs & outbox.c.state.in_(DUE), _taken_back(now))
    _change(db, theirs & outbox.c.state.in_((SENDING, UNKNOWN)), {"sealed": None})
    _log(db, withdrawn, now)
    return len(withdrawn)


def mails_of(records: sa.Engine, viewer_ids: Iterable[int]) -> dict[int, tuple[MailState, ...]]:
    """The mails of the last action that wrote to each viewer, in the order in which they are sent.

    A viewer without any mail is not in it.
    """
    newest = (
        sa.select(sa.func.max(outbox.c.id))
        .where(outbox.c.viewer_id.in_(list(viewer_ids)))
        .group_by(outbox.c.viewer_id)
        .scalar_subquery()
    )
    last = (
        sa.select(outbox.c.id, outbox.c.viewer_id, outbox.c.batch).where(outbox.c.id.in_(newest)).subquery()
    )
    together = (outbox.c.viewer_id == last.c.viewer_id) & (outbox.c.batch == last.c.batch)
    either = (outbox.c.id == last.c.id) | together
    with reading(records) as db:
        rows = db.execute(sa.select(outbox).join(last, either).order_by(outbox.c.id)).all()
    states = {row.id: row.state for row in rows}
    found: dict[int, list[MailState]] = defaultdict(list)
    for row in rows:
        found[row.viewer_id].append(_mail_state(row, states.get(row.after_id, ACCEPTED)))
    return {viewer_id: tuple(mails) for viewer_id, mails in found.items()}


def _mail_state(row: sa.Row[Any], first: str) -> MailState:
    """`first` is the state of the mail that this one follows; accepted when it follows none."""
    planned = row.state in DUE and first in (*DUE, SENDING, *HANDED_OVER)
    due_at = row.next_at if planned else None
    return MailState(row.id, row.kind, row.state, row.answer, row.ended_at or row.created_at, due_at)


def _taken_back(now: datetime) -> dict[str, Any]:
    return {"state": REFUSED, "answer": WITHDRAWN, "sealed": None, "lease_until": None, "ended_at": now}


def _only_address(message: EmailMessage) -> str:
    if message["Cc"] or message["Bcc"] or len(message["To"].addresses) != 1:
        raise ValueError("a letter has exactly one reader")
    return str(message["To"].addresses[0].addr_spec)


def _written(parcel: Parcel, outcome: Outcome, now: datetime) -> dict[str, Any]:
    waits = outcome.state == WAITING and now < parcel.since + GIVE_UP
    state = REFUSED if outcome.state == WAITING and not waits else outcome.state
    written: dict[str, Any] = {"state": state, "answer": _one_line(outcome.answer), "lease_until": None}
    if waits:
        return written | {"next_at": now + BACK_OFF[min(parcel.attempts, len(BACK_OFF)) - 1]}
    return written | {"ended_at": now} | ({"sealed": None} if state in ERASED else {})


def _change(db: sa.Connection, which: sa.ColumnElement[bool], values: dict[str, Any]) -> list[sa.Row[Any]]:
    """The rows as they are after it, in the order of their making."""
    rows = db.execute(outbox.update().where(which).values(values).returning(outbox)).all()
    return sorted(rows, key=lambda row: row.id)


def _refuse_followers(
    db: sa.Connection, firsts: list[sa.Row[Any]], answer: str, now: datetime
) -> list[sa.Row[Any]]:
    """What should have left after these never will."""
    if not firsts:
        return []
    follows = outbox.c.after_id.in_([row.id for row in firsts]) & outbox.c.state.in_(DUE)
    return _change(db, follows, {"state": REFUSED, "answer": answer, "sealed": None, "ended_at": now})


def _log(db: sa.Connection, rows: list[sa.Row[Any]], now: datetime) -> None:
    """One line in the audit log for each, by what it has become."""
    readers = [row.viewer_id for row in rows if row.viewer_id is not None]
    pairs = sa.select(viewers.c.id, viewers.c.share_id).where(viewers.c.id.in_(readers))
    share_of = {row.id: row.share_id for row in db.execute(pairs)} if readers else {}
    for row in rows:
        kind = "withdrawn" if row.answer == WITHDRAWN else row.state
        audit.append(
            db,
            now,
            f"mail.{kind}",
            SYSTEM,
            share_id=share_of.get(row.viewer_id),
            viewer_id=row.viewer_id,
            address=row.address,
            mail=row.kind,
            answer=row.answer,
        )


def _one_line(answer: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in answer)[:300].strip()
