"""The migrations make exactly the tables of lib/store/tables.py."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from lib.store import records, schema
from lib.store.tables import metadata

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


def test_the_migrations_are_written_for_postgresql_too(engine):
    """Each statement of the first version compiles for PostgreSQL."""
    dialect = sa.dialects.postgresql.dialect()
    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(sa.schema.CreateTable(table).compile(dialect=dialect))


def _tables(engine):
    return set(sa.inspect(engine).get_table_names())
