"""The tiny world of the other tests is what its docstring says, by the store and by our own format."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from lib import reports
from lib.importers import bring_in
from lib.model import Form, Row, Scope
from lib.reports import rollup
from lib.store import library
from lib.store.analytics import Analytics
from lib.store.events import Events
from tests import worlds

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def analytics(db: sa.Engine, tmp_path: Path) -> Iterable[Analytics]:
    events = Events(tmp_path / "events", b"k" * 32)
    yield Analytics(db, events)
    events.close()


def figures(analytics: Analytics, form: Form = Form.ALL) -> dict[str, float | None]:
    report = reports.report(analytics, Scope(), worlds.CAMPAIGN.id, form)
    return {name: figure.value for name, figure in report.figures.items()}


def bring(analytics: Analytics, rows: Iterable[Row]) -> None:
    job = library.Job("vitrine", "vitrine", "spring.zip", "0" * 64, "test")
    library.bring(analytics, job, rows, rollup.make, lambda read: None, NOW)


def test_spring_has_the_figures_one_can_count_on_ones_fingers(analytics: Analytics) -> None:
    bring(analytics, worlds.spring_rows())
    counted = figures(analytics)
    assert (counted["recipients"], counted["deliveries"]) == (10, 8)
    assert (counted["hard_bounces"], counted["soft_bounces"]) == (1, 1)
    assert (counted["open_rate"], counted["click_rate"], counted["clicks"]) == (0.625, 0.25, 3)
    assert (counted["unsubscribes"], counted["complaints"], counted["forwards"]) == (1, 1, 1)
    assert (counted["orders"], counted["revenue"]) == (1, 12.5)


def test_spring_is_opened_by_four_people(analytics: Analytics) -> None:
    bring(analytics, worlds.spring_rows())
    counted = figures(analytics, Form.PEOPLE)
    assert (counted["open_rate"], counted["click_rate"]) == (0.5, 0.25)


def test_spring_written_as_a_file_says_the_same(analytics: Analytics, tmp_path: Path) -> None:
    outcome = bring_in(analytics, worlds.write_events(tmp_path / "events.csv"), by="test", now=NOW)
    assert (outcome.read, outcome.rejected, outcome.campaigns) == (
        len(worlds.SPRING),
        0,
        (worlds.CAMPAIGN.id,),
    )
    counted = figures(analytics)
    assert (counted["open_rate"], counted["click_rate"], counted["revenue"]) == (0.625, 0.25, 12.5)
