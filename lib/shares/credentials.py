"""The credential of a viewer: a link and a password, made anew, changed, ended.

The records keep hashes only, so a link cannot be written into a second mail. Therefore:

- A new password that is *mailed* comes with a new link, and the old link ends: the mail is whole.
- A new password that an analyst *passes on* leaves the link as it is: the viewer opens the mail from before.

Either ends the viewer's sessions. Viewers whose password is set in one action share one hash, salt included.
The salt's task is to hide that two passwords are equal and to make an attacker pay for each; here everybody
knows that they are equal (`password_group` says so), and whoever guesses one has them all. A hash for each
would protect nobody, and sharing with 100 viewers would take half a minute.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lib.config import Settings
from lib.mail import outbox
from lib.shares import letterbox, passwords, sessions, tokens
from lib.shares.refusal import ShareRefused
from lib.store.records import reading
from lib.store.tables import former_links, shares, viewers
from lib.store.vault import Vault


@dataclass(frozen=True)
class Invited:
    """One viewer and what opens the share, to be shown once. Empty where it is not known (any more)."""

    address: str
    id: int
    link: str
    password: str


@dataclass(frozen=True)
class Password:
    """A password set in one action, with its hash and the name of the action."""

    text: str
    hashed: str
    group: str

    @property
    def columns(self) -> dict[str, str]:
        return {"password_hash": self.hashed, "password_group": self.group}


def new_password(typed: str | None, context: tuple[str, ...], minimum: int) -> Password:
    """The typed password, or a generated one when nothing was typed. Raises ShareRefused (field password)."""
    if typed:
        reason = passwords.check(typed, context, minimum)
        if reason:
            raise ShareRefused("password", reason, minimum=minimum, maximum=passwords.MAXIMUM)
    try:
        return hashed(typed or passwords.generate())
    except passwords.Busy as problem:
        raise ShareRefused("", "refusal.busy") from problem


def hashed(text: str) -> Password:
    """Raises passwords.Busy."""
    return Password(text, passwords.make_hash(text), secrets.token_hex(16))


def set_password(
    records: sa.Engine,
    vault: Vault,
    settings: Settings,
    share_id: int,
    viewer_ids: tuple[int, ...] | None,
    password: str | None,
    mail: bool,
    now: datetime,
) -> tuple[Invited, ...]:
    """One new password (None: generated) for these viewers, or for everyone who is not revoked.

    Ends their sessions and nobody else's; also lifts a suspension. With `mail` each gets a letter with a new
    link; without, the old link stays and `link` is empty. Raises ShareRefused.
    """
    with reading(records) as db:
        share = find_share(db, share_id)
        chosen = _chosen(db, share_id, viewer_ids)
        envelope = letterbox.envelope(db, share)
    if mail and share.off_at is not None:
        raise ShareRefused("", "refusal.share.off")
    context = (*envelope.titles, settings.brand, *(viewer.address for viewer in chosen))
    new = new_password(password, context, settings.password_minimum)
    made = [_renewed(viewer, settings, new, mail) for viewer in chosen]
    with records.begin() as db:
        for viewer, token, invited in made:
            reissue(db, viewer, now, token=token, password=new)
            if mail:
                letter = _letter(settings, envelope, invited)
                outbox.enqueue(db, vault, letter, viewer_id=viewer.id, kind=letterbox.PASSWORD, now=now)
    return tuple(invited for _, _, invited in made)


def reissue(
    db: sa.Connection,
    viewer: sa.Row[Any],
    now: datetime,
    *,
    token: str = "",
    password: Password | None = None,
) -> None:
    """Give a viewer a new link, a new password, or both; sessions and waiting mails from before end.

    Raises ShareRefused when the credential was changed since `viewer` was read.
    """
    values: dict[str, Any] = {"version": viewer.version + 1, "failures": 0}
    values |= {"wait_until": None, "suspended_at": None}
    values |= password.columns if password else {}
    values |= {"token_hash": tokens.digest(token)} if token else {}
    unchanged = viewers.c.id == viewer.id, viewers.c.version == viewer.version
    if db.execute(viewers.update().where(*unchanged).values(values)).rowcount != 1:
        raise ShareRefused("", "refusal.share.changed")
    if token:
        db.execute(former_links.insert().values(token_hash=viewer.token_hash, viewer_id=viewer.id))
    sessions.end_viewers(db, (viewer.id,), now)
    outbox.withdraw(db, viewer.id, now)


def revoke(records: sa.Engine, viewer_id: int, now: datetime) -> None:
    """This viewer's link, sessions and waiting mails end; the others notice nothing.

    Nothing is left to do for one who is revoked already. Raises ShareRefused for one who does not exist.
    """
    with records.begin() as db:
        if db.execute(sa.select(viewers.c.id).where(viewers.c.id == viewer_id)).first() is None:
            raise ShareRefused("", "refusal.share.nobody")
        mine = viewers.c.id == viewer_id, viewers.c.revoked_at.is_(None)
        changed = {"revoked_at": now, "version": viewers.c.version + 1}
        db.execute(viewers.update().where(*mine).values(changed))
        sessions.end_viewers(db, (viewer_id,), now)
        outbox.withdraw(db, viewer_id, now)


def find_share(db: sa.Connection, share_id: int) -> sa.Row[Any]:
    """The share's row. Raises ShareRefused."""
    share = db.execute(sa.select(shares).where(shares.c.id == share_id)).first()
    if share is None:
        raise ShareRefused("", "refusal.share.unknown")
    return share


def _chosen(db: sa.Connection, share_id: int, viewer_ids: tuple[int, ...] | None) -> list[sa.Row[Any]]:
    """Only viewers of this share, and none that is revoked."""
    wanted = [viewers.c.share_id == share_id, viewers.c.revoked_at.is_(None)]
    if viewer_ids is not None:
        wanted.append(viewers.c.id.in_(viewer_ids))
    chosen = list(db.execute(sa.select(viewers).where(*wanted).order_by(viewers.c.id)).all())
    if not chosen:
        raise ShareRefused("", "refusal.share.nobody")
    return chosen


def _renewed(
    viewer: sa.Row[Any], settings: Settings, password: Password, link: bool
) -> tuple[sa.Row[Any], str, Invited]:
    token = tokens.new() if link else ""
    address = letterbox.link(settings, token) if link else ""
    return viewer, token, Invited(viewer.address, viewer.id, address, password.text)


def _letter(settings: Settings, envelope: letterbox.Envelope, invited: Invited) -> Any:
    return letterbox.letter(
        settings, envelope, letterbox.PASSWORD, invited.address, invited.link, invited.password
    )
