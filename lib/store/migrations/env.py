"""Run by Alembic inside the transaction that lib.store.schema opened."""

from typing import Any, Literal

from alembic import context

from lib.store.tables import Instant, metadata


def written(kind: str, thing: Any, _context: Any) -> str | Literal[False]:
    """How a column type stands in a new version: as what the database knows, not as our class."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, Instant) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=written,
    render_as_batch=True,  # SQLite cannot alter a table in place
    transactional_ddl=False,  # the caller's transaction is the one
)
context.run_migrations()
