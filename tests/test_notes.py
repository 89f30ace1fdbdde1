"""Notes of analysts: written, changed, removed and brought back, read by those who may, told in the log."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from lib.model import Actor, Scope
from lib.reports import as_json, notes, report
from lib.reports.export import report_csv
from lib.reports.notes import NoteRefused, StaleNote, Written
from lib.shares import audit
from lib.store.records import reading
from lib.store.tables import analysts
from lib.words import LANGUAGES
from tests.shelf import EVERYTHING, NOW, SPRING, covering, event, shelf

ANN = Actor("analyst", "ann@agency.example", "")
BEN = Actor("analyst", "ben@agency.example", "")
LATER = NOW + timedelta(hours=1)
CAMPAIGN = (SPRING, covering(), event("eve", "sent", 0), event("eve", "opened", 60))


@pytest.fixture
def at(tmp_path):
    with shelf(tmp_path) as made:
        made.imported = made.bring(*CAMPAIGN)
        with made.analytics.records.begin() as db:
            for name in ("Ann", "Ben"):
                address = f"{name.lower()}@agency.example"
                row = {"name": name, "address": address, "address_key": address, "password_hash": ""}
                db.execute(analysts.insert().values(row | {"created_at": NOW}))
        yield made


@pytest.fixture
def records(at):
    return at.analytics.records


def add(records, text="The shop was closed", chart=None, hour=None, by=ANN):
    return notes.add(records, SPRING.id, Written(text, chart, hour), NOW, by=by)


def told(records, text=""):
    found = audit.lines(records, audit.Filter(kinds=audit.GROUPS["notes"], text=text), 99)
    return [line.kind for line in found]


def rows(at, scope=EVERYTHING):
    section = report(at.analytics, scope, SPRING.id).sections.get("notes")
    return [] if section is None else section.rows.to_dict("records")


def test_a_note_is_read_in_the_report_under_its_authors_name_and_not_the_address(at, records):
    add(records, "  Half of them\r\nwere on holiday ")
    add(records, "A reminder went out", "first_day", 5.5, by=BEN)
    first, second = rows(at)
    assert (first["number"], first["text"], first["chart"]) == (1, "Half of them\nwere on holiday", None)
    assert (first["author"], second["author"], first["at"]) == ("Ann", "Ben", NOW)
    assert (second["number"], second["chart"], second["hour"]) == (2, "first_day", 5.5)
    assert "agency.example" not in repr(rows(at))


def test_a_report_without_notes_has_no_such_section_to_draw(at):
    assert report(at.analytics, EVERYTHING, SPRING.id).sections["notes"].is_left_out


def test_every_change_is_told_in_the_audit_log_without_the_words_of_the_note(records):
    number = add(records, "Nobody but us may know the secret")
    notes.change(records, number, Written("Another secret"), LATER, by=BEN, seen=1)
    notes.remove(records, number, LATER, by=BEN, seen=2)
    notes.bring_back(records, number, LATER, by=ANN)
    assert told(records) == ["note.restored", "note.removed", "note.changed", "note.added"]
    assert told(records, "secret") == []
    line = audit.lines(records, audit.Filter(kinds=("note.added",)), 1)[0]
    assert line.said("en") == "ann@agency.example wrote a note in the report on “Spring”"
    assert "Spring" in line.said("fr")


def test_when_the_log_cannot_be_written_no_note_is_kept(records, monkeypatch):
    def broken(*_given, **_named):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(notes.audit, "append", broken)
    with pytest.raises(RuntimeError):
        add(records)
    assert notes.of(records, SPRING.id) == ()


def test_who_changes_a_note_that_somebody_changed_meanwhile_is_refused_and_told_what_it_says_now(records):
    number = add(records, "one")
    notes.change(records, number, Written("two"), LATER, by=BEN, seen=1)
    for act in (
        lambda: notes.change(records, number, Written("three"), LATER, by=ANN, seen=1),
        lambda: notes.remove(records, number, LATER, by=ANN, seen=1),
    ):
        with pytest.raises(StaleNote) as refused:
            act()
        assert (refused.value.now.written.text, refused.value.by, refused.value.at) == (
            "two",
            BEN.name,
            LATER,
        )
    assert notes.of(records, SPRING.id)[0].written.text == "two"
    notes.change(records, number, Written("three"), LATER, by=ANN, seen=refused.value.now.version)
    assert notes.of(records, SPRING.id)[0].written.text == "three"


def test_saving_the_same_words_again_is_no_change(records):
    number = add(records, "one", "life", 30)
    notes.change(records, number, Written("one", "life", 30), LATER, by=BEN, seen=1)
    assert notes.of(records, SPRING.id)[0].version == 1
    assert told(records) == ["note.added"]


def test_a_removed_note_is_gone_cannot_be_changed_and_comes_back_as_it_was(at, records):
    number = add(records, "one")
    notes.remove(records, number, LATER, by=ANN, seen=1)
    assert rows(at) == []
    with pytest.raises(NoteRefused, match="removed"):
        notes.change(records, number, Written("two"), LATER, by=BEN, seen=2)
    with pytest.raises(NoteRefused, match="removed"):
        notes.remove(records, number, LATER, by=BEN, seen=2)
    for _twice in range(2):
        notes.bring_back(records, number, LATER, by=ANN)
    assert [row["text"] for row in rows(at)] == ["one"]
    assert told(records).count("note.restored") == 1


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (Written("  \n "), "empty"),
        (Written("x" * (notes.LONGEST + 1)), "long"),
        (Written("a\x07b"), "signs"),
        (Written("a\u202eb"), "signs"),
        (Written("a", "links", 1), "chart"),
        (Written("a", "first_day"), "hour"),
        (Written("a", "first_day", 24.5), "hour"),
        (Written("a", "life", -1), "hour"),
        (Written("a", "life", float("nan")), "hour"),
        (Written("a", "life", float("inf")), "hour"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_reason_in_both_languages(records, written, reason):
    from lib.words import t  # noqa: PLC0415 - only here

    number = add(records)
    for act in (
        lambda: notes.add(records, SPRING.id, written, NOW, by=ANN),
        lambda: notes.change(records, number, written, NOW, by=ANN, seen=1),
    ):
        with pytest.raises(NoteRefused) as refused:
            act()
        assert refused.value.reason == f"notes.refused.{reason}"
        assert all(t(language, refused.value.reason, **refused.value.holes) for language in LANGUAGES)
    assert told(records) == ["note.added"]


def test_the_longest_note_and_the_last_moment_are_kept(records):
    add(records, "x" * notes.LONGEST, "first_day", 24)
    assert len(notes.of(records, SPRING.id)) == 1


def test_a_report_holds_a_bounded_number_of_notes(records, monkeypatch):
    monkeypatch.setattr(notes, "MOST", 2)
    number = add(records)
    add(records)
    with pytest.raises(NoteRefused, match="many"):
        add(records)
    notes.remove(records, number, LATER, by=ANN, seen=1)
    add(records)


def test_a_note_for_a_campaign_that_is_not_there_is_refused(records):
    with pytest.raises(NoteRefused, match="campaign"):
        notes.add(records, "vitrine-nowhere", Written("Hello"), NOW, by=ANN)
    with pytest.raises(NoteRefused, match="unknown"):
        notes.bring_back(records, 77, NOW, by=ANN)
    assert told(records) == []


def test_notes_outlast_that_the_import_is_taken_back_and_brought_in_again(at, records):
    add(records, "kept")
    at.undo(at.imported)
    assert notes.of(records, SPRING.id)
    at.bring(*CAMPAIGN)
    assert [row["text"] for row in rows(at)] == ["kept"]


def test_a_viewer_reads_notes_only_where_the_share_shows_them(at, records):
    """X5"""
    add(records, "for everybody")
    mine = (SPRING.id,)
    assert [row["text"] for row in rows(at, Scope(mine, ("notes",)))] == ["for everybody"]
    assert rows(at, Scope(mine, ("links", "first_day"))) == []
    assert notes.shown(records, Scope(("vitrine-other",)), SPRING.id) == ()


def test_a_note_on_a_chart_goes_with_the_chart(at, records):
    add(records, "on the first day", "first_day", 3)
    add(records, "on the curve", "life", 30)
    add(records, "on the whole")
    seen = rows(at, Scope((SPRING.id,), ("notes", "life")))
    assert [(row["number"], row["text"]) for row in seen] == [(1, "on the curve"), (2, "on the whole")]


def test_notes_stand_in_the_csv_and_in_the_json(at, records):
    add(records, "=1+1 is a formula", "first_day", 2)
    found = report(at.analytics, EVERYTHING, SPRING.id)
    assert as_json(found)["sections"]["notes"][0]["text"] == "=1+1 is a formula"
    text = report_csv(found, "en")
    assert "'=1+1 is a formula" in text and ",=1+1" not in text


def version(records):
    with reading(records) as db:
        return notes.version(db, SPRING.id)


def test_every_change_of_notes_raises_their_version_so_that_no_screen_keeps_old_ones(records):
    seen = [version(records)]
    number = add(records)
    seen.append(version(records))
    notes.change(records, number, Written("two"), LATER, by=ANN, seen=1)
    seen.append(version(records))
    notes.remove(records, number, LATER, by=ANN, seen=2)
    seen.append(version(records))
    notes.bring_back(records, number, LATER, by=ANN)
    seen.append(version(records))
    assert seen == sorted(set(seen))


def test_a_new_note_leaves_the_version_of_the_data_alone_so_that_no_import_begins_anew(records):
    from lib.store import library  # noqa: PLC0415 - only here

    before = library.data_version(records)
    add(records)
    assert library.data_version(records) == before


def test_two_who_save_over_the_same_version_at_once_do_not_both_succeed(records):
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only here

    number = add(records)

    def save(text):
        try:
            notes.change(records, number, Written(text), LATER, by=ANN, seen=1)
        except StaleNote:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(save, "abcd")) == 1
    with records.connect() as db:
        assert db.execute(sa.text("SELECT version FROM notes")).scalar() == 2
