"""The sample campaigns: brought in once, before anything else, and taken back whole."""

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from lib.importers import vitrine
from lib.importers.bringing import bring_in
from lib.reports import rollup
from lib.store import library
from lib.store.analytics import Analytics
from lib.store.library import Outcome, UndoRefused
from lib.store.records import reading
from lib.store.tables import imports


def load(analytics: Analytics, folder: Path, now: datetime) -> Outcome | None:
    """Bring the samples in if nothing was ever brought in; None when they were not.

    An import that was undone is still a row of the records, so samples that were removed never come back.
    """
    if not (folder / "campaigns.csv").is_file() or _anything(analytics.records):
        return None
    return bring_in(
        analytics, folder, file_name="samples", by="samples", now=now, sender=vitrine.SENDER, sample=True
    )


def remove(analytics: Analytics, now: datetime) -> tuple[str, ...]:
    """Take the samples back; gives the campaigns that are gone."""
    gone = [_taken_back(analytics, found, now) for found in _live(analytics.records)]
    return tuple(dict.fromkeys(campaign for campaigns in gone for campaign in campaigns))


def _taken_back(analytics: Analytics, import_id: int, now: datetime) -> tuple[str, ...]:
    """That a colleague has just taken it back too is no error."""
    try:
        return library.undo(analytics, import_id, rollup.make, now)
    except UndoRefused:
        return ()


def _anything(records: sa.Engine) -> bool:
    """A failed import brought nothing in and does not count."""
    with reading(records) as db:
        return (
            db.execute(sa.select(imports.c.id).where(imports.c.state != "failed").limit(1)).first()
            is not None
        )


def _live(records: sa.Engine) -> list[int]:
    with reading(records) as db:
        found = sa.select(imports.c.id).where(imports.c.sample, imports.c.state == "live")
        return list(db.scalars(found.order_by(imports.c.id.desc())))
