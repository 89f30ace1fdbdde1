"""T1 to T5: tokens and passwords, how they are made and what is kept of them."""

import logging
import random
import re
import threading
import time
import unicodedata

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from lib.shares import passwords, tokens
from lib.shares.entry import Refused, TooMany, Unlocked
from lib.shares.refusal import ShareRefused
from lib.store.tables import metadata, outbox, viewers
from tests import sharing
from tests.sharing import PASSWORD, token


@pytest.fixture
def house(tmp_path):
    made = sharing.house(tmp_path)
    yield made
    made.records.dispose()


def files_of(house) -> bytes:
    """The database with everything beside it, the write-ahead log included."""
    return b"".join(path.read_bytes() for path in house.file.parent.glob("records.sqlite*"))


def test_a_token_has_256_bits_and_only_its_hash_is_stored(house, caplog):
    """T1"""
    caplog.set_level(logging.DEBUG)
    ann = house.share("ann@client.example")[0]
    house.unlock(ann)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token(ann))
    assert house.viewer(ann.id).token_hash == tokens.digest(token(ann))
    assert token(ann).encode() not in files_of(house)
    assert token(ann) not in caplog.text


def test_the_cookie_of_a_session_is_stored_as_a_hash_too(house):
    """T1, S1"""
    cookie = house.cookie(house.share("ann@client.example")[0])
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", cookie)
    assert cookie.encode() not in files_of(house)


def test_no_secret_is_made_with_the_random_module(house, monkeypatch):
    """T1, T2 (a mail's Message-ID and MIME boundary are made with it, and are no secrets)"""
    ann = house.share("ann@client.example")[0]

    def broken(*_: object) -> None:
        raise AssertionError("random is not for secrets")

    for name in ("random", "choice", "choices", "randint", "getrandbits", "randbytes", "sample", "shuffle"):
        monkeypatch.setattr(random, name, broken)
    assert tokens.new() and passwords.generate() and house.cookie(ann)


def test_generated_passwords_have_the_form_and_every_symbol_equally_often():
    """T2: 16 of 31 symbols in four groups; chi-squared with 30 degrees of freedom under 70 (p > 0.00005)."""
    many = [passwords.generate() for _ in range(100_000)]
    form = re.compile(f"[{passwords.SYMBOLS}]{{4}}(-[{passwords.SYMBOLS}]{{4}}){{3}}")
    assert len(set(passwords.SYMBOLS)) == 31
    assert all(form.fullmatch(text) for text in many)
    assert len(set(many)) == len(many)
    signs = "".join(many).replace("-", "")
    expected = len(signs) / 31
    assert sum((signs.count(sign) - expected) ** 2 / expected for sign in passwords.SYMBOLS) < 70


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a" * 7, "short"),
        ("é" * 8, None),
        ("plain words with spaces", None),
        ("        ", None),
        ("x7" * 512, None),
        ("x7" * 512 + "x", "long"),
        ("password1", "common"),
        ("PassWord1", "common"),
        ("spring gardening", "obvious"),
        ("Spring-Gardening-2026!", "obvious"),
        ("ann.lee@client.example", "obvious"),
        ("Ann.Lee99", "obvious"),
        ("atelier nord", "obvious"),
        ("client2026", "obvious"),
        ("tulips and gardening", None),
        ("with\ttab inside", "signs"),
    ],
)
def test_a_password_is_refused_for_length_and_for_being_known_and_for_nothing_else(text, reason):
    """T3"""
    context = ("Spring Gardening", "ann.lee@client.example", "Atelier Nord")
    assert passwords.check(text, context) == (reason and f"refusal.password.{reason}")


def test_the_minimum_is_a_setting():
    """T3"""
    assert passwords.check("ten signs!", minimum=15) == "refusal.password.short"


def test_one_password_typed_composed_or_decomposed_is_the_same(house):
    """T3: NFC"""
    ann = house.share("ann@client.example", password=unicodedata.normalize("NFD", "crème brûlée"))[0]
    assert isinstance(house.unlock(ann, unicodedata.normalize("NFC", "crème brûlée")), Unlocked)
    assert isinstance(house.unlock(ann, unicodedata.normalize("NFD", "crème brûlée")), Unlocked)


def test_spaces_belong_to_the_password(house):
    """T3"""
    ann = house.share("ann@client.example", password=" two spaces ")[0]
    assert house.unlock(ann, "two spaces") == Refused()
    assert isinstance(house.unlock(ann, " two spaces "), Unlocked)


