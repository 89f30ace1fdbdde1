"""The spool of an import: whichever way a campaign's files are written, they say the same."""

import random
from datetime import timedelta

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


def anything(chance: random.Random, campaign: str) -> Event:
    seconds = chance.choice((None, *range(5)))
    return Event(
        campaign,
        chance.choice(("Ann@mail.example", "ann@mail.example", "bob@Mail.example", "nobody")),
        chance.choice(list(Kind)),
        None if seconds is None else SENT_AT + timedelta(seconds=seconds),
        url=chance.choice((None, "https://e.example/a", "https://e.example/b?mc_eid=1")),
        link_position=chance.choice((None, 1, 2)),
        machine=chance.choice((None, True, False)),
        implied=chance.choice((True, False)),
        revenue=chance.choice((None, 0.5)),
        native_id=chance.choice((None, None, "n1", "n2")),
    )


def written(events, name, seed, **sizes):
    """The tables of all files that a spool of random events gives, by campaign and ending."""
    chance = random.Random(seed)
    found = {}
    with events.workbench(name) as folder, Spool(events, folder) as made:
        for row in range(120):
            campaign = chance.choice(CAMPAIGNS[:2])
            made.add_event(row, chance.choice(("one.csv", "two.csv")), anything(chance, campaign))
        made.add_covers(CAMPAIGNS[2], frozenset({Kind.SENT}))
        made.finish()
        for campaign in CAMPAIGNS:
            target = events.path(f"{campaign}/{name}.parquet")
            rows = made.write_files(campaign, 7, target)
            for path in (target, target.with_suffix(PEOPLE)):
                found[campaign, path == target] = pq.ParquetFile(path).read()
            assert rows == len(found[campaign, True])
    return found


@pytest.mark.parametrize("seed", range(8))
def test_a_campaign_at_hand_is_written_as_a_large_one(events, monkeypatch, seed):
    monkeypatch.setattr(spool, "BATCH", 50)
    at_hand = written(events, "small", seed)
    monkeypatch.setattr(spool, "MOST_AT_HAND", -1)
    large = written(events, "large", seed)
    assert len(large[CAMPAIGNS[0], True]) > 20
    for place, table in large.items():
        assert at_hand[place].schema.names == table.schema.names
        assert at_hand[place].schema.types == table.schema.types
        assert at_hand[place].to_pylist() == table.to_pylist()


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
