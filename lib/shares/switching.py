"""A share switched off and on, and its last day."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from lib.config import Settings
from lib.mail import outbox
from lib.model import Actor
from lib.shares import credentials, letterbox, policy, revision, sessions, tokens
from lib.shares.credentials import Invited
from lib.shares.invitations import expiry
from lib.shares.letterbox import LINK
from lib.shares.overview import ShareLine
from lib.store import audit
from lib.store.tables import viewers
from lib.store.vault import Vault
from lib.words import t


def off(records: sa.Engine, share_id: int, now: datetime, *, by: Actor) -> None:
    """All its links, sessions and waiting mails end; nothing is left to do for one that is off already."""
    with records.begin() as db:
        share = revision.hold(db, share_id)
        if share.off_at is None:
            revision.write(db, share, now, by, off_at=now)
            audit.append(db, now, "share.off", by, share_id=share_id)
        everyone = tuple(db.execute(sa.select(viewers.c.id).where(viewers.c.share_id == share_id)).scalars())
        sessions.end_viewers(db, everyone, now)
        outbox.withdraw(db, everyone, now)


def on(
    records: sa.Engine,
    vault: Vault,
    settings: Settings,
    share_id: int,
    mail: bool,
    now: datetime,
    *,
    by: Actor,
) -> tuple[Invited, ...]:
    """Open again for everyone who is not revoked, with new links: the old ones stay dead (S8).

    The passwords stay; they are not known, so `password` is empty. With `mail` each gets the new link.
    Returns nothing when the share is on already.
    """
    with records.begin() as db:
        share = revision.hold(db, share_id)
        if share.off_at is None:
            return ()
        revision.write(db, share, now, by, off_at=None)
        mine = viewers.c.share_id == share_id, viewers.c.revoked_at.is_(None)
        rows = db.execute(sa.select(viewers).where(*mine).order_by(viewers.c.id).with_for_update()).all()
        invited = tuple(_relinked(db, settings, viewer, now) for viewer in rows)
        audit.append(db, now, "share.on", by, share_id=share_id)
        if mail:
            _post(db, vault, settings, share, invited, now)
        return invited


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


def _relinked(db: sa.Connection, settings: Settings, viewer: sa.Row[Any], now: datetime) -> Invited:
    token = tokens.new()
    credentials.reissue(db, viewer, now, token=token)
    # A new link alone does not lift a suspension.
    kept = {"suspended_at": viewer.suspended_at, "failures": viewer.failures}
    db.execute(viewers.update().where(viewers.c.id == viewer.id).values(kept))
    return Invited(viewer.address, viewer.id, letterbox.link(settings, token), "")


def _post(
    db: sa.Connection,
    vault: Vault,
    settings: Settings,
    share: sa.Row[Any],
    invited: tuple[Invited, ...],
    now: datetime,
) -> None:
    envelope = letterbox.envelope(db, share)
    words = t(share.language, "credential.same_password")
    for viewer in invited:
        letter = letterbox.letter(settings, envelope, LINK, viewer.address, viewer.link, None, words)
        outbox.enqueue(db, vault, letter, viewer_id=viewer.id, kind=LINK, now=now)
