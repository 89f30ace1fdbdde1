"""From a file to the records: the same file twice, progress, samples, and an import that is refused."""

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from lib.importers import ImportRefused, bring_in, samples
from lib.importers.limits import UPLOADED
from lib.model import Scope
from lib.reports import campaigns, rollup
from lib.store import library, lots
from lib.store.analytics import Analytics
from lib.store.events import Events
from lib.store.tables import imports
from tests.test_importers import HERE, SHARED, zipped

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def world(db, tmp_path):
    events = Events(tmp_path / "data" / "events", b"k" * 32)
    yield Analytics(db, events)
    events.close()


def bring(world, path, **more):
    return bring_in(world, path, by="ann@shop.example", now=NOW, **more)


def counted(outcome):
    return outcome.read, outcome.imported, outcome.duplicate, outcome.rejected


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("campaigns_2018_analytics.csv", 2),
        ("report.csv", 1),
        ("ab_report.csv", 1),
        ("activity.ndjson", 6),
        ("vitrine", 9),
        ("vitrine/events.csv", 7),
    ],
)
def test_each_format_comes_in_and_the_same_file_twice_changes_nothing(world, name, rows):
    assert counted(bring(world, HERE / name)) == (rows, rows, 0, 0)
    version = library.data_version(world.records)
    assert counted(bring(world, HERE / name)) == (rows, 0, rows, 0)
    assert library.data_version(world.records) == version


def test_an_account_export_comes_in(world, tmp_path):
    outcome = bring(world, zipped(HERE / "account", tmp_path / "export.zip"), file_name="export.zip")
    assert outcome.read == outcome.imported == 12
    shown = campaigns(world, Scope()).set_index("id")
    assert shown.loc["mailchimp-a1b2c3d4e5", ["recipients", "bounces", "unique_opens"]].tolist() == [4, 2, 1]


def test_the_real_export_comes_in_without_a_reject(world):
    path = SHARED / "datasets/mailchimp_campaigns_deepnews_2018_2019.csv"
    if not path.exists():
        pytest.skip("only where the real files are")
    assert counted(bring(world, path)) == (872, 872, 0, 0)
    assert counted(bring(world, path)) == (872, 0, 872, 0)
    assert campaigns(world, Scope())["open_rate"].max() == 1.2


def test_what_was_read_is_what_came_in_and_what_did_not(world, tmp_path):
    path = tmp_path / "events.csv"
    good = "c,ann@x.example,sent\n"
    path.write_text("campaign,recipient,kind\n" + good + good + "c,nobody,sent\nc,bob@x.example\n")
    outcome = bring(world, path)
    assert counted(outcome) == (4, 2, 0, 2)
    assert "line" in outcome.rejects_file.read_text()


