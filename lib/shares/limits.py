"""How many mails may be caused: per action, per viewer, and per analyst in an hour (M9).

What was taken back counts for nobody. In an analyst's hour nothing counts that was replaced before its first
try; for a viewer each new link and password counts, whether its mail left or not.
"""

import math
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from lib.mail.outbox import REFUSED
from lib.shares import addresses
from lib.shares.letterbox import APART
from lib.shares.refusal import ShareRefused
from lib.store.tables import analysts, audit, outbox, viewers

AT_ONCE = 100
"""Viewers per action."""
PAUSE = timedelta(seconds=60)
"""Between two mails to one viewer."""
PER_DAY = 5
"""Mails to one viewer after the first."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class Wait:
    """Why a viewer cannot be written to yet (a key of the locale `refusal.limit`), and for how long."""

    reason: str
    time: timedelta

    @property
    def count(self) -> int:
        """Seconds of a pause, hours of a day, rounded up."""
        return math.ceil(self.time / UNITS[self.reason])


UNITS = {"refusal.limit.pause": timedelta(seconds=1), "refusal.limit.day": HOUR}


def waits(db: sa.Connection, viewer_ids: Collection[int], now: datetime) -> dict[int, Wait]:
    """Those who have to wait for another mail, whoever wants it: an analyst or the viewer."""
    times = _repeated(db, viewer_ids, now)
    found = {viewer_id: _wait(sorted(at), now) for viewer_id, at in times.items()}
    return {viewer_id: wait for viewer_id, wait in found.items() if wait}


def refuse_hurry(db: sa.Connection, viewer_ids: Collection[int], now: datetime) -> None:
    """Raises ShareRefused, naming the first viewer who has to wait and for how long."""
    waiting = waits(db, viewer_ids, now)
    if waiting:
        viewer_id, wait = min(waiting.items())
        address = db.execute(sa.select(viewers.c.address).where(viewers.c.id == viewer_id)).scalar_one()
        raise ShareRefused("", wait.reason, address=address, count=wait.count, most=PER_DAY)


def refuse_crowd(mails: int) -> None:
    """Raises ShareRefused for more viewers than one action may write to."""
    if mails > AT_ONCE:
        raise ShareRefused("viewers", "refusal.viewers.many", most=AT_ONCE)


def hold(db: sa.Connection, analyst_id: int | None) -> None:
    """Two actions of one analyst at once are counted one after the other; foreign keys do not wait for it.

    To be called before the first viewer is locked.
    """
    mine = sa.select(analysts.c.id).where(analysts.c.id == analyst_id)
    db.execute(mine.with_for_update(key_share=True)).first()


def refuse_flood(db: sa.Connection, analyst_id: int | None, mails: int, most: int, now: datetime) -> None:
    """Raises ShareRefused when `mails` more than fit into this analyst's hour of `most`.

    The command line has no analyst and no limit: whoever can use it can change the setting.
    """
    if analyst_id is None:
        return
    if mails > most:
        raise ShareRefused("", "refusal.limit.action", count=most, mails=mails)
    hold(db, analyst_id)
    mine = outbox.c.analyst_id == analyst_id, outbox.c.viewer_id.is_not(None)
    left = (outbox.c.attempts > 0) | (outbox.c.state != REFUSED)
    recent = sa.select(outbox.c.created_at).where(*mine, left, outbox.c.created_at > now - HOUR)
    times = sorted([*db.scalars(recent), *_sent_again(db, analyst_id, now)])
    free = max(most - len(times), 0)
    if mails > free:
        # So many of the oldest have to be an hour old first.
        enough = times[len(times) + mails - most - 1] + HOUR
        minutes = math.ceil((enough - now) / timedelta(minutes=1))
        raise ShareRefused("", "refusal.limit.hour", count=free, mails=mails, minutes=minutes)


def _sent_again(db: sa.Connection, analyst_id: int, now: datetime) -> list[datetime]:
    """When, within the hour, this analyst had the very same mail sent once more: it is no new row."""
    key = db.scalar(sa.select(analysts.c.address_key).where(analysts.c.id == analyst_id))
    again = audit.c.kind == "mail.again", audit.c.actor_kind == "analyst", audit.c.at > now - HOUR
    rows = db.execute(sa.select(audit.c.actor, audit.c.at).where(*again))
    return [row.at for row in rows if addresses.key(row.actor) == key]


def _repeated(db: sa.Connection, viewer_ids: Collection[int], now: datetime) -> dict[int, set[datetime]]:
    """When, within a day, each was written to again; the first mail to a viewer repeats nothing."""
    theirs = outbox.c.viewer_id.in_(list(viewer_ids)), outbox.c.kind != APART
    made = (
        sa.select(outbox.c.viewer_id, outbox.c.created_at.label("at"))
        .join(viewers, viewers.c.id == outbox.c.viewer_id)
        .where(*theirs, outbox.c.created_at >= viewers.c.created_at)  # not what was taken back before
    )
    times: dict[int, set[datetime]] = defaultdict(set)
    seen = set()
    for row in db.execute(made.order_by(outbox.c.id)):
        if row.viewer_id in seen:
            times[row.viewer_id].add(row.at)
        seen.add(row.viewer_id)
    again = audit.c.viewer_id.in_(list(viewer_ids)), audit.c.kind == "mail.again", audit.c.at > now - DAY
    for row in db.execute(sa.select(audit.c.viewer_id, audit.c.at).where(*again)):
        times[row.viewer_id].add(row.at)
    return {viewer_id: {at for at in every if at > now - DAY} for viewer_id, every in times.items()}


def _wait(times: list[datetime], now: datetime) -> Wait | None:
    """`times` in their order, all within a day."""
    if len(times) >= PER_DAY:
        return Wait("refusal.limit.day", times[-PER_DAY] + DAY - now)
    if times and times[-1] > now - PAUSE:
        return Wait("refusal.limit.pause", times[-1] + PAUSE - now)
    return None
