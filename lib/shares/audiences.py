"""The audience that a share follows: which campaigns belong to it."""

from collections.abc import Collection

import sqlalchemy as sa

from lib.store.tables import campaigns


def known(db: sa.Connection, audience: tuple[str, str] | None) -> list[str]:
    """The campaigns that `audience` (its sender and its name) has at this moment; none for None.

    A share that begins to follow an audience stores them as `declined`: whoever shared saw them and chose
    among them, so that only what is brought in later is offered. Comparing times would not tell that: when a
    campaign was sent says nothing of when it was brought in, and a table remade after each import keeps no
    first time. What was undone and brought in again is known still.
    """
    return [] if audience is None else known_of(db, (audience,)).get(audience, [])


def known_of(
    db: sa.Connection, audiences: Collection[tuple[str, str]]
) -> dict[tuple[str, str] | None, list[str]]:
    """The same of several audiences, asked at once; one without campaigns is not in it."""
    rows = sa.select(campaigns.c.id, campaigns.c.sender, campaigns.c.audience).where(
        sa.tuple_(campaigns.c.sender, campaigns.c.audience).in_(list(audiences))
    )
    found: dict[tuple[str, str] | None, list[str]] = {}
    for row in db.execute(rows.order_by(campaigns.c.sent_at, campaigns.c.id)):
        found.setdefault((row.sender, row.audience), []).append(row.id)
    return found
