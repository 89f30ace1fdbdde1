"""Analysts: made, signed in, held up, disabled."""

import threading
import time
from datetime import timedelta

import bcrypt
import pytest
import sqlalchemy as sa
from streamlit_authenticator.utilities import Hasher

from lib.model import COMMAND_LINE
from lib.shares import analysts, audit, throttle
from lib.shares.refusal import ShareRefused
from lib.shares.throttle import Refused, TooMany
from lib.store import tables
from tests.sharing import HERE, NOW, THERE, seconds

SECRET = "a bright analyst"
EVA = "eva@agency.example"


@pytest.fixture(autouse=True)
def _quick_bcrypt(monkeypatch):
    """Less work for a hash where its cost is not the question."""
    monkeypatch.setattr(analysts, "COST", 4)
    monkeypatch.setattr(analysts, "NOBODYS", bcrypt.hashpw(b"x", bcrypt.gensalt(4)))


def add(db, address=EVA, password=SECRET, name="Eva", admin=True):
    return analysts.add(db, name, address, password, admin=admin, now=NOW, by=COMMAND_LINE)


def refused(call, *given, **named):
    with pytest.raises(ShareRefused) as refusal:
        call(*given, **named)
    return refusal.value.field, refusal.value.reason.removeprefix("refusal.")


def test_the_first_visitor_becomes_the_first_admin_and_the_second_does_not(db):
    assert not analysts.anyone(db)
    analysts.add_first(db, "Eva", EVA, SECRET, NOW, by=COMMAND_LINE)
    assert analysts.anyone(db)
    assert analysts.by_address(db, "EVA@agency.example").admin
    second = {"by": COMMAND_LINE}
    assert refused(analysts.add_first, db, "Bob", "bob@agency.example", SECRET, NOW, **second) == (
        "",
        "analyst.first",
    )


def test_who_gives_no_name_is_named_as_the_address_says():
    assert analysts.name_of("ana.duarte@agency.example") == "Ana Duarte"
    assert analysts.name_of("ana@agency.example") == "Ana"
    assert analysts.name_of("_@agency.example") == "_@agency.example"


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"name": "  "}, "name", "analyst.name"),
        ({"name": "E\nva"}, "name", "analyst.name"),
        ({"address": "eva"}, "address", "address.wrong"),
        ({"password": "short"}, "password", "password.short"),
        ({"password": "password1"}, "password", "password.common"),
        ({"password": "agency 2026"}, "password", "password.obvious"),
        ({"password": " spaces at the ends "}, "password", "password.edges"),
        ({"password": "é" * 37}, "password", "password.bytes"),
    ],
)
def test_an_analyst_is_refused_by_field_with_a_reason(db, change, field, reason):
    assert refused(add, db, **change) == (field, reason)
    assert not analysts.anyone(db)


def test_72_bytes_are_a_password_and_all_of_them_count(db):
    add(db, password="é" * 36)
    assert analysts.check(db, EVA, "é" * 35, HERE, NOW) == Refused()
    assert analysts.check(db, EVA, "é" * 37, HERE, NOW) == Refused()
    assert analysts.check(db, EVA, "é" * 36, HERE, NOW).address == EVA


def test_one_address_is_one_analyst(db):
    add(db)
    assert refused(add, db, "Eva@Agency.example") == ("address", "analyst.taken")


def test_streamlit_authenticator_understands_the_credentials(db):
    add(db, "Eva@Agency.example")
    found = analysts.credentials(db)["usernames"]
    assert list(found) == [EVA]
    assert Hasher.check_pw(SECRET, found[EVA]["password"])
    assert found[EVA]["name"] == "Eva"


def test_a_disabled_analyst_cannot_sign_in_until_enabled(db):
    add(db)
    bob = add(db, "bob@agency.example", name="Bob", admin=False)
    analysts.disable(db, bob, NOW, by=COMMAND_LINE)
    assert list(analysts.credentials(db)["usernames"]) == [EVA]
    assert analysts.check(db, "bob@agency.example", SECRET, HERE, NOW) == Refused()
    assert [(line.name, line.disabled) for line in analysts.list_all(db)] == [("Bob", True), ("Eva", False)]
    analysts.enable(db, bob, NOW, by=COMMAND_LINE)
    assert analysts.check(db, "bob@agency.example", SECRET, HERE, NOW).id == bob


def test_another_name_is_written_down_with_the_one_before_and_checked_as_a_new_one(db):
    eva = add(db)
    for wrong in ("", " ", "x" * 101, "Eva\nBcc: all@x.org"):
        assert refused(analysts.rename, db, eva, wrong, NOW, by=COMMAND_LINE) == ("name", "analyst.name")
    analysts.rename(db, eva, " Eva [Duarte] ", NOW, by=COMMAND_LINE)
    analysts.rename(db, eva, "Eva [Duarte]", NOW, by=COMMAND_LINE)
    assert analysts.by_address(db, EVA).name == "Eva [Duarte]"
    [line] = audit.lines(db, audit.Filter(kinds=("analyst.renamed",)), 10)
    assert line.details["names"] == ["Eva", "Eva [Duarte]"]
    for language in ("en", "fr"):
        assert line.said(language)
        assert line.details_said(language) == ("Eva → Eva [Duarte]",)


