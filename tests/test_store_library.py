"""Bringing files in and taking them back: counted in rows, whole or not at all, in any order."""

import codecs
import csv
import time
from dataclasses import replace
from datetime import timedelta
from itertools import chain

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from lib.model import Campaign, Covers, Kind, Note, Reject, Reported, Row
from lib.reports import campaigns, rollup
from lib.store import library, lots
from lib.store.tables import campaigns as campaign_rows
from lib.store.tables import claims, files, imports
from tests.shelf import EVERYTHING, NOW, SENT_AT, SPRING, covering, event, rows, shelf


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def reported(metric, value, claimed="", scope="campaign", key=""):
    return Reported(SPRING.id, metric, value, claimed, scope, key)


def counts(outcome):
    return outcome.read, outcome.imported, outcome.duplicate, outcome.rejected


def state(shelf):
    """All that a reader could notice."""
    frame = campaigns(shelf.analytics, EVERYTHING)
    return frame.to_csv() + str(
        [str(shelf.by(name, "opens", "clicks")) for name in ("hour", "link", "domain")]
    )


OPENS = [event("ann", "opened", 60), event("bob", "opened", 70)]
REJECT = Reject("test.csv", 9, "no_date", (("text", "soon"),), "=cmd|soon")


def test_every_row_is_imported_duplicate_or_rejected(library_of):
    library_of.bring(SPRING, covering(), *OPENS)
    second = library_of.bring(SPRING, *OPENS, event("cid", "opened", 80), REJECT)
    assert counts(second) == (5, 1, 3, 1)


def test_the_same_file_twice_changes_nothing(library_of):
    library_of.bring(SPRING, covering(), *OPENS)
    before = state(library_of), library.data_version(library_of.analytics.records)
    assert counts(library_of.bring(SPRING, covering(), *OPENS)) == (4, 0, 4, 0)
    assert (state(library_of), library.data_version(library_of.analytics.records)) == before


def test_a_file_that_was_taken_back_can_be_brought_in_again(library_of):
    first = library_of.bring(SPRING, covering(), *OPENS)
    library_of.bring(SPRING, covering(), *OPENS)
    library_of.undo(first)
    assert counts(library_of.bring(SPRING, covering(), *OPENS)) == (4, 3, 1, 0)


def test_what_is_covered_makes_no_row_new(library_of):
    assert counts(library_of.bring(covering("opened"), *OPENS)) == (3, 2, 1, 0)


def test_the_same_events_in_an_overlapping_file_are_duplicates(library_of):
    library_of.bring(SPRING, covering(), *OPENS)
    outcome = library_of.bring(event("ann", "opened", 60), event("ann", "opened", 61), name="other.csv")
    assert counts(outcome) == (2, 1, 1, 0)
    assert library_of.figures()["opens"] == 3


def test_two_opens_in_one_second_are_two_opens(library_of):
    twice = [event("ann", "opened", 60), event("ann", "opened", 60)]
    assert counts(library_of.bring(SPRING, covering(), *twice)) == (4, 3, 1, 0)
    assert library_of.figures()["opens"] == 2
    assert counts(library_of.bring(*twice, event("ann", "opened", 60))) == (3, 1, 2, 0)


def test_the_senders_own_id_tells_events_apart(library_of):
    one = event("ann", "opened", 60, native_id="x1")
    again = [one, replace(one, at=SENT_AT + timedelta(hours=5)), replace(one, native_id="x2")]
    assert counts(library_of.bring(SPRING, covering(), *again)) == (5, 3, 2, 0)
    assert library_of.figures()["opens"] == 2


def test_a_row_with_anything_new_is_imported(library_of):
    library_of.bring(SPRING, covering(), *OPENS)
    row = Row("test.csv", 2, (SPRING, OPENS[0], event("cid", "opened", 1)))
    job = library.Job("vitrine", "test", "x.csv", "another", "ann")
    outcome = library.bring(library_of.analytics, job, [row], rollup.make, print, NOW)
    assert counts(outcome) == (1, 1, 0, 0)


