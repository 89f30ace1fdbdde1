"""The seconds after an action in which its mails wait, so that everything can be taken back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lib.mail.outbox import QUEUED
from lib.store.records import reading
from lib.store.tables import outbox, viewers


@dataclass(frozen=True)
class Held:
    """One action whose mails wait."""

    batch: str
    until: datetime
    viewer_ids: tuple[int, ...]


def held(records: sa.Engine, share_id: int, now: datetime) -> tuple[Held, ...]:
    """The actions on a share that can be taken back at this moment, the newest first.

    One that has begun to leave is not among them: no mail of a held action was tried.
    """
    mine = outbox.join(viewers, viewers.c.id == outbox.c.viewer_id)
    of_share = viewers.c.share_id == share_id
    waits = outbox.c.state == QUEUED, outbox.c.next_at > now
    batches = sa.select(outbox.c.batch).select_from(mine).where(of_share, *waits)
    with reading(records) as db:
        rows = db.execute(
            sa.select(outbox.c.batch, outbox.c.viewer_id, outbox.c.state, outbox.c.attempts, outbox.c.next_at)
            .select_from(mine)
            .where(of_share, outbox.c.batch.in_(batches))
            .order_by(outbox.c.id.desc())
        ).all()
    mails: dict[str, list[Any]] = {}
    for row in rows:
        mails.setdefault(row.batch, []).append(row)
    found = [_held(batch, some) for batch, some in mails.items() if not any(row.attempts for row in some)]
    return tuple(one for one in found if one and one.until > now)


def _held(batch: str, mails: list[Any]) -> Held | None:
    """The mails of one action that wait; some may have been withdrawn, such as those to a revoked viewer."""
    waiting = [row for row in mails if row.state == QUEUED]
    if not waiting:
        return None
    ids = tuple(dict.fromkeys(row.viewer_id for row in waiting))
    return Held(batch, min(row.next_at for row in waiting), ids)
