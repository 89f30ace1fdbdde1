"""G1 to G7, L1 and L2 at the services: how often one may try, and what the answers give away. Nothing."""

import inspect
import random
import statistics
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher, extract_parameters
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.model import COMMAND_LINE
from lib.shares import entry, passwords, shares, throttle
from lib.shares.entry import Refused, TooMany, Unlocked
from lib.store import records as store_records
from lib.store.tables import outbox, requests, viewers
from lib.store.tables import throttle as tries
from lib.web import door
from tests.sharing import HERE, NOW, PASSWORD, THERE, link_in, seconds, text_of, token

STRANGER = "A" * 43


@pytest.fixture
def ann(house):
    return house.share("ann@client.example")[0]


def count(house, table) -> int:
    with store_records.reading(house.records) as db:
        return db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def fail(house, viewer, times, now=NOW, ip=None):
    """So many wrong passwords, each as soon as it is allowed, each from another network if none is given."""
    for number in range(times):
        wait = house.viewer(viewer.id).wait_until
        now = max(now, wait) if wait else now
        place = ip or f"10.{number // 250}.{number % 250}.1"
        assert house.unlock(viewer, "wrong", now, place) == Refused()
    return now


# --- G1 ---------------------------------------------------------------------------------------------


def test_five_tries_are_free_and_then_the_waits_double_up_to_a_quarter_of_an_hour(house, ann):
    """G1"""
    now, waits = NOW, []
    for number in range(16):
        assert house.unlock(ann, "wrong", now, f"10.0.{number}.1") == Refused()
        answer = house.unlock(ann, PASSWORD, now, THERE) if number >= 4 else None
        waits.append(answer.retry_after if isinstance(answer, TooMany) else 0)
        now += timedelta(seconds=waits[-1])
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_a_try_that_comes_too_early_costs_nothing_and_looks_at_nothing(house, ann):
    """G1"""
    last = fail(house, ann, 6)
    for _ in range(20):
        assert isinstance(house.unlock(ann, PASSWORD, last), TooMany)
    assert house.viewer(ann.id).failures == 6
    assert isinstance(house.unlock(ann, PASSWORD, last + timedelta(seconds=2)), Unlocked)


def test_the_failures_survive_a_restart(house, ann):
    """G1"""
    last = fail(house, ann, 8)
    house.records.dispose()
    again = store_records.connect(f"sqlite:///{house.file}")
    answer = entry.unlock(again, token(ann), PASSWORD, THERE, "", last)
    again.dispose()
    assert answer == TooMany(8)


def test_after_a_hundred_failures_the_right_password_opens_nothing_until_it_is_issued_anew(house, ann):
    """G1"""
    last = fail(house, ann, 100)
    assert house.line(ann).state is shares.State.SUSPENDED
    much_later = last + timedelta(days=30)
    assert house.unlock(ann, PASSWORD, much_later) == Refused()
    house.deliver()
    house.set_password(ann, password="another heron walks", now=much_later)
    assert house.line(ann).state is shares.State.ACTIVE
    assert isinstance(house.unlock(ann, "another heron walks", much_later), Unlocked)


def test_the_hundredth_try_may_still_be_the_right_one(house, ann):
    """G1"""
    last = fail(house, ann, 99)
    assert isinstance(house.unlock(ann, PASSWORD, last + timedelta(seconds=900)), Unlocked)
    assert house.viewer(ann.id).failures == 0


def test_fifty_tries_at_once_are_no_more_than_five(house, ann, monkeypatch):
    """G1: a try is counted before its password is looked at"""
    looked_at, real = [], passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda *given: looked_at.append(1) or real(*given))
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(house.unlock(ann, "wrong", NOW, f"10.0.{n}.1")))
        for n in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(answers), len(looked_at)) == (50, 5)
    assert answers.count(Refused()) == 5
    assert house.viewer(ann.id).failures == 5


def test_a_clock_set_back_never_makes_a_wait_longer_than_the_longest(house, ann):
    """G1, D4"""
    fail(house, ann, 6, now=NOW + timedelta(days=2))
    assert isinstance(house.unlock(ann, PASSWORD, NOW), Unlocked)


