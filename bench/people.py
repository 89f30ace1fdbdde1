"""Addresses of invented people, audience by audience, with their domains and what they read mail with."""

import hmac
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench.mailings import POOL
from lib.store.vault import Vault

SECRET = "the secret key of the bench's installations"
KEY = Vault(SECRET).key("recipients")

Codes = npt.NDArray[np.int64]

FIRST = (
    *("anna", "ben", "clara", "david", "emma", "felix", "greta", "hugo", "ines", "jan", "karin", "leo"),
    *("marie", "nils", "olga", "paul", "quentin", "rosa", "sven", "tina", "ute", "victor", "wanda", "yves"),
)
LAST = (
    *("martin", "bernard", "dubois", "thomas", "robert", "petit", "durand", "leroy", "moreau", "simon"),
    *("mueller", "schmidt", "fischer", "weber", "wagner", "becker", "hoffmann", "smith", "jones", "taylor"),
    *("brown", "wilson", "evans", "walker", "garcia", "lopez", "rossi", "bianchi", "novak", "jensen"),
)
COMMON = {  # domain: weight
    "gmail.com": 34,
    "hotmail.com": 9,
    "outlook.com": 8,
    "yahoo.com": 7,
    "icloud.com": 7,
    "orange.fr": 5,
    "gmx.de": 4,
    "web.de": 3,
    "free.fr": 3,
    "wanadoo.fr": 2,
    "t-online.de": 2,
    "proton.me": 1,
}
FIRMS = 3000
"""Domains with few people each, which share the remaining fifteen per cent."""


@dataclass(frozen=True)
class Audience:
    """One row per address: its name in event files, and its domain."""

    address: pa.Array
    message: Codes
    domain: pa.DictionaryArray
    apple: npt.NDArray[np.bool_]
    """Whose Mail loads every image by Apple's proxy."""
    google: npt.NDArray[np.bool_]


@lru_cache(maxsize=8)
def audience(number: int, seed: int, size: int = POOL) -> Audience:
    """The addresses of an audience, the same for all of its mailings; `size` says how many."""
    rng = np.random.default_rng([seed, 2, number])
    domains = pa.array([*COMMON, *(f"firm{i:04d}.example" for i in range(FIRMS))])
    tail = 1 / np.arange(1, FIRMS + 1) ** 0.8
    weights = np.concatenate([np.array(list(COMMON.values())), 15 * tail / tail.sum()])
    chosen = rng.choice(len(domains), size, p=weights / weights.sum())
    first, last = rng.integers(len(FIRST), size=size), rng.integers(len(LAST), size=size)
    digits = pa.array(np.arange(size) * 10 + number).cast(pa.string())
    names = pc.binary_join_element_wise(pa.array(FIRST).take(first), pa.array(LAST).take(last), ".")
    address = pc.binary_join_element_wise(
        pc.binary_join_element_wise(names, digits, ""), domains.take(chosen), "@"
    )
    google = chosen == list(COMMON).index("gmail.com")
    apple = (rng.random(size) < np.where(google, 0.25, 0.5)) | (chosen == list(COMMON).index("icloud.com"))
    domain = pa.DictionaryArray.from_arrays(pa.array(chosen.astype(np.int32)), domains)
    return Audience(address, _messages(address), domain, apple, google)


def _messages(addresses: pa.Array) -> Codes:
    """As `Events.message` names them with KEY."""
    digests = (hmac.digest(KEY, address.encode(), "sha256")[:8] for address in addresses.to_pylist())
    return np.frombuffer(b"".join(digests), dtype=">i8").astype(np.int64)