def test_undo_restores_what_the_earlier_import_said(library_of):
    library_of.bring(
        SPRING, covering(), *OPENS, reported("opens", 2, "2"), reported("clicks", 7, "7", "link", "https://a")
    )
    before = state(library_of)
    later = replace(SPRING, title="Renamed", sent_at=SENT_AT + timedelta(hours=-2))
    second = library_of.bring(
        later, event("cid", "clicked", 9000, url="https://a"), reported("opens", 3, "3")
    )
    assert state(library_of) != before
    assert library_of.undo(second) == (SPRING.id,)
    assert state(library_of) == before


def test_undoing_the_first_of_two_overlapping_imports_keeps_all_that_the_second_says(library_of):
    first = library_of.bring(SPRING, covering(), *OPENS, name="a")
    library_of.bring(SPRING, covering(), *OPENS, event("cid", "opened", 80), name="b")
    both = state(library_of)
    library_of.undo(first)
    assert state(library_of) == both


def test_a_campaign_that_no_import_knows_any_more_is_gone(library_of):
    outcome = library_of.bring(SPRING, covering(), *OPENS, REJECT)
    library_of.undo(outcome)
    assert campaigns(library_of.analytics, EVERYTHING).empty
    left = [
        path
        for path in library_of.analytics.events.folder.parent.rglob("*")
        if path.suffix in (".parquet", ".csv")
    ]
    assert left == []
    assert library.rejects_path(library_of.analytics, outcome.id) is None


@pytest.mark.parametrize("reason", ["unknown", "not_live"])
def test_only_a_live_import_is_taken_back(library_of, reason):
    outcome = library_of.bring(SPRING)
    library_of.undo(outcome)
    wanted = outcome if reason == "not_live" else replace(outcome, id=99)
    with pytest.raises(library.UndoRefused) as refusal:
        library_of.undo(wanted)
    assert refusal.value.reason == reason


def test_an_import_that_breaks_leaves_nothing_but_its_failure(library_of):
    library_of.bring(SPRING, covering(), *OPENS)
    before = state(library_of)

    def breaking():
        yield from rows([event("cid", "opened", 5), REJECT, Campaign("vitrine", "new", title="New")])
        raise RuntimeError("the disk is gone")

    job = library.Job("vitrine", "test", "x.csv", "sha", "ann")
    with pytest.raises(RuntimeError, match="the disk is gone"):
        library.bring(library_of.analytics, job, breaking(), rollup.make, print, NOW)
    _nothing_remains_of(2, library_of, before)


def test_a_rollup_that_breaks_leaves_nothing_but_the_failure(library_of):
    library_of.bring(SPRING, covering(), *OPENS)
    before = state(library_of)
    with pytest.raises(ZeroDivisionError):
        library.bring(
            library_of.analytics,
            library.Job("vitrine", "test", "x.csv", "sha", "ann"),
            rows([event("cid", "opened", 5)]),
            lambda *_: 1 / 0,
            print,
            NOW,
        )
    _nothing_remains_of(2, library_of, before)


def _nothing_remains_of(import_id, shelf, before):
    listed = library.imports_list(shelf.analytics.records).set_index("id")
    assert listed.loc[import_id, "state"] == "failed" and listed.loc[import_id, "problem"]
    assert state(shelf) == before
    with shelf.analytics.records.connect() as db:
        for table in (claims, files):
            assert db.scalar(sa.select(sa.func.count()).where(table.c.import_id == import_id)) == 0
    assert not list(shelf.analytics.events.folder.rglob(f"{import_id}.*"))
    _one_rollup_is_left(shelf)
    assert not list((shelf.analytics.events.folder / "spool").iterdir())