def test_enabling_one_who_is_not_disabled_ends_no_session(db):
    eva = add(db)
    version = sa.select(tables.analysts.c.password_version)
    with db.connect() as records:
        before = records.execute(version).scalar_one()
    analysts.enable(db, eva, NOW, by=COMMAND_LINE)
    with db.connect() as records:
        assert records.execute(version).scalar_one() == before


def test_the_last_admin_cannot_be_disabled(db):
    eva = add(db)
    add(db, "bob@agency.example", name="Bob", admin=False)
    assert refused(analysts.disable, db, eva, NOW, by=COMMAND_LINE) == ("", "analyst.last_admin")


def test_language_and_password_are_changed(db):
    eva = add(db)
    analysts.set_language(db, eva, "fr")
    analysts.set_password(db, eva, "a brighter analyst", NOW, by=COMMAND_LINE)
    assert analysts.by_address(db, EVA).language == "fr"
    assert analysts.check(db, EVA, SECRET, HERE, NOW) == Refused()
    assert analysts.check(db, EVA, "a brighter analyst", HERE, NOW).id == eva


def test_five_tries_are_free_and_then_one_waits_and_even_the_right_password_does(db):
    """G1 for analysts"""
    add(db)
    assert [analysts.check(db, EVA, "wrong", HERE, NOW) for _ in range(5)] == [Refused()] * 5
    assert analysts.check(db, EVA, SECRET, HERE, NOW) == TooMany(1)
    assert analysts.check(db, EVA, "wrong", HERE, seconds(1)) == Refused()
    assert analysts.check(db, EVA, SECRET, HERE, seconds(1)) == TooMany(2)
    assert analysts.check(db, EVA, SECRET, HERE, seconds(3)).address == EVA
    assert analysts.may_try(db, EVA, HERE, seconds(3)) == 0


def test_an_address_that_nobody_has_is_answered_and_held_up_alike(db):
    """G5, G6 for analysts"""
    add(db)
    heard = {
        address: [analysts.check(db, address, "wrong", HERE, NOW) for _ in range(7)]
        for address in (EVA, "nobody@agency.example", "not an address")
    }
    assert len({str(answers) for answers in heard.values()}) == 1


def test_an_unknown_address_takes_as_long_as_a_known_one(db, monkeypatch):
    """G6 for analysts: as many bcrypt checks of the same cost"""
    add(db)
    checked, real = [], analysts._verified
    monkeypatch.setattr(analysts, "_verified", lambda *given: checked.append(given[1][:7]) or real(*given))
    for address in (EVA, "nobody@agency.example"):
        analysts.check(db, address, "wrong", HERE, NOW)
    assert len(checked) == 2 and checked[0] == checked[1]


def test_a_stranger_elsewhere_does_not_lock_an_analyst_out(db):
    """G3 for analysts: their addresses are no secrets"""
    add(db)
    for _ in range(20):
        analysts.check(db, EVA, "wrong", THERE, NOW)
    assert analysts.check(db, EVA, SECRET, HERE, NOW).address == EVA


def test_a_crowd_of_networks_gets_a_hundred_tries_an_hour_and_the_analyst_still_enters(db):
    """ASVS 2.2.1: at most 100 failures an hour and account; where one has signed in before, one may always"""
    add(db)
    assert analysts.check(db, EVA, SECRET, HERE, NOW).address == EVA
    answers = [analysts.check(db, EVA, "wrong", f"10.0.{number}.1", NOW) for number in range(120)]
    assert answers.count(Refused()) == 100
    assert isinstance(answers[-1], TooMany)
    assert isinstance(analysts.check(db, EVA, SECRET, THERE, NOW), TooMany)
    assert analysts.check(db, EVA, SECRET, HERE, NOW).address == EVA
    assert analysts.check(db, EVA, SECRET, THERE, NOW + timedelta(minutes=61)).address == EVA


def test_fifty_tries_at_once_are_no_more_than_five(db):
    """G1 for analysts"""
    add(db)
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda: answers.append(analysts.check(db, EVA, "wrong", HERE, NOW)))
        for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(answers), answers.count(Refused())) == (50, throttle.FREE)


def test_what_was_typed_as_a_name_is_not_stored(db):
    """L7: people type their password into the wrong field"""
    analysts.check(db, "my secret password", "x", HERE, NOW)
    with db.connect() as connection:
        rows = connection.exec_driver_sql("SELECT bucket FROM throttle").all()
    assert rows and not [row for row in rows if "secret" in row.bucket]


def test_the_real_cost_of_a_hash_is_twelve(monkeypatch):
    monkeypatch.undo()
    began = time.monotonic()
    assert not analysts._verified("nobody", analysts.NOBODYS)
    assert analysts.NOBODYS.startswith(b"$2b$12$") and analysts.COST == 12
    assert time.monotonic() - began > 0.05
