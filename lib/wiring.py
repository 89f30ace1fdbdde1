"""Settings -> App. The only module that knows every engine by name."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from lib import config
from lib.config import SAMPLES, Settings, SettingsRefused
from lib.importers import samples
from lib.mail.delivery import Delivery, connection
from lib.mail.worker import Worker
from lib.model import SYSTEM
from lib.paper import parcels
from lib.reports import rollup
from lib.shares import analysts, entry, restoring, standing
from lib.shares.watch import Watch
from lib.store import library, schema
from lib.store import records as store_records
from lib.store.analytics import Analytics
from lib.store.epoch import Epoch
from lib.store.events import Events
from lib.store.vault import Vault

EVENT_ENGINES: dict[str, Callable[[str, bytes], Events]] = {
    "duckdb": lambda place, key: Events(Path(place), key),
}
RECORD_ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class App:
    """Everything a page, a route or a command works with."""

    settings: Settings
    records: sa.Engine
    analytics: Analytics
    vault: Vault
    delivery: Delivery

    @property
    def epoch(self) -> Epoch:
        """The file outside of the records that tells how far their log had come."""
        return Epoch(self.settings.data, self.vault)


def now() -> datetime:
    """The clock, read at the edges only; services take `now` from outside."""
    return datetime.now(UTC)


@cache
def app() -> App:
    """The App of this process. A module singleton, so that no visitor can clear it."""
    return build(config.load())


def build(settings: Settings) -> App:
    """Connects to nothing yet; raises SettingsRefused for unknown engines and a bad mail server."""
    scheme, _, place = settings.events.partition(":")
    if scheme not in EVENT_ENGINES:
        raise SettingsRefused(f"VITRINE_EVENTS: unknown engine {scheme!r}; known: {', '.join(EVENT_ENGINES)}")
    vault = Vault(settings.secret_key.text)
    records = _records(settings)
    events = EVENT_ENGINES[scheme](place, vault.key("recipients"))
    return App(settings, records, Analytics(records, events), vault, connection(settings))


def _records(settings: Settings) -> sa.Engine:
    """Its refusal quotes nothing of the URL, which may hold a password in any of its parts."""
    try:
        url = sa.make_url(settings.records.text)
        behind_the_password = f"{url.host}{url.database}" if url.host else ""
        if url.get_backend_name() in RECORD_ENGINES and "@" not in behind_the_password:
            return store_records.connect(settings.records.text)
    except (sa.exc.ArgumentError, ImportError, ValueError):
        pass
    raise SettingsRefused(
        "VITRINE_RECORDS: this value cannot be used: sqlite:///path or "
        "postgresql+psycopg://user:password@host/database is wanted, with an @ in the password written as %40"
    )


def prepare(parts: App) -> None:
    """All that a server needs before its first visitor: schema, first admin, fresh rollups, samples."""
    migrate(parts)
    restoring.watch(parts.records, parts.epoch, now())
    parcels.shelf(parts.settings.data)  # throws away what a process before has left
    library.close_interrupted(parts.analytics, now())
    rollup.remake_stale(parts.analytics, now())
    if parts.settings.samples and SAMPLES.is_dir():
        samples.load(parts.analytics, SAMPLES, now())


def migrate(parts: App) -> None:
    """Bring the records to the newest schema and make the first admin if the settings name one."""
    schema.migrate(parts.records)
    settings = parts.settings
    if settings.admin_email and not analysts.anyone(parts.records):
        name, password = analysts.name_of(settings.admin_email), settings.admin_password.text
        analysts.add_first(
            parts.records, name, settings.admin_email, password, now(), settings.password_minimum, by=SYSTEM
        )


def worker(parts: App) -> Worker:
    """The worker that sends the outbox, and does the jobs beside it: requests, ends, epoch, notices."""

    def close_ended(at: datetime) -> None:
        standing.close_ended(parts.records, at)

    def answer_requests(at: datetime) -> None:
        entry.answer_requests(parts.records, parts.vault, parts.settings, at)

    def keep_epoch(at: datetime) -> None:
        restoring.watch(parts.records, parts.epoch, at)

    return Worker(
        parts.records,
        parts.vault,
        parts.delivery,
        now,
        before=(answer_requests, close_ended, keep_epoch, Watch(parts.records, parts.vault, parts.settings)),
        name=f"worker-{os.getpid()}",
    )