def _one_rollup_is_left(shelf):
    """The one that the records name, with its messages."""
    with shelf.analytics.records.connect() as db:
        place = db.scalar(sa.select(campaign_rows.c.rollup).where(campaign_rows.c.id == SPRING.id))
    events = shelf.analytics.events
    assert set(events.folder.rglob("rollup-*")) == {events.path(place), events.messages(place)}


def test_a_rollup_that_breaks_half_way_leaves_no_files(library_of, monkeypatch):
    library_of.bring(SPRING, covering(), *OPENS)
    monkeypatch.setattr(rollup, "_totals", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        library_of.bring(event("cid", "opened", 5))
    _one_rollup_is_left(library_of)


def test_whoever_was_overtaken_prepares_again(library_of):
    """Another import becomes visible while this one is rolling up: both are there afterwards."""
    library_of.bring(SPRING, covering())
    others = [lambda: library_of.bring(OPENS[0], name="other.csv")]

    def roll(*question):
        if others:
            others.pop()()
        return rollup.make(*question)

    job = library.Job("vitrine", "test", "x.csv", "sha", "ann")
    outcome = library.bring(library_of.analytics, job, rows(OPENS), roll, print, NOW)
    assert counts(outcome) == (2, 1, 1, 0)
    assert library_of.figures()["opens"] == 2
    _one_rollup_is_left(library_of)


def test_later_imports_win_field_by_field(library_of):
    library_of.bring(replace(SPRING, subject="Old", audience="Readers"), name="1")
    library_of.bring(Campaign("vitrine", "spring", subject="New"), name="2")
    row = campaigns(library_of.analytics, EVERYTHING).iloc[0]
    assert (row["title"], row["subject"], row["audience"]) == ("Spring", "New", "Readers")


def test_the_links_of_a_report_belong_together(library_of):
    library_of.bring(
        reported("clicks", 7, "7", "link", "https://a"), reported("clicks", 2, "2", "link", "https://b")
    )
    library_of.bring(
        reported("clicks", 7, "7", "link", "https://a"), reported("clicks", 3, "3", "link", "https://c")
    )
    table = library_of.section("links").table
    assert dict(zip(table["url"], table["clicks"], strict=True)) == {"https://a": 7, "https://c": 3}


def test_a_campaign_is_a_sample_while_only_samples_know_it(library_of):
    library_of.bring(SPRING, sample=True)
    assert campaigns(library_of.analytics, EVERYTHING)["sample"].all()
    real = library_of.bring(SPRING, name="real.csv")
    assert not campaigns(library_of.analytics, EVERYTHING)["sample"].any()
    library_of.undo(real)
    assert campaigns(library_of.analytics, EVERYTHING)["sample"].all()


def test_a_campaign_known_by_events_alone_is_dated_by_its_first_event(library_of):
    library_of.bring(covering(), event("ann", "sent", 30), event("ann", "opened", 90))
    row = campaigns(library_of.analytics, EVERYTHING).iloc[0]
    assert row["sent_at"] == SENT_AT + timedelta(seconds=30)
    assert row["sender"] == "vitrine"


def test_rejects_are_listed_with_file_line_and_reason_and_run_nothing(library_of):
    outcome = library_of.bring(SPRING, REJECT)
    with outcome.rejects_file.open(newline="", encoding="utf-8-sig") as file:
        heading, line = csv.reader(file)
    assert heading == ["file", "line", "reason", "text"]
    assert line[:2] == ["test.csv", "9"] and line[2] and line[3] == "'=cmd|soon"


def test_rejects_are_listed_in_the_language_of_who_brought_the_file_and_for_excel(library_of):
    reject = Reject("test.csv", 9, "bad_address", (("column", "E-mail"), ("value", "nobody")), "nobody")
    job = library.Job("vitrine", "test", "x.csv", "sha", "ann", language="fr")
    outcome = library.bring(library_of.analytics, job, [reject], rollup.make, print, NOW)
    written = outcome.rejects_file.read_bytes()
    assert "E-mail\u00a0: «\u00a0nobody\u00a0» n’est pas une adresse e-mail.".encode() in written
    assert written.startswith(codecs.BOM_UTF8)


def test_notes_are_kept_once(library_of):
    note = Note("test.csv", "assumed_zone", (("zone", "UTC"),))
    job = library.Job("vitrine", "test", "x.csv", "sha", "ann")
    outcome = library.bring(library_of.analytics, job, [note, note, *rows([SPRING])], rollup.make, print, NOW)
    assert outcome.notes == (note,) and outcome.read == 1
    kept = library.imports_list(library_of.analytics.records).iloc[0]["notes"]
    assert kept == [["test.csv", "assumed_zone", {"zone": "UTC"}]]


def test_progress_is_told_while_reading(library_of):
    told = []
    job = library.Job("vitrine", "test", "x.csv", "sha", "ann")
    many = rows(event(f"r{number}", "opened", number) for number in range(2500))
    library.bring(library_of.analytics, job, many, rollup.make, told.append, NOW)
    assert [reached.rows for reached in told if reached.stage == "reading"] == [1000, 2000, 2500]


def test_imports_are_listed_newest_first_with_the_number_of_campaigns(library_of):
    library_of.bring(SPRING, covering(), *OPENS)
    library_of.bring(Campaign("vitrine", "a"), Campaign("vitrine", "b"))
    listed = library.imports_list(library_of.analytics.records)
    assert list(listed["id"]) == [2, 1]
    assert list(listed["campaigns"]) == [2, 1]
    assert list(listed["state"]) == ["live", "live"]


def test_an_empty_library_lists_no_imports(library_of):
    assert library.imports_list(library_of.analytics.records).empty


def test_events_and_addresses_lie_in_different_files(library_of):
    library_of.bring(SPRING, covering(), *OPENS)
    folder = library_of.analytics.events.folder / SPRING.id
    assert b"ann@mail.example" not in (folder / "1.parquet").read_bytes()
    people = pq.read_table(folder / "1.people.parquet").to_pylist()
    assert {row["address"] for row in people} == {"ann@mail.example", "bob@mail.example"}
    assert {row["domain"] for row in people} == {"mail.example"}


def test_an_event_file_is_sorted_by_kind_and_time(library_of):
    library_of.bring(
        SPRING, covering(), event("ann", "sent", 9), event("bob", "opened", 50), event("ann", "opened", 7)
    )
    table = pq.read_table(library_of.analytics.events.folder / SPRING.id / "1.parquet")
    order = list(zip(table["kind"].to_pylist(), table["happened_at"].to_pylist(), strict=True))
    assert order == sorted(order)


def test_a_file_that_covers_a_kind_and_holds_none_of_it_says_that_there_were_none(library_of):
    library_of.bring(SPRING, covering("opened"))
    assert library_of.figures()["opens"] == 0
    assert library_of.figures()["clicks"] is None


def test_a_file_of_many_campaigns_comes_in_whole(library_of):
    many = [Campaign("vitrine", str(number), title=f"No. {number}") for number in range(900)]
    outcome = library_of.bring(*many)
    assert counts(outcome) == (900, 900, 0, 0)
    assert len(outcome.campaigns) == len(campaigns(library_of.analytics, EVERYTHING)) == 900


def test_rollups_made_by_older_rules_are_remade(library_of, monkeypatch):
    library_of.bring(SPRING, covering(), *OPENS)
    monkeypatch.setattr(rollup, "RULES_VERSION", 99)
    before = state(library_of)
    assert rollup.remake_stale(library_of.analytics, NOW) == 1
    assert rollup.remake_stale(library_of.analytics, NOW) == 0
    assert state(library_of) == before
    _one_rollup_is_left(library_of)


def test_an_import_knows_who_brought_which_file_and_when(library_of):
    library_of.bring(SPRING, name="spring.csv")
    with library_of.analytics.records.connect() as db:
        row = db.execute(sa.select(imports)).one()
    assert (row.by, row.file_name, row.created_at) == ("ann@agency.example", "spring.csv", NOW)


def test_covers_take_kinds_of_the_model_only():
    assert Covers("x", frozenset({Kind.OPENED})).kinds == {"opened"}


def test_two_orders_of_one_moment_in_two_files_are_two_orders(library_of):
    for number in ("1", "2"):
        library_of.bring(SPRING, covering(), event("ann", "ordered", 60, order=number, revenue=5.0))
    assert library_of.figures()["orders"] == 2


def test_who_stops_an_import_does_not_wait_until_all_its_campaigns_are_counted(library_of, monkeypatch):
    monkeypatch.setattr(lots, "MOST", 1)
    rolled = []

    def roll(*given):
        rolled.append(given)
        time.sleep(0.05)
        return rollup.make(*given)

    def stop(reached):
        if reached.stage == "counting" and reached.done == 1:
            raise KeyboardInterrupt

    items = [event("ann", "opened", 60, campaign=f"vitrine-{number}") for number in range(20)]
    job = library.Job("vitrine", "test", "test.csv", "0" * 64, "ann@agency.example")
    with pytest.raises(KeyboardInterrupt):
        library.bring(library_of.analytics, job, rows(items), roll, stop, NOW)
    assert len(rolled) < 10
    assert not list(library_of.analytics.events.folder.rglob("*.parquet"))


@pytest.mark.parametrize(("most", "sizes"), [(50, [6]), (4, [2, 4]), (0, [1] * 6)])
def test_small_campaigns_are_counted_in_lots_and_large_ones_alone(library_of, monkeypatch, most, sizes):
    """No lot has more events than `SMALL`."""
    monkeypatch.setattr(lots, "SMALL", most)
    asked = []

    def roll(analytics, uncounted, *how):
        asked.append(len(uncounted))
        return rollup.make(analytics, uncounted, *how)

    items = [event("ann", "opened", 60, campaign=f"vitrine-{number}") for number in range(6)]
    job = library.Job("vitrine", "test", "test.csv", "0" * 64, "ann@agency.example")
    told = []
    library.bring(library_of.analytics, job, rows(items), roll, told.append, NOW)
    assert sorted(asked) == sizes
    assert told[-1].done == told[-1].campaigns == 6


def test_a_lot_has_no_more_campaigns_than_it_may(library_of, monkeypatch):
    monkeypatch.setattr(lots, "MOST", 4)
    asked = []

    def roll(analytics, uncounted, *how):
        asked.append([one.campaign for one in uncounted])
        return rollup.make(analytics, uncounted, *how)

    items = [event("ann", "opened", 60, campaign=f"vitrine-{number}") for number in range(10)]
    job = library.Job("vitrine", "test", "test.csv", "0" * 64, "ann@agency.example")
    library.bring(library_of.analytics, job, rows(items), roll, lambda _: None, NOW)
    assert sorted(map(len, asked)) == [2, 4, 4]
    assert sorted(chain.from_iterable(asked)) == [f"vitrine-{number}" for number in range(10)]


@pytest.mark.parametrize(("small", "at_once"), [(0, 1), (100, 2)])
def test_only_small_campaigns_are_counted_beside_each_other(library_of, monkeypatch, small, at_once):
    monkeypatch.setattr(lots, "SMALL", small)
    monkeypatch.setattr(lots, "MOST", 1)
    running, most = [], []

    def roll(*given):
        running.append(given)
        most.append(len(running))
        time.sleep(0.05)
        running.pop()
        return rollup.make(*given)

    items = [event("ann", "opened", 60, campaign=f"vitrine-{number}") for number in range(4)]
    job = library.Job("vitrine", "test", "test.csv", "0" * 64, "ann@agency.example")
    library.bring(library_of.analytics, job, rows(items), roll, lambda _read: None, NOW)
    assert max(most) == at_once
    assert len(campaigns(library_of.analytics, EVERYTHING)) == 4
