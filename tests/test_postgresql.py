"""On PostgreSQL the same code answers alike: schema, import, report, share, unlock, mail, undo."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from lib import contacts, importers, reports, wiring
from lib.config import Secret
from lib.contacts import CONTACTS, google
from lib.contacts.google import Tokens
from lib.mail import outbox
from lib.model import COMMAND_LINE, Scope
from lib.reports import rollup
from lib.shares import entry, notices, policy, sessions, shares
from lib.shares.policy import Policy
from lib.store import library, schema
from lib.store.tables import metadata
from lib.wiring import App
from tests.installation import NOW, PASSWORD, campaign, settings, share
from tests.postgresql import server
from tests.screens import add_analyst
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


def at_once(records: sa.Engine, statement: str, *acts: Callable[[], object]) -> None:
    """All of them have run `statement` before one goes on, where nothing makes them wait for each other."""
    meeting = threading.Barrier(len(acts))

    def meet(_connection: object, _cursor: object, text: str, *_: object) -> None:
        if text.startswith(statement):
            with suppress(threading.BrokenBarrierError):
                meeting.wait(0.5)

    sa.event.listen(records, "after_cursor_execute", meet)
    try:
        with ThreadPoolExecutor() as pool:
            for done in [pool.submit(act) for act in acts]:
                done.result()
    finally:
        sa.event.remove(records, "after_cursor_execute", meet)


def test_two_admins_who_save_at_once_both_succeed(parts: App) -> None:
    acts = [partial(policy.save, parts.records, Policy(days), NOW, by=COMMAND_LINE) for days in (7, 14)]
    at_once(parts.records, "DELETE FROM workspace", *acts)
    assert policy.load(parts.records).days in (7, 14)


def test_choices_made_in_two_windows_at_once_are_both_kept(parts: App) -> None:
    ada = add_analyst(parts)
    chosen = ({"denied": "mail"}, {"ended": "off"})
    acts = [partial(notices.choose, parts.records, ada, one, NOW, by=COMMAND_LINE) for one in chosen]
    at_once(parts.records, "SELECT analysts.notices", *acts)
    ways = notices.ways(parts.records, ada)
    assert (ways["denied"], ways["ended"]) == ("mail", "off")


def test_two_windows_that_link_a_google_account_at_once_both_succeed(
    parts: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = add_analyst(parts, "Ida", "ida@agency.example")
    tokens = Tokens("a", "", NOW, (CONTACTS,))
    monkeypatch.setattr(google, "exchange", lambda *_: tokens)
    at = google.configured(
        settings(parts.settings.data, google_client_id="x", google_client_secret=Secret("y"))
    )
    given = (parts.records, parts.vault, at, ada, "code", "verifier", NOW)
    at_once(parts.records, "DELETE FROM google_links", *[partial(contacts.keep, *given, by=COMMAND_LINE)] * 2)
    assert contacts.find(parts.records, ada)


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
