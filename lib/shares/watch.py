"""The watch over the shares: finds what analysts should hear of, and mails what they want by mail."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lib.config import Settings
from lib.mail import notice as notice_mail
from lib.mail import outbox as mails
from lib.mail.letters import LetterRefused
from lib.mail.notice import Line
from lib.shares import contents, notices
from lib.shares.notices import Notice
from lib.store.records import reading
from lib.store.tables import analysts, audit, outbox, shares, viewers
from lib.store.tables import notices as told
from lib.store.vault import Vault
from lib.words import LANGUAGES

log = logging.getLogger(__name__)

NOTICE = "notice"
"""The kind of mail in the outbox."""
PAUSE = timedelta(minutes=10)
"""Between two mails to one analyst."""
NEWS = timedelta(days=1)
"""What is older is not told any more, nor mailed: it is no news after an upgrade, or once mail is set up."""
AHEAD = (1, 7)
"""Days before the last day of a share at which its end is told."""

MINUTE = timedelta(minutes=1)

SILENT = (mails.WITHDRAWN, mails.FIRST_REFUSED, "mail.answer.first_unknown")
"""Answers of mails that we took back ourselves, or that followed one that is told."""


@dataclass(frozen=True)
class Fact:
    """Something an analyst should hear of."""

    kind: str
    key: str
    analyst_id: int | None
    share_id: int
    viewer_id: int | None = None
    holes: dict[str, Any] = field(default_factory=dict)


class Watch:
    """A job of the worker, asked every second: as long as there is nothing new it only reads.

    What may wait a minute, the new campaigns of audiences, is looked for once a minute.
    """

    def __init__(self, records: sa.Engine, vault: Vault, settings: Settings) -> None:
        self._records, self._vault, self._settings = records, vault, settings
        self._looked_at: datetime | None = None

    def __call__(self, now: datetime) -> int:
        """Tell what is new and mail what is wanted by mail; returns how many mails were queued."""
        with reading(self._records) as db:
            facts = [*_refused(db, now), *_expiring(db, now), *_ended(db, now)]
        if self._looked_at is None or abs(now - self._looked_at) >= MINUTE:
            self._looked_at = now
            facts += _waiting(self._records, now)
        _tell(self._records, _unheard(self._records, facts), now)
        if not self._settings.smtp:  # a mail kept as a file reaches nobody: it stands in the product alone
            return 0
        readers = _readers(self._records, now)
        return sum(_mail(self._records, self._vault, self._settings, reader, now) for reader in readers)


def _unheard(records: sa.Engine, facts: list[Fact]) -> list[Fact]:
    if not facts:
        return []
    with reading(records) as db:
        keys = [fact.key for fact in facts]
        known = set(db.execute(sa.select(told.c.key).where(told.c.key.in_(keys))).scalars())
        somebody = db.execute(sa.select(analysts.c.id).limit(1)).first()
    return [fact for fact in facts if fact.key not in known] if somebody else []


def _tell(records: sa.Engine, facts: list[Fact], now: datetime) -> None:
    if not facts:
        return
    with records.begin() as db:
        for fact in facts:
            notices.tell(
                db,
                now,
                fact.analyst_id,
                fact.kind,
                fact.key,
                share_id=fact.share_id,
                viewer_id=fact.viewer_id,
                **fact.holes,
            )


def _refused(db: sa.Connection, now: datetime) -> Iterator[Fact]:
    """Mails to viewers that a server refused, or that may not have arrived; each attempt is told apart."""
    ended = outbox.c.state.in_((mails.REFUSED, mails.UNKNOWN)) & (outbox.c.ended_at > now - NEWS)
    rows = db.execute(
        sa.select(outbox, viewers.c.share_id, shares.c.analyst_id.label("maker"))
        .join(viewers, viewers.c.id == outbox.c.viewer_id)
        .join(shares, shares.c.id == viewers.c.share_id)
        .where(ended, outbox.c.answer.not_in(SILENT), viewers.c.revoked_at.is_(None))
    )
    for row in rows:
        holes = {"variant": f"mail_{row.state}", "answer": row.answer}
        key = f"mail:{row.id}:{row.state}:{row.attempts}"
        yield Fact("refused", key, row.maker, row.share_id, row.viewer_id, holes)


def _open_shares() -> sa.Select[Any]:
    """Shares that somebody could open, or could until they were over."""
    here = sa.exists().where(viewers.c.share_id == shares.c.id, viewers.c.revoked_at.is_(None))
    return sa.select(shares).where(shares.c.off_at.is_(None), shares.c.taken_back_at.is_(None), here)


def _expiring(db: sa.Connection, now: datetime) -> Iterator[Fact]:
    soon = shares.c.expires_at > now, shares.c.expires_at <= now + timedelta(days=max(AHEAD) + 1)
    for row in db.execute(_open_shares().where(*soon).add_columns(_chosen_at())):
        left = (row.expires_on - now.astimezone(ZoneInfo(row.zone)).date()).days
        ahead = next((days for days in AHEAD if left <= days), None)
        if ahead is not None and _set_before(row, ahead):
            holes = {"variant": f"expiring_{min(left, 2)}", "count": left, "day": row.expires_on.isoformat()}
            yield Fact(
                "expiring", f"expiring:{row.id}:{row.expires_on}:{ahead}", row.analyst_id, row.id, holes=holes
            )


def _chosen_at() -> sa.ColumnElement[Any]:
    """When the last day of a share was chosen anew; NULL: never since its creation."""
    extended = audit.c.share_id == shares.c.id, audit.c.kind == "share.extended"
    return sa.select(sa.func.max(audit.c.at)).where(*extended).scalar_subquery().label("chosen_at")


def _set_before(share: sa.Row[Any], ahead: int) -> bool:
    """Whoever has just chosen such a near day knows it."""
    chosen = share.chosen_at or share.created_at
    return bool(chosen.astimezone(ZoneInfo(share.zone)).date() < share.expires_on - timedelta(days=ahead))


def _ended(db: sa.Connection, now: datetime) -> Iterator[Fact]:
    over = shares.c.expires_at <= now, shares.c.expires_at > now - NEWS
    for row in db.execute(_open_shares().where(*over)):
        holes = {"day": row.expires_on.isoformat()}
        yield Fact("ended", f"ended:{row.id}:{row.expires_on}", row.analyst_id, row.id, holes=holes)


def _waiting(records: sa.Engine, now: datetime) -> Iterator[Fact]:
    """Campaigns of a followed audience to which somebody must say yes or no."""
    found = contents.pending(records, now)
    with reading(records) as db:
        mine = shares.c.id.in_([pending.share.id for pending in found])
        makers = {
            row.id: row.analyst_id
            for row in db.execute(sa.select(shares.c.id, shares.c.analyst_id).where(mine))
        }
    for pending in found:
        holes = {"campaign": pending.title, "count": len(pending.addresses)}
        share_id = pending.share.id
        key = f"waiting:{share_id}:{sha256(pending.campaign_id.encode()).hexdigest()[:32]}"
        yield Fact("waiting_campaign", key, makers.get(share_id), share_id, holes=holes)


def _readers(records: sa.Engine, now: datetime) -> list[Any]:
    """Analysts for whom unread notices wait to be mailed, and to whom no mail went just now."""
    lately = sa.exists().where(
        outbox.c.analyst_id == analysts.c.id, outbox.c.kind == NOTICE, outbox.c.created_at > now - PAUSE
    )
    some = sa.exists().where(told.c.analyst_id == analysts.c.id, _to_mail(now))
    with reading(records) as db:
        return list(
            db.execute(sa.select(analysts).where(analysts.c.disabled_at.is_(None), some, ~lately)).all()
        )


def _to_mail(now: datetime) -> sa.ColumnElement[bool]:
    unsent = told.c.mail & told.c.mailed_at.is_(None) & told.c.read_at.is_(None)
    return unsent & (told.c.at > now - NEWS)


def _mail(records: sa.Engine, vault: Vault, settings: Settings, reader: sa.Row[Any], now: datetime) -> int:
    """Queue one mail with all that waits for this analyst; marked as mailed in the same transaction."""
    with records.begin() as db:
        mine = (told.c.analyst_id == reader.id) & _to_mail(now)
        taken = (
            db.execute(told.update().where(mine).values(mailed_at=now).returning(told.c.id)).scalars().all()
        )
        rows = db.execute(notices.select_notices(told.c.id.in_(taken)).order_by(told.c.id)).all()
        letter = _letter(settings, reader, notices.of_rows(db, rows)) if rows else None
        if letter is None:
            return 0
        mails.enqueue(
            db, vault, letter, viewer_id=None, kind=NOTICE, now=now, cause=mails.cause(reader.id, now)
        )
    return 1


def _letter(settings: Settings, reader: sa.Row[Any], some: tuple[Notice, ...]) -> EmailMessage | None:
    """None, and a line in the log, for an address or a brand that no mail can carry."""
    language = reader.language or LANGUAGES[0]
    base = settings.base_url
    lines = tuple(
        Line(notice.said(language), f"{base}/shares?share={notice.share_id}" if notice.share_id else "")
        for notice in some
    )
    try:
        return notice_mail.digest(
            settings.mail_from, settings.brand, language, reader.address, lines, f"{base}/notices"
        )
    except LetterRefused as problem:
        log.error("no notice can be mailed to analyst %s: %s", reader.id, problem)
        return None
