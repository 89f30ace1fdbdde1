"""What a share shows: its campaigns, the audience it follows, its sections, its words, its last day.

Nothing is ever added to a share by itself. A campaign of the audience that it follows waits until an analyst,
who is told who will see it, says yes or no (X7).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from lib.model import Actor, Form
from lib.reports import SECTION_NAMES
from lib.shares import audiences, letterbox, overview, policy, revision, standing
from lib.shares.invitations import clean_message, expiry
from lib.shares.overview import ShareLine
from lib.shares.refusal import ShareRefused
from lib.shares.standing import State
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import campaigns, shares, viewers
from lib.words import LANGUAGES


@dataclass(frozen=True)
class Pending:
    """A new campaign of an audience that a share follows; nobody sees it before an analyst says yes."""

    share: ShareLine
    campaign_id: str
    title: str
    addresses: tuple[str, ...]
    """Who will see it: everyone who has access, the suspended too, whom a new password lets in again."""


def change(
    records: sa.Engine, share_id: int, seen: ShareLine, now: datetime, *, by: Actor, **fields: Any
) -> None:
    """Change some of what a share shows, at once for everyone who is looking.

    `fields` are some of revision.FIELDS; `audience` is its sender and name, or None to follow none. Raises
    StaleShare when the share is not as `seen` any more, ShareRefused naming the field, TypeError for a field
    that does not exist.
    """
    if unknown := fields.keys() - revision.FIELDS.keys():
        raise TypeError(f"a share has no {', '.join(sorted(unknown))}")
    allowed = policy.load(records)
    with records.begin() as db:
        share = revision.hold(db, share_id)
        revision.refuse_stale(share, seen, now)
        before = {name: read(share) for name, read in revision.FIELDS.items()}
        wanted = {name: _plain(value) for name, value in fields.items()}
        changed = {name: value for name, value in wanted.items() if value != before[name]}
        if changed:
            revision.write(db, share, now, by, **_columns(db, share, changed, allowed, now))
            _append_audit(db, share, {name: before[name] for name in changed}, changed, now, by)


def pending(records: sa.Engine, now: datetime) -> tuple[Pending, ...]:
    """The campaigns that wait for a yes or no, by share, those sent first first; of active shares only."""
    with reading(records) as db:
        following = shares.c.audience.is_not(None), shares.c.taken_back_at.is_(None)
        rows = db.execute(sa.select(shares).where(*following).order_by(shares.c.id)).all()
        waiting = _new(db, [row for row in rows if standing.of_share(row, now) is State.ACTIVE])
        titles = letterbox.titles(db, tuple({one for some in waiting.values() for one in some}))
        readers = _readers_of(db, waiting)
    lines = overview.find_many(records, waiting, now)
    return tuple(
        Pending(line, one, titles[one], readers[line.id])
        for line in lines
        for one in waiting[line.id]
        if one in titles
    )


def add_campaign(
    records: sa.Engine,
    share_id: int,
    campaign_id: str,
    now: datetime,
    *,
    by: Actor,
    addresses: Collection[str] | None = None,
) -> None:
    """Yes: from now on the share shows this campaign too. Already shown, it stays so.

    `addresses` are those that the analyst was told of, if any were told. Raises ShareRefused when the share
    does not follow the campaign's audience (any more), or when somebody else would see the campaign by now.
    """
    with records.begin() as db:
        share = _offered(db, share_id, campaign_id)
        if campaign_id in share.campaigns:
            return
        unsaid = addresses is not None and set(_readers(db, share_id)) - set(addresses)
        if unsaid:
            names = ", ".join(sorted(unsaid))
            raise ShareRefused("campaigns", "refusal.share.more_readers", addresses=names)
        declined = [one for one in share.declined if one != campaign_id]
        revision.write(db, share, now, by, campaigns=[*share.campaigns, campaign_id], declined=declined)
        _append_added(db, share, campaign_id, now, by)


def decline(records: sa.Engine, share_id: int, campaign_id: str, now: datetime, *, by: Actor) -> None:
    """No: the share does not show this campaign, and it is not offered again. Raises ShareRefused as above.

    Once it is shown, `change` takes it out.
    """
    with records.begin() as db:
        share = _offered(db, share_id, campaign_id)
        if campaign_id in (*share.campaigns, *share.declined):
            return
        revision.write(db, share, now, by, declined=[*share.declined, campaign_id])
        audit.append(db, now, "campaign.declined", by, share_id=share.id, campaign=campaign_id)


def _new(db: sa.Connection, following: Collection[sa.Row[Any]]) -> dict[int, list[str]]:
    """The campaigns that wait, by share; a share for which none does is not in it."""
    followed = {share.id: revision.audience_of(share) for share in following}
    known = audiences.known_of(db, {audience for audience in followed.values() if audience is not None})
    found: dict[int, list[str]] = {}
    for share in following:
        seen = {*share.campaigns, *share.declined}
        found[share.id] = [one for one in known.get(followed[share.id], ()) if one not in seen]
    return {share_id: some for share_id, some in found.items() if some}


def _readers(db: sa.Connection, share_id: int) -> tuple[str, ...]:
    return _readers_of(db, (share_id,))[share_id]


def _readers_of(db: sa.Connection, share_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Everyone who has access, by share; each of these shares is in it."""
    known = sa.select(viewers.c.share_id, viewers.c.address).where(
        viewers.c.share_id.in_(share_ids), viewers.c.revoked_at.is_(None), viewers.c.taken_back_at.is_(None)
    )
    found: dict[int, list[str]] = {share_id: [] for share_id in share_ids}
    for row in db.execute(known.order_by(viewers.c.id)):
        found[row.share_id].append(row.address)
    return {share_id: tuple(some) for share_id, some in found.items()}


