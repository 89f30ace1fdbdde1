"""S2, S3, S5, S7, S8 and X7 at the services: how long a session lasts, and what ends it."""

import logging
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from lib.model import COMMAND_LINE, Scope
from lib.shares import analysts, sessions, shares
from lib.shares.entry import Refused, Unlocked
from lib.store import records as store_records
from lib.store.tables import sessions as table
from lib.store.tables import viewers, visits
from tests import sharing
from tests.sharing import NOW, PASSWORD, link_in, seconds, token

SECOND = timedelta(seconds=1)
SECRET = "a bright analyst"


@pytest.fixture
def ann(house):
    return house.share("ann@client.example")[0]


@pytest.fixture(scope="module")
def _hashed():
    return analysts._hashed(SECRET, (), 8)


@pytest.fixture
def eva(house, monkeypatch, _hashed):
    """An admin; hashed once for all tests, for bcrypt takes its time."""
    with monkeypatch.context() as patch:
        patch.setattr(analysts, "_hashed", lambda *_: _hashed)
        return analysts.add(
            house.records, "Eva", "eva@agency.example", SECRET, admin=True, now=NOW, by=COMMAND_LINE
        )


def signed_in(house, analyst, now=NOW):
    return sessions.redeem(house.records, sessions.ticket(house.records, analyst, now), now)


# --- viewers: S2, S3 --------------------------------------------------------------------------------


def test_an_idle_session_ends_after_half_an_hour(house, ann):
    """S2"""
    cookie = house.cookie(ann)
    end = NOW + sessions.VIEWER_IDLE
    assert house.inside(cookie, end - SECOND, touch=False)
    assert house.inside(cookie, end, touch=False) is None
    assert house.inside(cookie, end + SECOND, touch=False) is None


def test_a_session_in_use_ends_after_eight_hours_all_the_same(house, ann):
    """S2"""
    cookie, end = house.cookie(ann), NOW + sessions.VIEWER_LONGEST
    for minutes in range(0, 480, 20):
        assert house.inside(cookie, NOW + timedelta(minutes=minutes))
    assert house.inside(cookie, end - SECOND)
    assert house.inside(cookie, end) is None


def test_the_watch_of_an_open_page_keeps_no_idle_session_alive(house, ann):
    """S2: touch=False"""
    cookie = house.cookie(ann)
    for second in range(0, 1800, 10):
        assert house.inside(cookie, seconds(second), touch=False)
    assert house.inside(cookie, seconds(1800), touch=False) is None


def test_a_session_in_use_is_written_at_most_once_a_minute(house, ann):
    """S2"""
    cookie, seen = house.cookie(ann), set()
    for second in range(0, 300, 5):
        house.inside(cookie, seconds(second))
        with store_records.reading(house.records) as db:
            seen.add(db.execute(sa.select(table.c.seen_at)).scalar_one())
    assert len(seen) == 5


def test_unlocking_opens_a_new_session_whatever_the_browser_had_before(house, ann):
    """S1, S2"""
    first, second = house.cookie(ann), house.cookie(ann)
    assert first != second
    assert house.inside(first).session_id != house.inside(second).session_id
    assert house.inside(first).viewer_id == house.inside(second).viewer_id == ann.id


def test_a_visit_is_recorded_with_its_network_and_not_with_its_address(house, ann):
    """D5"""
    house.cookie(ann, now=NOW)
    house.cookie(ann, now=seconds(90))
    with store_records.reading(house.records) as db:
        rows = db.execute(sa.select(visits)).all()
    assert {(row.network, row.user_agent) for row in rows} == {("198.51.100.0/24", sharing.BROWSER)}
    line = house.line(ann, seconds(91))
    assert (line.first_visit_at, line.last_visit_at, line.visits) == (NOW, seconds(90), 2)
    assert line.signed_in


