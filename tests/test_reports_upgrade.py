"""A library whose rollups older rules made: it is read as it is, and remade at the start."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from lib.model import Form, Scope
from lib.reports import as_json, report, rollup
from lib.reports.parts import read
from lib.reports.rules import RULES_VERSION
from lib.reports.sections.base import World
from lib.store import settlement
from lib.store.library import reroll
from lib.store.tables import campaigns, files
from tests import worlds
from tests.shelf import EVERYTHING, NOW, SENT_AT, SPRING, Shelf, covering, event, shelf

BEFORE = {
    *("", "message", "hour", "link", "bare_link", "domain", "country", "region", "device", "client"),
    *("variant", "reason", "machine_reason"),
    *(f"few_{name}" for name in ("link", "domain", "country", "region", "device", "client", "variant")),
}
"""The dimensions of the rules' version 3."""

REDACTED = Scope(people=False, raw_links=False)


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        made.bring(*(item for row in worlds.spring_rows() for item in row.items))
        yield made


def places(library: Shelf) -> list[str]:
    with library.analytics.records.connect() as db:
        return list(db.scalars(sa.select(campaigns.c.rollup)))


def turn_back(library: Shelf) -> None:
    """Leave of each rollup what version 3 wrote."""
    events = library.analytics.events
    for place in places(library):
        table = pq.ParquetFile(events.path(place)).read()
        new = [
            name for name in table.column_names if name.startswith(("half_", "last_opened", "last_clicked"))
        ]
        table = table.drop_columns([*new, "buyers"])
        kept = [one in BEFORE for one in table.column("dimension").to_pylist()]
        pq.write_table(table.filter(kept), events.path(place))
        events.messages(place).unlink()
    with library.analytics.records.begin() as db:
        db.execute(campaigns.update().values(rules=3))


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("scope", [EVERYTHING, REDACTED], ids=["everything", "redacted"])
def test_a_report_of_an_older_rollup_is_shown_as_far_as_it_goes(library_of, form, scope):
    before = report(library_of.analytics, scope, worlds.CAMPAIGN.id, form)
    turn_back(library_of)
    after = report(library_of.analytics, scope, worlds.CAMPAIGN.id, form)
    assert after.figures == before.figures
    assert as_json(after)
    assert set(after.sections) == set(before.sections)


def test_at_the_start_older_rollups_are_remade_with_their_messages(library_of):
    before = as_json(report(library_of.analytics, EVERYTHING, worlds.CAMPAIGN.id))
    turn_back(library_of)
    old = places(library_of)
    assert rollup.remake_stale(library_of.analytics, NOW) == 1
    assert rollup.remake_stale(library_of.analytics, NOW) == 0
    assert as_json(report(library_of.analytics, EVERYTHING, worlds.CAMPAIGN.id)) == before
    events = library_of.analytics.events
    (place,) = places(library_of)
    assert place not in old and not events.path(old[0]).exists()
    assert events.messages(place).is_file()
    with library_of.analytics.records.connect() as db:
        assert list(db.scalars(sa.select(campaigns.c.rules))) == [RULES_VERSION]


def test_who_is_interrupted_while_rollups_are_remade_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(settlement, "CHUNK", 2)
    remade = []

    def killed(analytics, uncounted, *how):
        if len(remade) == 2:
            raise KeyboardInterrupt
        remade.append([one.campaign for one in uncounted])
        return rollup.make(analytics, uncounted, *how)

    with shelf(tmp_path) as library:
        for number in range(6):
            library.bring(event("ann", "opened", 9, campaign=f"vitrine-{number}"))
        with library.analytics.records.begin() as db:
            db.execute(campaigns.update().values(rules=3))
        with pytest.raises(KeyboardInterrupt):
            reroll(library.analytics, killed, RULES_VERSION, NOW)
        assert rollup.remake_stale(library.analytics, NOW) == 2
        assert sum(map(len, remade)) == 4


def test_the_same_events_give_the_same_rollup_in_the_same_order(library_of):
    (place,) = places(library_of)
    before = pq.ParquetFile(library_of.analytics.events.path(place)).read()
    for _ in range(5):
        with library_of.analytics.records.begin() as db:
            db.execute(campaigns.update().values(rules=3))
        rollup.remake_stale(library_of.analytics, NOW)
        (place,) = places(library_of)
        assert pq.ParquetFile(library_of.analytics.events.path(place)).read().equals(before)


def world_of(library: Shelf) -> World:
    with library.analytics.records.connect() as db:
        row = db.execute(sa.select(campaigns)).one()
        held = list(db.scalars(sa.select(files.c.path)))
    return World(library.analytics, row, read(library.analytics, row.rollup), held, Form.ALL, EVERYTHING)


def test_an_older_rollup_says_nothing_of_what_it_does_not_hold(library_of):
    turn_back(library_of)
    world = world_of(library_of)
    assert world.whole("half_opens") is None
    assert world.part("page").keys == world.part("window").keys == []


def test_half_of_all_opens_came_within_the_time_of_the_middle_one(tmp_path):
    with shelf(tmp_path) as library:
        library.bring(
            SPRING,
            covering(),
            *(event(name, "opened", late) for name, late in (("ann", 60), ("bob", 90), ("cid", 3600))),
            event("ann", "opened", 7200, machine=False),
            event("dee", "opened", 30, machine=True),
            event("dee", "clicked", 120),
        )
        world = world_of(library)
    assert (world.whole("half_opens"), world.whole("half_opens_people")) == (60, 90)
    assert (world.whole("half_clicks"), world.whole("half_clicks_people")) == (120, 120)
    assert world.whole("last_opened_at").timestamp() != world.whole("last_clicked_at").timestamp()
    assert world.whole("last_clicked_at") == SENT_AT.replace(minute=2, tzinfo=None)


@pytest.mark.parametrize("late", [None, -60])
def test_half_of_all_opens_is_unknown_where_the_middle_one_has_no_time_or_an_early_one(tmp_path, late):
    with shelf(tmp_path) as library:
        library.bring(SPRING, covering(), event("ann", "opened", late), event("bob", "opened", late))
        assert world_of(library).whole("half_opens") is None


def test_a_campaign_without_events_has_no_half(tmp_path: Path):
    with shelf(tmp_path) as library:
        library.bring(SPRING, covering("opened"))
        assert world_of(library).whole("half_opens") is None
        assert world_of(library).part("window").keys == []
