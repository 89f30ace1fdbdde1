"""Sharing: a form filled in by an analyst becomes a share, its viewers and their mails; all or nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from lib.config import Settings
from lib.mail.letters import is_control
from lib.mail.outbox import Cause
from lib.model import Actor, Form
from lib.shares import (
    addresses,
    audiences,
    credentials,
    letterbox,
    limits,
    policy,
    revision,
    standing,
    tokens,
)
from lib.shares.credentials import Invited, Password
from lib.shares.letterbox import HAND, INVITATION, SAME, Envelope, Letter
from lib.shares.limits import AT_ONCE
from lib.shares.overview import ShareLine
from lib.shares.refusal import ShareRefused
from lib.shares.standing import State
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import campaigns, former_links, outbox, shares, viewers
from lib.store.vault import Vault
from lib.words import LANGUAGES

NO_HOLD = timedelta(0)
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
    history: bool = True
    form: Form = Form.ALL
    """The count with which the report opens; a viewer may switch."""
    road: str = SAME
    """How the password travels: one of letterbox.ROADS."""
    hold: timedelta = NO_HOLD
    """As long do the mails wait; until then all can be taken back."""
    audience: tuple[str, str] | None = None
    """Sender and name of an audience whose later campaigns are proposed for this share."""


@dataclass(frozen=True)
class Created:
    """`again`: this form was sent before; nothing new was made and no secret is known any more.

    `batch` names the action for `take_back`; its mails leave at `until`, None when they wait for nothing.
    """

    share_id: int
    viewers: tuple[Invited, ...]
    again: bool = False
    batch: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class _Guest:
    """One to be invited, with everything that is made before the transaction."""

    address: str
    token: str
    link: str
    letters: tuple[Letter, ...]


@dataclass(frozen=True)
class _Invitation:
    """What all who are invited in one action have in common."""

    vault: Vault
    share_id: int
    password: Password
    road: str
    cause: Cause
    now: datetime

    @property
    def pass_on_since(self) -> datetime | None:
        return self.now if self.road == HAND else None


def create(
    records: sa.Engine, vault: Vault, settings: Settings, draft: Draft, now: datetime, *, by: Actor
) -> Created:
    """A share, its viewers and a letter to each, in one transaction; the secrets are returned this once.

    The same form sent twice gives the share of the first time. Raises ShareRefused, naming the field.
    """
    made = _made_before(records, draft.form_key)
    if made:
        return made
    draft = replace(draft, viewers=_cleaned(draft.viewers), message=clean_message(draft.message))
    envelope = _envelope(records, draft)
    expires_at = expiry(draft.expires_on, draft.zone, now)
    policy.refuse_beyond(policy.load(records), draft.expires_on, draft.zone, now)
    password = _password(settings, draft.password, envelope, draft.viewers)
    guests = _guests(settings, envelope, draft.viewers, draft.road, password, draft.message)
    try:
        with records.begin() as db:
            share_id = _insert_share(db, draft, expires_at, now)  # first: the same form is no repetition
            _refuse_repeated(db, draft, now)
            cause = letterbox.cause(db, by, now, draft.hold)
            invitation = _Invitation(vault, share_id, password, draft.road, cause, now)
            invited = _invite_all(db, settings, invitation, guests, {})
            _log_created(db, draft, share_id, now, by)
            _log_added(db, invitation, invited, {}, by)
    except sa.exc.IntegrityError:
        made = _made_before(records, draft.form_key)  # the other half of a double click was faster
        if made is None:
            raise
        return made
    return Created(share_id, invited, batch=cause.batch, until=_until(cause, now))


def add_viewers(
    records: sa.Engine,
    vault: Vault,
    settings: Settings,
    share_id: int,
    viewers: tuple[str, ...],
    password: str | None,
    message: str | None,
    now: datetime,
    *,
    by: Actor,
    road: str = SAME,
    hold: timedelta = NO_HOLD,
    seen: ShareLine | None = None,
) -> Created:
    """Invite more people; nobody else's link or password changes. Returns the new ones' secrets, this once.

    `password` None: one is generated for them. `message` None: the share's own. Somebody who was revoked
    comes back with a new link and password. Raises ShareRefused, also for one who is invited already, and
    StaleShare when the share does not show what was `seen` any more (D1).
    """
    with reading(records) as db:
        share = credentials.find_share(db, share_id)
        envelope = letterbox.envelope(db, share)
    credentials.refuse_closed(share, now)
    fresh = _cleaned(viewers)
    words = share.message if message is None else clean_message(message)
    new = _password(settings, password, envelope, fresh)
    guests = _guests(settings, envelope, fresh, road, new, words)
    with records.begin() as db:
        share = revision.hold(db, share_id)
        credentials.refuse_closed(share, now)
        if seen is not None:
            revision.refuse_stale(share, seen, now, revision.SHOWN)
        cause = letterbox.cause(db, by, now, hold)
        limits.hold(db, cause.analyst_id)
        known = _known(db, share_id, guests)
        invitation = _Invitation(vault, share_id, new, road, cause, now)
        invited = _invite_all(db, settings, invitation, guests, known)
        _log_added(db, invitation, invited, known, by)
    return Created(share_id, invited, batch=cause.batch, until=_until(cause, now))


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
    """What this form made the first time. Raises ShareRefused when that was taken back: it is not to be made
    by the late half of a double click, and whoever means it opens the form anew.
    """
    if form_key is None:
        return None
    with reading(records) as db:
        share = db.execute(sa.select(shares).where(shares.c.form_key == form_key)).first()
        if share is None:
            return None
        if share.taken_back_at is not None:
            raise ShareRefused("", "refusal.taken_back.form")
        rows = db.execute(
            sa.select(viewers.c.id, viewers.c.address, outbox.c.batch, outbox.c.next_at)
            .join(outbox, outbox.c.viewer_id == viewers.c.id)
            .where(viewers.c.share_id == share.id, outbox.c.created_at == share.created_at)
            .where(outbox.c.kind == INVITATION)
            .order_by(viewers.c.id)
        ).all()
    invited = tuple(Invited(row.address, row.id, "", "") for row in rows)
    until = rows[0].next_at if rows[0].next_at > share.created_at else None
    return Created(share.id, invited, again=True, batch=rows[0].batch or "", until=until)


def _until(cause: Cause, now: datetime) -> datetime | None:
    return cause.due_at if cause.due_at > now else None


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


def clean_message(text: str) -> str:
    """An analyst's words as they are kept. Raises ShareRefused."""
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
        followed = draft.audience is None or _is_audience(db, *draft.audience)
    if not followed or not titles or len(titles) != len(set(draft.campaigns)):
        raise ShareRefused("campaigns", "refusal.campaigns")
    return Envelope(draft.language, tuple(titles.values()), draft.expires_on, draft.zone, writer)


