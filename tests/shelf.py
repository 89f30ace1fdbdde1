"""A library of campaigns for a test: brings items in without a file, and asks."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from lib.model import Campaign, Covers, Event, Form, Item, Kind, Question, Reject, Row, Scope
from lib.reports import answer, report, rollup
from lib.store import library, records, schema
from lib.store.analytics import Analytics
from lib.store.events import Events

SENT_AT = datetime(2026, 3, 3, 8, tzinfo=UTC)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
SPRING = Campaign("vitrine", "spring", title="Spring", sent_at=SENT_AT)
EVERYTHING = Scope()


def event(
    name: str, kind: str, seconds: float | None = None, campaign: str = SPRING.id, **more: object
) -> Event:
    """Something that `name` does so many seconds after the mailing; without seconds at no known time."""
    at = None if seconds is None else SENT_AT + timedelta(seconds=seconds)
    return Event(campaign, name if "@" in name else f"{name}@mail.example", Kind(kind), at, **more)


def covering(*kinds: str, campaign: str = SPRING.id) -> Covers:
    return Covers(campaign, frozenset(map(Kind, kinds)) or frozenset(Kind))


@dataclass
class Shelf:
    analytics: Analytics

    def bring(
        self, *items: Item | Reject, name: str = "", sample: bool = False, sender: str = "vitrine"
    ) -> library.Outcome:
        """Each item as a row of its own. The same items under the same name are the same file."""
        sha = hashlib.sha256(f"{name} {items!r}".encode()).hexdigest()
        job = library.Job(sender, "test", name or "test.csv", sha, "ann@agency.example", sample)
        return library.bring(self.analytics, job, rows(items), rollup.make, lambda _read: None, NOW)

    def undo(self, outcome: library.Outcome) -> tuple[str, ...]:
        return library.undo(self.analytics, outcome.id, rollup.make, NOW)

    def figures(self, form: Form = Form.ALL, campaign: str = SPRING.id) -> dict[str, float | None]:
        found = report(self.analytics, EVERYTHING, campaign, form).figures
        return {name: figure.value for name, figure in found.items()}

    def section(self, name: str, form: Form = Form.ALL, campaign: str = SPRING.id):
        return report(self.analytics, EVERYTHING, campaign, form).sections[name]

    def by(self, dimension: str, *metrics: str, form: Form = Form.ALL, scope: Scope = EVERYTHING) -> dict:
        """key -> value, or values where several metrics are asked."""
        table = answer(self.analytics, scope, Question(metrics, dimension, form))
        values = table[list(metrics)].itertuples(index=False, name=None)
        return {
            key: one[0] if len(metrics) == 1 else one
            for key, one in zip(table[dimension], values, strict=True)
        }


def rows(items: Iterable[Item | Reject]) -> Iterator[Row | Reject]:
    for line, item in enumerate(items, start=2):
        yield item if isinstance(item, Reject) else Row("test.csv", line, (item,))


@cache
def _empty_records() -> bytes:
    """Records at the newest schema, as a file: they are laid out once, for that takes longest."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.sqlite"
        engine = records.connect(f"sqlite:///{file}")
        schema.migrate(engine)
        engine.dispose()
        return file.read_bytes()


@contextmanager
def shelf(folder: Path) -> Iterator[Shelf]:
    """An empty library in a folder of its own."""
    (folder / "shelf.sqlite").write_bytes(_empty_records())
    engine = records.connect(f"sqlite:///{folder / 'shelf.sqlite'}")
    events = Events(folder / "events", b"a key of this test")
    yield Shelf(Analytics(engine, events))
    events.close()
    engine.dispose()
