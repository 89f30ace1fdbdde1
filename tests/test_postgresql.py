"""On PostgreSQL the same code answers alike: schema, import, report, share, unlock, mail, undo."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from lib import importers, reports, wiring
from lib.config import Secret
from lib.mail import outbox
from lib.model import COMMAND_LINE, Scope
from lib.reports import rollup
from lib.shares import entry, sessions, shares
from lib.store import library, schema
from lib.store.tables import metadata
from lib.wiring import App
from tests.installation import NOW, PASSWORD, campaign, settings, share
from tests.postgresql import server
from tests.worlds import CAMPAIGN, write_events

pytestmark = pytest.mark.xdist_group("postgresql")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An installation whose records are in a real PostgreSQL."""
    with server() as url:
        made = wiring.build(settings(tmp_path_factory.mktemp("pg"), records=Secret(url)))
        schema.migrate(made.records)
        yield made
        made.records.dispose()
        made.analytics.events.close()


def test_a_migrated_database_has_the_tables_of_the_code(parts: App) -> None:
    schema.migrate(parts.records)
    with parts.records.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_an_import_is_read_reported_and_taken_back(parts: App, tmp_path: Path) -> None:
    events = write_events(tmp_path / "events.csv")
    first = importers.bring_in(parts.analytics, events, by="ana", now=NOW)
    again = importers.bring_in(parts.analytics, events, by="ana", now=NOW)
    assert (first.imported, again.duplicate) == (32, 32)
    told = reports.report(parts.analytics, Scope(), CAMPAIGN.id).figures["open_rate"]
    assert told.value == pytest.approx(0.625)
    library.undo(parts.analytics, again.id, rollup.make, NOW)
    library.undo(parts.analytics, first.id, rollup.make, NOW)
    assert reports.campaigns(parts.analytics, Scope()).empty


def test_a_viewer_is_invited_let_in_and_shut_out(parts: App, tmp_path: Path) -> None:
    importers.bring_in(parts.analytics, write_events(tmp_path / "events.csv"), by="ana", now=NOW)
    draft = shares.Draft(None, (CAMPAIGN.id,), ("vera@client.example",), password=PASSWORD)
    (vera,) = shares.create(parts.records, parts.vault, parts.settings, draft, NOW, by=COMMAND_LINE).viewers
    token = vera.link.rsplit("/", 1)[1]
    refused = entry.unlock(parts.records, token, "not the password", "198.51.100.7", "", NOW)
    opened = entry.unlock(parts.records, token, PASSWORD, "198.51.100.7", "", NOW)
    assert not isinstance(refused, entry.Unlocked)
    assert isinstance(opened, entry.Unlocked)
    assert sessions.find_viewer(parts.records, opened.cookie, NOW) is not None
    shares.revoke(parts.records, vera.id, NOW, by=COMMAND_LINE)
    assert sessions.find_viewer(parts.records, opened.cookie, NOW) is None


def test_the_outbox_hands_each_mail_over_once(parts: App) -> None:
    campaign(parts, "vitrine-summer", "Summer letter")
    share(parts, "ben@client.example", campaigns=("vitrine-summer",), at=NOW)
    worker = wiring.worker(parts)
    later = NOW + timedelta(minutes=1)
    assert worker.run_once(later) == 1
    assert worker.run_once(later) == 0
    with parts.records.connect() as db:
        last = sa.text("SELECT state, sealed FROM outbox WHERE address = 'ben@client.example'")
        assert db.execute(last).all() == [(outbox.KEPT, None)]
