"""A mail to oneself, through the outbox like every other, to see whether mails leave."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from lib.config import Settings
from lib.mail import notice, outbox
from lib.mail.letters import LetterRefused
from lib.mail.outbox import MailState
from lib.shares.analysts import Analyst
from lib.shares.refusal import ShareRefused
from lib.store.records import reading
from lib.store.tables import outbox as rows
from lib.store.vault import Vault
from lib.words import LANGUAGES

TRIAL = "trial"
"""The kind of mail in the outbox."""
PAUSE = timedelta(seconds=60)


def send(records: sa.Engine, vault: Vault, settings: Settings, analyst: Analyst, now: datetime) -> None:
    """Queue a mail to the analyst's own address.

    Raises ShareRefused when one was asked for a moment ago, or when no mail can be written.
    """
    language = analyst.language or LANGUAGES[0]
    page = f"{settings.base_url}/settings"
    try:
        letter = notice.trial(settings.mail_from, settings.brand, language, analyst.address, page)
    except LetterRefused as problem:
        raise ShareRefused("", "refusal.letter", part=str(problem)) from problem
    with records.begin() as db:
        lately = _mine(analyst.id), rows.c.created_at > now - PAUSE
        if db.execute(sa.select(rows.c.id).where(*lately).limit(1)).first():
            raise ShareRefused("", "settings.mail.lately")
        cause = outbox.cause(analyst.id, now)
        outbox.enqueue(db, vault, letter, viewer_id=None, kind=TRIAL, now=now, cause=cause)


def last(records: sa.Engine, analyst_id: int, now: datetime) -> MailState | None:
    """What became of the last one within a day."""
    recent = _mine(analyst_id), rows.c.created_at > now - timedelta(days=1)
    with reading(records) as db:
        row = db.execute(sa.select(rows).where(*recent).order_by(rows.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    due = row.next_at if row.state in outbox.DUE else None
    return MailState(row.id, row.kind, row.state, row.answer, row.ended_at or row.created_at, due)


def _mine(analyst_id: int) -> sa.ColumnElement[bool]:
    return (rows.c.analyst_id == analyst_id) & (rows.c.kind == TRIAL)
