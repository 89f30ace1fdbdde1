"""Opening the records: an engine for SQLite or PostgreSQL, by URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import sqlalchemy as sa

POOL = 20
"""Connections that stay open once they were needed: many viewers may open a report at the same moment."""


def connect(url: str) -> sa.Engine:
    """An engine on which `with engine.begin() as db` is one short write transaction.

    SQLite is opened with WAL, foreign keys, a 5 s wait on locks, `secure_delete` (a sealed password that was
    erased must not stay in the file), `synchronous=FULL` (what was committed, such as a revocation, outlasts
    a power cut) and BEGIN IMMEDIATE, so that a reader that turns writer cannot deadlock.
    """
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        json_serializer=_json,
        json_deserializer=orjson.loads,
        pool_size=POOL,
    )
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_immediate)
    return engine


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "busy_timeout=5000",
        "secure_delete=ON",
        "synchronous=FULL",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: sa.Connection) -> None:
    readonly = connection.get_execution_options().get("readonly", False)
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


@contextmanager
def reading(records: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that only reads: on SQLite it never waits for a writer."""
    with records.connect().execution_options(readonly=True) as db:
        yield db
