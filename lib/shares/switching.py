"""A share switched off and on, and its last day."""

from datetime import date, datetime

import sqlalchemy as sa

from lib.config import Settings
from lib.mail import outbox
from lib.model import Actor
from lib.shares import credentials, letterbox, limits, policy, revision, sessions
from lib.shares.credentials import Invited
from lib.shares.invitations import expiry
from lib.shares.overview import ShareLine
from lib.store import audit
from lib.store.tables import viewers
from lib.store.vault import Vault


def off(records: sa.Engine, share_id: int, now: datetime, *, by: Actor) -> None:
    """All its links, sessions and waiting mails end; nothing is left to do for one that is off already."""
    with records.begin() as db:
        share = revision.hold(db, share_id)
        if share.off_at is None:
            revision.write(db, share, now, by, off_at=now)
        everyone = tuple(db.execute(sa.select(viewers.c.id).where(viewers.c.share_id == share_id)).scalars())
        sessions.end_viewers(db, everyone, now)
        outbox.withdraw(db, everyone, now)
        if share.off_at is None:
            audit.append(db, now, "share.off", by, share_id=share_id)


def on(
    records: sa.Engine,
    vault: Vault,
    settings: Settings,
    share_id: int,
    mail: bool,
    now: datetime,
    *,
    by: Actor,
    seen: ShareLine | None = None,
) -> tuple[Invited, ...]:
    """Open again for everyone who is not revoked, with new links: the old ones stay dead (S8).

    The passwords stay; they are not known, so `password` is empty. With `mail` each gets the new link.
    Returns nothing when the share is on already. Raises StaleShare when it does not show what was `seen` any
    more (D1), and ShareRefused, also for more mails than one action may cause (M9).
    """
    with records.begin() as db:
        share = revision.hold(db, share_id)
        if share.off_at is None:
            return ()
        if seen is not None:
            revision.refuse_stale(share, seen, now, revision.SHOWN)
        revision.write(db, share, now, by, off_at=None)
        limits.hold(db, letterbox.cause(db, by, now).analyst_id)
        mine = viewers.c.share_id == share_id, viewers.c.revoked_at.is_(None)
        rows = db.execute(sa.select(viewers).where(*mine).order_by(viewers.c.id).with_for_update()).all()
        if mail:
            limits.refuse_crowd(len(rows))
        envelope = letterbox.envelope(db, share)
        made = [credentials.with_link(settings, envelope, viewer, mail) for viewer in rows]
        credentials.renew(db, vault, settings, made, now, by=by)
        audit.append(db, now, "share.on", by, share_id=share_id)
        return tuple(each.invited for each in made)


def extend(
    records: sa.Engine,
    share_id: int,
    expires_on: date | None,
    now: datetime,
    *,
    by: Actor,
    seen: ShareLine | None = None,
) -> None:
    """A new last day (None: no end), also for a share that has ended; who was revoked stays revoked.

    Raises StaleShare when the share is not as `seen` any more (D1), and ShareRefused.
    """
    allowed = policy.load(records)
    with records.begin() as db:
        share = revision.hold(db, share_id)
        if seen is not None:
            revision.refuse_stale(share, seen, now)
        expires_at = expiry(expires_on, share.zone, now)
        policy.refuse_beyond(allowed, expires_on, share.zone, now)
        revision.write(db, share, now, by, expires_on=expires_on, expires_at=expires_at, ended_at=None)
        revision.append_last_day(db, share, expires_on, now, by)
