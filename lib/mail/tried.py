"""What became of the mails that the worker tried between two looks into the outbox."""

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa

from lib.mail.outbox import DUE, REFUSED, SENDING, UNKNOWN, WAITING
from lib.store.records import reading
from lib.store.tables import outbox

STUCK = frozenset((WAITING, REFUSED, UNKNOWN))
"""States of a mail that was tried and has not been handed over."""


@dataclass(frozen=True)
class Look:
    """How often each unfinished mail had been tried, by its id, and the newest id of all."""

    attempts: dict[int, int]
    newest: int


def look(records: sa.Engine) -> Look:
    """How the outbox stands before a turn."""
    unfinished = outbox.c.state.in_((*DUE, SENDING))
    with reading(records) as db:
        newest = db.execute(sa.select(sa.func.max(outbox.c.id))).scalar()
        rows = db.execute(sa.select(outbox.c.id, outbox.c.attempts).where(unfinished)).all()
    return Look({row.id: row.attempts for row in rows}, newest or 0)


def states(records: sa.Engine, before: Look) -> dict[str, int]:
    """How many mails that were tried since `before` are now in which state, by the names of the states."""
    oldest = min(before.attempts, default=before.newest + 1)
    columns = outbox.c.id, outbox.c.attempts, outbox.c.state
    with reading(records) as db:
        rows = db.execute(sa.select(*columns).where(outbox.c.id >= oldest)).all()
    return dict(
        sorted(Counter(row.state for row in rows if _was_tried(row.id, row.attempts, before)).items())
    )


def _was_tried(mail: int, attempts: int, before: Look) -> bool:
    if mail > before.newest:
        return attempts > 0
    return attempts > before.attempts.get(mail, attempts)
