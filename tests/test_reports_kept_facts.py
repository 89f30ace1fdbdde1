"""The first filter of a campaign keeps its facts; every other one reads them, as long as they are true."""

import errno

import pyarrow.parquet as pq
import pytest

from lib.model import Question, Scope
from lib.reports import answer, facts_file, kept_facts, rollup
from lib.store.events import FACTS
from tests.shelf import SPRING, covering, event, shelf

ONE = Scope(campaigns=(SPRING.id,))
OPENED = [event(name, "opened", 9, country="FR", url="https://shop.example/a") for name in ("ann", "bob")]


@pytest.fixture
def spring(tmp_path):
    with shelf(tmp_path) as library:
        library.bring(SPRING, covering(), *OPENED)
        yield library


def opens(library, *where):
    question = Question(("opens",), where=where or (("country", "FR"),))
    return answer(library.analytics, ONE, question)["opens"].tolist()


def kept(library):
    return list(library.analytics.events.folder.rglob(f"*{FACTS}*"))


@pytest.fixture
def made(monkeypatch):
    """Each time that facts are made of events."""
    times, make = [], kept_facts.facts_of

    def counted(*given):
        times.append(given)
        return make(*given)

    monkeypatch.setattr(kept_facts, "facts_of", counted)
    return times


def test_the_facts_are_made_once(spring, made):
    assert kept(spring) == []
    assert opens(spring) == opens(spring) == [2]
    assert opens(spring, ("country", "DE")) == [0]
    assert len(made) == len(kept(spring)) == 1


def test_the_facts_of_a_large_campaign_are_kept_when_it_comes_in(tmp_path, made, monkeypatch):
    monkeypatch.setattr(rollup, "MANY_ROWS", 1)
    with shelf(tmp_path) as library:
        only = library.bring(SPRING, covering(), *OPENED)
        assert len(kept(library)) == 1
        assert opens(library) == [2]
        library.bring(event("eve", "opened", 9, country="FR"), name="more.csv")
        assert opens(library) == [3]
        assert made == []
        library.undo(only)
        assert len(kept(library)) == 0


def test_an_import_and_its_undoing_take_the_facts_along(spring, made):
    opens(spring)
    more = spring.bring(event("eve", "opened", 9, country="FR"), name="more.csv")
    assert kept(spring) == []
    assert opens(spring) == [3]
    spring.undo(more)
    assert kept(spring) == []
    assert opens(spring) == [2]
    assert len(made) == 3


def test_the_facts_of_what_nobody_brought_in_any_more_are_gone(tmp_path):
    with shelf(tmp_path) as library:
        only = library.bring(SPRING, covering(), *OPENED)
        opens(library)
        library.undo(only)
        assert kept(library) == []


def empty(path):
    path.write_bytes(b"")


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def without_a_column(path):
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["country"]), path)


def of_another_version(path):
    table = pq.read_table(path)
    told = table.schema.metadata | {facts_file.FORM: b"older"}
    pq.write_table(table.replace_schema_metadata(told), path)


@pytest.mark.parametrize("harm", [empty, cut, without_a_column, of_another_version])
def test_facts_that_are_damaged_or_of_another_version_are_made_anew(spring, made, harm):
    opens(spring)
    (path,) = kept(spring)
    harm(path)
    assert opens(spring) == opens(spring) == [2]
    assert len(made) == 2


def test_what_marks_mean_is_part_of_the_form(monkeypatch):
    before = facts_file.form()
    monkeypatch.setitem(facts_file.BITS, "opens", facts_file.BITS["clicks"])
    assert facts_file.form() != before


def test_on_a_full_disk_a_filter_is_answered_and_nothing_is_left(spring, monkeypatch, caplog):
    def full(*_given, **_named):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(facts_file.pq, "write_table", full)
    assert opens(spring) == [2]
    assert kept(spring) == []
    assert "not kept" in caplog.text


def test_facts_of_a_rollup_that_was_just_replaced_are_not_left_behind(spring, monkeypatch):
    write = facts_file.write

    def overtaken(*given):
        spring.bring(event("eve", "opened", 9, country="FR"), name="more.csv")
        write(*given)

    monkeypatch.setattr(facts_file, "write", overtaken)
    assert opens(spring) == [2]
    assert kept(spring) == []


def test_what_a_killed_process_leaves_lies_where_it_is_swept_up(spring, monkeypatch):
    begun = []
    monkeypatch.setattr(facts_file.pq, "write_table", lambda _table, path, **_named: begun.append(path))
    opens(spring)
    spool = spring.analytics.events.folder / "spool"
    assert begun[0].parent.parent == spool
    assert begun[0].parent.name.startswith("apart-")


def test_facts_name_no_recipient(spring):
    opens(spring)
    table = pq.read_table(kept(spring)[0])
    assert not any("mail.example" in str(row) and "ann" in str(row) for row in table.to_pylist())
    assert set(table.column_names) == {*facts_file.NUMBERS, *rollup.KEYS, *facts_file.SOLD}
