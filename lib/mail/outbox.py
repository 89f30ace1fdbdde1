"""Mails to be sent, filled in the transaction that causes them, each sent at most once without asking.

States: queued -> sending (with a lease) -> accepted, refused, kept (as a file), waiting (tried again later)
or unknown (perhaps accepted; never sent again unless someone asks for it).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import sqlalchemy as sa

from lib.store.records import reading
from lib.store.tables import outbox
from lib.store.vault import Vault
from lib.words import catalogue, t

QUEUED, SENDING, WAITING = "queued", "sending", "waiting"
ACCEPTED, REFUSED, UNKNOWN, KEPT = "accepted", "refused", "unknown", "kept"

DUE = (QUEUED, WAITING)
ERASED = (ACCEPTED, REFUSED, KEPT)
"""Their sealed mail, with the password in it, is erased; an unknown one stays a week."""

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
GIVE_UP = timedelta(days=3)
LEASE = timedelta(minutes=10)
KEEP_UNKNOWN = timedelta(days=7)


@dataclass(frozen=True)
class Parcel:
    """A claimed mail; `sealed` is the mail, encrypted."""

    id: int
    address: str
    sealed: bytes
    attempts: int
    """This one included."""
    created_at: datetime


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt. `answer` is the server's, or a key of the locale `mail.answer`."""

    state: str
    answer: str = ""


@dataclass(frozen=True)
class MailState:
    """Where the last mail to a viewer stands."""

    state: str
    answer: str
    at: datetime

    def said(self, language: str) -> str:
        """The answer in the reader's language where it is ours; a server's own words stay as they are."""
        ours = self.answer.startswith("mail.answer.") and self.answer in catalogue(language)
        return t(language, self.answer) if ours else self.answer


def enqueue(
    db: sa.Connection, vault: Vault, message: EmailMessage, *, viewer_id: int | None, kind: str, now: datetime
) -> int:
    """Put a letter into the outbox, sealed, within the caller's transaction; returns the row's id.

    A letter has one reader: raises ValueError for several addresses.
    """
    if "Date" not in message:
        message["Date"] = format_datetime(now)
    row = {
        "viewer_id": viewer_id,
        "kind": kind,
        "address": _only_address(message),
        "message_id": str(message["Message-ID"]),
        "sealed": vault.seal(message.as_bytes().decode("ascii")),
        "state": QUEUED,
        "next_at": now,
        "created_at": now,
    }
    return int(db.execute(outbox.insert().values(row).returning(outbox.c.id)).scalar_one())


def claim(records: sa.Engine, now: datetime) -> Parcel | None:
    """Take the mail that is due longest, or None.

    The conditional UPDATE lets any number of workers run: exactly one of them changes the row.
    """
    due = outbox.c.state.in_(DUE) & (outbox.c.next_at <= now)
    with records.begin() as db:
        row = db.execute(
            sa.select(outbox).where(due).order_by(outbox.c.next_at, outbox.c.id).limit(1)
        ).first()
        if row is None:
            return None
        taken = db.execute(
            outbox.update()
            .where(outbox.c.id == row.id, outbox.c.state == row.state, outbox.c.attempts == row.attempts)
            .values(state=SENDING, attempts=row.attempts + 1, lease_until=now + LEASE)
        )
        if taken.rowcount != 1:
            return None
        return Parcel(row.id, row.address, row.sealed or b"", row.attempts + 1, row.created_at)


def record(records: sa.Engine, parcel: Parcel, outcome: Outcome, now: datetime) -> None:
    """Write down what became of an attempt; the mail itself is erased once it was handed over or refused.

    A worker that comes back after its lease ran out still knows better than the «unknown» written meanwhile.
    """
    with records.begin() as db:
        db.execute(
            outbox.update()
            .where(
                outbox.c.id == parcel.id,
                outbox.c.attempts == parcel.attempts,
                outbox.c.state.in_((SENDING, UNKNOWN)),
            )
            .values(**_written(parcel, outcome, now))
        )


def close_leases(records: sa.Engine, now: datetime) -> int:
    """A mail whose worker vanished may have been accepted: unknown. Returns how many there were."""
    gone = (outbox.c.state == SENDING) & (outbox.c.lease_until <= now)
    forgotten = (
        (outbox.c.state == UNKNOWN) & (outbox.c.ended_at <= now - KEEP_UNKNOWN) & outbox.c.sealed.is_not(None)
    )
    with reading(records) as db:  # asked every second or so: no write lock without a reason
        if not db.execute(sa.select(outbox.c.id).where(gone | forgotten).limit(1)).first():
            return 0
    with records.begin() as db:
        db.execute(outbox.update().where(forgotten).values(sealed=None))
        lost = {"state": UNKNOWN, "answer": "mail.answer.vanished", "lease_until": None, "ended_at": now}
        return db.execute(outbox.update().where(gone).values(**lost)).rowcount


def send_again(db: sa.Connection, outbox_id: int, now: datetime) -> bool:
    """Queue an unknown mail once more because a person asked for it; same Message-ID. False: not possible."""
    again = outbox.c.state == UNKNOWN, outbox.c.sealed.is_not(None), outbox.c.id == outbox_id
    queued = outbox.update().where(*again).values(state=QUEUED, answer="", next_at=now, ended_at=None)
    return db.execute(queued).rowcount == 1


def withdraw(db: sa.Connection, viewer_id: int, now: datetime) -> int:
    """Erase what was not sent yet to a viewer, such as an old password; returns how many mails."""
    unsent = outbox.c.viewer_id == viewer_id, outbox.c.state.in_(DUE)
    gone = {"state": REFUSED, "answer": "mail.answer.withdrawn", "sealed": None, "ended_at": now}
    return db.execute(outbox.update().where(*unsent).values(**gone)).rowcount


def last_of(records: sa.Engine, viewer_ids: Iterable[int]) -> dict[int, MailState]:
    """The state of the newest mail to each viewer; one without any mail is not in it."""
    newest = (
        sa.select(sa.func.max(outbox.c.id))
        .where(outbox.c.viewer_id.in_(list(viewer_ids)))
        .group_by(outbox.c.viewer_id)
        .scalar_subquery()
    )
    with reading(records) as db:
        rows = db.execute(sa.select(outbox).where(outbox.c.id.in_(newest))).all()
    return {row.viewer_id: MailState(row.state, row.answer, row.ended_at or row.created_at) for row in rows}


def _only_address(message: EmailMessage) -> str:
    if message["Cc"] or message["Bcc"] or len(message["To"].addresses) != 1:
        raise ValueError("a letter has exactly one reader")
    return str(message["To"].addresses[0].addr_spec)


def _written(parcel: Parcel, outcome: Outcome, now: datetime) -> dict[str, object]:
    waits = outcome.state == WAITING and now < parcel.created_at + GIVE_UP
    state = REFUSED if outcome.state == WAITING and not waits else outcome.state
    written: dict[str, object] = {"state": state, "answer": _one_line(outcome.answer), "lease_until": None}
    if waits:
        return written | {"next_at": now + BACK_OFF[min(parcel.attempts, len(BACK_OFF)) - 1]}
    return written | {"ended_at": now} | ({"sealed": None} if state in ERASED else {})


def _one_line(answer: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in answer)[:300].strip()
