"""The credential of a viewer: a link and a password, made anew, changed, ended.

The records keep hashes only, so a link cannot be written into a second mail. Therefore:

- A new password that is *mailed* comes with a new link, and the old link ends: the mail is whole.
- A new password that an analyst *passes on* leaves the link as it is: the viewer opens the mail from before.
  Where that mail never left, a new link is passed on with the password: the old one is lost with the mail.
- A new link alone leaves the password as it is.

Each ends the viewer's sessions. Viewers whose password is set in one action share one hash, salt included.
The salt's task is to hide that two passwords are equal and to make an attacker pay for each; here everybody
knows that they are equal (`password_group` says so), and whoever guesses one has them all. A hash for each
would protect nobody, and sharing with 100 viewers would take half a minute.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lib.config import Settings
from lib.mail import outbox
from lib.model import Actor
from lib.shares import letterbox, limits, passwords, revision, sessions, standing, tokens
from lib.shares.letterbox import APART, HAND, Letter
from lib.shares.refusal import ShareRefused
from lib.shares.standing import State
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import former_links, shares, viewers
from lib.store.tables import outbox as mails
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


@dataclass(frozen=True)
class Renewed:
    """One viewer's new credential, made before the transaction; `token` is empty where the link stays."""

    viewer: sa.Row[Any]
    token: str
    invited: Invited
    letters: tuple[Letter, ...]


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
    road: str,
    now: datetime,
    *,
    by: Actor,
) -> tuple[Invited, ...]:
    """One new password (None: generated) for these viewers, or for everyone who is not revoked.

    Ends their sessions and nobody else's; also lifts a suspension. `road` is one of letterbox.ROADS: by mail,
    each gets a new link with it; by hand the old link stays, `link` is empty, and the password counts as not
    passed on until `passed_on`. By hand, too, there is a new link for those to whom no mail brought theirs.
    Raises ShareRefused.
    """
    share, chosen, envelope = _asked(records, share_id, viewer_ids)
    _refuse_mails(share, chosen if road != HAND else [], now)
    context = (*envelope.titles, settings.brand, *(viewer.address for viewer in chosen))
    new = new_password(password, context, settings.password_minimum)
    made = [_with_password(settings, envelope, viewer, new, road) for viewer in chosen]
    with records.begin() as db:
        share = _held(db, share_id, made, now)
        lost = _without_link(db, made) if road == HAND and share.off_at is None else set()
        made = [_with_new_link(settings, each) if each.viewer.id in lost else each for each in made]
        renew(db, vault, settings, made, now, by=by, password=new, road=road)
        for each in made:
            log(db, now, "password.changed", by, each.viewer, road=road)
            if each.viewer.id in lost:
                log(db, now, "link.renewed", by, each.viewer, mailed=False)
    return tuple(each.invited for each in made)


def renew_links(
    records: sa.Engine,
    vault: Vault,
    settings: Settings,
    share_id: int,
    viewer_ids: tuple[int, ...] | None,
    mail: bool,
    now: datetime,
    *,
    by: Actor,
) -> tuple[Invited, ...]:
    """New links for these viewers, or for everyone who is not revoked; their passwords stay.

    The old links open nothing any more, but may still ask for a new mail. With `mail` each gets the new link.
    A new link lifts no suspension, so that one who is suspended is refused. Raises ShareRefused.
    """
    share, chosen, envelope = _asked(records, share_id, viewer_ids)
    _refuse_mails(share, chosen if mail else [], now)
    for viewer in chosen:
        if viewer.suspended_at is not None:
            raise ShareRefused("", "refusal.share.suspended", address=viewer.address)
    made = [with_link(settings, envelope, viewer, mail) for viewer in chosen]
    with records.begin() as db:
        _held(db, share_id, made, now)
        renew(db, vault, settings, made, now, by=by)
        for each in made:
            log(db, now, "link.renewed", by, each.viewer, mailed=mail)
    return tuple(each.invited for each in made)


def with_link(settings: Settings, envelope: letterbox.Envelope, viewer: sa.Row[Any], mail: bool) -> Renewed:
    """A new link for one viewer, made before the transaction, and a letter with it when `mail`.

    Raises ShareRefused when the letter cannot be written.
    """
    token = tokens.new()
    link = letterbox.link(settings, token)
    letters = letterbox.with_link(settings, envelope, viewer.address, link) if mail else ()
    return Renewed(viewer, token, Invited(viewer.address, viewer.id, link, ""), letters)


