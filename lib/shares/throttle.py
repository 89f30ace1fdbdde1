"""How often one may try. Failures are counted in the records, so that a restart forgets none."""

import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from lib.store.tables import throttle

FREE = 5
"""Failures without a wait; after them 1, 2, 4 ... seconds."""
LONGEST = 900
"""Seconds; no wait is longer."""
WINDOW = timedelta(minutes=30)
"""As long does a failure count against a network."""
DAY = timedelta(days=1)
UNKNOWN = "unknown"
"""The network of whoever shows no address."""


@dataclass(frozen=True)
class Refused:
    """It does not open; why is never said."""


@dataclass(frozen=True)
class TooMany:
    """Not looked at; try again in `retry_after` seconds."""

    retry_after: int


def network(ip: str | None) -> str:
    """The network of an address: /24 of IPv4, /64 of IPv6.

    A network stays what it is; what is neither shares the network UNKNOWN. No whole address is ever stored.
    """
    try:
        address = ipaddress.ip_interface((ip or "").partition("%")[0]).ip
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))


def wait_after(failures: int) -> timedelta:
    """The wait after so many failures in a row."""
    if failures < FREE:
        return timedelta(0)
    return timedelta(seconds=min(2 ** min(failures - FREE, 20), LONGEST))


def left(until: datetime | None, now: datetime) -> int:
    """Whole seconds until `until`, 0 when it is over.

    An end further away than the longest wait was written by a clock that has since been set back: over.
    """
    if until is None or not now < until <= now + timedelta(seconds=LONGEST):
        return 0
    return math.ceil((until - now).total_seconds())


def note(db: sa.Connection, buckets: tuple[str, ...], now: datetime) -> tuple[int, ...]:
    """Count one try in each bucket. Returns the rows, for `forget` to take back when it was a good one."""
    rows = [{"bucket": bucket, "at": now} for bucket in buckets]
    return tuple(db.execute(throttle.insert().returning(throttle.c.id), rows).scalars())


def forget(db: sa.Connection, noted: tuple[int, ...]) -> None:
    """Take tries back."""
    db.execute(throttle.delete().where(throttle.c.id.in_(noted)))


def clear(db: sa.Connection, bucket: str) -> None:
    """Empty a bucket."""
    db.execute(throttle.delete().where(throttle.c.bucket == bucket))


def count(db: sa.Connection, bucket: str, now: datetime, window: timedelta = WINDOW) -> int:
    """The tries in a bucket within the window."""
    counted = sa.select(sa.func.count()).where(*_within(bucket, now, window))
    return int(db.execute(counted).scalar_one())


def full(db: sa.Connection, bucket: str, limit: int, now: datetime, window: timedelta = WINDOW) -> int:
    """Seconds until a bucket of `limit` tries takes one more; 0 when it does now."""
    newest = sa.select(throttle.c.at).where(*_within(bucket, now, window)).order_by(throttle.c.at.desc())
    at = db.execute(newest.offset(limit - 1).limit(1)).scalar()
    return 0 if at is None else max(1, math.ceil((at + window - now).total_seconds()))


def pace(db: sa.Connection, bucket: str, now: datetime) -> tuple[int, int]:
    """The failures of a day, where only a bucket counts them, and the seconds still to wait."""
    seen = sa.select(sa.func.count(), sa.func.max(throttle.c.at)).where(*_within(bucket, now, DAY))
    failures, last = db.execute(seen).one()
    return failures, left(last + wait_after(failures), now) if last else 0


def sweep(db: sa.Connection, kept_bucket: str, now: datetime) -> None:
    """Remove what counts no more; buckets whose name begins with `kept_bucket` are kept for 30 days."""
    kept = throttle.c.bucket.startswith(kept_bucket, autoescape=True)
    old = (throttle.c.at <= now - DAY) & ~kept
    db.execute(throttle.delete().where(old | (throttle.c.at <= now - 30 * DAY)))


def _within(bucket: str, now: datetime, window: timedelta) -> tuple[sa.ColumnElement[bool], ...]:
    return throttle.c.bucket == bucket, throttle.c.at > now - window, throttle.c.at <= now