def _is_audience(db: sa.Connection, sender: str, audience: str) -> bool:
    here = campaigns.c.sender == sender, campaigns.c.audience == audience
    return db.execute(sa.select(campaigns.c.id).where(*here).limit(1)).first() is not None


def _password(
    settings: Settings, typed: str | None, envelope: Envelope, invited: tuple[str, ...]
) -> Password:
    context = (*envelope.titles, settings.brand, *invited)
    return credentials.new_password(typed, context, settings.password_minimum)


def _guests(
    settings: Settings,
    envelope: Envelope,
    invited: tuple[str, ...],
    road: str,
    password: Password,
    message: str,
) -> list[_Guest]:
    guests = []
    for address in invited:
        token = tokens.new()
        link = letterbox.link(settings, token)
        letters = letterbox.with_password(
            settings, envelope, INVITATION, road, address, link, password.text, message
        )
        guests.append(_Guest(address, token, link, letters))
    return guests


def _refuse_repeated(db: sa.Connection, draft: Draft, now: datetime) -> None:
    """Somebody who can see these very campaigns already is not invited again by another form (M7)."""
    keys = [addresses.key(address) for address in draft.viewers]
    rows = db.execute(
        sa.select(viewers.c.address, viewers.c.revoked_at, viewers.c.suspended_at)
        .add_columns(shares.c.campaigns, *standing.COLUMNS)
        .join(shares, shares.c.id == viewers.c.share_id)
        .where(viewers.c.address_key.in_(keys))
    ).all()
    for row in rows:
        same = set(row.campaigns) == set(draft.campaigns)
        if same and standing.of_viewer(row, now) is State.ACTIVE:
            raise ShareRefused("viewers", "refusal.viewers.shared", address=row.address)