def renew(
    db: sa.Connection,
    vault: Vault,
    settings: Settings,
    made: Sequence[Renewed],
    now: datetime,
    *,
    by: Actor,
    password: Password | None = None,
    road: str = "",
) -> None:
    """Give these viewers what was made for them and post their letters, within the limits of mails.

    Raises ShareRefused, also when a credential was changed since it was read.
    """
    cause = letterbox.cause(db, by, now)
    written_to = [each.viewer.id for each in made if each.letters]
    limits.refuse_flood(
        db, cause.analyst_id, sum(len(each.letters) for each in made), settings.mails_per_hour, now
    )
    limits.refuse_hurry(db, written_to, now)
    for each in made:
        _reissue(db, each.viewer, each.token, password, now if road == HAND else None)
    _end_before(db, [each.viewer.id for each in made], now)
    for each in made:
        letterbox.post(db, vault, each.letters, each.viewer.id, cause, now)


def reissue(
    db: sa.Connection,
    viewer: sa.Row[Any],
    now: datetime,
    *,
    token: str = "",
    password: Password | None = None,
    pass_on_since: datetime | None = None,
) -> None:
    """Give a viewer a new link, a new password, or both; sessions and waiting mails from before end.

    A new password lifts a suspension, a new link alone does not. Raises ShareRefused when the credential was
    changed since `viewer` was read.
    """
    _reissue(db, viewer, token, password, pass_on_since)
    _end_before(db, [viewer.id], now)


def revoke(records: sa.Engine, viewer_id: int, now: datetime, *, by: Actor) -> None:
    """This viewer's link, sessions and waiting mails end; the others notice nothing.

    Nothing is left to do for one who is revoked already. Raises ShareRefused for one who does not exist.
    """
    with records.begin() as db:
        viewer = db.execute(sa.select(viewers).where(viewers.c.id == viewer_id).with_for_update()).first()
        if viewer is None:
            raise ShareRefused("", "refusal.share.nobody")
        if viewer.revoked_at is None:
            shut_out(db, [viewer_id], now)
            log(db, now, "viewer.revoked", by, viewer)


def shut_out(db: sa.Connection, viewer_ids: Iterable[int], now: datetime, **more: object) -> None:
    """These viewers' links, sessions and waiting mails end. `more` are other columns that change with it."""
    ids = tuple(viewer_ids)
    ended = {"revoked_at": now, "pass_on_since": None, "version": viewers.c.version + 1}
    db.execute(viewers.update().where(viewers.c.id.in_(ids)).values(ended | more))
    _end_before(db, ids, now)


def send_again(records: sa.Engine, settings: Settings, viewer_id: int, now: datetime, *, by: Actor) -> None:
    """The mail that perhaps arrived is sent once more, the very same one, because a person asks for it.

    Raises ShareRefused when there is none, when its link opens nothing any more, or beyond a limit of mails.
    """
    mails = outbox.mails_of(records, [viewer_id]).get(viewer_id, ())
    with records.begin() as db:
        viewer = db.execute(sa.select(viewers).where(viewers.c.id == viewer_id)).first()
        if viewer is None:
            raise ShareRefused("", "refusal.share.nobody")
        refuse_closed(revision.hold(db, viewer.share_id), now)
        limits.refuse_flood(db, letterbox.cause(db, by, now).analyst_id, 1, settings.mails_per_hour, now)
        limits.refuse_hurry(db, [viewer_id], now)
        again = [mail.kind for mail in mails if outbox.send_again(db, mail.id, now)]
        if not again:
            raise ShareRefused("", "refusal.mail.none", address=viewer.address)
        log(db, now, "mail.again", by, viewer, mail=again[0])


def passed_on(records: sa.Engine, viewer_ids: Iterable[int], now: datetime, *, by: Actor) -> None:
    """An analyst says that these viewers have their password; nothing is left to do for those who had it."""
    waiting = viewers.c.id.in_(list(viewer_ids)), viewers.c.pass_on_since.is_not(None)
    with records.begin() as db:
        told = sa.select(viewers).where(*waiting).order_by(viewers.c.id).with_for_update()
        for viewer in db.execute(told).all():
            db.execute(viewers.update().where(viewers.c.id == viewer.id).values(pass_on_since=None))
            log(db, now, "password.passed_on", by, viewer)


def log(
    db: sa.Connection, now: datetime, kind: str, by: Actor, viewer: sa.Row[Any], **details: object
) -> None:
    """One line about one viewer in the audit log; it holds the address, so that the log reads alone."""
    audit.append(
        db,
        now,
        kind,
        by,
        share_id=viewer.share_id,
        viewer_id=viewer.id,
        address=viewer.address,
        **details,
    )


