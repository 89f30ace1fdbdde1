"""What viewers do inside: how long they read, which sections, what they take along, when they leave.

A page tells what was on its screen. It is believed within bounds only: sections of the share, no more seconds
than have passed, nothing after the session ended. How the seconds are measured: docs/visits.md.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lib.model import Actor, Scope
from lib.reports import sections_of
from lib.shares.sessions import Admission
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import sessions, viewers, visits

WHOLE = "report"
"""The name under which a page tells how long it was read at all: two sections may be on one screen."""

FIGURES = "figures"
"""The cards at the top, which every share shows."""

OFTEN = timedelta(seconds=2)
"""Reports of one visit that come closer together than this are not looked at."""

LONGEST = timedelta(minutes=1)
"""No report is believed for more: a page that lives tells every ten seconds."""

MOST_EXPORTS = 200
"""Files that one session of a viewer may take along, so that nobody can flood the log."""


class TooManyExports(Exception):
    """This session took MOST_EXPORTS files along already."""


@dataclass(frozen=True)
class Reading:
    """What one viewer read in all visits; `sections` with their seconds, the most read first."""

    seconds: int = 0
    sections: tuple[tuple[str, int], ...] = ()
    exports: int = 0


UNREAD = Reading()


def attend(records: sa.Engine, admission: Admission, seconds: Mapping[str, Any], now: datetime) -> None:
    """Add what a page tells: seconds on the screen since its last report, by section and under WHOLE."""
    told = _believable(seconds, admission.scope)
    if not told:
        return
    with records.begin() as db:
        visit = db.execute(_lasting(admission)).first()
        passed = now - (visit.seen_at or visit.started_at) if visit else timedelta(0)
        if visit is None or passed < OFTEN:
            return
        most = round(min(passed, LONGEST).total_seconds())
        added = {name: min(number, most) for name, number in told.items()}
        read = Counter(visit.sections) + Counter({n: s for n, s in added.items() if n != WHOLE})
        values = {"seen_at": now, "sections": dict(read), "seconds": visit.seconds + added.get(WHOLE, 0)}
        db.execute(visits.update().where(visits.c.id == visit.id).values(values))


def refuse_spent(records: sa.Engine, admission: Admission | None) -> None:
    """Before a file is made: raises TooManyExports where `exported` would."""
    if admission is None:
        return
    taken = sa.select(visits.c.exports).where(visits.c.session_id == admission.session_id)
    with reading(records) as db:
        so_far = db.scalar(taken)
    if so_far is None or so_far >= MOST_EXPORTS:
        raise TooManyExports


def exported(records: sa.Engine, admission: Admission | None, name: str, now: datetime, *, by: Actor) -> None:
    """Write down that `by` takes the file `name` along; counted for a viewer (None: an analyst's).

    Raises TooManyExports, or SQLAlchemy's error when the records cannot be written; then nothing may be
    handed out.
    """
    with records.begin() as db:
        whose = {}
        if admission is not None:
            whose = {"share_id": admission.share_id, "viewer_id": admission.viewer_id}
            fewer = visits.c.session_id == admission.session_id, visits.c.exports < MOST_EXPORTS
            if not db.execute(visits.update().where(*fewer).values(exports=visits.c.exports + 1)).rowcount:
                raise TooManyExports
        audit.append(db, now, "export.taken", by, **whose, file=name)


def leave(records: sa.Engine, admission: Admission, now: datetime, *, by: Actor) -> None:
    """Sign a viewer out."""
    lasting = sessions.c.id == admission.session_id, sessions.c.ended_at.is_(None)
    with records.begin() as db:
        if db.execute(sessions.update().where(*lasting).values(ended_at=now)).rowcount:
            whose = {"share_id": admission.share_id, "viewer_id": admission.viewer_id}
            audit.append(db, now, "visit.left", by, **whose)


def read_by(db: sa.Connection, share_ids: Collection[int]) -> dict[int, Reading]:
    """What each viewer of these shares read; one who never came is not in it."""
    names = (visits.c.viewer_id, visits.c.seconds, visits.c.sections, visits.c.exports)
    of_share = sa.select(*names).join(viewers, viewers.c.id == visits.c.viewer_id)
    found: dict[int, Reading] = {}
    for visit in db.execute(of_share.where(viewers.c.share_id.in_(share_ids))):
        found[visit.viewer_id] = _together(found.get(visit.viewer_id, UNREAD), visit)
    return found


def _together(before: Reading, visit: Any) -> Reading:
    sections = Counter(dict(before.sections)) + Counter(visit.sections)
    return Reading(
        before.seconds + visit.seconds, tuple(sections.most_common()), before.exports + visit.exports
    )


def _believable(seconds: Mapping[str, Any], scope: Scope) -> dict[str, int]:
    """Whole seconds of what this scope can have had on the screen."""
    told = {name: seconds.get(name) for name in (WHOLE, FIGURES, *sections_of(scope))}
    return {
        name: number
        for name, number in told.items()
        if isinstance(number, int) and not isinstance(number, bool) and number > 0
    }


def _lasting(admission: Admission) -> sa.Select[Any]:
    """The visit of a session that has not ended."""
    return (
        sa.select(visits)
        .join(sessions, sessions.c.id == visits.c.session_id)
        .where(visits.c.session_id == admission.session_id, sessions.c.ended_at.is_(None))
        .with_for_update(of=visits)
    )
