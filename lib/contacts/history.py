"""The addresses that reports were shared with before."""

import sqlalchemy as sa

from lib.store.records import reading
from lib.store.tables import viewers


def used(records: sa.Engine, limit: int) -> tuple[str, ...]:
    """Each once, the most recently invited first. Invitations that were taken back do not count."""
    last = sa.func.max(viewers.c.id)
    query = (
        sa.select(viewers.c.address_key, last.label("last"))
        .where(viewers.c.taken_back_at.is_(None))
        .group_by(viewers.c.address_key)
        .order_by(last.desc())
        .limit(limit)
    )
    newest = query.subquery()
    rows = (
        sa.select(viewers.c.address)
        .join(newest, viewers.c.id == newest.c.last)
        .order_by(newest.c.last.desc())
    )
    with reading(records) as db:
        return tuple(db.execute(rows).scalars())