def test_rejects_are_listed_in_the_language_of_who_brings_the_file(world, tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("campaign,recipient,kind\nc,ann@x.example,sent\nc,nobody,sent\n")
    rejects = bring(world, path, language="fr").rejects_file.read_text(encoding="utf-8-sig")
    assert "n’est pas une adresse e-mail" in rejects


def test_progress_tells_the_part_and_how_far_that_is(world, monkeypatch):
    monkeypatch.setattr(lots, "MOST", 1)
    told = []
    bring(world, HERE / "vitrine", progress=lambda part, reached: told.append((part, reached)))
    assert [(round(part, 3), reached.stage, reached.done, reached.campaigns) for part, reached in told] == [
        (0.4, "reading", 0, 0),
        (0.4, "writing", 0, 2),
        (0.478, "writing", 1, 2),  # seven of nine: a campaign weighs as much as it has events
        (0.5, "writing", 2, 2),
        (0.5, "counting", 0, 2),
        (0.5, "counting", 0, 2),
        (0.85, "counting", 1, 2),
        (0.95, "counting", 2, 2),
        (0.95, "comparing", 0, 2),
        (0.989, "comparing", 1, 2),
        (1.0, "comparing", 2, 2),
        (1.0, "comparing", 2, 2),
    ]


def test_progress_goes_on_while_one_large_campaign_is_counted(world, monkeypatch):
    monkeypatch.setattr(lots, "SMALL", 0)
    told = []
    bring(world, HERE / "vitrine", progress=lambda part, reached: told.append((part, reached)))
    counting = [part for part, reached in told if reached.stage == "counting"]
    assert len(counting) > 8
    assert counting == sorted(counting)


@pytest.mark.parametrize("stage", ["reading", "writing", "counting", "comparing"])
def test_who_looks_on_may_stop_an_import_at_any_stage(world, stage):
    class Stopped(BaseException):
        """As Streamlit stops a page that was left."""

    def stop(_part, reached):
        assert threading.current_thread() is threading.main_thread()
        if reached.stage == stage:
            raise Stopped

    with pytest.raises(Stopped):
        bring(world, HERE / "vitrine", progress=stop)
    assert campaigns(world, Scope()).empty
    assert library.imports_list(world.records)["state"].tolist() == ["failed"]
    assert not list(world.events.folder.rglob("*.parquet"))
    assert bring(world, HERE / "vitrine").imported == 9


def test_too_many_rows_leave_nothing_behind(world):
    with pytest.raises(ImportRefused) as refusal:
        bring(world, HERE / "vitrine", limits=replace(UPLOADED, rows=5))
    assert refusal.value.reason == "too_many_rows"
    assert campaigns(world, Scope()).empty


def test_too_many_rows_in_blocks_leave_nothing_behind(world, tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("campaign,recipient,kind\n" + "c,ann@x.example,sent\n" * 5000)
    with pytest.raises(ImportRefused) as refusal:
        bring(world, path, limits=replace(UPLOADED, rows=4999))
    assert refusal.value.reason == "too_many_rows"
    assert campaigns(world, Scope()).empty


@pytest.mark.parametrize(
    ("given", "reason"), [({"zone": "Mars/Olympus"}, "bad_zone"), ({"sender": "A B"}, "bad_sender")]
)
def test_a_wrong_zone_or_sender_is_refused_before_anything_is_read(world, given, reason):
    with pytest.raises(ImportRefused) as refusal:
        bring(world, HERE / "vitrine", **given)
    assert refusal.value.reason == reason


def test_bare_events_show_their_campaign_by_its_name(world):
    bring(world, HERE / "vitrine" / "events.csv")
    assert set(campaigns(world, Scope())["title"]) == {"spring", "flash"}


def test_samples_come_in_once_and_never_again_after_they_were_removed(world):
    assert samples.load(world, HERE / "vitrine", NOW).imported == 9
    assert samples.load(world, HERE / "vitrine", NOW) is None
    assert campaigns(world, Scope())["sample"].all()
    assert set(samples.remove(world, NOW)) == {"vitrine-spring", "vitrine-flash"}
    assert campaigns(world, Scope()).empty
    assert samples.load(world, HERE / "vitrine", NOW) is None


def test_samples_do_not_come_in_beside_real_campaigns(world):
    bring(world, HERE / "campaigns_audience.csv")
    assert samples.load(world, HERE / "vitrine", NOW) is None


def test_removing_the_samples_leaves_real_campaigns(world):
    samples.load(world, HERE / "vitrine", NOW)
    bring(world, HERE / "campaigns_audience.csv")
    samples.remove(world, NOW)
    assert set(campaigns(world, Scope())["sender"]) == {"mailchimp"}


def test_samples_that_a_colleague_has_just_removed_are_no_error(world, monkeypatch):
    number = samples.load(world, HERE / "vitrine", NOW).id
    samples.remove(world, NOW)
    monkeypatch.setattr(samples, "_live", lambda _records: [number])  # as found before the colleague's click
    assert samples.remove(world, NOW) == ()


def test_an_import_keeps_the_name_that_the_file_had(world):
    bring(world, HERE / "report.csv", file_name="campaign_Tea_letter.csv")
    with world.records.connect() as db:
        assert db.scalar(sa.select(imports.c.file_name)) == "campaign_Tea_letter.csv"


def test_an_import_can_be_taken_back(world):
    outcome = bring(world, HERE / "vitrine")
    library.undo(world, outcome.id, rollup.make, NOW)
    assert campaigns(world, Scope()).empty
