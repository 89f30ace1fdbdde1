"""Passwords: made, judged and, for viewers, hashed by argon2id. (Analysts' are hashed by bcrypt.)"""

import secrets
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

MINIMUM = 8
MAXIMUM = 1024
COMMON = 3000
"""So many of the most frequent passwords are refused (OWASP ASVS 5.0, 6.2.4)."""

SYMBOLS = "23456789abcdefghjkmnpqrstuvwxyz"
"""31 symbols that are not mistaken for each other: no 0 o, no 1 l i, no capitals."""
GROUPS, GROUP = 4, 4

PARALLEL = 4
"""Hashes at the same time, each of 64 MiB; more would let a crowd at the door eat the memory."""
PATIENCE = 1.0
"""Seconds to wait for one's turn before Busy is raised."""

_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
_turns = threading.BoundedSemaphore(PARALLEL)

NOBODYS = "$argon2id$v=19$m=65536,t=3,p=1$Ui7Vn/2BjCwzoS7mN+N34g$NMpD8sre4aMSpvaAytDNpGf4uyb9+H0gXBCGA51aCK0"
"""Of a random password that nobody knows; verified where there is no hash, so that it takes the same time."""


class Busy(Exception):
    """Too many passwords are being hashed at this moment; try again in a second."""


def generate() -> str:
    """Four groups of four, such as k7mw-9xqe-hn3p-v4ta: 79 bits."""
    groups = ("".join(secrets.choice(SYMBOLS) for _ in range(GROUP)) for _ in range(GROUPS))
    return "-".join(groups)


def check(text: str, context: Iterable[str] = (), minimum: int = MINIMUM) -> str | None:
    """The locale key of why `text` is refused, or None; its sentence has the holes `minimum` and `maximum`.

    `context` are words that must not be the password: campaign names, addresses, the brand. No rule asks for
    digits or signs, spaces count (NIST SP 800-63B).
    """
    if len(text) > MAXIMUM:
        return "refusal.password.long"
    text = normal(text)
    if len(text) < minimum:
        return "refusal.password.short"
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text):
        return "refusal.password.signs"
    if text.casefold() in _common():
        return "refusal.password.common"
    return "refusal.password.obvious" if _bare(text) in _words(context) else None


def strength(text: str, context: Iterable[str] = ()) -> int:
    """0 (guessed at once) to 4 (strong), by zxcvbn, which reads no more than 72 characters."""
    if not text:
        return 0
    return int(zxcvbn(normal(text[:MAXIMUM])[:72], user_inputs=[word for word in context if word])["score"])


def normal(text: str) -> str:
    """The same word typed on any keyboard is the same password; spaces stay."""
    return unicodedata.normalize("NFC", text)


def make_hash(text: str, patience: float = 10.0) -> str:
    """An argon2id hash with its parameters in it. Raises Busy."""
    with _turn(patience):
        return _hasher.hash(_encoded(text))


def verify(hashed: str | None, text: str, patience: float = PATIENCE) -> bool:
    """Whether `text` is the password; None as the hash takes as long and is never right. Raises Busy."""
    with _turn(patience):
        try:
            right = _hasher.verify(hashed or NOBODYS, _encoded(text))
        except (VerificationError, InvalidHashError):
            return False
    return right and hashed is not None


def is_dated(hashed: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(hashed)


def _encoded(text: str) -> bytes:
    return normal(text).encode("utf-8", "surrogatepass")


@contextmanager
def _turn(patience: float) -> Iterator[None]:
    if not _turns.acquire(timeout=patience):
        raise Busy
    try:
        yield
    finally:
        _turns.release()


@cache
def _common() -> frozenset[str]:
    """zxcvbn's list begins with the most frequent."""
    return frozenset(FREQUENCY_LISTS["passwords"][:COMMON])


def _words(context: Iterable[str]) -> set[str]:
    """Each word, and of an address both of its sides; what is shorter than four letters says nothing."""
    pieces = (
        piece for word in context for piece in (word, *word.split("@"), word.rpartition("@")[2].split(".")[0])
    )
    return {bare for bare in map(_bare, pieces) if len(bare) >= 4}


def _bare(text: str) -> str:
    """Letters only: «Spring 2026!» is still «spring». A text without letters keeps its digits."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = "".join(sign for sign in folded if sign.isalpha())
    return letters or "".join(sign for sign in folded if sign.isalnum())
