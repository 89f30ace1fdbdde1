"""The audit log: what happened, each row chained to the one before by its hash, so that a change is found.

Rows are appended within the transaction that does what they tell: when the log cannot be written, nothing is
done. The database refuses to change or delete them; whoever gets around that breaks the chain. That rows were
cut off at the end, or that the whole chain was computed anew, is told by the head kept outside of the records
(`lib.store.epoch`).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from lib.model import Actor
from lib.store.records import reading
from lib.store.tables import audit

START = "0" * 64
"""What stands before the first row."""

LOCKS = {"postgresql": "SELECT pg_advisory_xact_lock(7412)"}
"""Rows are appended one after the other; on SQLite the write transaction is the lock."""

AT_ONCE = 1000

LOST, ANSWERED = "records.restored", "records.acknowledged"
"""Kinds of rows: the records turned out to be older than they had been; an admin has seen to it."""
UNANSWERED = "unanswered"


@dataclass(frozen=True)
class Head:
    """The last row: its number (0: there is none) and its hash."""

    id: int = 0
    hash: str = START


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found: how many rows hold, and the number of the first that does not.

    `reason`, empty when nothing is wrong, is a key of the locale `audit.broken`: changed (the row is not as
    it was written), parted (it does not continue the row before, which was changed with its hash), missing
    (there it lacks rows); by the file of `lib.store.epoch` also cut, rewritten, sealed. `at` and `kind` are
    those of the broken row; of a missing one, those of the row before. `compared`: that file was there.
    An unbroken log may itself tell that rows had been lost; until an admin has answered that, its `reason` is
    unanswered, and `broken` the row that tells.
    """

    rows: int
    head: Head
    broken: int | None = None
    reason: str = ""
    at: datetime | None = None
    kind: str = ""
    compared: bool = False


def append(
    db: sa.Connection,
    now: datetime,
    kind: str,
    by: Actor,
    *,
    share_id: int | None = None,
    viewer_id: int | None = None,
    **details: Any,
) -> int:
    """Write one row within the caller's transaction; returns its number.

    `kind` is a key of the locale `audit.kind` with a dot: share.created. `details` are plain values of JSON
    and never a password, a token or a link. Best called last: until the transaction ends nobody else appends.
    """
    hold(db)
    last = head(db)
    row: dict[str, Any] = {
        "id": last.id + 1,
        "at": now,
        "kind": kind,
        "actor_kind": by.kind,
        "actor": by.name,
        "network": by.network,
        "share_id": share_id,
        "viewer_id": viewer_id,
        "details": details,
        "previous": last.hash,
    }
    db.execute(audit.insert().values(row | {"hash": _hash(row)}))
    return int(row["id"])


def hold(db: sa.Connection) -> None:
    """From here to the end of this transaction nobody else appends."""
    if db.dialect.name in LOCKS:
        db.exec_driver_sql(LOCKS[db.dialect.name])


def head(db: sa.Connection) -> Head:
    """The last row as it stands."""
    row = db.execute(sa.select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)).first()
    return Head(row.id, row.hash) if row else Head()


def hash_of(db: sa.Connection, number: int) -> str | None:
    """The hash of one row; None where there is no such row."""
    if number == 0:
        return START
    return db.execute(sa.select(audit.c.hash).where(audit.c.id == number)).scalar()


def verify(records: sa.Engine) -> Verdict:
    """Read the whole chain, in bounded memory, and name the first row that does not fit."""
    last, before, lost = Head(), None, None
    for row in _rows(records):
        reason = _misfit(last, row)
        if reason:
            number, told = (last.id + 1, before) if reason == "missing" else (row["id"], row)
            at, kind = (told["at"], told["kind"]) if told else (None, "")
            return Verdict(last.id, last, number, reason, at, kind)
        last, before = Head(row["id"], row["hash"]), row
        lost = {LOST: row, ANSWERED: None}.get(row["kind"], lost)
    if lost:
        return Verdict(last.id, last, lost["id"], UNANSWERED, lost["at"], lost["kind"])
    return Verdict(last.id, last)


def _misfit(last: Head, row: dict[str, Any]) -> str:
    """Why `row` cannot stand behind `last`; empty when it can."""
    if row["id"] > last.id + 1:
        return "missing"
    if row["id"] <= last.id or row["hash"] != _hash(row):
        return "changed"
    return "parted" if row["previous"] != last.hash else ""


def _rows(records: sa.Engine) -> Iterator[dict[str, Any]]:
    some: Sequence[Any] = _page(records, None)
    while some:
        yield from map(dict, some)
        some = _page(records, some[-1]["id"])


def _page(records: sa.Engine, after: int | None) -> Sequence[Any]:
    wanted = sa.select(audit).order_by(audit.c.id).limit(AT_ONCE)
    with reading(records) as db:
        return db.execute(wanted if after is None else wanted.where(audit.c.id > after)).mappings().all()


def _hash(row: dict[str, Any]) -> str:
    """Over everything but the hash itself."""
    told = {str(name): value for name, value in row.items() if name != "hash"}
    told["at"] = row["at"].astimezone(UTC).isoformat()
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
