"""Whether a share and a viewer are open at this moment; asked by the entry, the gate and the lists alike."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa


class State(StrEnum):
    """What a viewer's link does at this moment; a share itself is only active, expired or off."""

    ACTIVE = "active"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    OFF = "off"


def of_share(share: sa.Row[Any], now: datetime) -> State:
    """`share` has off_at and expires_at (exclusive)."""
    if share.off_at is not None:
        return State.OFF
    if share.expires_at is not None and now >= share.expires_at:
        return State.EXPIRED
    return State.ACTIVE


def of_viewer(viewer: sa.Row[Any], now: datetime) -> State:
    """`viewer` is a viewer's row together with off_at and expires_at of its share."""
    if viewer.revoked_at is not None:
        return State.REVOKED
    state = of_share(viewer, now)
    suspended = state is State.ACTIVE and viewer.suspended_at is not None
    return State.SUSPENDED if suspended else state