# --- G2 ---------------------------------------------------------------------------------------------


def test_the_eleventh_try_from_one_network_is_turned_away_for_half_an_hour(house, ann):
    """G2"""
    last = fail(house, ann, 10, ip=HERE)
    later = last + timedelta(minutes=5)
    answer = house.unlock(ann, PASSWORD, later, "198.51.100.200")
    assert isinstance(answer, TooMany) and 20 * 60 < answer.retry_after <= 25 * 60
    assert house.viewer(ann.id).failures == 10
    assert isinstance(house.unlock(ann, PASSWORD, last + timedelta(minutes=31), HERE), Unlocked)


def test_from_another_network_the_same_viewer_may_go_on(house, ann):
    """G2"""
    last = fail(house, ann, 10, ip=HERE)
    assert isinstance(house.unlock(ann, PASSWORD, last + timedelta(minutes=1), THERE), Unlocked)


def test_a_colleague_behind_the_same_address_enters_with_the_right_password_at_once(house):
    """G2, and 200 blocked tries do not slow a good one"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    last = fail(house, ann, 10, ip=HERE) + timedelta(minutes=1)
    blocked = [house.unlock(ann, "wrong", last, HERE) for _ in range(200)]
    assert all(isinstance(answer, TooMany) for answer in blocked)
    began = time.monotonic()
    assert isinstance(house.unlock(bob, PASSWORD, last, HERE), Unlocked)
    assert time.monotonic() - began < 1


def test_a_colleague_keeps_five_free_tries_and_is_then_held_by_the_full_bucket(house):
    """G2: who tries out passwords with many links of one share gets no further than five with each"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    last = fail(house, ann, 10, ip=HERE) + timedelta(minutes=1)
    assert [house.unlock(bob, "wrong", last, HERE) for _ in range(5)] == [Refused()] * 5
    answer = house.unlock(bob, PASSWORD, last + timedelta(minutes=1), HERE)
    assert isinstance(answer, TooMany) and answer.retry_after > 60
    assert isinstance(house.unlock(bob, PASSWORD, last + timedelta(minutes=1), THERE), Unlocked)


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("198.51.100.0/24", "198.51.100.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:198.51.100.7", "198.51.100.0/24"),
        ("testclient", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_no_whole_address_is_kept(ip, network):
    """G2, D5"""
    assert throttle.network(ip) == network
    assert throttle.network(network) == network


# --- G3 and G4 --------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(st.sampled_from("abx"), st.booleans(), st.sampled_from([0, 1, 3, 40])), min_size=1, max_size=25
)


def played(house, steps, who, places):
    """Ann (a), Bob (b) and a stranger without a link (x) try in turn; the answers that `who` gets."""
    guests = dict(zip("ab", house.share("ann@client.example", "bob@client.example"), strict=True))
    now, answers = NOW, []
    for name, right, pause in steps:
        now += timedelta(seconds=pause)
        if name in who:
            answer = house.unlock(guests.get(name, STRANGER), PASSWORD if right else "no", now, places[name])
            answers.append((name, type(answer).__name__, getattr(answer, "retry_after", 0)))
    return [answer for answer in answers if answer[0] == "b"]


def apart(house, steps, who, places):
    """The same on fresh tables."""
    with house.records.begin() as db:
        for table in ("visits", "sessions", "outbox", "viewers", "shares", "throttle"):
            db.exec_driver_sql(f"DELETE FROM {table}")
    return played(house, steps, who, places)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_others_do_elsewhere_changes_nothing_for_a_viewer(house, steps):
    """G3: with Ann's and a stranger's failures in between, Bob gets the very answers he gets alone"""
    places = {"a": THERE, "b": HERE, "x": HERE}
    assert apart(house, steps, "abx", places) == apart(house, steps, "b", places)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_others_do_in_the_same_network_never_touches_five_free_tries(house, steps):
    """G3: even behind one address, as long as Bob himself has failed less than five times in a row"""
    bobs, failures = [], 0
    for step in steps:
        if step[0] == "b":
            failures = 0 if step[1] else failures + 1
        if step[0] != "b" or failures <= 5:
            bobs.append(step)
        if failures == 5:
            break
    places = dict.fromkeys("abx", HERE)
    assert apart(house, bobs, "abx", places) == apart(house, bobs, "b", places)


