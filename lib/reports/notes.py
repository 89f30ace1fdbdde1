"""What analysts write beside a report: about the whole of it, or pinned to a moment on one of its charts.

Notes belong to a campaign's id: they outlast that its imports are taken back and brought in again. Every
change raises a note's version; who changes one that somebody else has changed meanwhile is refused.
"""

import math
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lib.model import Actor, Scope
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import analysts, campaigns
from lib.store.tables import notes as table

LONGEST = 2000
"""Characters of one note."""
MOST = 200
"""Notes of one campaign."""
CHARTS = {"first_day": 24, "life": 24 * 366 * 10}
"""The charts on which a note can be pinned, and the last hour since the sending that each can show."""

UNSEEN = ("Cc", "Cs", "Zl", "Zp")
TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Classes of signs that nobody sees, but that end a line or turn the direction of what follows."""


@dataclass(frozen=True)
class Written:
    """What an analyst says, and where: on a chart at so many hours since the sending; None: the report."""

    text: str
    chart: str | None = None
    hour: float | None = None


@dataclass(frozen=True)
class Note:
    """A note as it stands. `at` is when it was written, `author` the analyst's name at that time."""

    id: int
    campaign_id: str
    written: Written
    author: str
    at: datetime
    changed_at: datetime | None
    version: int


class NoteRefused(Exception):
    """A note that was not kept. `reason` is a key of the locale `notes.refused`, `holes` its values."""

    def __init__(self, reason: str, **holes: object) -> None:
        super().__init__(reason)
        self.reason = f"notes.refused.{reason}"
        self.holes = holes


class StaleNote(NoteRefused):
    """Somebody changed the note since the analyst looked at it; nothing was done.

    `now` is the note as it is, `by` the address of who changed it, `at` when.
    """

    def __init__(self, now: Note, by: str, at: datetime | None) -> None:
        super().__init__("changed")
        self.now = now
        self.by = by
        self.at = at


def of(records: sa.Engine, campaign_id: str) -> tuple[Note, ...]:
    """The notes of a campaign, the oldest first; the removed ones are left out."""
    mine = sa.select(table).where(table.c.campaign_id == campaign_id, table.c.removed_at.is_(None))
    with reading(records) as db:
        return tuple(_note(row) for row in db.execute(mine.order_by(table.c.id)))


def shown(records: sa.Engine, scope: Scope, campaign_id: str) -> tuple[Note, ...]:
    """Those that a reader sees: what is pinned to a chart goes with the chart's section."""
    if not (scope.allows(campaign_id) and scope.shows("notes")):
        return ()
    return tuple(
        note
        for note in of(records, campaign_id)
        if note.written.chart is None or scope.shows(note.written.chart)
    )


def version(db: sa.Connection, campaign_id: str) -> int:
    """A number that every change of the campaign's notes raises; part of the key of what is kept of them."""
    changes = sa.select(sa.func.coalesce(sa.func.sum(table.c.version), 0))
    return int(db.execute(changes.where(table.c.campaign_id == campaign_id)).scalar_one())


def add(records: sa.Engine, campaign_id: str, written: Written, now: datetime, *, by: Actor) -> int:
    """Keep a new note; returns its number. Raises NoteRefused."""
    kept = _checked(written)
    with records.begin() as db:
        if db.execute(sa.select(campaigns.c.id).where(campaigns.c.id == campaign_id)).first() is None:
            raise NoteRefused("campaign")
        theirs = table.c.campaign_id == campaign_id, table.c.removed_at.is_(None)
        if db.execute(sa.select(sa.func.count()).select_from(table).where(*theirs)).scalar_one() >= MOST:
            raise NoteRefused("many", most=MOST)
        row = {
            "campaign_id": campaign_id,
            "author": _name(db, by),
            "address": by.name,
            "created_at": now,
            "version": 1,
        } | _columns(kept)
        key = db.execute(table.insert().values(row)).inserted_primary_key
        assert key is not None  # noqa: S101 - an INSERT of one row always tells its key
        audit.append(db, now, "note.added", by, campaign=campaign_id, note=int(key[0]))
    return int(key[0])


def change(
    records: sa.Engine, note_id: int, written: Written, now: datetime, *, by: Actor, seen: int
) -> None:
    """Write other words over a note whose version `seen` was looked at. Raises NoteRefused, StaleNote."""
    kept = _checked(written)
    with records.begin() as db:
        row = _held(db, note_id, seen)
        if _note(row).written != kept:
            _write(db, row, now, by, **_columns(kept))
            audit.append(db, now, "note.changed", by, **_about(row))


def remove(records: sa.Engine, note_id: int, now: datetime, *, by: Actor, seen: int) -> None:
    """Take a note away; `bring_back` undoes that. Raises NoteRefused, StaleNote."""
    with records.begin() as db:
        row = _held(db, note_id, seen)
        _write(db, row, now, by, removed_at=now)
        audit.append(db, now, "note.removed", by, **_about(row))


def bring_back(records: sa.Engine, note_id: int, now: datetime, *, by: Actor) -> None:
    """Undo the removing; a note that is there already stays as it is. Raises NoteRefused."""
    with records.begin() as db:
        row = _row(db, note_id)
        if row.removed_at is not None:
            _write(db, row, now, by, removed_at=None)
            audit.append(db, now, "note.restored", by, **_about(row))


def _checked(written: Written) -> Written:
    text = written.text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise NoteRefused("empty")
    if len(text) > LONGEST:
        raise NoteRefused("long", most=LONGEST)
    if any(_is_unseen(sign) for sign in text if sign not in "\n\t"):
        raise NoteRefused("signs")
    if written.chart is None:
        return Written(text)
    if written.chart not in CHARTS:
        raise NoteRefused("chart")
    last = CHARTS[written.chart]
    if written.hour is None or not math.isfinite(written.hour) or not 0 <= written.hour <= last:
        raise NoteRefused("hour", last=last)
    return Written(text, written.chart, float(written.hour))


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in UNSEEN or unicodedata.bidirectional(sign) in TURNING


def _row(db: sa.Connection, note_id: int) -> sa.Row[Any]:
    """The note's row, locked until the transaction ends."""
    found = db.execute(sa.select(table).where(table.c.id == note_id).with_for_update()).first()
    if found is None:
        raise NoteRefused("unknown")
    return found


def _held(db: sa.Connection, note_id: int, seen: int) -> sa.Row[Any]:
    """The row, locked, of a note that is still as it was seen."""
    row = _row(db, note_id)
    if row.removed_at is not None:
        raise NoteRefused("removed")
    if row.version != seen:
        raise StaleNote(_note(row), row.changed_by or row.address, row.changed_at)
    return row


def _write(db: sa.Connection, row: sa.Row[Any], now: datetime, by: Actor, **values: Any) -> None:
    marks = {"changed_at": now, "changed_by": by.name, "version": row.version + 1}
    db.execute(table.update().where(table.c.id == row.id).values(values | marks))


def _about(row: sa.Row[Any]) -> dict[str, Any]:
    """What the log tells of a note: which one, never what it says."""
    return {"campaign": row.campaign_id, "note": row.id}


def _name(db: sa.Connection, by: Actor) -> str:
    found = db.execute(sa.select(analysts.c.name).where(analysts.c.address == by.name)).scalar()
    return str(found or "")


def _columns(written: Written) -> dict[str, Any]:
    return {"text": written.text, "chart": written.chart, "hour": written.hour}


def _note(row: sa.Row[Any]) -> Note:
    written = Written(row.text, row.chart, row.hour)
    return Note(row.id, row.campaign_id, written, row.author, row.created_at, row.changed_at, row.version)
