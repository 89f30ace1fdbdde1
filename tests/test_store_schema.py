"""The migrations make exactly the tables of lib/store/tables.py."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from lib.store import records, schema
from lib.store.tables import metadata
from tests import postgresql

START = """
import sys
from lib.store import records, schema
engine = records.connect(f"sqlite:///{sys.argv[1]}/records.sqlite")
schema.migrate(engine)
engine.dispose()
"""


@pytest.fixture
def engine(tmp_path):
    made = records.connect(f"sqlite:///{tmp_path / 'records.sqlite'}")
    yield made
    made.dispose()


def test_a_migrated_database_has_the_tables_of_the_code(engine):
    schema.migrate(engine)
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(engine):
    schema.migrate(engine)
    before = _tables(engine)
    schema.migrate(engine)
    assert _tables(engine) == before


def test_several_processes_may_start_at_once(tmp_path):
    engines = [records.connect(f"sqlite:///{tmp_path / 'records.sqlite'}") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_migrated_by, range(4), [str(tmp_path)] * 4))
    assert _tables(engines[0]) >= set(metadata.tables)
    for one in engines:
        one.dispose()


def _migrated_by(_number, folder):
    subprocess.run([sys.executable, "-c", START, folder], check=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request, tmp_path):
    """Empty records of each kind."""
    if request.param == "sqlite":
        made = records.connect(f"sqlite:///{tmp_path / 'either.sqlite'}")
        yield made
        made.dispose()
        return
    with postgresql.server() as url:
        made = records.connect(url)
        yield made
        made.dispose()


@pytest.mark.xdist_group("postgresql")
def test_records_with_rows_in_every_table_lose_none_of_them_there_and_back(either):
    _alter(either, command.upgrade, "0001")
    first = _reflected(either)
    _fill(either, first.sorted_tables, set())
    before = _rows(either, first)
    assert all(before.values())
    _alter(either, command.upgrade, "0002")
    assert _rows(either, first) == before
    with either.begin() as db:
        checks = db.execute(sa.text("SELECT fetches, visits, checks FROM viewers")).all()
        assert checks == [(5, 2, 3)]
    _fill(either, _reflected(either).sorted_tables, set(first.tables))
    _alter(either, command.downgrade, "0001")
    assert _rows(either, first) == before
    schema.migrate(either)
    assert _rows(either, first) == before


def test_a_migration_that_would_leave_rows_without_what_they_refer_to_is_undone(engine):
    _alter(engine, command.upgrade, "0001")
    _fill(engine, _reflected(engine).sorted_tables, set())
    with pytest.raises(RuntimeError, match="rows of former_links, outbox"), schema.altering(engine) as config:
        config.attributes["connection"].exec_driver_sql("DELETE FROM viewers")
        command.upgrade(config, "head")
    with engine.begin() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM viewers").scalar() == 1
        assert db.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert "audit" not in _tables(engine)


def _alter(engine, change, version):
    with schema.altering(engine) as config:
        change(config, version)


def _reflected(engine):
    found = sa.MetaData()
    found.reflect(engine)
    found.remove(found.tables["alembic_version"])
    return found


def _fill(engine, tables, full):
    """One row in each table that is not full; numbers and references are 1."""
    with engine.begin() as db:
        for table in tables:
            if table.name not in full:
                row = {column.name: _value(column, engine.dialect.name) for column in table.columns}
                db.execute(
                    table.insert().values(row | {"viewers": {"fetches": 5, "visits": 2}}.get(table.name, {}))
                )


def _value(column, dialect):
    now = datetime(2026, 1, 1, tzinfo=UTC if dialect == "postgresql" else None)
    values = {
        datetime: now,
        date: now.date(),
        dict: {"a": 1},
        object: {"a": 1},
        bool: True,
        int: 1,
        bytes: b"sealed",
        str: "en",
    }
    return values[column.type.python_type]


def _rows(engine, tables):
    """All rows of these tables, in the columns that they have there."""
    with engine.begin() as db:
        return {table.name: db.execute(sa.select(table)).all() for table in tables.sorted_tables}


def test_the_migrations_are_written_for_postgresql_too(engine):
    """Each statement of the first version compiles for PostgreSQL."""
    dialect = sa.dialects.postgresql.dialect()
    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(sa.schema.CreateTable(table).compile(dialect=dialect))


def _tables(engine):
    return set(sa.inspect(engine).get_table_names())