def find_share(db: sa.Connection, share_id: int) -> sa.Row[Any]:
    """The share's row. Raises ShareRefused; one that was taken back exists no more."""
    here = shares.c.id == share_id, shares.c.taken_back_at.is_(None)
    share = db.execute(sa.select(shares).where(*here)).first()
    if share is None:
        raise ShareRefused("", "refusal.share.unknown")
    return share


def refuse_closed(share: sa.Row[Any], now: datetime) -> None:
    """Raises ShareRefused for a share that is off or over."""
    state = standing.of_share(share, now)
    if state is not State.ACTIVE:
        raise ShareRefused("", f"refusal.share.{state}")


def _asked(
    records: sa.Engine, share_id: int, viewer_ids: tuple[int, ...] | None
) -> tuple[sa.Row[Any], list[sa.Row[Any]], letterbox.Envelope]:
    with reading(records) as db:
        share = find_share(db, share_id)
        return share, _chosen(db, share_id, viewer_ids), letterbox.envelope(db, share)


def _chosen(db: sa.Connection, share_id: int, viewer_ids: tuple[int, ...] | None) -> list[sa.Row[Any]]:
    """Only viewers of this share, and none that is revoked."""
    wanted = [viewers.c.share_id == share_id, viewers.c.revoked_at.is_(None)]
    if viewer_ids is not None:
        wanted.append(viewers.c.id.in_(viewer_ids))
    chosen = list(db.execute(sa.select(viewers).where(*wanted).order_by(viewers.c.id)).all())
    if not chosen:
        raise ShareRefused("", "refusal.share.nobody")
    return chosen


def _refuse_mails(share: sa.Row[Any], written_to: Sequence[sa.Row[Any]], now: datetime) -> None:
    """No letter with a link that opens nothing, and no more letters than one action may have."""
    if written_to:
        refuse_closed(share, now)
    limits.refuse_crowd(len(written_to))


def _with_password(
    settings: Settings, envelope: letterbox.Envelope, viewer: sa.Row[Any], password: Password, road: str
) -> Renewed:
    if road == HAND:
        return Renewed(viewer, "", Invited(viewer.address, viewer.id, "", password.text), ())
    token = tokens.new()
    link = letterbox.link(settings, token)
    letters = letterbox.with_password(
        settings, envelope, letterbox.PASSWORD, road, viewer.address, link, password.text
    )
    return Renewed(viewer, token, Invited(viewer.address, viewer.id, link, password.text), letters)


def _held(db: sa.Connection, share_id: int, made: Sequence[Renewed], now: datetime) -> sa.Row[Any]:
    """The share, locked. Raises ShareRefused when letters were written and it was switched off meanwhile."""
    share = revision.hold(db, share_id)
    if any(each.letters for each in made):
        refuse_closed(share, now)
    return share


def _without_link(db: sa.Connection, made: Sequence[Renewed]) -> set[int]:
    """The ids of those to whom the last mail with a link did not leave; it will not, once it is withdrawn."""
    ids = [each.viewer.id for each in made]
    last = sa.select(sa.func.max(mails.c.id)).where(mails.c.viewer_id.in_(ids), mails.c.kind != APART)
    brought = mails.c.state.in_((*outbox.HANDED_OVER, outbox.UNKNOWN))
    newest = mails.c.id.in_(last.group_by(mails.c.viewer_id))
    return set(ids) - set(db.scalars(sa.select(mails.c.viewer_id).where(newest, brought)))


def _with_new_link(settings: Settings, made: Renewed) -> Renewed:
    token = tokens.new()
    return replace(made, token=token, invited=replace(made.invited, link=letterbox.link(settings, token)))


def _reissue(
    db: sa.Connection,
    viewer: sa.Row[Any],
    token: str,
    password: Password | None,
    pass_on_since: datetime | None,
) -> None:
    values: dict[str, Any] = {"version": viewer.version + 1}
    if password:
        values |= password.columns | {"pass_on_since": pass_on_since}
        values |= {"failures": 0, "wait_until": None, "suspended_at": None}
    values |= {"token_hash": tokens.digest(token)} if token else {}
    unchanged = viewers.c.id == viewer.id, viewers.c.version == viewer.version
    if db.execute(viewers.update().where(*unchanged).values(values)).rowcount != 1:
        raise ShareRefused("", "refusal.share.changed")
    if token:
        db.execute(former_links.insert().values(token_hash=viewer.token_hash, viewer_id=viewer.id))


def _end_before(db: sa.Connection, viewer_ids: Sequence[int], now: datetime) -> None:
    """Sessions and waiting mails of the credential before; all at once, after the viewers were changed."""
    sessions.end_viewers(db, tuple(viewer_ids), now)
    outbox.withdraw(db, viewer_ids, now)
