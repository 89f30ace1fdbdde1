"""What analysts hear of: told in the transaction that does it, each thing once, in the product or by mail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from lib.mail.letters import long_day
from lib.model import Actor
from lib.shares import letterbox
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import analysts, notices, shares, viewers
from lib.words import catalogue, t

MAIL, PRODUCT, OFF = "mail", "product", "off"
WAYS = (MAIL, PRODUCT, OFF)

USUAL = {
    "first_visit": PRODUCT,
    "denied": PRODUCT,
    "refused": MAIL,
    "expiring": MAIL,
    "ended": PRODUCT,
    "waiting_campaign": PRODUCT,
    "restored": MAIL,
}
"""How each kind is told to who chose nothing."""

FOR_ADMINS = ("restored",)
"""Kinds that only admins are told of."""


@dataclass(frozen=True)
class Notice:
    """One thing an analyst was told. `titles` are those of the share's campaigns that are still there."""

    id: int
    kind: str
    share_id: int | None
    at: datetime
    read: bool
    who: str
    """The viewer's address; "" when it is about no one viewer."""
    titles: tuple[str, ...]
    holes: Mapping[str, Any]

    def said(self, language: str, plain: Callable[[object], str] = str) -> str:
        """The notice in one sentence. `plain` writes names so that the screen at hand shows them as they are.

        The hole `variant` names another sentence of the same kind, `day` is a date (ISO), `answer` a mail
        server's words or a key of the locale `mail.answer`.
        """
        holes = {
            name: plain(value) if isinstance(value, str) else value for name, value in self.holes.items()
        }
        if "day" in holes:
            holes["day"] = long_day(date.fromisoformat(self.holes["day"]), language)
        if self.holes.get("answer") in catalogue(language):
            holes["answer"] = t(language, self.holes["answer"])
        holes |= {"who": plain(self.who), "report": self._report(language, plain)}
        return t(language, f"notice.said.{self.holes.get('variant', self.kind)}", **holes)

    def _report(self, language: str, plain: Callable[[object], str]) -> str:
        if not self.titles:
            return t(language, "notice.report_gone")
        first, more = plain(self.titles[0]), len(self.titles) - 1
        return t(language, "notice.report", count=len(self.titles), title=first, more=more)


def tell(
    db: sa.Connection,
    now: datetime,
    analyst_id: int | None,
    kind: str,
    key: str,
    *,
    share_id: int | None = None,
    viewer_id: int | None = None,
    **holes: Any,
) -> int:
    """Tell the analyst, within the caller's transaction; returns how many heard of it.

    Every admin is told instead when the analyst is not known or the account is closed. Nothing happens when
    `key` (at most 120 characters) was told before. `holes` are plain values of JSON for the sentence.
    """
    if db.execute(sa.select(notices.c.id).where(notices.c.key == key).limit(1)).first():
        return 0
    row = {"key": key, "kind": kind, "share_id": share_id, "viewer_id": viewer_id, "holes": holes, "at": now}
    told = 0
    for reader in _readers(db, analyst_id):
        way = way_of(reader.notices, kind)
        told += (
            _stored(db, row | {"analyst_id": reader.id, "shown": way != OFF, "mail": way == MAIL})
            and way != OFF
        )
    return told


def _readers(db: sa.Connection, analyst_id: int | None) -> list[Any]:
    here = sa.select(analysts.c.id, analysts.c.notices).where(analysts.c.disabled_at.is_(None))
    own = db.execute(here.where(analysts.c.id == analyst_id)).all()
    return list(own or db.execute(here.where(analysts.c.admin).order_by(analysts.c.id)).all())


def _stored(db: sa.Connection, row: dict[str, Any]) -> bool:
    """False when another process was faster."""
    try:
        with db.begin_nested():
            db.execute(notices.insert().values(row))
    except sa.exc.IntegrityError:
        return False
    return True


