"""The spool of an import: what is written of a campaign is what its rows say."""

import random
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib.model import Event, Kind
from lib.store import event_files, event_ids, spool, stack
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


def given(seed, rows=60, addresses=ANY):
    """Random events as (row, file, event), in two files."""
    chance = random.Random(seed)
    return [
        (number * rows + row, file, anything(chance, chance.choice(CAMPAIGNS[:2]), addresses))
        for number, file in enumerate(("one.csv", "two.csv"))
        for row in range(rows)
    ]


@contextmanager
def filled(events, name, rows, add=one_by_one):
    """A spool of these events, ready to be read."""
    with events.workbench(name) as folder, Spool(events, folder) as made:
        for file in ("one.csv", "two.csv"):
            mine = [(row, event) for row, where, event in rows if where == file]
            add(made, mine[0][0], file, [event for _row, event in mine])
        made.add_covers(CAMPAIGNS[2], frozenset({Kind.SENT}))
        made.finish()
        yield made


def kept_of(events, rows):
    """By hand: (id, ordinal, row, event) of the events that are kept, by campaign."""
    counted, found = Counter(), {campaign: {} for campaign in CAMPAIGNS}
    for row, file, event in rows:
        number = event_ids.of_event(event, events.message(event.recipient))
        ordinal = counted[event.campaign, file, number] if event.native_id is None else 0
        counted[event.campaign, file, number] += 1
        found[event.campaign].setdefault((number, ordinal), (row, event))
    return {campaign: [(*key, *value) for key, value in by_key.items()] for campaign, by_key in found.items()}


def as_written(events, kept):
    """By hand: what stands in a campaign's file of events and in its file of people."""
    never = datetime(1, 1, 1, tzinfo=UTC)
    kept = sorted(kept, key=lambda one: (str(one[3].kind), one[3].at or never, one[0], one[1]))
    told, people = [], {}
    for number, ordinal, _row, event in kept:
        message, domain = events.message(event.recipient), event.recipient.rpartition("@")[2].lower()
        domain = domain if "@" in event.recipient else None
        at = event.at and event.at.replace(tzinfo=None)
        own = {name: getattr(event, name) for name in spool.PLAIN}
        more = {"message": message, "domain": domain, "link": spool.link_of(event.url), "order_id": None}
        names = {"id": number, "ordinal": ordinal, "import": 7, "kind": str(event.kind), "happened_at": at}
        told.append(names | own | more)
        people.setdefault(message, []).append((event.recipient, domain))
    first = [(message, *min(people[message])) for message in sorted(people)]
    return told, [dict(zip(("message", "address", "domain"), one, strict=True)) for one in first]


def written(events, name, made, each_alone=False):
    """What stands in all files that the spool gives, by campaign."""
    targets = {campaign: events.path(f"{campaign}/{name}.parquet") for campaign in CAMPAIGNS}
    lots = [{campaign: targets[campaign]} for campaign in CAMPAIGNS] if each_alone else [targets]
    rows = [count for lot in lots for count in made.write_files(7, lot)]
    found = {}
    for (campaign, target), count in zip(targets.items(), rows, strict=True):
        told, people = (pq.ParquetFile(path).read() for path in (target, target.with_suffix(PEOPLE)))
        assert count == len(told)
        found[campaign] = told.to_pylist(), people.to_pylist()
    return found


@pytest.mark.parametrize(("each_alone", "group"), [(True, 7), (True, event_files.ROW_GROUP), (False, 9)])
@pytest.mark.parametrize("add", [one_by_one, at_once])
@pytest.mark.parametrize("seed", range(6))
def test_a_campaigns_files_hold_its_events_once_in_order_and_its_people(
    events, monkeypatch, seed, add, each_alone, group
):
    monkeypatch.setattr(spool, "BATCH", 25)
    monkeypatch.setattr(event_files, "ROW_GROUP", group)
    rows = given(seed, addresses=PLAIN if add is at_once else ANY)
    by_hand = {campaign: as_written(events, kept) for campaign, kept in kept_of(events, rows).items()}
    with filled(events, "import-1", rows, add) as made:
        assert written(events, "1", made, each_alone) == by_hand
    assert len(rows) > len(by_hand["a-1"][0]) + len(by_hand["a-2"][0]) > 40


@pytest.mark.parametrize("seed", range(4))
def test_a_campaign_whose_rows_lie_in_many_blocks_is_read_whole(events, monkeypatch, seed):
    monkeypatch.setattr(spool, "BATCH", 5)
    monkeypatch.setattr(stack, "AT_ONCE", 3)
    rows = given(seed)
    with filled(events, "import-1", rows) as made:
        assert written(events, "1", made)["a-2"] == as_written(events, kept_of(events, rows)["a-2"])


@pytest.mark.parametrize("seed", range(4))
def test_rows_are_new_whose_events_no_live_file_holds(events, seed):
    before, rows = (
        given(seed, 30),
        given(seed + 10) + [(120 + n, *one[1:]) for n, one in enumerate(given(seed, 30))],
    )
    rows.sort(key=lambda one: one[1])
    rows = [(number, *one[1:]) for number, one in enumerate(rows)]
    with filled(events, "before", before) as made:
        written(events, "before", made)
    live = kept_of(events, before)
    with filled(events, "import-1", rows) as made:
        for campaign, kept in kept_of(events, rows).items():
            known = {one[:2] for one in live[campaign]}
            path = events.path(f"{campaign}/before.parquet")
            assert sorted(made.rows_of([campaign])) == sorted(one[2] for one in kept)
            new = sorted(one[2] for one in kept if one[:2] not in known)
            assert sorted(made.new_rows(campaign, [path])) == new
            assert campaign == CAMPAIGNS[2] or 0 < len(new) < len(kept)


def test_campaigns_that_lie_mixed_take_no_more_room_than_sorted_ones(events):
    """Each block holds the words of its rows once, however many campaigns have a part of it."""
    people = [f"somebody-{number}@mail.example" for number in range(4000)]
    sizes = {}
    for name, order in (("sorted", sorted(range(4000), key=lambda n: n % 25)), ("mixed", range(4000))):
        rows = [Event(f"c-{n % 25}", people[n], Kind.SENT, SENT_AT) for n in order]
        with events.workbench(name) as folder, Spool(events, folder) as made:
            at_once(made, 0, "one.csv", rows)
            made.finish()
            sizes[name] = sum(file.stat().st_size for file in folder.iterdir())
    assert sizes["mixed"] == pytest.approx(sizes["sorted"], rel=0.05)
    assert sizes["mixed"] < 100 * 4000


@pytest.mark.parametrize("together", [True, False])
def test_a_file_holds_no_word_of_another_campaign(events, together):
    with events.workbench("import-1") as folder, Spool(events, folder) as made:
        for row, campaign in enumerate(CAMPAIGNS[:2]):
            link = f"https://e.example/{campaign}"
            made.add_event(
                row, "one.csv", Event(campaign, f"{campaign}@mail.example", Kind.CLICKED, url=link)
            )
        made.finish()
        target, other = (events.path(f"{campaign}/1.parquet") for campaign in CAMPAIGNS[:2])
        made.write_files(1, {"a-1": target, "a-2": other} if together else {"a-1": target})
    for path, column in ((target, "url"), (target.with_suffix(PEOPLE), "address")):
        (words,) = pq.ParquetFile(path, read_dictionary=[column]).read()[column].chunks
        assert [word for word in words.dictionary.to_pylist() if "a-2" in word] == []
        assert len(words.dictionary) == 1