def _insert_share(db: sa.Connection, draft: Draft, expires_at: datetime | None, now: datetime) -> int:
    same = ("form_key", "analyst_id", "language", "message", "zone", "expires_on", "road")
    shown = ("people", "revenue", "history", "form")
    row: dict[str, object] = {name: getattr(draft, name) for name in (*same, *shown)}
    row |= {"created_at": now, "expires_at": expires_at, "campaigns": list(draft.campaigns)}
    row |= {"sections": sa.null() if draft.sections is None else list(draft.sections)}
    row |= dict(zip(("audience_sender", "audience"), draft.audience or (None, None), strict=True))
    row |= {"declined": audiences.known(db, draft.audience)}
    return int(db.execute(shares.insert().values(row).returning(shares.c.id)).scalar_one())


def _invite_all(
    db: sa.Connection,
    settings: Settings,
    invitation: _Invitation,
    guests: list[_Guest],
    known: dict[str, sa.Row[Any]],
) -> tuple[Invited, ...]:
    """Within the limits of mails. `known` are the rows of those who come back, by address key."""
    mails = sum(len(guest.letters) for guest in guests)
    limits.refuse_flood(db, invitation.cause.analyst_id, mails, settings.mails_per_hour, invitation.now)
    limits.refuse_hurry(db, [viewer.id for viewer in known.values()], invitation.now)
    invited = []
    for guest in guests:
        before = known.get(addresses.key(guest.address))
        viewer_id = (
            _invite(db, invitation, guest) if before is None else _invite_back(db, invitation, guest, before)
        )
        letterbox.post(db, invitation.vault, guest.letters, viewer_id, invitation.cause, invitation.now)
        invited.append(Invited(guest.address, viewer_id, guest.link, invitation.password.text))
    return tuple(invited)


def _invite(db: sa.Connection, invitation: _Invitation, guest: _Guest) -> int:
    row = {
        "share_id": invitation.share_id,
        "address": guest.address,
        "address_key": addresses.key(guest.address),
        "token_hash": tokens.digest(guest.token),
        "created_at": invitation.now,
        "pass_on_since": invitation.pass_on_since,
    }
    password = invitation.password.columns
    made = db.execute(viewers.insert().values(row | password).returning(viewers.c.id))
    return int(made.scalar_one())


def _known(db: sa.Connection, share_id: int, guests: list[_Guest]) -> dict[str, sa.Row[Any]]:
    """Those who were invited before and revoked or taken back, by address key, locked.

    Raises ShareRefused for one who has access.
    """
    keys = [addresses.key(guest.address) for guest in guests]
    mine = viewers.c.share_id == share_id, viewers.c.address_key.in_(keys)
    rows = db.execute(sa.select(viewers).where(*mine).order_by(viewers.c.id).with_for_update()).all()
    for row in rows:
        if row.revoked_at is None:
            raise ShareRefused("viewers", "refusal.viewers.taken", address=row.address)
    return {row.address_key: row for row in rows}


def _invite_back(db: sa.Connection, invitation: _Invitation, guest: _Guest, viewer: sa.Row[Any]) -> int:
    now, password = invitation.now, invitation.password
    credentials.reissue(
        db,
        viewer,
        now,
        token=guest.token,
        password=password,
        pass_on_since=invitation.pass_on_since,
    )
    # Links from before the revocation do not even ask for a mail any more.
    db.execute(former_links.delete().where(former_links.c.viewer_id == viewer.id))
    back: dict[str, Any] = {"revoked_at": None, "taken_back_at": None, "address": guest.address}
    back |= {"created_at": now} if viewer.taken_back_at else {}  # as if never invited before
    db.execute(viewers.update().where(viewers.c.id == viewer.id).values(back))
    return int(viewer.id)


def _log_created(db: sa.Connection, draft: Draft, share_id: int, now: datetime, by: Actor) -> None:
    audit.append(
        db,
        now,
        "share.created",
        by,
        share_id=share_id,
        campaigns=list(draft.campaigns),
        viewers=len(draft.viewers),
        expires_on=draft.expires_on and draft.expires_on.isoformat(),
        road=draft.road,
    )


def _log_added(
    db: sa.Connection,
    invitation: _Invitation,
    invited: tuple[Invited, ...],
    known: dict[str, sa.Row[Any]],
    by: Actor,
) -> None:
    for each in invited:
        before = known.get(addresses.key(each.address))
        kind = "viewer.restored" if before and not before.taken_back_at else "viewer.added"
        audit.append(
            db,
            invitation.now,
            kind,
            by,
            share_id=invitation.share_id,
            viewer_id=each.id,
            address=each.address,
            road=invitation.road,
        )
