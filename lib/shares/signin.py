"""How often one may try to sign in as an analyst.

Addresses of analysts are no secrets, so a counter per name alone would let anybody lock an analyst out. Tries
are paced per name and network; against a crowd of networks, a name takes 100 failures an hour (OWASP ASVS),
which holds for networks from which this analyst never signed in.
"""

import hashlib
from datetime import datetime, timedelta

import sqlalchemy as sa

from lib.shares import throttle
from lib.store.tables import throttle as tries

HOUR = timedelta(hours=1)
PER_HOUR = 100
FAMILIAR = "familiar:"
"""Buckets of networks from which an analyst signed in."""
STRANGERS = "strangers"
"""The bucket of those who try with an address that no analyst has."""


def reserve(db: sa.Connection, name: str, network: str, now: datetime) -> int:
    """Count a try before it is looked at, so that many at once are not more than one after the other.

    Returns the seconds to wait; 0: the try is counted, go on. `name` is an address's key.
    """
    near, all_networks, familiar = _buckets(name, throttle.network(network))
    _, wait = throttle.pace(db, near, now)
    if not wait and not throttle.count(db, familiar, now, 30 * throttle.DAY):
        wait = throttle.full(db, all_networks, PER_HOUR, now, HOUR)
    if not wait:
        throttle.note(db, (near, all_networks), now)
    return wait


def reset(db: sa.Connection, name: str, network: str, now: datetime) -> None:
    """The try was a good one: this network starts anew, the others' failures stay counted."""
    near, all_networks, familiar = _buckets(name, throttle.network(network))
    throttle.clear(db, near)
    newest = sa.select(sa.func.max(tries.c.id)).where(tries.c.bucket == all_networks).scalar_subquery()
    db.execute(tries.delete().where(tries.c.id == newest))
    throttle.clear(db, familiar)
    throttle.note(db, (familiar,), now)


def is_news(db: sa.Connection, now: datetime) -> bool:
    """Whether, for an hour, nobody has tried with an address that no analyst has. From now on it is none."""
    if throttle.count(db, STRANGERS, now, HOUR):
        return False
    throttle.note(db, (STRANGERS,), now)
    return True


def _buckets(name: str, network: str) -> tuple[str, str, str]:
    """Hashed, for what is typed as a name may be anything, even a password."""
    who = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"signin:{who}|{network}", f"signin:{who}", f"{FAMILIAR}{who}|{network}"
