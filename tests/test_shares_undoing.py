"""Within some seconds everything can be taken back: wholly, or not at all when a mail has left."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lib.mail import outbox
from lib.mail.outbox import ACCEPTED, REFUSED, SENDING, UNKNOWN, WAITING, Outcome
from lib.shares import holding, shares
from lib.shares.refusal import ShareRefused
from lib.store import records as store_records
from lib.store import schema, tables
from lib.store.vault import Vault
from tests import installation, postgresql, sharing
from tests.sharing import EVA, NOW, PASSWORD, House, seconds
from tests.test_shares_create import refused

ANN, BOB, CY = (f"{name}@client.example" for name in ("ann", "bob", "cy"))
HOLD = timedelta(seconds=30)


def add(house, share_id, *addresses, now=NOW, hold=HOLD):
    given = house.records, house.vault, house.settings, share_id, addresses, PASSWORD, None, now
    return shares.add_viewers(*given, by=EVA, hold=hold)


def back(house, made, now=NOW):
    return shares.take_back(house.records, made.batch, now, by=EVA)


def listed(house):
    every = shares.shares_of(house.records, None, NOW)
    return {
        line.id: [one.address for one in shares.viewers_of(house.records, line.id, NOW)] for line in every
    }


def kinds(house):
    with store_records.reading(house.records) as db:
        return list(db.execute(sa.select(tables.audit.c.kind).order_by(tables.audit.c.id)).scalars())


def test_the_mails_wait_as_long_as_can_be_taken_back(house):
    made = house.created(ANN, hold=HOLD, road="second")
    assert made.until == seconds(30)
    assert outbox.claim(house.records, seconds(29)) is None
    assert outbox.claim(house.records, seconds(30))


def test_what_a_share_sent_long_ago_is_not_read_to_find_what_waits(house):
    old = house.created(ANN, BOB)
    made = add(house, old.share_id, CY)
    read = []

    @sa.event.listens_for(house.records, "before_cursor_execute")
    def note(_db, _cursor, statement, values, _context, _many):
        read.append((statement, values))

    [held] = holding.held(house.records, old.share_id, seconds(1))
    sa.event.remove(house.records, "before_cursor_execute", note)
    assert held.batch == made.batch
    with store_records.reading(house.records) as db:
        assert sum(len(db.exec_driver_sql(*one).all()) for one in read if one[0].startswith("SELECT")) == 1


def test_without_a_hold_the_mails_leave_at_once(house):
    assert house.created(ANN).until is None
    assert outbox.claim(house.records, NOW)


def test_a_share_that_was_taken_back_never_was(house):
    """T5: and its password is gone from the outbox"""
    made = house.created(ANN, BOB, hold=HOLD, road="second")
    cookie = house.cookie(made.viewers[0])
    assert back(house, made, seconds(9)) == (ANN, BOB)
    assert listed(house) == {}
    assert house.mails() == []
    assert house.inside(cookie, seconds(9)) is None
    assert not isinstance(house.unlock(made.viewers[0], now=seconds(9)), sharing.entry.Unlocked)
    assert outbox.claim(house.records, seconds(60)) is None
    told = [kind for kind in kinds(house) if kind.endswith("taken_back")]
    assert told == ["share.taken_back", "viewer.taken_back", "viewer.taken_back"]


def test_the_same_people_can_be_invited_again_after_it(house):
    """M7"""
    back(house, house.created(ANN, BOB, hold=HOLD))
    again = house.created(ANN, BOB)
    assert listed(house) == {again.share_id: [ANN, BOB]}
    house.cookie(again.viewers[0])


def test_a_share_that_was_taken_back_takes_no_more_viewers_and_no_more_changes(house):
    made = house.created(ANN, hold=HOLD)
    back(house, made)
    given = house.records, house.vault, house.settings, made.share_id
    assert refused(add, house, made.share_id, BOB) == ("", "share.unknown")
    for road in shares.ROADS:
        call = shares.set_password, *given, None, None, road, NOW
        assert refused(*call, by=EVA) == ("", "share.unknown")


def test_viewers_who_were_added_can_be_taken_back_and_the_others_stay(house):
    first = house.created(ANN)
    cookie = house.cookie(first.viewers[0])
    more = add(house, first.share_id, BOB, CY)
    assert back(house, more) == (BOB, CY)
    assert listed(house) == {first.share_id: [ANN]}
    assert house.inside(cookie)
    again = add(house, first.share_id, BOB, now=seconds(5), hold=timedelta(0))
    assert listed(house) == {first.share_id: [ANN, BOB]}
    house.cookie(again.viewers[0], now=seconds(6))
    assert kinds(house).count("viewer.added") == 4


def test_who_had_been_revoked_before_is_revoked_again(house):
    first = house.created(ANN, BOB)
    shares.revoke(house.records, first.viewers[1].id, NOW, by=EVA)
    more = add(house, first.share_id, BOB, now=seconds(60))
    assert "viewer.restored" in kinds(house)
    back(house, more, seconds(61))
    states = {one.address: str(one.state) for one in shares.viewers_of(house.records, first.share_id, NOW)}
    assert states == {ANN: "active", BOB: "revoked"}


def test_a_share_goes_with_the_viewers_that_were_added_to_it_meanwhile(house):
    made = house.created(ANN, hold=HOLD)
    add(house, made.share_id, BOB)
    assert back(house, made) == (ANN, BOB)
    assert listed(house) == {}


@pytest.mark.parametrize("state", [SENDING, ACCEPTED, UNKNOWN])
def test_once_one_mail_has_left_nothing_is_taken_back(house, state):
    """M4: not even from those whose mail still waits"""
    made = house.created(ANN, BOB, CY)
    parcel = outbox.claim(house.records, NOW)
    if state != SENDING:
        outbox.record(house.records, parcel, Outcome(state), NOW)
    told = kinds(house)
    with pytest.raises(ShareRefused) as refusal:
        back(house, made)
    assert (refusal.value.reason, refusal.value.holes) == ("refusal.taken_back.late", {"count": 1})
    assert listed(house) == {made.share_id: [ANN, BOB, CY]}
    assert kinds(house) == told
    assert outbox.claim(house.records, NOW)


@pytest.mark.parametrize(("state", "answer"), [(WAITING, "451 later"), (REFUSED, "550 no such user")])
def test_a_mail_that_the_server_did_not_take_has_not_left(house, state, answer):
    made = house.created(ANN)
    outbox.record(house.records, outbox.claim(house.records, NOW), Outcome(state, answer), NOW)
    assert back(house, made) == (ANN,)
    assert listed(house) == {}


def test_a_mail_that_left_for_a_later_action_keeps_the_share(house):
    made = house.created(ANN, hold=HOLD)
    add(house, made.share_id, BOB, hold=timedelta(0))
    assert outbox.claim(house.records, NOW)
    assert refused(back, house, made) == ("", "taken_back.late")


def test_what_was_replaced_since_is_not_taken_back(house):
    first = house.created(ANN)
    more = add(house, first.share_id, BOB)
    house.set_password(more.viewers[0], ids=(more.viewers[0].id,), road="hand", now=seconds(3))
    assert refused(back, house, more) == ("", "share.changed")
    back(house, add(house, first.share_id, CY))
    twice = add(house, first.share_id, CY)
    back(house, twice)
    assert back(house, twice) == (CY,)


def test_taking_back_twice_is_taking_back_once(house):
    """M7"""
    made = house.created(ANN, hold=HOLD)
    assert back(house, made) == back(house, made) == (ANN,)
    assert kinds(house).count("share.taken_back") == 1


def test_a_batch_that_nobody_made_is_refused(house):
    house.created(ANN)
    assert refused(shares.take_back, house.records, "nothing", NOW, by=EVA) == ("", "taken_back.unknown")


def test_the_same_form_after_taking_back_is_refused_and_a_new_one_shares(house):
    """M7: the late half of a double click neither brings back the dead share nor makes a new one"""
    made = house.created(ANN, hold=HOLD, form_key="form")
    again = house.created(ANN, hold=HOLD, form_key="form")
    assert (again.again, again.batch, again.until) == (True, made.batch, made.until)
    back(house, again)
    assert refused(house.created, ANN, form_key="form") == ("", "taken_back.form")
    assert listed(house) == {}
    assert not house.created(ANN, form_key="another form").again


# --- the race with the worker -------------------------------------------------------------------------


def race(house, turns):
    """In each turn a worker and an analyst are let loose on the same share; who got it."""
    wins = []
    for turn in range(turns):
        made = house.created(f"viewer{turn}@client.example", f"other{turn}@client.example")
        gate, claimed, taken = threading.Barrier(2), [], []

        def work(gate=gate, claimed=claimed):
            gate.wait()
            claimed.append(outbox.claim(house.records, NOW))

        def undo(gate=gate, taken=taken, made=made):
            gate.wait()
            try:
                taken.append(back(house, made))
            except ShareRefused as refusal:
                assert refusal.reason == "refusal.taken_back.late"

        threads = [threading.Thread(target=work), threading.Thread(target=undo)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert bool(claimed[0]) != bool(taken), "both won, or nobody did"
        wins.append("worker" if claimed[0] else "analyst")
        while outbox.claim(house.records, NOW):
            pass
    return wins


def test_a_worker_and_an_analyst_never_both_win(house):
    """M4"""
    assert len(race(house, 20)) == 20


@pytest.fixture(scope="module")
def database():
    row = {"id": "spring", "sender": "vitrine", "native_id": "spring", "title": "Spring", "updated_at": NOW}
    with postgresql.server() as url:
        records = store_records.connect(url)
        schema.migrate(records)
        with records.begin() as db:
            db.execute(tables.campaigns.insert().values(row))
        yield records
        records.dispose()


@pytest.fixture
def tower(tmp_path, monkeypatch, database):
    """A house on PostgreSQL, where transactions really run side by side."""
    sharing.light_hashes(monkeypatch)
    vault = Vault("a key of at least thirty-two characters")
    return House(tmp_path, database, installation.settings(tmp_path), vault)


def test_on_postgresql_they_never_both_win_either(tower):
    """M4"""
    assert len(race(tower, 12)) == 12


def test_on_postgresql_workers_and_analysts_do_not_lock_each_other_up(tower):
    """M4: rows are taken in one order, so that nobody waits for somebody who waits"""
    problems = []
    made = [tower.created(f"v{turn}@deadlock.example", f"w{turn}@deadlock.example") for turn in range(8)]

    def work():
        while parcel := outbox.claim(tower.records, seconds(1)):
            outbox.record(tower.records, parcel, Outcome(REFUSED, "550 no"), seconds(1))

    def change(act):
        for one in made:
            try:
                act(one)
            except ShareRefused:
                pass
            except Exception as problem:
                problems.append(problem)

    def set_password(one):
        tower.set_password(one.viewers[0], road="second", now=seconds(1))

    def revoke(one):
        for viewer in one.viewers:
            shares.revoke(tower.records, viewer.id, seconds(2), by=EVA)

    threads = [threading.Thread(target=work) for _ in range(2)]
    acts = (set_password, revoke, lambda one: back(tower, one))
    threads += [threading.Thread(target=change, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert problems == []
