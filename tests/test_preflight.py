"""Before sending: what may be a mistake is said, and what is fine is not."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from lib.shares import preflight, shares
from lib.store.tables import viewers
from lib.words import LANGUAGES
from tests.sharing import NOW
from tests.test_audit import ANN

END = date(2026, 12, 24)


def found(house, *addresses, end=END, campaigns=()):
    told = preflight.warnings(house.records, addresses, end, NOW, campaigns)
    return [(warning.kind, warning.address) for warning in told]


def meant(house, address):
    told = preflight.warnings(house.records, (address,), END, NOW)
    return [warning.holes["meant"] for warning in told if warning.kind == "typo"]


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("ann@gmial.com", "ann@gmail.com"),
        ("ann@gmail.con", "ann@gmail.com"),
        ("ann@gmail.fr", "ann@gmail.com"),
        ("Ann.Lee@gnail.com", "Ann.Lee@gmail.com"),
        ("ann@hotmial.fr", "ann@hotmail.fr"),
        ("ann@hotmail.cm", "ann@hotmail.com"),
        ("ann@outlok.com", "ann@outlook.com"),
        ("ann@orang.fr", "ann@orange.fr"),
        ("ann@wanado.fr", "ann@wanadoo.fr"),
        ("ann@lapost.net", "ann@laposte.net"),
        ("ann@fre.fr", "ann@free.fr"),
        ("ann@yaho.fr", "ann@yahoo.fr"),
    ],
)
def test_a_mistyped_mail_domain_is_named_with_the_address_that_was_meant(house, typed, right):
    assert meant(house, typed) == [right]


@pytest.mark.parametrize(
    "domain",
    [*preflight.COMMON, "hotmail.de", "yahoo.de", "orange.be", "tree.fr", "line.com", "aon.com", "acme.com"],
)
def test_a_domain_that_is_as_good_as_any_is_not_doubted(house, domain):
    assert meant(house, f"ann@{domain}") == []


def test_a_domain_near_one_that_was_used_here_is_doubted_and_one_with_another_number_is_not(house):
    house.share("bob@clientone.example", "eve@atelier1.example")
    assert meant(house, "ann@cleintone.example") == ["ann@clientone.example"]
    assert meant(house, "ann@atelier2.example") == []


def test_a_domain_that_was_used_before_is_never_doubted(house):
    house.share("bob@gmial.com")
    assert found(house, "ann@gmial.com") == []


def test_a_domain_used_by_a_mistake_that_was_taken_back_is_doubted_again(house):
    (bob,) = house.share("bob@gmial.com")
    with house.records.begin() as db:
        db.execute(viewers.update().where(viewers.c.id == bob.id).values(taken_back_at=NOW))
    assert found(house, "ann@gmial.com") == [("typo", "ann@gmial.com")]


@pytest.mark.parametrize(
    "address",
    [
        "info@client.example",
        "No-Reply@client.example",
        "do.not.reply@client.example",
        "postmaster@client.example",
        "contact+news@client.example",
        "ne-pas-repondre@client.example",
        "Service.Client@client.example",
        "comptabilite@client.example",
    ],
)
def test_a_shared_mailbox_is_named(house, address):
    assert ("role", address) in found(house, address)


def test_a_person_whose_name_begins_like_a_role_is_none(house):
    assert found(house, "infosino@client.example", "salesman.joe@client.example") == []


def test_a_new_domain_is_told_once_and_only_when_something_was_shared_before(house):
    assert found(house, "ann@new.example", "bob@new.example") == []
    house.share("eve@client.example")
    assert found(house, "ann@new.example", "bob@new.example", "max@client.example") == [
        ("new_domain", "ann@new.example")
    ]


def test_who_was_revoked_before_is_named_with_the_day(house):
    (bob, _) = house.share("Bob@client.example", "eve@client.example")
    shares.revoke(house.records, bob.id, NOW - timedelta(days=3), by=ANN)
    (warning,) = preflight.warnings(house.records, ("bob@client.example",), END, NOW)
    assert (warning.kind, warning.address) == ("revoked", "bob@client.example")
    assert warning.said("en", "UTC") == (
        "bob@client.example lost access to “Spring Gardening” on 20 November 2026."
    )
    assert "20 novembre 2026" in warning.said("fr", "UTC")
    (here,) = preflight.warnings(house.records, ("bob@client.example",), END, NOW, ("spring",))
    assert here.reason == "preflight.revoked_here"


def test_no_end_is_told_last(house):
    assert found(house, "info@client.example", end=None) == [
        ("role", "info@client.example"),
        ("no_expiry", ""),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_warning_has_a_sentence_with_names_as_the_screen_wants_them(house, language):
    (bob,) = house.share("bob@client.example")
    shares.revoke(house.records, bob.id, NOW, by=ANN)
    addresses = ("bob@client.example", "info@gmial.com", "ann@new.example")
    told = preflight.warnings(house.records, addresses, None, NOW)
    assert {one.kind for one in told} == {"typo", "role", "new_domain", "revoked", "no_expiry"}
    for one in told:
        sentence = one.said(language, "UTC", lambda name: f"<{name}>")
        assert "{" not in sentence
        assert one.address in ("", *addresses)
        assert "@" not in sentence or "<" in sentence


def test_a_hundred_addresses_cost_as_many_questions_as_one(house):
    house.share(*(f"old{number}@old{number}.example" for number in range(50)))
    asked = []
    sa.event.listen(house.records, "before_cursor_execute", lambda *given: asked.append(given[2]))
    preflight.warnings(house.records, ("ann@new.example",), END, NOW)
    one = len(asked)
    asked.clear()
    preflight.warnings(house.records, tuple(f"a{n}@new{n}.example" for n in range(100)), END, NOW)
    assert len(asked) == one <= 5
