"""Whether a share and a viewer are open at this moment; asked by the entry, the gate and the lists alike."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from lib.model import SYSTEM
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import shares


class State(StrEnum):
    """What a viewer's link does at this moment; a share itself is only active, expired or off."""

    ACTIVE = "active"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    OFF = "off"


COLUMNS = (shares.c.off_at, shares.c.expires_at, shares.c.ended_at)
"""What must be known of a share, beside a viewer's row."""


def of_share(share: sa.Row[Any], now: datetime) -> State:
    """`share` has COLUMNS. One that was seen to be over stays so, wherever the clock goes (D4)."""
    if share.off_at is not None:
        return State.OFF
    if share.ended_at is not None:
        return State.EXPIRED
    if share.expires_at is not None and now >= share.expires_at:
        return State.EXPIRED
    return State.ACTIVE


def of_viewer(viewer: sa.Row[Any], now: datetime) -> State:
    """`viewer` is a viewer's row together with the COLUMNS of its share."""
    if viewer.revoked_at is not None:
        return State.REVOKED
    state = of_share(viewer, now)
    suspended = state is State.ACTIVE and viewer.suspended_at is not None
    return State.SUSPENDED if suspended else state


def close_ended(records: sa.Engine, now: datetime) -> int:
    """Write down which shares are over, so that a clock set back opens none again; returns how many.

    Looks first, for it is called every second or so.
    """
    over = shares.c.expires_at <= now, shares.c.ended_at.is_(None)
    with reading(records) as db:
        found = db.scalars(sa.select(shares.c.id).where(*over, shares.c.taken_back_at.is_(None))).all()
    return sum(_close(records, share_id, now) for share_id in found)


def _close(records: sa.Engine, share_id: int, now: datetime) -> bool:
    """False when it was extended in the meantime, or closed by another worker."""
    over = shares.c.id == share_id, shares.c.expires_at <= now, shares.c.ended_at.is_(None)
    with records.begin() as db:
        closed = db.execute(shares.update().where(*over).values(ended_at=now)).rowcount == 1
        if closed:
            audit.append(db, now, "share.ended", SYSTEM, share_id=share_id)
    return closed
