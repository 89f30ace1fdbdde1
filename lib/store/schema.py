"""Bringing the records to the newest schema, with Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext

MIGRATIONS = Path(__file__).parent / "migrations"

LOCKS = {"postgresql": "SELECT pg_advisory_xact_lock(7411)"}
"""How a database lets one process migrate at a time; SQLite needs none: its transaction is the lock."""

CHECKS = {"sqlite": "PRAGMA foreign_key_check"}
"""Where a migration makes tables anew without their references: how to look at these before it holds."""


def migrate(records: sa.Engine) -> None:
    """Bring the records to the newest version; does nothing when they are there already.

    Two processes that start at once take turns: all versions are applied in one write transaction.
    """
    with altering(records) as config:
        command.upgrade(config, "head")


@contextmanager
def altering(records: sa.Engine) -> Iterator[Config]:
    """What Alembic's commands need, within one write transaction in which tables may be made anew.

    Raises RuntimeError, and nothing was done, when rows would be left that refer to rows that are not there.
    """
    with records.connect() as db, _unreferenced(db), db.begin():
        if db.dialect.name in LOCKS:
            db.exec_driver_sql(LOCKS[db.dialect.name])
        before = _version(db)
        yield _config(db)
        if db.dialect.name in CHECKS and _version(db) != before:
            _refuse_lost(db)


@contextmanager
def _unreferenced(db: sa.Connection) -> Iterator[None]:
    """SQLite alters a table by making it anew, and drops none that others refer to.

    It turns this off outside of transactions only, so the driver is asked: the connection would begin one.
    """
    if db.dialect.name not in CHECKS:
        yield
        return
    driver = db.connection.cursor()
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _refuse_lost(db: sa.Connection) -> None:
    lost = sorted({row[0] for row in db.exec_driver_sql(CHECKS[db.dialect.name])})
    if lost:
        raise RuntimeError(f"rows of {', '.join(lost)} refer to rows that are not there")


def _version(db: sa.Connection) -> tuple[str, ...]:
    return MigrationContext.configure(db).get_current_heads()


def _config(db: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = db
    return config
