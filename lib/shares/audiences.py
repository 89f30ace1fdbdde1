"""The audience that a share follows: which campaigns belong to it."""

import sqlalchemy as sa

from lib.store.tables import campaigns


def known(db: sa.Connection, audience: tuple[str, str] | None) -> list[str]:
    """The campaigns that `audience` (its sender and its name) has at this moment; none for None.

    A share that begins to follow an audience stores them as `declined`: whoever shared saw them and chose
    among them, so that only what is brought in later is offered. Comparing times would not tell that: when a
    campaign was sent says nothing of when it was brought in, and a table remade after each import keeps no
    first time. What was undone and brought in again is known still.
    """
    if audience is None:
        return []
    sender, name = audience
    mine = campaigns.c.sender == sender, campaigns.c.audience == name
    return list(
        db.scalars(sa.select(campaigns.c.id).where(*mine).order_by(campaigns.c.sent_at, campaigns.c.id))
    )
