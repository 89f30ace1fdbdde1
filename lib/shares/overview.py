"""What analysts see of their shares: the shares of a campaign, the viewers of a share."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lib.mail import outbox
from lib.mail.outbox import MailState
from lib.model import Form
from lib.shares import letterbox, sessions, standing, visits
from lib.shares.standing import State
from lib.shares.visits import UNREAD, Reading
from lib.store.records import reading
from lib.store.tables import analysts, shares, viewers


@dataclass(frozen=True)
class ShareLine:
    """One share in a list."""

    id: int
    state: State
    campaigns: tuple[str, ...]
    titles: tuple[str, ...]
    """Of the campaigns that are still there."""
    analyst: str
    """Name of who shared; "" from the command line."""
    created_at: datetime
    language: str
    message: str
    sections: tuple[str, ...] | None
    people: bool
    revenue: bool
    history: bool
    """How a campaign stands against earlier ones of its audience."""
    form: Form
    """The count with which the report opens; a viewer may switch."""
    zone: str
    expires_on: date | None
    expires_at: datetime | None
    days_left: int | None
    """Until its last day in its own zone; 0 on that day, negative once it is over, None without an end."""
    version: int
    audience: str | None
    """Follows this audience: each new campaign of it is proposed. None: only `campaigns`."""
    audience_sender: str | None
    road: str
    """How passwords travel: same, second, hand."""
    changed_at: datetime | None
    changed_by: str
    """Address of the analyst who changed it last; "" before the first change."""
    viewers: int
    """Those who are not revoked."""
    visits: int
    last_visit_at: datetime | None


@dataclass(frozen=True)
class ViewerLine:
    """One viewer in a list."""

    id: int
    share_id: int
    address: str
    state: State
    mail: str
    """State of the last mail in the outbox; "" when there was none."""
    mails: tuple[MailState, ...]
    """Those of the last action, in their order: the link first, a password that travels apart second."""
    fetches: int
    """Openings of the link without a password, by anybody: `checks` and `openings` together."""
    checks: int
    """Openings by a machine, such as a mail scanner (docs/visits.md)."""
    openings: int
    """Openings by a person who gave no password."""
    first_visit_at: datetime | None
    last_visit_at: datetime | None
    visits: int
    seconds: int
    """How long the report was before a person's eyes, in all visits."""
    sections: tuple[tuple[str, int], ...]
    """Sections of the report and the seconds they were on the screen; the most read first."""
    exports: int
    failures: int
    """Wrong passwords in a row."""
    created_at: datetime
    password_group: str
    """The same for viewers whose password was set in one action."""
    pass_on_since: datetime | None
    """A password was set by hand, and nobody said yet that it was passed on."""
    signed_in: bool
    """Has a session, which a change of password would end."""
    days_left: int | None
    """As of the share."""


def shares_of(records: sa.Engine, campaign_id: str | None, now: datetime) -> tuple[ShareLine, ...]:
    """The shares that show this campaign (None: all shares), the newest first; none that was taken back."""
    with reading(records) as db:
        rows = db.execute(_SHARES.order_by(shares.c.id.desc())).all()
        wanted = [row for row in rows if campaign_id is None or campaign_id in row.campaigns]
        return _lines(db, wanted, now)


def find(records: sa.Engine, share_id: int, now: datetime) -> ShareLine | None:
    """One share, or None."""
    lines = find_many(records, (share_id,), now)
    return lines[0] if lines else None


def find_many(records: sa.Engine, share_ids: Collection[int], now: datetime) -> tuple[ShareLine, ...]:
    """Those of these shares that there are, the oldest first."""
    mine = _SHARES.where(shares.c.id.in_(share_ids)).order_by(shares.c.id)
    with reading(records) as db:
        return _lines(db, db.execute(mine).all(), now)


def viewers_of(records: sa.Engine, share_id: int, now: datetime) -> tuple[ViewerLine, ...]:
    """The viewers of a share in the order of their invitation, the revoked ones too."""
    return viewers_of_many(records, (share_id,), now)[share_id]