@pytest.mark.parametrize("cookie", [None, "", "x", "A" * 43, "\udcff", "x" * 10_000])
def test_an_unknown_cookie_opens_nothing(house, cookie):
    """S3"""
    assert house.inside(cookie) is None
    assert sessions.find_analyst(house.records, cookie, NOW) is None
    sessions.end(house.records, cookie, NOW)


def test_a_revoked_viewer_is_out_at_the_next_question_and_the_other_stays(house):
    """S3, S5"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    anns, bobs = house.cookie(ann), house.cookie(bob)
    shares.revoke(house.records, bob.id, seconds(1), by=COMMAND_LINE)
    assert house.inside(bobs, seconds(1)) is None
    assert house.unlock(bob, PASSWORD, seconds(2)) == Refused()
    assert house.inside(anns, seconds(2))
    assert isinstance(house.unlock(ann, PASSWORD, seconds(2)), Unlocked)


def test_each_thing_that_ends_access_ends_it_at_the_gate_by_itself(house, ann):
    """S3: also when the session's row was not ended along with it"""
    cookie = house.cookie(ann)
    share = house.share_of(ann)
    for name, changed in [
        ("viewers", "revoked_at"),
        ("viewers", "suspended_at"),
        ("shares", "off_at"),
        ("shares", "expires_at"),
        ("sessions", "ended_at"),
    ]:
        which = {"viewers": ann.id, "shares": share, "sessions": house.inside(cookie).session_id}[name]
        with house.records.begin() as db:
            db.exec_driver_sql(f"UPDATE {name} SET {changed} = '2026-11-23 12:00:00' WHERE id = {which}")
        assert house.inside(cookie) is None, changed
        with house.records.begin() as db:
            db.exec_driver_sql(f"UPDATE {name} SET {changed} = NULL WHERE id = {which}")
        assert house.inside(cookie), changed
    with house.records.begin() as db:
        db.execute(viewers.update().values(version=viewers.c.version + 1))
    assert house.inside(cookie) is None


@pytest.mark.parametrize(
    ("zone", "last", "end"),
    [
        ("UTC", date(2026, 11, 30), datetime(2026, 12, 1, 0, 0, tzinfo=UTC)),
        ("Pacific/Auckland", date(2026, 11, 30), datetime(2026, 11, 30, 11, 0, tzinfo=UTC)),
        ("Europe/Paris", date(2027, 3, 28), datetime(2027, 3, 28, 22, 0, tzinfo=UTC)),
        ("America/New_York", date(2027, 11, 7), datetime(2027, 11, 8, 5, 0, tzinfo=UTC)),
    ],
)
def test_a_share_ends_with_its_last_day_in_its_own_zone(house, zone, last, end):
    """S3, D4: inclusive, on days of 23 and 25 hours too"""
    ann = house.share("ann@client.example", expires_on=last, zone=zone, now=NOW)[0]
    cookie = house.cookie(ann, now=end - SECOND)
    assert house.inside(cookie, end - SECOND).expires_on == last
    assert house.inside(cookie, end) is None
    assert house.unlock(ann, PASSWORD, end) == Refused()


def test_the_gate_stays_closed_when_the_records_cannot_be_asked(house, ann, caplog):
    """S3, D2: and what is logged holds no secret"""
    cookie = house.cookie(ann)
    with house.records.begin() as db:
        db.exec_driver_sql("ALTER TABLE viewers RENAME TO gone")
    assert house.inside(cookie) is None
    assert "the gate stays closed: OperationalError" in caplog.text
    assert cookie not in caplog.text


def test_a_busy_database_does_not_put_out_who_is_inside(house, ann, caplog):
    """S3: what cannot be written is only that the session was used"""
    caplog.set_level(logging.WARNING)
    cookie = house.cookie(ann)
    impatient = store_records.connect(f"sqlite:///{house.file}")
    sa.event.listen(
        impatient, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout=50")
    )
    with house.records.begin():
        assert sessions.find_viewer(impatient, cookie, seconds(120))
    impatient.dispose()
    assert "not prolonged" in caplog.text


