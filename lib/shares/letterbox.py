"""What is written to viewers: one letter each, in the language of the share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa

from lib.config import Settings
from lib.mail import letters
from lib.mail.letters import NOBODY_IN_PERSON, Writer
from lib.shares.refusal import ShareRefused
from lib.store.tables import analysts, campaigns

INVITATION, PASSWORD, LINK = "invitation", "password", "link"
"""Kinds of mail in the outbox."""

_WRITERS: dict[str, Callable[..., EmailMessage]] = {
    INVITATION: letters.invitation,
    PASSWORD: letters.new_password,
    LINK: letters.invitation,
}


@dataclass(frozen=True)
class Envelope:
    """What all letters of one share have in common."""

    language: str
    titles: tuple[str, ...]
    expires_on: date | None
    zone: str
    writer: Writer = NOBODY_IN_PERSON


def envelope(db: sa.Connection, share: sa.Row[Any]) -> Envelope:
    """The envelope of a stored share."""
    found = titles(db, tuple(share.campaigns))
    return Envelope(
        share.language, tuple(found.values()), share.expires_on, share.zone, writer(db, share.analyst_id)
    )


def writer(db: sa.Connection, analyst_id: int | None) -> Writer:
    """The analyst who shares; nobody in person when that is unknown, or when the account is closed."""
    known = sa.select(analysts.c.name, analysts.c.address)
    here = analysts.c.id == analyst_id, analysts.c.disabled_at.is_(None)
    found = db.execute(known.where(*here)).first()
    return Writer(found.name, found.address) if found else NOBODY_IN_PERSON


def titles(db: sa.Connection, campaign_ids: tuple[str, ...]) -> dict[str, str]:
    """The titles of those campaigns that exist, in the order asked for."""
    known = sa.select(campaigns.c.id, campaigns.c.title, campaigns.c.subject)
    rows = {row.id: row for row in db.execute(known.where(campaigns.c.id.in_(campaign_ids)))}
    found = [rows[campaign] for campaign in campaign_ids if campaign in rows]
    return {row.id: row.title or row.subject or row.id for row in found}


def link(settings: Settings, token: str) -> str:
    """From the configured base URL, never from a request's Host header (L6)."""
    return f"{settings.base_url}/v/{token}"


def letter(
    settings: Settings,
    envelope: Envelope,
    kind: str,
    address: str,
    link: str,
    password: str | None,
    message: str = "",
) -> EmailMessage:
    """One letter to one viewer. Raises ShareRefused when one of the texts cannot stand in a mail."""
    try:
        return _WRITERS[kind](
            settings.mail_from,
            settings.brand,
            envelope.language,
            address,
            link,
            password,
            message,
            envelope.titles,
            envelope.expires_on,
            envelope.zone,
            envelope.writer,
        )
    except letters.LetterRefused as problem:
        raise ShareRefused("", "refusal.letter", part=str(problem)) from problem