def test_a_stranger_without_a_link_locks_nobody(house, ann):
    """G3"""
    for number in range(100):
        house.unlock(f"{number:043}", "wrong", NOW, HERE)
    assert isinstance(house.unlock(ann, PASSWORD, NOW, HERE), Unlocked)


def test_success_resets_this_viewers_counter_and_no_other(house):
    """G4"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    fail(house, ann, 3)
    fail(house, bob, 4)
    house.cookie(ann)
    assert (house.viewer(ann.id).failures, house.viewer(bob.id).failures) == (0, 4)


def test_a_reader_who_is_inside_is_never_counted(house, ann):
    """G4"""
    cookie = house.cookie(ann)
    assert all(house.inside(cookie, seconds(second)) for second in range(50))
    assert house.viewer(ann.id).failures == 0
    assert count(house, tries) == 0


# --- G5 and G6 --------------------------------------------------------------------------------------


def closed_doors(house):
    """A link and a password for each of the reasons why something does not open."""
    wrong, revoked, suspended, off = (
        house.share(f"{name}@client.example", campaigns=(campaign,))[0]
        for name, campaign in (("w", "spring"), ("r", "spring"), ("s", "spring"), ("o", "summer"))
    )
    expired = house.share(
        "e@client.example", expires_on=(NOW - timedelta(days=1)).date(), now=seconds(-172800)
    )[0]
    shares.revoke(house.records, revoked.id, NOW, by=COMMAND_LINE)
    shares.off(house.records, house.share_of(off), NOW, by=COMMAND_LINE)
    with house.records.begin() as db:
        db.execute(
            viewers.update().where(viewers.c.id == suspended.id).values(suspended_at=NOW, failures=100)
        )
    return {
        "unknown": (STRANGER, PASSWORD),
        "wrong": (wrong, "wrong"),
        "revoked": (revoked, PASSWORD),
        "expired": (expired, PASSWORD),
        "suspended": (suspended, PASSWORD),
        "off": (off, PASSWORD),
    }


def test_whatever_does_not_open_answers_alike(house):
    """G5"""
    doors = closed_doors(house)
    answers = {name: house.unlock(link, text) for name, (link, text) in doors.items()}
    assert set(answers.values()) == {Refused()}, answers


@pytest.mark.parametrize("name", ["unknown", "revoked", "expired", "off", "wrong"])
def test_the_waits_do_not_tell_a_dead_link_from_a_wrong_password(house, name):
    """G5: sixteen tries at one door are answered alike at every door"""
    link, text = closed_doors(house)[name]
    now, heard = NOW, []
    for _ in range(12):
        first, second = house.unlock(link, text, now, HERE), house.unlock(link, "also wrong", now, HERE)
        heard.append((first, second))
        wait = second.retry_after if isinstance(second, TooMany) else 0
        now += timedelta(seconds=wait)
    assert heard[:2] == [(Refused(), Refused())] * 2
    assert heard[2] == (Refused(), TooMany(1))
    assert heard[3:7] == [(Refused(), TooMany(wait)) for wait in (2, 4, 8, 16)]
    assert isinstance(heard[7][1], TooMany) and heard[7][1].retry_after > 1700


def test_every_closed_door_looks_at_one_hash_of_the_same_cost(house, monkeypatch):
    """G6"""
    seen, real = [], passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda hashed, text: seen.append(hashed) or real(hashed, text))
    for link, text in closed_doors(house).values():
        house.unlock(link, text)
    parameters = [extract_parameters(hashed or passwords.NOBODYS) for hashed in seen]
    assert len(parameters) == 6
    assert len({str(used) for used in parameters}) == 1


def test_apart_from_the_hash_all_doors_cost_the_same(house):
    """G6: 200 samples of each door, with a light hash; their medians lie within a tenth of one real hash.

    The hash itself costs every door the same (see above), so this is the whole difference that a clock can
    see. Measured is the time of the processor, for the machine has other work.
    """
    real = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
    costs = []
    for _ in range(3):
        began = time.thread_time()
        real.hash("a password")
        costs.append(time.thread_time() - began)
    doors = closed_doors(house)
    taken: dict[str, list[float]] = {name: [] for name in doors}
    for _ in range(200):
        for name in random.sample(list(doors), len(doors)):
            _forget_tries(house)
            link, text = doors[name]
            began = time.thread_time()
            assert house.unlock(link, text) == Refused()
            taken[name].append(time.thread_time() - began)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    assert max(medians.values()) - min(medians.values()) < 0.1 * min(costs), (medians, costs)


def test_asking_again_does_the_same_work_for_everybody(house, ann):
    """G7: the very same statements for a listed address, an unlisted one, and a link that nobody has"""
    done: list[str] = []
    sa.event.listen(house.records, "before_cursor_execute", lambda *given: done.append(given[2]))
    work = []
    for link, address in [
        (token(ann), "ann@client.example"),
        (token(ann), "eve@elsewhere.example"),
        (STRANGER, "ann@client.example"),
    ]:
        done.clear()
        entry.ask_again(house.records, link, address, NOW, HERE)
        work.append(tuple(done))
    assert work[0] == work[1] == work[2]
    assert len(work[0]) > 2


def test_no_door_compares_secrets_sign_by_sign(house, ann):
    """G6: links and cookies are found by their hash, passwords compared by argon2, nonces evenly"""
    asked: list[str] = []
    sa.event.listen(house.records, "before_cursor_execute", lambda *given: asked.append(repr(given[3])))
    cookie = house.cookie(ann)
    assert house.inside(cookie)
    assert asked and not [one for one in asked if token(ann) in one or cookie in one or PASSWORD in one]
    assert "compare_digest" in inspect.getsource(door)


def _forget_tries(house):
    with house.records.begin() as db:
        db.execute(tries.delete())
        db.execute(viewers.update().values(failures=0, wait_until=None))


# --- L1 and L2 --------------------------------------------------------------------------------------


def test_opening_the_link_a_hundred_times_is_counted_and_does_nothing(house, ann):
    """L1"""
    before = house.viewer(ann.id)
    for _ in range(100):
        entry.fetched(house.records, token(ann), False, NOW)
    entry.fetched(house.records, STRANGER, False, NOW)
    after = house.viewer(ann.id)
    assert after.fetches == 100
    assert {k: v for k, v in after._mapping.items() if k != "fetches"} == {
        k: v for k, v in before._mapping.items() if k != "fetches"
    }
    line = house.line(ann)
    assert (line.visits, line.first_visit_at, line.signed_in) == (0, None, False)
    assert isinstance(house.unlock(ann), Unlocked)


def test_an_empty_password_counts_for_nobody(house, ann):
    """L2"""
    for _ in range(30):
        assert house.unlock(ann, "") == Refused()
    assert house.viewer(ann.id).failures == 0
    assert count(house, tries) == 0


def test_the_entry_stays_closed_while_the_records_cannot_be_written(house, ann):
    """D2: another process holds the lock; with the wait cut short so that the test does not take 5 s"""
    impatient = store_records.connect(f"sqlite:///{house.file}")
    sa.event.listen(impatient, "begin", lambda db: None)
    sa.event.listen(
        impatient, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout=50")
    )
    with house.records.begin():
        assert entry.unlock(impatient, token(ann), PASSWORD, HERE, "", NOW) == TooMany(entry.RETRY)
        entry.fetched(impatient, token(ann), False, NOW)
    impatient.dispose()
    assert isinstance(house.unlock(ann), Unlocked)


# --- G7 ---------------------------------------------------------------------------------------------


def test_asking_again_writes_the_same_for_everybody_and_mails_only_to_the_viewer(house, ann):
    """G7"""
    for address in ("ann@client.example", "eve@elsewhere.example", "not an address"):
        assert entry.ask_again(house.records, token(ann), address, NOW) is None
    entry.ask_again(house.records, STRANGER, "ann@client.example", NOW)
    assert count(house, requests) == 4
    assert house.answer(seconds(1)) == 1
    mails = house.mails("password")
    assert [str(mail["To"]) for mail in mails] == ["ann@client.example"]
    assert house.answer(seconds(2)) == 0


def test_the_new_mail_opens_and_the_old_link_and_password_do_not(house, ann):
    """G7"""
    cookie = house.cookie(ann)
    entry.ask_again(house.records, token(ann), " Ann@Client.example ", NOW)
    house.answer(seconds(1))
    mail = house.mails("password")[0]
    link = link_in(mail).rpartition("/")[2]
    written = next(word for word in text_of(mail).split() if len(word) == 19 and word.count("-") == 3)
    assert house.unlock(ann, PASSWORD, seconds(2)) == Refused()
    assert house.unlock(link, PASSWORD, seconds(2)) == Refused()
    assert house.inside(cookie, seconds(2)) is None
    assert isinstance(house.unlock(link, written, seconds(2)), Unlocked)


def test_only_the_one_who_asked_gets_new_ones(house):
    """G7, S5"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    entry.ask_again(house.records, token(ann), "ann@client.example", NOW)
    entry.ask_again(house.records, token(bob), "ann@client.example", NOW)
    house.answer(seconds(1))
    assert len(house.mails("password")) == 1
    assert isinstance(house.unlock(bob, PASSWORD, seconds(2)), Unlocked)