def test_signing_out_ends_the_session_and_no_other(house, ann):
    """S6"""
    first, second = house.cookie(ann), house.cookie(ann)
    sessions.end(house.records, first, seconds(1))
    assert house.inside(first, seconds(1)) is None
    assert house.inside(second, seconds(1))


def test_what_a_viewer_may_see_comes_from_the_share_alone(house):
    """X7"""
    ann = house.share(
        "ann@client.example",
        campaigns=("spring", "summer"),
        sections=("links",),
        people=False,
        revenue=False,
        language="fr",
    )[0]
    found = house.inside(house.cookie(ann))
    narrow = Scope(("spring", "summer"), ("links",), people=False, revenue=False, raw_links=False)
    assert found.scope == narrow
    assert (found.language, found.address) == ("fr", "ann@client.example")
    bob = house.share("bob@client.example", sections=())[0]
    assert house.inside(house.cookie(bob)).scope.sections == ()


# --- passwords changed, shares switched: S5, S8 -----------------------------------------------------


def test_changing_one_viewers_password_leaves_the_others_alone(house):
    """S5"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    house.deliver()
    anns, bobs = house.cookie(ann), house.cookie(bob)
    changed = house.set_password(bob, ids=(bob.id,), password="only for bob now", now=seconds(1))
    assert [(one.address, one.link, one.password) for one in changed] == [
        ("bob@client.example", "", "only for bob now")
    ]
    assert house.inside(anns, seconds(1)) and house.inside(bobs, seconds(1)) is None
    assert house.unlock(bob, PASSWORD, seconds(2)) == Refused()
    assert isinstance(house.unlock(bob, "only for bob now", seconds(2)), Unlocked)
    assert isinstance(house.unlock(ann, PASSWORD, seconds(2)), Unlocked)


def test_the_list_says_whom_a_change_cuts_off_and_who_has_the_same_password(house):
    """S5"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    house.cookie(ann)
    house.set_password(bob, ids=(bob.id,))
    of_ann, of_bob = house.line(ann), house.line(bob)
    assert (of_ann.signed_in, of_bob.signed_in) == (True, False)
    assert of_ann.password_group != of_bob.password_group


