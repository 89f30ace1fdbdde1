"""The audit log: what happened, each row chained to the one before by its hash, so that a change is found.

Rows are appended within the transaction that does what they tell: when the log cannot be written, nothing is
done. The database refuses to change or delete them; whoever gets around that breaks the chain. That rows were
cut off at the end, or that the whole chain was computed anew, is told by the head kept outside of the records
(`lib.store.epoch`).
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True)
class Head:
    """The last row: its number (0: there is none) and its hash."""

    id: int = 0
    hash: str = START


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found: how many rows were read, and the first broken one (None: unbroken).

    `reason` is a key of the locale `audit.broken`: changed, missing.
    """

    rows: int
    head: Head
    broken: int | None = None
    reason: str = ""


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
    and never a password, a token or a link.
    """
    if db.dialect.name in LOCKS:
        db.exec_driver_sql(LOCKS[db.dialect.name])
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


def head(db: sa.Connection) -> Head:
    """The last row as it stands."""
    row = db.execute(sa.select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)).first()
    return Head(row.id, row.hash) if row else Head()


def verify(records: sa.Engine) -> Verdict:
    """Read the whole chain and name the first row that does not fit."""
    last = Head()
    for row in _rows(records):
        if row["id"] != last.id + 1:
            return Verdict(last.id, last, last.id + 1, "missing")
        if row["previous"] != last.hash or row["hash"] != _hash(row):
            return Verdict(last.id, last, row["id"], "changed")
        last = Head(row["id"], row["hash"])
    return Verdict(last.id, last)


def _rows(records: sa.Engine) -> Iterator[dict[str, Any]]:
    read = -1
    while True:
        with reading(records) as db:
            some: Iterable[Any] = (
                db.execute(sa.select(audit).where(audit.c.id > read).order_by(audit.c.id).limit(AT_ONCE))
                .mappings()
                .all()
            )
        for row in some:
            read = row["id"]
            yield dict(row)
        if not some:
            return


def _hash(row: dict[str, Any]) -> str:
    """Over everything but the hash itself."""
    told = {name: value for name, value in row.items() if name != "hash"}
    told["at"] = row["at"].isoformat()
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