def test_a_replaced_link_may_still_ask_and_still_opens_nothing(house, ann):
    """G7: who lost the newest mail is not locked out for good"""
    entry.ask_again(house.records, token(ann), "ann@client.example", NOW)
    house.answer(seconds(1))
    entry.ask_again(house.records, token(ann), "ann@client.example", seconds(120))
    assert house.answer(seconds(121)) == 1
    assert house.unlock(ann, PASSWORD, seconds(122)) == Refused()


def test_asking_again_is_answered_once_a_minute_and_five_times_a_day(house, ann):
    """G7, M9"""
    answered = []
    for minute in range(600):
        now = seconds(minute * 30)
        entry.ask_again(house.records, token(ann), "ann@client.example", now)
        answered += [minute * 30] * house.answer(now)
        if len(answered) == 5 and minute > 20:
            break
    assert answered == [0, 60, 120, 180, 240]
    tomorrow = NOW + timedelta(days=1, minutes=5)
    entry.ask_again(house.records, token(ann), "ann@client.example", tomorrow)
    assert house.answer(tomorrow) == 1


@pytest.mark.parametrize("name", ["revoked", "expired", "off", "suspended"])
def test_who_may_not_enter_gets_no_new_password(house, name):
    """G7"""
    viewer, _ = closed_doors(house)[name]
    entry.ask_again(house.records, token(viewer), viewer.address, NOW)
    assert house.answer(seconds(1)) == 0
    assert house.mails("password") == []


def test_a_flood_of_requests_from_one_network_is_cut_off(house, ann):
    """G7"""
    for _ in range(100):
        entry.ask_again(house.records, token(ann), "eve@elsewhere.example", NOW, HERE)
    assert count(house, requests) == 20
    entry.ask_again(house.records, token(ann), "ann@client.example", NOW, THERE)
    assert count(house, requests) == 21


def test_old_tries_and_requests_are_tidied_away(house, ann):
    """G2, G7"""
    fail(house, ann, 3)
    entry.ask_again(house.records, STRANGER, "ann@client.example", NOW)
    house.answer(NOW)
    house.answer(NOW + timedelta(days=3))
    assert (count(house, tries), count(house, requests)) == (0, 0)


def test_what_was_waiting_for_a_viewer_is_withdrawn_by_a_newer_mail(house, ann):
    """T5, G7"""
    entry.ask_again(house.records, token(ann), "ann@client.example", NOW)
    house.answer(seconds(1))
    with store_records.reading(house.records) as db:
        rows = db.execute(sa.select(outbox.c.kind, outbox.c.sealed.is_(None)).order_by(outbox.c.id)).all()
    assert [tuple(row) for row in rows] == [("invitation", True), ("password", False)]
