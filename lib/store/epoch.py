"""The head of the audit log, kept in a file outside of the records: what a restored or shortened log lacks.

Records that do not hold the row which the file names are older than the file, or were written anew. The file
is sealed with a key that neither the records nor the file hold; it is replaced whole, so that a crash leaves
the old one or the new one.
"""

import hmac
import os
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import orjson
import sqlalchemy as sa

from lib.store import audit
from lib.store.audit import Head, Verdict
from lib.store.records import reading
from lib.store.vault import Vault

NAME = "epoch"
"""Of the file, in the data folder."""

CUT, REWRITTEN, SEALED = "cut", "rewritten", "sealed"
"""What is wrong: the row is not there any more; another one has its number; the file is not ours."""


class NotSealed(Exception):
    """The file was written by somebody else, damaged, or sealed with another secret key."""


@dataclass(frozen=True)
class Mark:
    """What the file holds: the last row of the log, and when that was noted."""

    head: Head
    at: datetime


@dataclass(frozen=True)
class Epoch:
    """The file of one installation."""

    folder: Path
    vault: Vault

    @property
    def path(self) -> Path:
        return self.folder / NAME

    def read(self) -> Mark | None:
        """What was kept; None when nothing was yet. Raises NotSealed."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            line, seal = text.splitlines()
            if not hmac.compare_digest(seal, self._seal(line)):
                raise NotSealed
            told = orjson.loads(line)
            return Mark(Head(told["id"], told["hash"]), datetime.fromisoformat(told["at"]))
        except ValueError as problem:
            raise NotSealed from problem

    def write(self, head: Head, now: datetime) -> None:
        """Replace the file by one that names `head`; only its owner may read it."""
        line = orjson.dumps({"id": head.id, "hash": head.hash, "at": now.isoformat()})
        descriptor, name = tempfile.mkstemp(prefix=f".{NAME}-", dir=self.folder)  # mkstemp makes it mode 600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(line + b"\n" + self._seal(line) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _seal(self, line: bytes) -> bytes:
        return hmac.digest(self.vault.key("epoch"), line, "sha256").hex().encode()


def judge(db: sa.Connection, epoch: Epoch) -> str:
    """What is wrong between the file and the records: CUT, REWRITTEN, SEALED; empty when they agree.

    The file is read before the records, which may only be ahead of it.
    """
    try:
        mark = epoch.read()
    except NotSealed:
        return SEALED
    return _lack(db, mark) if mark else ""


def keep(records: sa.Engine, epoch: Epoch, now: datetime) -> None:
    """Write the head of the log into the file if it moved since.

    The caller has judged the two before. A slower process may write an older head over a newer one; it is a
    row of the same log, and the next call puts that right.
    """
    with reading(records) as db:
        head = audit.head(db)
    mark = epoch.read()
    if mark is None or mark.head != head:
        epoch.write(head, now)


def verify(records: sa.Engine, epoch: Epoch) -> Verdict:
    """As `audit.verify`, and by the file: whether rows were cut off at the end or the whole was rewritten."""
    mark, reason = None, ""
    try:
        mark = epoch.read()
    except NotSealed:
        reason = SEALED
    found = audit.verify(records)
    if found.reason not in ("", audit.UNANSWERED):
        return found
    if mark is None:
        return replace(found, reason=reason or found.reason)
    with reading(records) as db:
        reason = _lack(db, mark)
    if not reason:
        return replace(found, compared=True)
    return replace(found, broken=mark.head.id, reason=reason, at=mark.at, compared=True)


def _lack(db: sa.Connection, mark: Mark) -> str:
    found = audit.hash_of(db, mark.head.id)
    if found is None:
        return CUT
    return "" if found == mark.head.hash else REWRITTEN
