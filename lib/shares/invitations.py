"""Sharing: a form filled in by an analyst becomes a share, its viewers and their mails; all or nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from lib.config import Settings
from lib.mail import outbox
from lib.mail.letters import is_control
from lib.shares import addresses, credentials, letterbox, standing, tokens
from lib.shares.credentials import Invited, Password
from lib.shares.letterbox import INVITATION, Envelope
from lib.shares.refusal import ShareRefused
from lib.shares.standing import State
from lib.store.records import reading
from lib.store.tables import former_links, shares, viewers
from lib.store.vault import Vault
from lib.words import LANGUAGES

AT_ONCE = 100
"""Viewers per action (M9)."""
LONGEST_MESSAGE = 5000
"""Characters."""


@dataclass(frozen=True)
class Draft:
    """What an analyst fills in to share."""

    analyst_id: int | None
    campaigns: tuple[str, ...]
    viewers: tuple[str, ...]
    password: str = ""
    """Empty: one is generated."""
    message: str = ""
    language: str = "en"
    expires_on: date | None = None
    """The last day, inclusive, in `zone`."""
    zone: str = "UTC"
    form_key: str | None = None
    """The same form sent twice has the same key and makes one share."""
    sections: tuple[str, ...] | None = None
    people: bool = True
    revenue: bool = True
    mail_password: bool = True
    """False: the mails hold the link only; the analyst passes the password on."""


@dataclass(frozen=True)
class Created:
    """`again`: this form was sent before; nothing new was made and no secret is known any more."""

    share_id: int
    viewers: tuple[Invited, ...]
    again: bool = False


@dataclass(frozen=True)
class _Guest:
    """One to be invited, with everything that is made before the transaction."""

    address: str
    token: str
    link: str
    letter: EmailMessage


def create(records: sa.Engine, vault: Vault, settings: Settings, draft: Draft, now: datetime) -> Created:
    """A share, its viewers and a letter to each, in one transaction; the secrets are returned this once.

    The same form sent twice gives the share of the first time. Raises ShareRefused, naming the field.
    """
    made = _made_before(records, draft.form_key)
    if made:
        return made
    draft = replace(draft, viewers=_cleaned(draft.viewers), message=_message(draft.message))
    envelope = _envelope(records, draft)
    expires_at = expiry(draft.expires_on, draft.zone, now)
    password = _password(settings, draft.password, envelope, draft.viewers)
    guests = _guests(settings, envelope, draft.viewers, draft.mail_password, password, draft.message)
    try:
        with records.begin() as db:
            share_id = _insert_share(db, draft, expires_at, now)  # first: the same form is no repetition
            _refuse_repeated(db, draft, now)
            invited = [_invite(db, vault, share_id, guest, password, now) for guest in guests]
    except sa.exc.IntegrityError:
        made = _made_before(records, draft.form_key)  # the other half of a double click was faster
        if made is None:
            raise
        return made
    return Created(share_id, tuple(invited))


def add_viewers(
    records: sa.Engine,
    vault: Vault,
    settings: Settings,
    share_id: int,
    viewers: tuple[str, ...],
    password: str | None,
    message: str | None,
    now: datetime,
    mail_password: bool = True,
) -> tuple[Invited, ...]:
    """Invite more people; nobody else's link or password changes. Returns the new ones' secrets, this once.

    `password` None: one is generated for them. `message` None: the share's own. Somebody who was revoked
    comes back with a new link and password. Raises ShareRefused, also for one who is invited already.
    """
    with reading(records) as db:
        share = credentials.find_share(db, share_id)
        envelope = letterbox.envelope(db, share)
    _refuse_closed(share, now)
    fresh = _cleaned(viewers)
    words = share.message if message is None else _message(message)
    new = _password(settings, password, envelope, fresh)
    guests = _guests(settings, envelope, fresh, mail_password, new, words)
    with records.begin() as db:
        _refuse_closed(credentials.find_share(db, share_id), now)
        known = _known(db, share_id, guests)
        return tuple(
            _invite_back(db, vault, known[addresses.key(guest.address)], guest, new, now)
            if addresses.key(guest.address) in known
            else _invite(db, vault, share_id, guest, new, now)
            for guest in guests
        )


def expiry(expires_on: date | None, zone: str, now: datetime) -> datetime | None:
    """The first instant after the last day in `zone`; None for no end. Raises ShareRefused."""
    place = _zone(zone)
    if expires_on is None:
        return None
    if expires_on.year > 9000:
        raise ShareRefused("expires_on", "refusal.expiry.wrong")
    end = datetime.combine(expires_on + timedelta(days=1), time.min, place).astimezone(UTC)
    if end <= now:
        raise ShareRefused("expires_on", "refusal.expiry.past")
    return end


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise ShareRefused("zone", "refusal.expiry.zone", zone=name[:60]) from problem


def _made_before(records: sa.Engine, form_key: str | None) -> Created | None:
    if form_key is None:
        return None
    with reading(records) as db:
        share_id = db.execute(sa.select(shares.c.id).where(shares.c.form_key == form_key)).scalar()
        if share_id is None:
            return None
        rows = db.execute(
            sa.select(viewers.c.id, viewers.c.address)
            .where(viewers.c.share_id == share_id)
            .order_by(viewers.c.id)
        ).all()
    return Created(share_id, tuple(Invited(row.address, row.id, "", "") for row in rows), again=True)


def _cleaned(texts: Iterable[str]) -> tuple[str, ...]:
    """Each address once, whatever its capitals."""
    by_key: dict[str, str] = {}
    for text in texts:
        address = addresses.clean(text.strip(" "))
        by_key.setdefault(addresses.key(address), address)
    if not by_key:
        raise ShareRefused("viewers", "refusal.viewers.none")
    if len(by_key) > AT_ONCE:
        raise ShareRefused("viewers", "refusal.viewers.many", most=AT_ONCE)
    return tuple(by_key.values())


def _message(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > LONGEST_MESSAGE:
        raise ShareRefused("message", "refusal.message.long", most=LONGEST_MESSAGE)
    if any(is_control(sign) for sign in text if sign not in "\n\t"):
        raise ShareRefused("message", "refusal.message.signs")
    return text


def _envelope(records: sa.Engine, draft: Draft) -> Envelope:
    if draft.language not in LANGUAGES:
        raise ShareRefused("language", "refusal.language")
    with reading(records) as db:
        titles = letterbox.titles(db, draft.campaigns)
        writer = letterbox.writer(db, draft.analyst_id)
    if not titles or len(titles) != len(set(draft.campaigns)):
        raise ShareRefused("campaigns", "refusal.campaigns")
    return Envelope(draft.language, tuple(titles.values()), draft.expires_on, draft.zone, writer)


def _password(
    settings: Settings, typed: str | None, envelope: Envelope, invited: tuple[str, ...]
) -> Password:
    context = (*envelope.titles, settings.brand, *invited)
    return credentials.new_password(typed, context, settings.password_minimum)


def _guests(
    settings: Settings,
    envelope: Envelope,
    invited: tuple[str, ...],
    mail_password: bool,
    password: Password,
    message: str,
) -> list[_Guest]:
    told = password.text if mail_password else None
    guests = []
    for address in invited:
        token = tokens.new()
        link = letterbox.link(settings, token)
        letter = letterbox.letter(settings, envelope, INVITATION, address, link, told, message)
        guests.append(_Guest(address, token, link, letter))
    return guests


def _refuse_repeated(db: sa.Connection, draft: Draft, now: datetime) -> None:
    """Somebody who can see these very campaigns already is not invited again by another form (M7)."""
    keys = [addresses.key(address) for address in draft.viewers]
    rows = db.execute(
        sa.select(viewers.c.address, viewers.c.revoked_at, viewers.c.suspended_at)
        .add_columns(shares.c.campaigns, shares.c.off_at, shares.c.expires_at)
        .join(shares, shares.c.id == viewers.c.share_id)
        .where(viewers.c.address_key.in_(keys))
    ).all()
    for row in rows:
        same = set(row.campaigns) == set(draft.campaigns)
        if same and standing.of_viewer(row, now) is State.ACTIVE:
            raise ShareRefused("viewers", "refusal.viewers.shared", address=row.address)


def _refuse_closed(share: sa.Row[Any], now: datetime) -> None:
    state = standing.of_share(share, now)
    if state is not State.ACTIVE:
        raise ShareRefused("", f"refusal.share.{state}")


def _insert_share(db: sa.Connection, draft: Draft, expires_at: datetime | None, now: datetime) -> int:
    same = ("form_key", "analyst_id", "language", "message", "people", "revenue", "zone", "expires_on")
    row: dict[str, object] = {name: getattr(draft, name) for name in same}
    row |= {"created_at": now, "expires_at": expires_at, "campaigns": list(draft.campaigns)}
    row |= {"sections": sa.null() if draft.sections is None else list(draft.sections)}
    return int(db.execute(shares.insert().values(row).returning(shares.c.id)).scalar_one())


def _invite(
    db: sa.Connection, vault: Vault, share_id: int, guest: _Guest, password: Password, now: datetime
) -> Invited:
    row = {
        "share_id": share_id,
        "address": guest.address,
        "address_key": addresses.key(guest.address),
        "token_hash": tokens.digest(guest.token),
        "created_at": now,
    }
    made = db.execute(viewers.insert().values(row | password.columns).returning(viewers.c.id))
    viewer_id = int(made.scalar_one())
    outbox.enqueue(db, vault, guest.letter, viewer_id=viewer_id, kind=INVITATION, now=now)
    return Invited(guest.address, viewer_id, guest.link, password.text)


def _known(db: sa.Connection, share_id: int, guests: list[_Guest]) -> dict[str, sa.Row[Any]]:
    """Those who were invited before and revoked, by address key. Raises ShareRefused for one who was not."""
    keys = [addresses.key(guest.address) for guest in guests]
    mine = viewers.c.share_id == share_id, viewers.c.address_key.in_(keys)
    rows = db.execute(sa.select(viewers).where(*mine)).all()
    for row in rows:
        if row.revoked_at is None:
            raise ShareRefused("viewers", "refusal.viewers.taken", address=row.address)
    return {row.address_key: row for row in rows}


def _invite_back(
    db: sa.Connection,
    vault: Vault,
    viewer: sa.Row[Any],
    guest: _Guest,
    password: Password,
    now: datetime,
) -> Invited:
    credentials.reissue(db, viewer, now, token=guest.token, password=password)
    # Links from before the revocation do not even ask for a mail any more.
    db.execute(former_links.delete().where(former_links.c.viewer_id == viewer.id))
    db.execute(
        viewers.update().where(viewers.c.id == viewer.id).values(revoked_at=None, address=guest.address)
    )
    outbox.enqueue(db, vault, guest.letter, viewer_id=viewer.id, kind=INVITATION, now=now)
    return Invited(guest.address, viewer.id, guest.link, password.text)
