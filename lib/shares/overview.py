"""What analysts see of their shares: the shares of a campaign, the viewers of a share."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from lib.mail import outbox
from lib.mail.outbox import MailState
from lib.shares import letterbox, sessions, standing
from lib.shares.standing import State
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
    zone: str
    expires_on: date | None
    expires_at: datetime | None
    version: int
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
    mail_answer: str
    """The mail server's last words, or a key of the locale `mail.answer`."""
    mail_at: datetime | None
    fetches: int
    """Openings of the link, by mail scanners too; a visit is more."""
    first_visit_at: datetime | None
    last_visit_at: datetime | None
    visits: int
    failures: int
    """Wrong passwords in a row."""
    created_at: datetime
    password_group: str
    """The same for viewers whose password was set in one action."""
    signed_in: bool
    """Has a session, which a change of password would end."""


def shares_of(records: sa.Engine, campaign_id: str | None, now: datetime) -> tuple[ShareLine, ...]:
    """The shares that show this campaign (None: all shares), the newest first."""
    with reading(records) as db:
        rows = db.execute(_SHARES.order_by(shares.c.id.desc())).all()
        wanted = [row for row in rows if campaign_id is None or campaign_id in row.campaigns]
        return _lines(db, wanted, now)


def find(records: sa.Engine, share_id: int, now: datetime) -> ShareLine | None:
    """One share, or None."""
    with reading(records) as db:
        lines = _lines(db, db.execute(_SHARES.where(shares.c.id == share_id)).all(), now)
    return lines[0] if lines else None


def viewers_of(records: sa.Engine, share_id: int, now: datetime) -> tuple[ViewerLine, ...]:
    """The viewers of a share in the order of their invitation, the revoked ones too."""
    with reading(records) as db:
        rows = db.execute(_VIEWERS.where(viewers.c.share_id == share_id).order_by(viewers.c.id)).all()
        inside = sessions.live_viewers(db, share_id, now)
    mails = outbox.last_of(records, [row.id for row in rows])
    return tuple(_viewer_line(row, mails.get(row.id), row.id in inside, now) for row in rows)


_SHARES = (
    sa.select(
        shares,
        sa.func.coalesce(analysts.c.name, "").label("analyst"),
        sa.func.count(viewers.c.id).filter(viewers.c.revoked_at.is_(None)).label("viewers"),
        sa.func.coalesce(sa.func.sum(viewers.c.visits), 0).label("visits"),
        sa.func.max(viewers.c.last_visit_at).label("last_visit_at"),
    )
    .outerjoin(analysts, analysts.c.id == shares.c.analyst_id)
    .outerjoin(viewers, viewers.c.share_id == shares.c.id)
    .group_by(shares.c.id, analysts.c.id)
)
_VIEWERS = sa.select(viewers, shares.c.off_at, shares.c.expires_at).join(
    shares, shares.c.id == viewers.c.share_id
)


def _lines(db: sa.Connection, rows: Any, now: datetime) -> tuple[ShareLine, ...]:
    every = tuple({campaign for row in rows for campaign in row.campaigns})
    titles = letterbox.titles(db, every)
    return tuple(_share_line(row, titles, now) for row in rows)


def _share_line(row: sa.Row[Any], titles: dict[str, str], now: datetime) -> ShareLine:
    same = ("id", "analyst", "created_at", "language", "message", "people", "revenue", "zone", "expires_on")
    more = ("expires_at", "version", "viewers", "visits", "last_visit_at")
    return ShareLine(
        **{name: getattr(row, name) for name in (*same, *more)},
        state=standing.of_share(row, now),
        campaigns=tuple(row.campaigns),
        titles=tuple(titles[campaign] for campaign in row.campaigns if campaign in titles),
        sections=None if row.sections is None else tuple(row.sections),
    )


def _viewer_line(row: sa.Row[Any], mail: MailState | None, signed_in: bool, now: datetime) -> ViewerLine:
    same = ("id", "share_id", "address", "fetches", "first_visit_at", "last_visit_at", "visits", "failures")
    state = standing.of_viewer(row, now)
    return ViewerLine(
        **{name: getattr(row, name) for name in (*same, "created_at", "password_group")},
        state=state,
        mail=mail.state if mail else "",
        mail_answer=mail.answer if mail else "",
        mail_at=mail.at if mail else None,
        signed_in=signed_in and state is State.ACTIVE,
    )
