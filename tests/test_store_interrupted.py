"""An import that is killed leaves no half campaign, and the next start sweeps up what it wrote."""

import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from lib.reports import campaigns
from lib.store import library
from tests.shelf import EVERYTHING, NOW, SPRING, covering, event, shelf

LATER = NOW + timedelta(minutes=5)

KILLED = """
import sys, time
from pathlib import Path
from lib.reports import rollup
from lib.store import library
from tests.shelf import NOW, SPRING, covering, event, rows, shelf

def wait(where):
    if sys.argv[2] == where:
        print("waiting", flush=True)
        time.sleep(60)

def read():
    yield from rows([SPRING, covering(), event("bob", "opened", 5), event("cid", "opened", 6)])
    wait("reading")

def roll(*question):
    with question[0].events.apart():
        wait("asking apart")
    made = rollup.make(*question)
    wait("rolling")
    return made

with shelf(Path(sys.argv[1])) as made:
    job = library.Job("vitrine", "test", "x.csv", "sha", "ann")
    library.bring(made.analytics, job, read(), roll, lambda _read: None, NOW)
"""


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        made.bring(SPRING, covering(), event("ann", "opened", 60))
        yield made


@pytest.fixture(params=["reading", "asking apart", "rolling"])
def process(request, tmp_path, library_of):
    """Another process amid an import: reading its file, at a question in a database of its own, or all
    written and about to become visible.
    """
    root = Path(__file__).resolve().parent.parent
    started = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path, request.param], cwd=root, stdout=subprocess.PIPE
    )
    assert started.stdout.readline() == b"waiting\n"
    yield started
    started.kill()
    started.communicate()


ROLLED = ["rollup.messages.parquet", "rollup.parquet"]


def states(shelf):
    return list(library.imports_list(shelf.analytics.records)["state"])


def left(shelf):
    return sorted(
        re.sub("-[0-9a-f]{32}", "", path.name) for path in shelf.analytics.events.folder.rglob("*.parquet")
    )


def ages(shelf):
    """Make every file, and every folder of unfinished ones, as old as if it had been written yesterday."""
    yesterday = (NOW - timedelta(days=1)).timestamp()
    folder = shelf.analytics.events.folder
    for path in (*folder.rglob("*.parquet"), *folder.glob("spool/*")):
        os.utime(path, (yesterday, yesterday))


def unfinished(shelf):
    return sorted(path.name for path in shelf.analytics.events.folder.glob("spool/*"))


def test_after_a_kill_nothing_half_is_seen_and_the_next_start_sweeps_up(library_of, process):
    """D3"""
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert library_of.figures()["opens"] == 1
    ages(library_of)
    library.close_interrupted(library_of.analytics, LATER)
    assert states(library_of) == ["failed", "live"]
    assert left(library_of) == ["1.parquet", "1.people.parquet", *ROLLED]
    assert not list((library_of.analytics.events.folder / "spool").iterdir())
    assert library_of.figures()["opens"] == 1
    again = library_of.bring(SPRING, covering(), event("bob", "opened", 5), event("cid", "opened", 6))
    assert again.imported == 2 and library_of.figures()["opens"] == 3


def test_an_import_that_is_at_work_is_left_alone_however_long_it_takes(library_of, process):
    before = left(library_of), unfinished(library_of)
    ages(library_of)
    library.close_interrupted(library_of.analytics, NOW + timedelta(days=3))
    assert states(library_of) == ["running", "live"]
    assert (left(library_of), unfinished(library_of)) == before


def test_an_import_that_has_just_begun_is_left_alone(library_of, process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    library.close_interrupted(library_of.analytics, NOW + timedelta(seconds=5))
    assert states(library_of) == ["running", "live"]


def test_a_question_apart_that_has_just_begun_is_left_alone(library_of):
    """It may not hold its lock yet."""
    (library_of.analytics.events.folder / "spool/apart-x").mkdir()
    library.close_interrupted(library_of.analytics, LATER)
    assert unfinished(library_of) == ["apart-x"]


def test_files_of_a_change_on_its_way_are_left_alone(library_of):
    fresh = library_of.analytics.events.folder / SPRING.id / "rollup-fresh.parquet"
    fresh.write_bytes(b"")
    stamp = (LATER - timedelta(hours=1)).timestamp()
    os.utime(fresh, (stamp, stamp))
    library.close_interrupted(library_of.analytics, LATER)
    assert fresh.exists()


def test_the_messages_of_a_rollup_stay_and_go_with_it(library_of):
    events = library_of.analytics.events
    live = next((events.folder / SPRING.id).glob("rollup-*.messages.parquet"))
    orphan = events.folder / SPRING.id / f"rollup-{'0' * 32}.messages.parquet"
    orphan.write_bytes(b"")
    ages(library_of)
    library.close_interrupted(library_of.analytics, LATER)
    assert live.exists() and not orphan.exists()


def test_files_that_the_records_know_nothing_of_are_left_alone(library_of, tmp_path):
    """Somebody started with other records by mistake: the events are still there."""
    (tmp_path / "other").mkdir()
    ages(library_of)
    with shelf(tmp_path / "other") as other:
        mistaken = type(other.analytics)(other.analytics.records, library_of.analytics.events)
        library.close_interrupted(mistaken, LATER)
        assert campaigns(mistaken, EVERYTHING).empty
    assert library_of.section("first_day").table["opens"].sum() == 1


def test_what_an_undo_could_not_remove_any_more_goes_with_the_next_start(library_of, monkeypatch):
    second = library_of.bring(SPRING, event("bob", "opened", 5), name="second.csv")
    with monkeypatch.context() as killed:
        killed.setattr(type(library_of.analytics.events), "remove", lambda *_: None)
        library_of.undo(second)
    assert left(library_of) == [
        "1.parquet",
        "1.people.parquet",
        "2.parquet",
        "2.people.parquet",
        *[name for name in ROLLED for _ in range(2)],
    ]
    ages(library_of)
    library.close_interrupted(library_of.analytics, LATER)
    assert left(library_of) == ["1.parquet", "1.people.parquet", *ROLLED]
    assert library_of.figures()["opens"] == 1
