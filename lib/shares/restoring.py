"""Records that are older than they were: a backup brought back, or entries lost with the power.

Whatever was taken away since would be open again, so every viewer is put out, every admin is told, and a
banner stands on the page of the shares until an admin has looked through them (D6).
"""

from dataclasses import dataclass
from datetime import datetime

import orjson
import sqlalchemy as sa

from lib.model import SYSTEM, Actor
from lib.shares import notices
from lib.store import audit, epoch
from lib.store.epoch import Epoch
from lib.store.records import reading
from lib.store.tables import sessions, workspace

NAME = "restored"  # its row in the table `workspace`, until an admin has seen it


@dataclass(frozen=True)
class Restored:
    """That the records were found to be older, and when."""

    at: datetime


def watch(records: sa.Engine, kept: Epoch, now: datetime) -> None:
    """Compare the records with the file outside of them; sound the alarm, or note how far the log has come.

    Called at the start and by the worker: a database is restored under a running server, too.
    """
    with reading(records) as db:
        differ = epoch.judge(db, kept)
    if differ:
        _alarm(records, kept, now)
    epoch.keep(records, kept, now)


def warning(records: sa.Engine) -> Restored | None:
    """What no admin has seen to yet."""
    with reading(records) as db:
        text = db.execute(sa.select(workspace.c.value).where(workspace.c.name == NAME)).scalar()
    return Restored(datetime.fromisoformat(orjson.loads(text))) if text else None


def acknowledge(records: sa.Engine, now: datetime, *, by: Actor) -> None:
    """An admin has looked through the shares. Nothing happens when another one was faster."""
    with records.begin() as db:
        if db.execute(workspace.delete().where(workspace.c.name == NAME)).rowcount:
            audit.append(db, now, audit.ANSWERED, by)


def _alarm(records: sa.Engine, kept: Epoch, now: datetime) -> None:
    """Judged once more while nobody else appends: of two processes that notice it, one sounds the alarm.

    The file is written within the transaction. When that fails after all, the file names a row that is not
    there, and the alarm sounds again: rather twice than never.
    """
    with records.begin() as db:
        audit.hold(db)
        reason = epoch.judge(db, kept)
        if not reason:
            return
        lasting = sessions.c.viewer_id.is_not(None), sessions.c.ended_at.is_(None)
        ended = db.execute(sessions.update().where(*lasting).values(ended_at=now)).rowcount
        db.execute(workspace.delete().where(workspace.c.name == NAME))
        db.execute(workspace.insert().values(name=NAME, value=orjson.dumps(now.isoformat()).decode()))
        row = audit.append(db, now, audit.LOST, SYSTEM, reason=reason, sessions=ended)
        notices.tell(db, now, None, "restored", f"restored:{row}:{now.isoformat()}")
        kept.write(audit.head(db), now)
