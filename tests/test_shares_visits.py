"""What a viewer reads and takes along is told to the sender, within bounds, and nothing else is."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lib.model import Actor
from lib.shares import analysts, entry, sessions, shares, visits
from lib.shares.visits import FIGURES, WHOLE
from lib.store import audit as log
from lib.store import records as store_records
from lib.store.tables import audit, notices
from lib.store.tables import sessions as sessions_table
from lib.store.tables import shares as shares_table
from lib.store.tables import viewers as viewers_table
from lib.store.tables import visits as visits_table
from tests import sharing
from tests.sharing import HERE, NOW, PASSWORD, seconds

VERA = "vera@client.example"


@pytest.fixture
def viewer(house):
    return house.share(VERA)[0]


@pytest.fixture
def admission(house, viewer):
    found = house.inside(house.cookie(viewer))
    assert found
    return found


def logged(house, *kinds):
    """(kind, who, details) of what the log tells of viewers, in its order."""
    with store_records.reading(house.records) as db:
        rows = db.execute(sa.select(audit).where(audit.c.kind.in_(kinds)).order_by(audit.c.id)).all()
    return [(row.kind, row.actor_kind, row.details) for row in rows]


def attend(house, admission, told, after):
    visits.attend(house.records, admission, told, seconds(after))


def read(house, viewer):
    line = house.line(viewer)
    return line.seconds, dict(line.sections)


def test_what_was_on_the_screen_adds_up_and_the_most_read_section_comes_first(house, viewer, admission):
    attend(house, admission, {WHOLE: 10, FIGURES: 4, "links": 7}, 10)
    attend(house, admission, {WHOLE: 9, "links": 2, "first_day": 9}, 20)
    line = house.line(viewer)
    assert line.seconds == 19
    assert set(line.sections) == {("links", 9), ("first_day", 9), (FIGURES, 4)}
    assert line.sections[-1] == (FIGURES, 4)


def test_two_visits_are_added_up(house, viewer, admission):
    attend(house, admission, {WHOLE: 10, "links": 5}, 10)
    again = house.inside(house.cookie(viewer, now=seconds(60)), seconds(60))
    attend(house, again, {WHOLE: 10, "links": 1}, 70)
    assert read(house, viewer) == (20, {"links": 6})
    assert house.line(viewer).visits == 2


def test_no_page_has_read_for_longer_than_has_passed(house, viewer, admission):
    attend(house, admission, {WHOLE: 900, "links": 900}, 10)
    assert read(house, viewer) == (10, {"links": 10})
    attend(house, admission, {WHOLE: 900}, 1000)
    assert house.line(viewer).seconds == 10 + 60, "nor for more than a minute at once"


def test_reports_that_come_at_once_count_once(house, viewer, admission):
    for _ in range(50):
        attend(house, admission, {WHOLE: 1, "links": 1}, 10)
    assert read(house, viewer) == (1, {"links": 1})


@pytest.mark.parametrize(
    "told",
    [
        {"active_recipients": 5},
        {"secret": 5},
        {"links": -5},
        {"links": "5"},
        {"links": True},
        {"links": 1e9},
        {},
    ],
)
def test_what_the_share_does_not_show_and_what_is_no_number_is_not_kept(house, told):
    viewer = house.share("narrow@client.example", sections=("links",))[0]
    admission = house.inside(house.cookie(viewer))
    attend(house, admission, told, 10)
    assert read(house, viewer) == (0, {})


def test_sections_about_people_are_not_kept_where_people_are_hidden(house):
    viewer = house.share("narrow@client.example", people=False)[0]
    admission = house.inside(house.cookie(viewer))
    attend(house, admission, {WHOLE: 5, "active_recipients": 5, "links": 5}, 10)
    assert read(house, viewer) == (5, {"links": 5})


def test_a_session_that_ended_reads_nothing_more(house, viewer, admission):
    """S3"""
    attend(house, admission, {WHOLE: 10}, 10)
    by = Actor("viewer", VERA)
    visits.leave(house.records, admission, seconds(11), by=by)
    attend(house, admission, {WHOLE: 10}, 21)
    assert house.line(viewer).seconds == 10
    assert house.inside(house.cookie(viewer), seconds(30)), "the viewer may come again"


def test_reading_without_being_let_in_by_the_gate_prolongs_no_session(house, viewer, admission):
    """S2: attend() itself is no use of the session; the guard of the fragment decides"""
    for minute in range(1, 30):
        attend(house, admission, {WHOLE: 10}, 60 * minute)
    with store_records.reading(house.records) as db:
        row = db.execute(sa.select(sessions_table).where(sessions_table.c.id == admission.session_id)).one()
    assert row.seen_at == NOW
    assert row.seen_at + sessions.VIEWER_IDLE == NOW + timedelta(minutes=30)


def test_an_export_is_counted_and_stands_in_the_log_by_its_name(house, viewer, admission):
    by = Actor("viewer", VERA, "198.51.100.0/24")
    for name in ("spring.csv", "campaigns.csv"):
        visits.exported(house.records, admission, name, seconds(5), by=by)
    assert house.line(viewer).exports == 2
    assert logged(house, "export.taken") == [
        ("export.taken", "viewer", {"file": "spring.csv"}),
        ("export.taken", "viewer", {"file": "campaigns.csv"}),
    ]


def test_an_analysts_export_is_logged_and_counts_for_no_viewer(house, viewer, admission):
    visits.exported(house.records, None, "spring.csv", seconds(5), by=Actor("analyst", "ana@agency.example"))
    assert house.line(viewer).exports == 0
    assert logged(house, "export.taken") == [("export.taken", "analyst", {"file": "spring.csv"})]


def test_leaving_is_logged_once(house, viewer, admission):
    for _ in range(3):
        visits.leave(house.records, admission, seconds(9), by=Actor("viewer", VERA))
    assert logged(house, "visit.left") == [("visit.left", "viewer", {})]


# --- what the entry logs and tells -----------------------------------------------------------------------


def test_a_visit_is_logged_with_its_network_and_without_a_secret(house, viewer):
    """D5"""
    house.cookie(viewer)
    with store_records.reading(house.records) as db:
        row = db.execute(sa.select(audit).where(audit.c.kind == "visit.opened")).one()
    assert (row.actor, row.network, row.viewer_id) == (VERA, "198.51.100.0/24", viewer.id)
    whole = str(row._asdict())
    assert PASSWORD not in whole and sharing.token(viewer) not in whole and HERE not in whole
    assert log.verify(house.records).broken is None


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("revoked", (viewers_table, {"revoked_at": NOW})),
        ("suspended", (viewers_table, {"suspended_at": NOW})),
        ("off", (shares_table, {"off_at": NOW})),
        ("expired", (shares_table, {"expires_at": NOW - timedelta(seconds=1)})),
        ("expired", (shares_table, {"ended_at": NOW})),
    ],
)
def test_the_log_says_why_a_right_password_did_not_open(house, viewer, reason, change):
    table, values = change
    with house.records.begin() as db:
        db.execute(table.update().values(values))
    assert isinstance(house.unlock(viewer), entry.Refused)
    assert logged(house, "visit.failed") == [("visit.failed", "visitor", {"reason": reason})]


def test_a_wrong_password_is_logged_and_what_is_not_looked_at_is_not(house, viewer):
    """G1: the waits bound the log"""
    for _ in range(200):
        house.unlock(viewer, "wrong words")
    assert logged(house, "visit.failed") == [("visit.failed", "visitor", {"reason": "password"})] * 5


def test_a_link_that_nobody_has_leaves_no_trace_in_the_log(house, viewer):
    for number in range(20):
        house.unlock("u" * 42 + str(number % 10), "wrong words", seconds(number))
    assert logged(house, "visit.failed") == []


def test_a_hundred_failures_are_logged_as_a_hundred_and_one_suspension(house, viewer):
    """G1"""
    now = NOW
    for _ in range(104):
        house.unlock(viewer, "wrong words", now)
        now += timedelta(minutes=31)
    assert len(logged(house, "viewer.suspended")) == 1
    assert house.line(viewer, now).state is shares.State.SUSPENDED


def test_the_sender_is_told_of_the_first_visit_and_of_denied_tries_once(house):
    analyst = analysts.add(
        house.records, "Ana", "ana@agency.example", "tall ships sail slowly", True, NOW,
        by=Actor("command"),
    )  # fmt: skip
    viewer = house.share(VERA, analyst_id=analyst)[0]
    house.cookie(viewer)
    house.cookie(viewer, now=seconds(5))
    now = NOW
    for _ in range(8):
        now += timedelta(minutes=31)
        house.unlock(viewer, "wrong words", now)
    assert told(house) == ["first_visit", "denied"]
    house.cookie(viewer, now=now + timedelta(minutes=31))
    for _ in range(100):
        now += timedelta(minutes=62)
        house.unlock(viewer, "wrong words", now)
    assert told(house) == ["first_visit", "denied", "denied", "denied"], "five in a row again, then suspended"


def told(house):
    with store_records.reading(house.records) as db:
        return list(db.scalars(sa.select(notices.c.kind).order_by(notices.c.id)))


# --- the lists -------------------------------------------------------------------------------------------


def test_openings_by_people_and_by_machines_stand_apart(house, viewer):
    for by_a_machine in (True, True, False, True):
        entry.fetched(house.records, sharing.token(viewer), by_a_machine, NOW)
    line = house.line(viewer)
    assert (line.fetches, line.checks, line.openings) == (4, 3, 1)


@pytest.mark.parametrize(("days", "left"), [(0, 0), (1, 1), (40, 40), (None, None)])
def test_the_days_left_are_counted_in_the_shares_own_zone(house, days, left):
    """D4: at noon in London it is the next day in Auckland already"""
    tomorrow = NOW.date() + timedelta(days=1)
    last = None if days is None else tomorrow + timedelta(days=days)
    viewer = house.share(VERA, expires_on=last, zone="Pacific/Auckland")[0]
    assert house.line(viewer).days_left == left
    share = shares.find(house.records, house.share_of(viewer), NOW)
    assert share and share.days_left == left


def test_a_share_that_ended_has_no_days_left_when_the_clock_is_set_back(house):
    """D4"""
    viewer = house.share(VERA, expires_on=NOW.date() + timedelta(days=9))[0]
    with house.records.begin() as db:
        db.execute(shares_table.update().values(ended_at=NOW))
    assert house.line(viewer).days_left == -1


def test_what_was_taken_back_is_in_no_list(house, viewer):
    other = house.share("second@client.example")[0]
    with house.records.begin() as db:
        back = {"taken_back_at": NOW}
        db.execute(shares_table.update().where(shares_table.c.id == house.share_of(other)).values(back))
    assert [share.id for share in shares.shares_of(house.records, None, NOW)] == [house.share_of(viewer)]
    assert shares.find(house.records, house.share_of(other), NOW) is None
    assert shares.viewers_of(house.records, house.share_of(other), NOW) == ()
    with house.records.begin() as db:
        db.execute(viewers_table.update().where(viewers_table.c.id == viewer.id).values(back))
    assert shares.viewers_of(house.records, house.share_of(viewer), NOW) == ()
    assert shares.shares_of(house.records, None, NOW)[0].viewers == 0


def test_a_visit_of_another_session_is_not_touched(house, viewer, admission):
    other = house.inside(house.cookie(viewer, now=seconds(1)), seconds(1))
    attend(house, other, {WHOLE: 5}, 10)
    attend(house, replace(admission, session_id=10_000), {WHOLE: 5}, 10)
    with store_records.reading(house.records) as db:
        rows = db.execute(sa.select(visits_table.c.session_id, visits_table.c.seconds)).all()
    assert dict(tuple(row) for row in rows) == {admission.session_id: 0, other.session_id: 5}
