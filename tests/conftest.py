"""What several tests share."""

import os
import sys

import pytest
from hypothesis import settings

from lib import wiring
from lib.store import records, schema
from tests import sharing

# A change is judged by the same examples each time; whoever works on the code meets new ones.
settings.register_profile("judged", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("judged")


@pytest.fixture
def db(tmp_path):
    """Records in a file of their own, at the newest schema."""
    engine = records.connect(f"sqlite:///{tmp_path / 'records.sqlite'}")
    schema.migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def house(tmp_path, monkeypatch):
    """Records with two campaigns, in which passwords are hashed with little work."""
    sharing.light_hashes(monkeypatch)
    made = sharing.house(tmp_path)
    yield made
    made.records.dispose()


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """The App of an installation of its own, without samples, at the newest schema."""
    monkeypatch.setenv("VITRINE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VITRINE_SAMPLES", "off")
    wiring.app.cache_clear()
    parts = wiring.app()
    schema.migrate(parts.records)
    return parts


@pytest.fixture(autouse=True)
def _no_app_from_another_test():
    yield
    if wiring.app.cache_info().currsize:
        wiring.app().records.dispose()
        wiring.app.cache_clear()


@pytest.fixture(autouse=True)
def _no_drawing_from_another_test():
    """Another installation's; one process has one but in tests."""
    yield
    if kept := sys.modules.get("lib.ui.kept"):
        kept.SHELF = kept.Shelf()