def test_a_password_of_1025_characters_is_refused_before_hashing(house, monkeypatch):
    """T3"""
    ann = house.share("ann@client.example")[0]

    def broken(*_: object) -> None:
        raise AssertionError("hashed")

    monkeypatch.setattr(passwords, "verify", broken)
    monkeypatch.setattr(passwords, "make_hash", broken)
    assert house.unlock(ann, "x" * 1025) == Refused()
    assert house.viewer(ann.id).failures == 0
    with pytest.raises(ShareRefused):
        house.share("bob@client.example", password="x" * 1025)


def test_the_strength_tells_a_weak_password_from_a_generated_one():
    """T3"""
    assert passwords.strength("") == 0
    assert passwords.strength("password1") == 0
    assert passwords.strength(passwords.generate()) == 4
    assert passwords.strength("x" * 5000) <= 4


def test_passwords_are_hashed_by_argon2id_with_its_parameters_in_the_hash(house):
    """T4"""
    ann = house.share("ann@client.example")[0]
    for hashed in (house.viewer(ann.id).password_hash, passwords.NOBODYS):
        used = extract_parameters(hashed)
        assert (used.type, used.memory_cost, used.time_cost, used.parallelism) == (Type.ID, 65536, 3, 1)


def test_viewers_of_one_action_share_a_hash_and_of_two_actions_do_not(house):
    """T4"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    cid = house.share("cid@client.example")[0]
    of_ann, of_bob, of_cid = (house.viewer(one.id) for one in (ann, bob, cid))
    assert of_ann.password_hash == of_bob.password_hash != of_cid.password_hash
    assert of_ann.password_group == of_bob.password_group != of_cid.password_group


def test_a_hundred_viewers_are_invited_within_seconds(house):
    """T4: one hash for the action, not one for each"""
    began = time.monotonic()
    assert len(house.share(*(f"viewer{number}@client.example" for number in range(100)))) == 100
    assert time.monotonic() - began < 8


def test_an_old_hash_is_made_anew_by_the_first_right_password(house):
    """T4"""
    ann = house.share("ann@client.example")[0]
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with house.records.begin() as db:
        db.execute(viewers.update().values(password_hash=weak))
    assert house.unlock(ann, "not that one") == Refused()
    assert house.viewer(ann.id).password_hash == weak
    cookie = house.cookie(ann)
    assert not passwords.is_dated(house.viewer(ann.id).password_hash)
    assert house.inside(cookie)


def test_fifty_unlocks_at_once_stay_within_the_memory_and_the_rest_is_told_to_wait(house, monkeypatch):
    """T4: at most PARALLEL hashes of 64 MiB each; a try that found no turn is not held against the viewer"""
    monkeypatch.setattr(passwords, "PATIENCE", 0.05)
    monkeypatch.setattr(passwords.verify, "__defaults__", (0.05,))
    guests = house.share(*(f"viewer{number}@client.example" for number in range(50)))
    inside, most, lock = 0, 0, threading.Lock()
    real = passwords._hasher

    class Watched:
        def verify(self, *given: object) -> bool:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            try:
                return real.verify(*given)
            finally:
                with lock:
                    inside -= 1

        def check_needs_rehash(self, hashed: str) -> bool:
            return real.check_needs_rehash(hashed)

    monkeypatch.setattr(passwords, "_hasher", Watched())
    answers: list[object] = []
    threads = [threading.Thread(target=lambda guest=g: answers.append(house.unlock(guest))) for g in guests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turned_away = [answer for answer in answers if isinstance(answer, TooMany)]
    entered = [answer for answer in answers if isinstance(answer, Unlocked)]
    assert len(answers) == 50 == len(turned_away) + len(entered)
    assert turned_away and entered
    assert most <= passwords.PARALLEL
    assert {house.viewer(guest.id).failures for guest in guests} == {0}


def test_the_password_is_in_the_sealed_mail_and_nowhere_else(house, caplog):
    """T5: the outbox row is sealed; what erases it is tested in test_mail.py"""
    caplog.set_level(logging.DEBUG)
    ann = house.share("ann@client.example")[0]
    house.unlock(ann)
    house.unlock(ann, "heron walks at noone")
    assert PASSWORD in sharing.text_of(house.mails()[0])
    assert PASSWORD.encode() not in files_of(house)
    assert PASSWORD not in caplog.text
    with house.records.begin() as db:
        db.execute(outbox.update().values(sealed=None))
    with house.records.connect() as db:
        rows = [str(tuple(row)) for table in metadata.tables.values() for row in db.execute(sa.select(table))]
    assert not [row for row in rows if PASSWORD in row or token(ann) in row]


def test_secrets_do_not_come_back_a_second_time(house):
    """T5"""
    first = house.created("ann@client.example", form_key="form")
    again = house.created("ann@client.example", form_key="form")
    assert first.viewers[0].password and first.viewers[0].link
    assert again.again and (again.viewers[0].password, again.viewers[0].link) == ("", "")