def viewers_of_many(
    records: sa.Engine, share_ids: Collection[int], now: datetime
) -> dict[int, tuple[ViewerLine, ...]]:
    """The same of several shares, asked at once; each of them is in it, an unknown one without viewers."""
    with reading(records) as db:
        rows = db.execute(_VIEWERS.where(viewers.c.share_id.in_(share_ids)).order_by(viewers.c.id)).all()
        inside = sessions.live_viewers(db, share_ids, now)
        read = visits.read_by(db, share_ids)
    mails = outbox.mails_of(records, [row.id for row in rows])
    found: dict[int, list[ViewerLine]] = {share_id: [] for share_id in share_ids}
    for row in rows:
        line = _viewer_line(row, mails.get(row.id, ()), read.get(row.id, UNREAD), row.id in inside, now)
        found[row.share_id].append(line)
    return {share_id: tuple(lines) for share_id, lines in found.items()}


_SHARES = (
    sa.select(
        shares,
        sa.func.coalesce(analysts.c.name, "").label("analyst"),
        sa.func.count(viewers.c.id).filter(viewers.c.revoked_at.is_(None)).label("viewers"),
        sa.func.coalesce(sa.func.sum(viewers.c.visits), 0).label("visits"),
        sa.func.max(viewers.c.last_visit_at).label("last_visit_at"),
    )
    .outerjoin(analysts, analysts.c.id == shares.c.analyst_id)
    .outerjoin(viewers, (viewers.c.share_id == shares.c.id) & viewers.c.taken_back_at.is_(None))
    .where(shares.c.taken_back_at.is_(None))
    .group_by(shares.c.id, analysts.c.id)
)
_VIEWERS = (
    sa.select(viewers, *standing.COLUMNS, shares.c.expires_on, shares.c.zone)
    .join(shares, shares.c.id == viewers.c.share_id)
    .where(shares.c.taken_back_at.is_(None), viewers.c.taken_back_at.is_(None))
)


def _lines(db: sa.Connection, rows: Any, now: datetime) -> tuple[ShareLine, ...]:
    every = tuple({campaign for row in rows for campaign in row.campaigns})
    titles = letterbox.titles(db, every)
    return tuple(_share_line(row, titles, now) for row in rows)


def _share_line(row: sa.Row[Any], titles: dict[str, str], now: datetime) -> ShareLine:
    given = {"state", "campaigns", "titles", "sections", "form", "days_left"}
    same = {item.name: getattr(row, item.name) for item in fields(ShareLine) if item.name not in given}
    return ShareLine(
        **same,
        state=standing.of_share(row, now),
        campaigns=tuple(row.campaigns),
        titles=tuple(titles[campaign] for campaign in row.campaigns if campaign in titles),
        sections=None if row.sections is None else tuple(row.sections),
        form=Form(row.form),
        days_left=_days_left(row, now),
    )


_OF_VIEWERS = (
    *("id", "share_id", "address", "fetches", "checks", "first_visit_at", "last_visit_at", "visits"),
    *("failures", "created_at", "password_group", "pass_on_since"),
)
"""Fields of a ViewerLine that stand in the records as they are."""


def _viewer_line(
    row: sa.Row[Any], mails: tuple[MailState, ...], read: Reading, signed_in: bool, now: datetime
) -> ViewerLine:
    state, last = standing.of_viewer(row, now), mails[-1] if mails else None
    return ViewerLine(
        **{name: getattr(row, name) for name in _OF_VIEWERS},
        state=state,
        mail=last.state if last else "",
        mails=mails,
        openings=row.fetches - row.checks,
        seconds=read.seconds,
        sections=read.sections,
        exports=read.exports,
        signed_in=signed_in and state is State.ACTIVE,
        days_left=_days_left(row, now),
    )


def _days_left(share: sa.Row[Any], now: datetime) -> int | None:
    """A share that was seen to be over stays over, whatever the clock says since (D4)."""
    if share.expires_on is None:
        return None
    days: int = (share.expires_on - now.astimezone(ZoneInfo(share.zone)).date()).days
    return days if share.ended_at is None else min(days, -1)
