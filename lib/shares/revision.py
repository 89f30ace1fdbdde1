"""A share as an analyst saw it and as it is now, compared before anything is overwritten."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from lib.model import Actor
from lib.shares import standing
from lib.shares.overview import ShareLine
from lib.shares.refusal import ShareRefused
from lib.shares.standing import State
from lib.store import audit
from lib.store.tables import shares

SHOWN = ("campaigns", "sections", "people", "revenue", "history", "expires_on")
"""Fields that say what viewers see, and until when: what somebody says yes to who lets them in."""


@dataclass(frozen=True)
class Difference:
    """One field of a share: as the analyst saw it, and as it is now."""

    field: str
    """One of FIELDS, or state."""
    seen: Any
    now: Any


class StaleShare(ShareRefused):
    """Somebody changed the share since the analyst looked at it; nothing was done (D1).

    `by` is the address of who changed it ("" from the command line), `at` when.
    """

    def __init__(self, differences: tuple[Difference, ...], by: str, at: datetime | None) -> None:
        super().__init__("", "refusal.share.changed")
        self.differences = differences
        self.by = by
        self.at = at


def hold(db: sa.Connection, share_id: int) -> sa.Row[Any]:
    """The share's row, locked until the transaction ends. Raises ShareRefused when there is none.

    As an UPDATE locks it: whoever unlocks meanwhile, and holds a viewer of it, does not wait for the share.
    """
    mine = shares.c.id == share_id, shares.c.taken_back_at.is_(None)
    share = db.execute(sa.select(shares).where(*mine).with_for_update(key_share=True)).first()
    if share is None:
        raise ShareRefused("", "refusal.share.unknown")
    return share


def write(db: sa.Connection, share: sa.Row[Any], now: datetime, by: Actor, **values: Any) -> None:
    """Change a held share and keep who did it, and when."""
    marks = {"changed_at": now, "changed_by": by.name, "version": share.version + 1}
    db.execute(shares.update().where(shares.c.id == share.id).values(values | marks))


def refuse_stale(share: sa.Row[Any], seen: ShareLine, now: datetime, among: Collection[str] = ()) -> None:
    """Raises StaleShare when `share` shows anything else than `seen`; its viewers are no part of that.

    `among` are the fields that matter; empty: all.
    """
    differences = tuple(
        Difference(field, before, after)
        for field, read in FIELDS.items()
        if not among or field in among
        for before, after in [(read(seen), read(share))]
        if before != after
    )
    if (seen.state is State.OFF) != (share.off_at is not None):
        differences += (Difference("state", seen.state, standing.of_share(share, now)),)
    if differences:
        raise StaleShare(differences, share.changed_by, share.changed_at)


def append_last_day(
    db: sa.Connection, share: sa.Row[Any], expires_on: date | None, now: datetime, by: Actor
) -> None:
    """Say in the audit log that a share lasts longer or shorter."""
    days = {"before": share.expires_on, "after": expires_on}
    told = {name: day and day.isoformat() for name, day in days.items()}
    audit.append(db, now, "share.extended", by, share_id=share.id, **told)


def audience_of(holder: Any) -> tuple[str, str] | None:
    """The sender and the name of the audience that is followed."""
    return None if holder.audience is None else (holder.audience_sender, holder.audience)


def _sections(holder: Any) -> tuple[str, ...] | None:
    return None if holder.sections is None else tuple(holder.sections)


FIELDS: dict[str, Callable[[Any], Any]] = {
    "campaigns": lambda holder: tuple(holder.campaigns),
    "audience": audience_of,
    "sections": _sections,
} | {
    name: attrgetter(name)
    for name in ("people", "revenue", "history", "form", "message", "language", "expires_on")
}
"""How each field is read, from a share's row and from a ShareLine alike."""
