"""Where the data of a campaign come from: the imports that are live, and when the last of them was made."""

from datetime import datetime

import sqlalchemy as sa

from lib.store.records import reading
from lib.store.tables import claims, files, imports


def imported_at(db: sa.Connection, campaign_id: str) -> datetime | None:
    """When something was last brought in for this campaign that is still there."""
    newest = sa.select(imports.c.created_at).where(_tells_of(campaign_id))
    return db.execute(newest.order_by(imports.c.created_at.desc()).limit(1)).scalar()


def imported_files(records: sa.Engine, campaign_id: str) -> tuple[str, ...]:
    """The names of the files that tell of this campaign, the last one first; for analysts only."""
    with reading(records) as db:
        named = sa.select(imports.c.file_name).where(_tells_of(campaign_id))
        return tuple(dict.fromkeys(db.scalars(named.order_by(imports.c.id.desc()))))


def _tells_of(campaign_id: str) -> sa.ColumnElement[bool]:
    sources = [
        sa.select(table.c.import_id).where(table.c.campaign_id == campaign_id) for table in (files, claims)
    ]
    return sa.and_(imports.c.state == "live", imports.c.id.in_(sa.union_all(*sources)))
