"""What is written to viewers, in the language of the share, and the road that a password takes to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa

from lib.config import Settings
from lib.mail import letters, outbox
from lib.mail.letters import NOBODY_IN_PERSON, Writer
from lib.mail.outbox import Cause
from lib.model import Actor
from lib.shares import addresses
from lib.shares.refusal import ShareRefused
from lib.store.tables import analysts, campaigns
from lib.store.vault import Vault

INVITATION, PASSWORD, LINK, APART = "invitation", "password", "link", "apart"
"""Kinds of mail: the first, the one after a new password, after a new link, and a password alone."""

SAME, SECOND, HAND = "same", "second", "hand"
ROADS = (SAME, SECOND, HAND)
"""A password travels in the mail with the link, in a second one after it, or not by mail at all."""
KEPT = "kept"
"""What a letter says about a password that is the same as before."""

_WRITERS: dict[str, Callable[..., EmailMessage]] = {
    INVITATION: letters.invitation,
    PASSWORD: letters.new_password,
    LINK: letters.new_link,
    APART: letters.password_alone,
}


@dataclass(frozen=True)
class Envelope:
    """What all letters of one share have in common."""

    language: str
    titles: tuple[str, ...]
    expires_on: date | None
    zone: str
    writer: Writer = NOBODY_IN_PERSON


@dataclass(frozen=True)
class Letter:
    """One mail to one viewer, and its kind."""

    kind: str
    mail: EmailMessage


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


def cause(db: sa.Connection, by: Actor, now: datetime, hold: timedelta = timedelta(0)) -> Cause:
    """A new action of this actor, for the mails that it brings about; they wait for `hold`."""
    who = sa.select(analysts.c.id).where(analysts.c.address_key == addresses.key(by.name))
    analyst_id = db.execute(who).scalar() if by.kind == "analyst" else None
    return outbox.cause(analyst_id, now, hold)


def with_password(
    settings: Settings,
    envelope: Envelope,
    kind: str,
    road: str,
    address: str,
    link: str,
    password: str,
    message: str = "",
) -> tuple[Letter, ...]:
    """The letters to one viewer by which link and password arrive, in the order of sending.

    By the second road the second one holds the password and never the link; by hand the only one says that
    the password comes from a person. Raises ShareRefused when one of the texts cannot stand in a mail.
    """
    told = password if road == SAME else None
    first = Letter(kind, letter(settings, envelope, kind, address, link, told, message, road))
    if road != SECOND:
        return (first,)
    return first, Letter(APART, letter(settings, envelope, APART, address, "", password))


def with_link(settings: Settings, envelope: Envelope, address: str, link: str) -> tuple[Letter, ...]:
    """The letter to one viewer whose link is new and whose password is not. Raises ShareRefused."""
    return (Letter(LINK, letter(settings, envelope, LINK, address, link, None, elsewhere=KEPT)),)


def post(
    db: sa.Connection, vault: Vault, made: Sequence[Letter], viewer_id: int, cause: Cause, now: datetime
) -> None:
    """Put one viewer's letters into the outbox, each to leave after the one before."""
    before: int | None = None
    for each in made:
        before = outbox.enqueue(
            db,
            vault,
            each.mail,
            viewer_id=viewer_id,
            kind=each.kind,
            now=now,
            cause=cause,
            after_id=before,
        )


def letter(
    settings: Settings,
    envelope: Envelope,
    kind: str,
    address: str,
    link: str,
    password: str | None,
    message: str = "",
    elsewhere: str = HAND,
) -> EmailMessage:
    """One letter to one viewer; without a password it says by which road that comes.

    Raises ShareRefused when one of the texts cannot stand in a mail.
    """
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
            elsewhere,
        )
    except letters.LetterRefused as problem:
        raise ShareRefused("", "refusal.letter", part=str(problem)) from problem
