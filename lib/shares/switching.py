"""A share switched off and on, and its last day."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from lib.config import Settings
from lib.mail import outbox
from lib.shares import credentials, letterbox, sessions, tokens
from lib.shares.credentials import Invited
from lib.shares.invitations import expiry
from lib.shares.letterbox import LINK
from lib.shares.refusal import ShareRefused
from lib.store.records import reading
from lib.store.tables import shares, viewers
from lib.store.vault import Vault
from lib.words import t


def off(records: sa.Engine, share_id: int, now: datetime) -> None:
    """All its links, sessions and waiting mails end."""
    with records.begin() as db:
        mine = shares.c.id == share_id, shares.c.off_at.is_(None)
        db.execute(shares.update().where(*mine).values(off_at=now, version=shares.c.version + 1))
        everyone = tuple(db.execute(sa.select(viewers.c.id).where(viewers.c.share_id == share_id)).scalars())
        sessions.end_viewers(db, everyone, now)
        for viewer_id in everyone:
            outbox.withdraw(db, viewer_id, now)


def on(
    records: sa.Engine, vault: Vault, settings: Settings, share_id: int, mail: bool, now: datetime
) -> tuple[Invited, ...]:
    """Open again for everyone who is not revoked, with new links: the old ones stay dead (S8).

    The passwords stay; they are not known, so `password` is empty. With `mail` each gets the new link.
    Returns nothing when the share is on already.
    """
    with records.begin() as db:
        share = credentials.find_share(db, share_id)
        if share.off_at is None:
            return ()
        switched = {"off_at": None, "version": shares.c.version + 1}
        db.execute(shares.update().where(shares.c.id == share_id).values(switched))
        mine = viewers.c.share_id == share_id, viewers.c.revoked_at.is_(None)
        rows = db.execute(sa.select(viewers).where(*mine).order_by(viewers.c.id)).all()
        invited = tuple(_relinked(db, settings, viewer, now) for viewer in rows)
        if mail:
            _post(db, vault, settings, share, invited, now)
        return invited


def extend(
    records: sa.Engine, share_id: int, expires_on: date | None, now: datetime, version: int | None = None
) -> None:
    """A new last day (None: no end), also for a share that has ended; who was revoked stays revoked.

    `version` is that of the share as the analyst saw it: when somebody changed it since, it is refused (D1).
    Raises ShareRefused.
    """
    with reading(records) as db:
        share = credentials.find_share(db, share_id)
    seen = share.version if version is None else version
    changed = {
        "expires_on": expires_on,
        "expires_at": expiry(expires_on, share.zone, now),
        "version": seen + 1,
    }
    with records.begin() as db:
        mine = shares.c.id == share_id, shares.c.version == seen
        if db.execute(shares.update().where(*mine).values(changed)).rowcount != 1:
            raise ShareRefused("", "refusal.share.changed")


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
