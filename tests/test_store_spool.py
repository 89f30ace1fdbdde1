"""The spool of an import: whichever way a campaign's files are written, they say the same."""

import random
from contextlib import contextmanager
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib.model import Event, Kind
from lib.store import spool
from lib.store.events import PEOPLE, Events
from lib.store.spool import Spool
from tests.shelf import SENT_AT

CAMPAIGNS = ("a-1", "a-2", "a-3")


@pytest.fixture
def events(tmp_path):
    made = Events(tmp_path / "events", b"one key")
    yield made
    made.close()


PLAIN = ("Ann@mail.example", "ann@mail.example", "bob@mail.example", "cid@other.example")
"""With a domain, in lower case, as rows at once have it."""
ANY = (*PLAIN, "dee@Mail.example", "nobody")


def anything(chance: random.Random, campaign: str, addresses: tuple[str, ...] = ANY) -> Event:
    seconds = chance.choice((None, *range(5)))
    return Event(
        campaign,
        chance.choice(addresses),
        chance.choice(list(Kind)),
        None if seconds is None else SENT_AT + timedelta(seconds=seconds),
        url=chance.choice((None, "https://e.example/a", "https://e.example/b?mc_eid=1")),
        link_position=chance.choice((None, 1, 2)),
        machine=chance.choice((None, True, False)),
        implied=chance.choice((True, False)),
        revenue=chance.choice((None, 0.5)),
        native_id=chance.choice((None, None, "n1", "n2")),
    )


def one_by_one(made, first_row, file, rows):
    for row, event in enumerate(rows, first_row):
        made.add_event(row, file, event)


def at_once(made, first_row, file, rows):
    names = {"order_id": "order", "happened_at": "at"} | {name: name for name in spool.PLAIN}
    names |= {name: name for name in ("campaign", "recipient", "native_id", "kind")}
    columns = {"place": pa.array(range(len(rows)), pa.int64())}
    for name, field in names.items():
        kind = spool.STORED.get(name, pa.string())
        values = [getattr(row, field) for row in rows]
        if name == "happened_at":
            values = [None if at is None else at.replace(tzinfo=None) for at in values]
        column = pa.array(values, kind)
        columns[name] = column.dictionary_encode() if kind == pa.string() else column
    made.add_events(first_row, file, pa.table(columns))


@contextmanager
def filled(events, name, seed, add=one_by_one, rows=60, addresses=ANY):
    """A spool of random events in two files, ready to be read."""
    chance = random.Random(seed)
    with events.workbench(name) as folder, Spool(events, folder) as made:
        for number, file in enumerate(("one.csv", "two.csv")):
            given = [anything(chance, chance.choice(CAMPAIGNS[:2]), addresses) for _ in range(rows)]
            add(made, number * rows, file, given)
        made.add_covers(CAMPAIGNS[2], frozenset({Kind.SENT}))
        made.finish()
        yield made


def written(events, name, made):
    """The tables of all files that the spool gives, by campaign and ending."""
    found = {}
    for campaign in CAMPAIGNS:
        target = events.path(f"{campaign}/{name}.parquet")
        rows = made.write_files(campaign, 7, target)
        for path in (target, target.with_suffix(PEOPLE)):
            found[campaign, path == target] = pq.ParquetFile(path).read()
        assert rows == len(found[campaign, True])
    return found


@pytest.fixture(params=["as it came", "sorted"])
def order(request, monkeypatch):
    """Of the rows in the spool."""
    if request.param == "sorted":
        monkeypatch.setattr(spool, "SCATTERED", 0)
    return request.param


@pytest.mark.parametrize("add", [one_by_one, at_once])
@pytest.mark.parametrize("seed", range(8))
def test_a_campaign_at_hand_is_written_as_a_large_one(events, monkeypatch, seed, add, order):
    monkeypatch.setattr(spool, "BATCH", 50)
    with filled(events, "small", seed, add) as made:
        at_hand = written(events, "small", made)
    monkeypatch.setattr(spool, "MOST_AT_HAND", -1)
    with filled(events, "large", seed, add) as made:
        large = written(events, "large", made)
    assert len(large[CAMPAIGNS[0], True]) > 20
    for place, table in large.items():
        assert at_hand[place].schema.names == table.schema.names
        assert at_hand[place].schema.types == table.schema.types
        assert at_hand[place].to_pylist() == table.to_pylist()


@pytest.mark.parametrize("seed", range(4))
def test_events_at_once_are_written_as_one_by_one(events, seed):
    with filled(events, "alone", seed, one_by_one, addresses=PLAIN) as made:
        first = written(events, "alone", made)
    with filled(events, "rows", seed, at_once, addresses=PLAIN) as made:
        second = written(events, "rows", made)
    assert {place: table.to_pylist() for place, table in first.items()} == {
        place: table.to_pylist() for place, table in second.items()
    }


def new_of(made, live):
    return {campaign: sorted(made.new_rows(campaign, live).tolist()) for campaign in CAMPAIGNS}


@pytest.mark.parametrize("seed", range(4))
def test_the_new_rows_of_a_campaign_at_hand_are_those_of_a_large_one(events, monkeypatch, seed, order):
    with filled(events, "before", seed, rows=30) as made:
        written(events, "before", made)
    live = [events.path(f"{campaign}/before.parquet") for campaign in CAMPAIGNS]
    with filled(events, "import-1", seed) as made:
        at_hand = new_of(made, []), new_of(made, live)
        monkeypatch.setattr(spool, "MOST_AT_HAND", -1)
        assert at_hand == (new_of(made, []), new_of(made, live))
    assert 0 < len(at_hand[1]["a-1"]) < len(at_hand[0]["a-1"])


def test_a_spool_is_opened_once_however_many_campaigns_are_read_from_it(events, order):
    """To read what stands where takes longer than to read a campaign."""
    with filled(events, "before", 1, rows=30) as made:
        written(events, "before", made)
    live = [events.path("a-1/before.parquet")]
    with filled(events, "import-1", 1) as made:
        name = "sorted.parquet" if order == "sorted" else "events.parquet"
        (made.folder / name).unlink()  # whoever has it open can read on
        assert len(written(events, "import-1", made)["a-1", True]) > 20
        assert len(made.new_rows("a-1", [])) > len(made.new_rows("a-1", live)) > 0


def test_a_spool_that_can_not_be_finished_closes_its_files_all_the_same(events, monkeypatch):
    def full(_writer):
        raise OSError("the disk is full")

    with events.workbench("import-1") as folder:
        made = Spool(events, folder)
        with monkeypatch.context() as broken, pytest.raises(OSError, match="full"), made:
            broken.setattr(pq.ParquetWriter, "close", full)
        assert made._claims.closed
        made._writer.close()


def test_a_file_holds_no_word_of_another_campaign(events):
    with events.workbench("import-1") as folder, Spool(events, folder) as made:
        for row, campaign in enumerate(CAMPAIGNS[:2]):
            link = f"https://e.example/{campaign}"
            made.add_event(
                row, "one.csv", Event(campaign, f"{campaign}@mail.example", Kind.CLICKED, url=link)
            )
        made.finish()
        target = events.path("a-1/1.parquet")
        made.write_files("a-1", 1, target)
    for path, column in ((target, "url"), (target.with_suffix(PEOPLE), "address")):
        (words,) = pq.ParquetFile(path, read_dictionary=[column]).read()[column].chunks
        assert [word for word in words.dictionary.to_pylist() if "a-2" in word] == []
        assert len(words.dictionary) == 1
