"""Taking back: in the seconds after sharing nothing has left yet, and all can be as if it had not been."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lib.mail.outbox import ACCEPTED, KEPT, SENDING, UNKNOWN, WITHDRAWN
from lib.model import Actor
from lib.shares import credentials
from lib.shares.letterbox import INVITATION
from lib.shares.refusal import ShareRefused
from lib.store import audit
from lib.store.tables import outbox, shares, viewers

LEFT = (SENDING, ACCEPTED, KEPT, UNKNOWN)
"""States of a mail that has left, or may have."""


def take_back(records: sa.Engine, batch: str, now: datetime, *, by: Actor) -> tuple[str, ...]:
    """Undo one `create` or `add_viewers`; returns the addresses that lost their access, also the second time.

    With `create` goes the whole share, whoever was added to it since. What was shared is in no list any more,
    and the same people can be invited again. Somebody who had been revoked before is revoked again. Raises
    ShareRefused when a mail has left, or a worker has it in hand, or when a viewer's credential was replaced
    since: then nothing at all is taken back. A mail is withdrawn by changing its row only while it waits, and
    a worker claims it in the same way: never do both succeed.
    """
    with records.begin() as db:
        mails = _mails(db, batch)
        share = _held(db, mails)
        if all(mail.answer == WITHDRAWN and mail.revoked_at for mail in mails):
            return tuple(mail.invited for mail in mails)
        if any(mail.answer == WITHDRAWN and not mail.revoked_at for mail in mails):
            raise ShareRefused("", "refusal.share.changed")
        whole = _began_with(db, share.id, batch)
        concerned = _viewers(db, share.id, None if whole else [mail.viewer_id for mail in mails])
        _undo(db, concerned, share if whole else None, mails[0].id, now)
        _log(db, concerned, share if whole else None, now, by)
    return tuple(viewer.address for viewer in concerned)


def _mails(db: sa.Connection, batch: str) -> list[sa.Row[Any]]:
    """The invitations of one action, each with what is known of its viewer. Raises ShareRefused for none."""
    of_viewer = viewers.c.share_id, viewers.c.address.label("invited"), viewers.c.revoked_at
    found = (
        sa.select(outbox, *of_viewer)
        .join(viewers, viewers.c.id == outbox.c.viewer_id)
        .where(outbox.c.batch == batch, outbox.c.kind == INVITATION)
        .order_by(outbox.c.id)
    )
    mails = list(db.execute(found).all())
    if not mails:
        raise ShareRefused("", "refusal.taken_back.unknown")
    return mails


def _held(db: sa.Connection, mails: list[sa.Row[Any]]) -> sa.Row[Any]:
    """Their share, which nobody else changes meanwhile."""
    mine = sa.select(shares).where(shares.c.id == mails[0].share_id)
    return db.execute(mine.with_for_update(key_share=True)).one()


def _began_with(db: sa.Connection, share_id: int, batch: str) -> bool:
    """Whether the share was made by this action: its first mail tells."""
    first = (
        sa.select(outbox.c.batch)
        .join(viewers, viewers.c.id == outbox.c.viewer_id)
        .where(viewers.c.share_id == share_id)
        .order_by(outbox.c.id)
        .limit(1)
    )
    return db.execute(first).scalar() == batch


def _viewers(db: sa.Connection, share_id: int, chosen: list[int] | None) -> list[sa.Row[Any]]:
    """The chosen ones (None: all), locked."""
    mine = sa.select(viewers).where(viewers.c.share_id == share_id)
    wanted = mine if chosen is None else mine.where(viewers.c.id.in_(chosen))
    return list(db.execute(wanted.order_by(viewers.c.id).with_for_update()).all())


def _undo(
    db: sa.Connection, concerned: list[sa.Row[Any]], whole: sa.Row[Any] | None, first_mail: int, now: datetime
) -> None:
    """`whole` is the share when it goes with its viewers. Raises ShareRefused when a mail has left."""
    if whole is not None:
        gone = {"taken_back_at": now, "off_at": now, "version": shares.c.version + 1}
        db.execute(shares.update().where(shares.c.id == whole.id).values(gone))
    ids = [viewer.id for viewer in concerned]
    credentials.shut_out(db, ids, now)
    made_at = db.execute(sa.select(outbox.c.created_at).where(outbox.c.id == first_mail)).scalar_one()
    new = [viewer.id for viewer in concerned if whole is not None or viewer.created_at == made_at]
    db.execute(viewers.update().where(viewers.c.id.in_(new)).values(taken_back_at=now))
    theirs = outbox.c.viewer_id.in_(ids), outbox.c.id >= first_mail, outbox.c.state.in_(LEFT)
    left = db.execute(sa.select(sa.func.count()).select_from(outbox).where(*theirs)).scalar_one()
    if left:
        raise ShareRefused("", "refusal.taken_back.late", count=left)


def _log(
    db: sa.Connection, concerned: list[sa.Row[Any]], whole: sa.Row[Any] | None, now: datetime, by: Actor
) -> None:
    if whole is not None:
        audit.append(db, now, "share.taken_back", by, share_id=whole.id, viewers=len(concerned))
    for viewer in concerned:
        credentials.log(db, now, "viewer.taken_back", by, viewer)