def way_of(chosen: Mapping[str, str], kind: str) -> str:
    """How this kind is told to an analyst with these choices (column `analysts.notices`)."""
    return chosen.get(kind, USUAL[kind])


def list_for(
    records: sa.Engine, analyst_id: int, *, limit: int, offset: int = 0
) -> tuple[tuple[Notice, ...], int]:
    """What this analyst was told, the newest first, and how many notices there are in all."""
    mine = _shown_to(analyst_id)
    with reading(records) as db:
        rows = db.execute(
            select_notices(mine).order_by(notices.c.id.desc()).limit(limit).offset(offset)
        ).all()
        total = db.execute(sa.select(sa.func.count()).select_from(notices).where(mine)).scalar_one()
        return of_rows(db, rows), total


def unread(records: sa.Engine, analyst_id: int) -> int:
    """How many notices this analyst has not read. One count over an index: asked on every run of a page."""
    with reading(records) as db:
        return int(
            db.execute(
                sa.select(sa.func.count())
                .select_from(notices)
                .where(_shown_to(analyst_id), notices.c.read_at.is_(None))
            ).scalar_one()
        )


def mark_read(records: sa.Engine, analyst_id: int, now: datetime, notice_id: int | None = None) -> None:
    """This notice was read; None: all of this analyst's. Others' notices stay as they are."""
    mine = _shown_to(analyst_id) & notices.c.read_at.is_(None)
    if notice_id is not None:
        mine &= notices.c.id == notice_id
    with records.begin() as db:
        db.execute(notices.update().where(mine).values(read_at=now))


def ways(records: sa.Engine, analyst_id: int) -> dict[str, str]:
    """How each kind that this analyst may hear of is told."""
    with reading(records) as db:
        row = db.execute(
            sa.select(analysts.c.notices, analysts.c.admin).where(analysts.c.id == analyst_id)
        ).one()
    return {kind: way_of(row.notices, kind) for kind in USUAL if row.admin or kind not in FOR_ADMINS}


def choose(
    records: sa.Engine, analyst_id: int, chosen: Mapping[str, str], now: datetime, *, by: Actor
) -> None:
    """Tell this analyst of each kind in the chosen way from now on. Raises ValueError for what is neither."""
    if not set(chosen) <= set(USUAL) or not set(chosen.values()) <= set(WAYS):
        raise ValueError("not a kind of notice, or not a way of telling it")
    with records.begin() as db:
        mine = sa.select(analysts.c.notices).where(analysts.c.id == analyst_id)
        found = db.execute(mine.with_for_update(key_share=True)).scalar_one()  # two windows lose no choice
        changed = {"notices": found | dict(chosen)}
        db.execute(analysts.update().where(analysts.c.id == analyst_id).values(changed))
        audit.append(db, now, "notices.changed", by, chosen=dict(chosen))


def select_notices(where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Notices with the viewer's address and the share's campaigns."""
    return (
        sa.select(notices, viewers.c.address, shares.c.campaigns)
        .outerjoin(viewers, viewers.c.id == notices.c.viewer_id)
        .outerjoin(shares, shares.c.id == notices.c.share_id)
        .where(where)
    )


def of_rows(db: sa.Connection, rows: Sequence[sa.Row[Any]]) -> tuple[Notice, ...]:
    """Notices out of rows of `select_notices`."""
    titles = letterbox.titles(db, tuple({name for row in rows for name in row.campaigns or ()}))
    return tuple(
        Notice(
            id=row.id,
            kind=row.kind,
            share_id=row.share_id,
            at=row.at,
            read=row.read_at is not None,
            who=row.address or "",
            titles=tuple(titles[name] for name in row.campaigns or () if name in titles),
            holes=row.holes,
        )
        for row in rows
    )


def _shown_to(analyst_id: int) -> sa.ColumnElement[bool]:
    return (notices.c.analyst_id == analyst_id) & notices.c.shown