def _offered(db: sa.Connection, share_id: int, campaign_id: str) -> sa.Row[Any]:
    share = revision.hold(db, share_id)
    if campaign_id not in audiences.known(db, revision.audience_of(share)):
        raise ShareRefused("campaigns", "refusal.share.changed")
    return share


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


# --- what is written ------------------------------------------------------------------------------


def _columns(
    db: sa.Connection, share: sa.Row[Any], changed: dict[str, Any], allowed: policy.Policy, now: datetime
) -> dict[str, Any]:
    """The columns of `shares` for the changed fields. Raises ShareRefused."""
    columns: dict[str, Any] = {}
    for name, value in changed.items():
        columns |= _ONE_BY_ONE[name](share, value, now) if name in _ONE_BY_ONE else {name: value}
    if "campaigns" in changed:
        _refuse_unknown(db, set(changed["campaigns"]) - set(share.campaigns))
        removed = [one for one in share.campaigns if one not in changed["campaigns"]]
        columns["declined"] = [*share.declined, *removed]
    if "audience" in changed:
        columns["declined"] = known = audiences.known(db, changed["audience"])
        if changed["audience"] is not None and not known:
            raise ShareRefused("audience", "refusal.campaigns")
    if "expires_on" in changed:
        policy.refuse_beyond(allowed, changed["expires_on"], share.zone, now)
    return columns


def _of_campaigns(_share: sa.Row[Any], value: tuple[str, ...], _now: datetime) -> dict[str, Any]:
    if not value or len(value) != len(set(value)):
        raise ShareRefused("campaigns", "refusal.campaigns")
    return {"campaigns": list(value)}


def _of_audience(_share: sa.Row[Any], value: tuple[str, str] | None, _now: datetime) -> dict[str, Any]:
    sender, name = value or (None, None)
    return {"audience": name, "audience_sender": sender}


def _of_sections(_share: sa.Row[Any], value: tuple[str, ...] | None, _now: datetime) -> dict[str, Any]:
    if value is not None and not set(value) <= set(SECTION_NAMES):
        raise ShareRefused("sections", "refusal.sections")
    return {"sections": sa.null() if value is None else list(value)}


def _of_form(_share: sa.Row[Any], value: str, _now: datetime) -> dict[str, Any]:
    if value not in set(Form):
        raise ShareRefused("form", "refusal.form")
    return {"form": value}


def _of_message(_share: sa.Row[Any], value: str, _now: datetime) -> dict[str, Any]:
    return {"message": clean_message(value)}


def _of_language(_share: sa.Row[Any], value: str, _now: datetime) -> dict[str, Any]:
    if value not in LANGUAGES:
        raise ShareRefused("language", "refusal.language")
    return {"language": value}


def _of_last_day(share: sa.Row[Any], value: date | None, now: datetime) -> dict[str, Any]:
    return {"expires_on": value, "expires_at": expiry(value, share.zone, now), "ended_at": None}


_ONE_BY_ONE: dict[str, Callable[[sa.Row[Any], Any, datetime], dict[str, Any]]] = {
    "campaigns": _of_campaigns,
    "audience": _of_audience,
    "sections": _of_sections,
    "form": _of_form,
    "message": _of_message,
    "language": _of_language,
    "expires_on": _of_last_day,
}


def _refuse_unknown(db: sa.Connection, ids: set[str]) -> None:
    """Raises ShareRefused when one of these campaigns does not exist."""
    found = set(db.scalars(sa.select(campaigns.c.id).where(campaigns.c.id.in_(ids))))
    if found != ids:
        raise ShareRefused("campaigns", "refusal.campaigns")


def _append_audit(
    db: sa.Connection,
    share: sa.Row[Any],
    before: dict[str, Any],
    after: dict[str, Any],
    now: datetime,
    by: Actor,
) -> None:
    """A row per campaign, one for the last day, one for all the rest; of the message only that it changed."""
    if "campaigns" in after:
        for one in after["campaigns"]:
            if one not in before["campaigns"]:
                _append_added(db, share, one, now, by)
        for one in before["campaigns"]:
            if one not in after["campaigns"]:
                audit.append(db, now, "campaign.removed", by, share_id=share.id, campaign=one)
    if "expires_on" in after:
        revision.append_last_day(db, share, after["expires_on"], now, by)
    rest: dict[str, Any] = {
        name: [before[name], after[name]] for name in after if name not in ("campaigns", "expires_on")
    }
    if "message" in rest:
        rest["message"] = True
    if rest:
        audit.append(db, now, "share.changed", by, share_id=share.id, **rest)


def _append_added(db: sa.Connection, share: sa.Row[Any], campaign_id: str, now: datetime, by: Actor) -> None:
    readers = list(_readers(db, share.id))
    audit.append(db, now, "campaign.added", by, share_id=share.id, campaign=campaign_id, viewers=readers)
