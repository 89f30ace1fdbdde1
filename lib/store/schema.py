"""Bringing the records to the newest schema, with Alembic."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"

LOCKS = {"postgresql": "SELECT pg_advisory_xact_lock(7411)"}
"""How a database lets one process migrate at a time; SQLite needs none: its transaction is the lock."""


def migrate(records: sa.Engine) -> None:
    """Bring the records to the newest version; does nothing when they are there already.

    Two processes that start at once take turns: all versions are applied in one write transaction.
    """
    with records.begin() as db:
        if records.dialect.name in LOCKS:
            db.exec_driver_sql(LOCKS[records.dialect.name])
        command.upgrade(_config(db), "head")


def _config(db: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = db
    return config