def test_a_password_changed_for_all_leaves_out_who_was_revoked(house):
    """S5"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    shares.revoke(house.records, bob.id, NOW, by=COMMAND_LINE)
    changed = house.set_password(ann, road="same")
    assert [one.id for one in changed] == [ann.id]
    assert house.unlock(bob, changed[0].password) == Refused()


def test_a_mailed_password_comes_with_a_new_link_and_the_old_link_is_dead(house, ann):
    """S5"""
    changed = house.set_password(ann, road="same")[0]
    mail = house.mails("password")[0]
    assert link_in(mail) == changed.link != ann.link
    assert changed.password in sharing.text_of(mail)
    assert house.unlock(ann, changed.password) == Refused()
    assert isinstance(house.unlock(changed, changed.password), Unlocked)


def test_links_from_before_a_share_was_switched_off_stay_dead_forever(house):
    """S8: off and on three times"""
    ann = house.share("ann@client.example")[0]
    share, links = house.share_of(ann), [ann]
    for turn in range(3):
        cookie = house.cookie(links[-1], now=seconds(turn))
        shares.off(house.records, share, seconds(turn), by=COMMAND_LINE)
        assert house.inside(cookie, seconds(turn)) is None
        assert [house.unlock(link, PASSWORD, seconds(turn)) for link in links] == [Refused()] * len(links)
        parts = (house.records, house.vault, house.settings)
        links += shares.on(*parts, share, turn == 2, seconds(turn), by=COMMAND_LINE)
        assert house.inside(cookie, seconds(turn)) is None
        answers = [house.unlock(link, PASSWORD, seconds(turn)) for link in links]
        assert answers[:-1] == [Refused()] * (len(links) - 1)
        assert isinstance(answers[-1], Unlocked)
    assert len({token(link) for link in links}) == 4
    assert link_in(house.mails("link")[0]) == links[-1].link


def test_switching_on_brings_back_nobody_who_was_revoked_or_suspended(house):
    """S8, G1"""
    ann, bob, cid = house.share(*(f"{name}@client.example" for name in ("ann", "bob", "cid")))
    shares.revoke(house.records, ann.id, NOW, by=COMMAND_LINE)
    with house.records.begin() as db:
        db.execute(viewers.update().where(viewers.c.id == bob.id).values(suspended_at=NOW, failures=100))
    share = house.share_of(ann)
    shares.off(house.records, share, NOW, by=COMMAND_LINE)
    parts = (house.records, house.vault, house.settings)
    back = {one.id: one for one in shares.on(*parts, share, False, NOW, by=COMMAND_LINE)}
    assert set(back) == {bob.id, cid.id}
    assert house.unlock(back[bob.id]) == Refused()
    assert isinstance(house.unlock(back[cid.id]), Unlocked)


# --- analysts: S7 -----------------------------------------------------------------------------------


def test_a_ticket_is_good_once_and_for_thirty_seconds(house, eva):
    """S7"""
    first, second = (sessions.ticket(house.records, eva, NOW) for _ in range(2))
    assert sessions.redeem(house.records, first, seconds(29))
    assert sessions.redeem(house.records, first, seconds(29)) is None
    assert sessions.redeem(house.records, second, seconds(30)) is None
    assert sessions.redeem(house.records, "x", NOW) is None


def test_an_analysts_cookie_is_dead_after_signing_out(house, eva):
    """S7: copy the cookie, sign out, replay"""
    cookie = signed_in(house, eva)
    assert sessions.find_analyst(house.records, cookie, NOW).id == eva
    sessions.end(house.records, cookie, NOW)
    assert sessions.find_analyst(house.records, cookie, NOW) is None


def test_a_new_password_puts_the_other_browser_out(house, eva):
    """S7"""
    cookie = signed_in(house, eva)
    analysts.set_password(house.records, eva, "a brighter analyst", NOW, by=COMMAND_LINE)
    assert sessions.find_analyst(house.records, cookie, NOW) is None
    assert sessions.find_analyst(house.records, signed_in(house, eva), NOW)


def test_an_analysts_session_lasts_twelve_idle_hours_and_seven_days(house, eva):
    """S7"""
    cookie = signed_in(house, eva)

    def inside(now):
        return sessions.find_analyst(house.records, cookie, now)

    assert sessions.find_analyst(house.records, cookie, NOW + timedelta(hours=12) - SECOND, touch=False)
    assert sessions.find_analyst(house.records, cookie, NOW + timedelta(hours=12), touch=False) is None
    for hours in range(0, 168, 8):
        assert inside(NOW + timedelta(hours=hours))
    assert inside(NOW + timedelta(days=7) - SECOND)
    assert inside(NOW + timedelta(days=7)) is None


def test_a_disabled_analyst_is_out_at_once_and_no_ticket_opens(house, eva, monkeypatch, _hashed):
    """S7"""
    monkeypatch.setattr(analysts, "_hashed", lambda *_: _hashed)
    bob = analysts.add(
        house.records, "Bob", "bob@agency.example", SECRET, admin=False, now=NOW, by=COMMAND_LINE
    )
    cookie, ticket = signed_in(house, bob), sessions.ticket(house.records, bob, NOW)
    analysts.disable(house.records, bob, NOW, by=COMMAND_LINE)
    assert sessions.find_analyst(house.records, cookie, NOW) is None
    assert sessions.redeem(house.records, ticket, NOW) is None


def test_a_viewers_cookie_is_no_analysts_and_the_other_way_round(house, ann, eva):
    """S7"""
    assert sessions.find_analyst(house.records, house.cookie(ann), NOW) is None
    assert house.inside(signed_in(house, eva)) is None
