"""Analysts: who signs in, and the proof of it. Their passwords are bcrypt hashes, as streamlit-authenticator
checks them."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import bcrypt
import sqlalchemy as sa

from lib.mail import outbox
from lib.model import Actor
from lib.shares import addresses, passwords, signin, throttle
from lib.shares.refusal import ShareRefused
from lib.shares.throttle import Refused, TooMany
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import analysts, google_links, sessions

LONGEST = 72
"""Bytes that bcrypt reads."""
COST = 12
NOBODYS = b"$2b$12$kU/VKlNHhNyPIIxc9YRUGui1z3h7SGv6tj6qffuHFfFcNhuv3K70e"
"""Of a random password that nobody knows; verified for an unknown address, to take the same time."""


@dataclass(frozen=True)
class Analyst:
    """One who signs in. `session_id` is set when it was found by a session."""

    id: int
    name: str
    address: str
    admin: bool
    language: str | None
    disabled: bool
    created_at: datetime
    session_id: int | None = None


def of_row(row: sa.Row[Any], session_id: int | None = None) -> Analyst:
    """An analyst out of a row that has all columns of the table."""
    return Analyst(
        id=row.id,
        name=row.name,
        address=row.address,
        admin=row.admin,
        language=row.language,
        disabled=row.disabled_at is not None,
        created_at=row.created_at,
        session_id=session_id,
    )


def anyone(records: sa.Engine) -> bool:
    """Whether there is an analyst at all; if not, the first visitor becomes the first admin."""
    with reading(records) as db:
        return db.execute(sa.select(analysts.c.id).limit(1)).first() is not None


def add_first(
    records: sa.Engine,
    name: str,
    address: str,
    password: str,
    now: datetime,
    minimum: int = passwords.MINIMUM,
    *,
    by: Actor,
) -> int:
    """The first admin. Raises ShareRefused when somebody was faster."""
    row = _row(name, address, password, True, now, minimum)
    with records.begin() as db:
        if db.execute(sa.select(analysts.c.id).limit(1)).first():
            raise ShareRefused("", "refusal.analyst.first")
        return _inserted(db, row, now, by)


def add(
    records: sa.Engine,
    name: str,
    address: str,
    password: str,
    admin: bool,
    now: datetime,
    minimum: int = passwords.MINIMUM,
    *,
    by: Actor,
) -> int:
    """A new analyst; returns the id. Raises ShareRefused (fields name, address, password)."""
    row = _row(name, address, password, admin, now, minimum)
    try:
        with records.begin() as db:
            return _inserted(db, row, now, by)
    except sa.exc.IntegrityError as problem:
        raise ShareRefused("address", "refusal.analyst.taken", address=row["address"]) from problem


def name_of(address: str) -> str:
    """The name of whoever gave none, for it stands in the invitations: «ana.duarte@…» is Ana Duarte."""
    return re.sub(r"[._+-]+", " ", address.partition("@")[0]).strip().title() or address


def by_address(records: sa.Engine, address: str) -> Analyst | None:
    """The analyst with this address, also a disabled one."""
    with reading(records) as db:
        row = db.execute(sa.select(analysts).where(analysts.c.address_key == _key(address))).first()
    return None if row is None else of_row(row)


def list_all(records: sa.Engine) -> tuple[Analyst, ...]:
    """All analysts by name, the disabled ones too."""
    with reading(records) as db:
        rows = db.execute(sa.select(analysts).order_by(analysts.c.name, analysts.c.id)).all()
    return tuple(of_row(row) for row in rows)


def credentials(records: sa.Engine) -> dict[str, Any]:
    """What streamlit-authenticator wants: a fresh dictionary of those who may sign in, by address."""
    with reading(records) as db:
        rows = db.execute(sa.select(analysts).where(analysts.c.disabled_at.is_(None))).all()
    return {
        "usernames": {
            row.address_key: {"email": row.address, "name": row.name, "password": row.password_hash}
            for row in rows
        }
    }


def set_password(
    records: sa.Engine,
    analyst_id: int,
    password: str,
    now: datetime,
    minimum: int = passwords.MINIMUM,
    *,
    by: Actor,
) -> None:
    """A new password; every session that was opened with the old one ends. Raises ShareRefused."""
    found = _by_id(records, analyst_id)
    hashed = _hashed(password, (found.name, found.address), minimum)
    changed = {"password_hash": hashed, "password_version": analysts.c.password_version + 1}
    with records.begin() as db:
        db.execute(analysts.update().where(analysts.c.id == analyst_id).values(changed))
        audit.append(db, now, "analyst.password", by, analyst=found.address)


def change_own_password(
    records: sa.Engine,
    analyst: Analyst,
    current: str,
    password: str,
    network: str,
    now: datetime,
    minimum: int = passwords.MINIMUM,
    *,
    by: Actor,
) -> None:
    """As set_password, by who knows the current one: the session at hand goes on, every other one ends.

    Tries of the current password are paced as those of signing in. Raises ShareRefused (fields current,
    password).
    """
    hashed = _hashed(password, (analyst.name, analyst.address), minimum)
    _refuse_wrong(records, analyst, current, network, now, by)
    changed = {"password_hash": hashed, "password_version": analysts.c.password_version + 1}
    mine = analysts.c.id == analyst.id
    with records.begin() as db:
        version = db.execute(
            analysts.update().where(mine).values(changed).returning(analysts.c.password_version)
        ).scalar_one()
        here = sessions.c.id == analyst.session_id
        db.execute(sessions.update().where(here).values(version=version))
        audit.append(db, now, "analyst.password", by, analyst=analyst.address)


def _refuse_wrong(
    records: sa.Engine, analyst: Analyst, password: str, network: str, now: datetime, by: Actor
) -> None:
    wait = may_try(records, analyst.address, network, now)
    if wait:
        raise ShareRefused("current", "refusal.analyst.wait", count=wait)
    row = _active(records, analyst.address)
    right = row is not None and _verified(password, row.password_hash.encode())
    with records.begin() as db:
        if right:
            signin.reset(db, _key(analyst.address), network, now)
        else:
            audit.append(db, now, "analyst.failed", by, analyst=analyst.address)
    if not right:
        raise ShareRefused("current", "refusal.analyst.current")


def set_language(records: sa.Engine, analyst_id: int, language: str) -> None:
    """The language in which this analyst reads."""
    with records.begin() as db:
        db.execute(analysts.update().where(analysts.c.id == analyst_id).values(language=language))


def rename(records: sa.Engine, analyst_id: int, name: str, now: datetime, *, by: Actor) -> None:
    """Another name, as it stands in the invitations from now on. Raises ShareRefused (field name)."""
    name, found = _name(name), _by_id(records, analyst_id)
    with records.begin() as db:
        renamed = analysts.c.id == analyst_id, analysts.c.name != name
        if db.execute(analysts.update().where(*renamed).values(name=name)).rowcount:
            audit.append(db, now, "analyst.renamed", by, analyst=found.address, names=[found.name, name])


def disable(records: sa.Engine, analyst_id: int, now: datetime, *, by: Actor) -> None:
    """Signed out at once, no way back in, no mail any more, no Google account. Raises as refuse_last_admin.

    The link that still stands is only forgotten here; contacts.unlink, called before, revokes it at Google.
    """
    found = _by_id(records, analyst_id)
    with records.begin() as db:
        _refuse_last_admin(db, analyst_id)
        enabled = analysts.c.id == analyst_id, analysts.c.disabled_at.is_(None)
        if db.execute(analysts.update().where(*enabled).values(disabled_at=now)).rowcount:
            outbox.withdraw_from_analyst(db, analyst_id, now)
            forgotten = db.execute(google_links.delete().where(google_links.c.analyst_id == analyst_id))
            if forgotten.rowcount:
                audit.append(db, now, "google.unlinked", by, outcome="not revoked")
            audit.append(db, now, "analyst.disabled", by, analyst=found.address)


def refuse_last_admin(records: sa.Engine, analyst_id: int) -> None:
    """Raises ShareRefused when nobody else could see to the accounts."""
    with reading(records) as db:
        _refuse_last_admin(db, analyst_id)


def _refuse_last_admin(db: sa.Connection, analyst_id: int) -> None:
    admins = sa.select(analysts.c.id).where(analysts.c.admin, analysts.c.disabled_at.is_(None))
    if db.execute(admins).scalars().all() == [analyst_id]:
        raise ShareRefused("", "refusal.analyst.last_admin")


def enable(records: sa.Engine, analyst_id: int, now: datetime, *, by: Actor) -> None:
    """May sign in again; sessions from before stay ended. Whoever is not disabled notices nothing."""
    found = _by_id(records, analyst_id)
    disabled = analysts.c.id == analyst_id, analysts.c.disabled_at.is_not(None)
    changed = {"disabled_at": None, "password_version": analysts.c.password_version + 1}
    with records.begin() as db:
        if db.execute(analysts.update().where(*disabled).values(changed)).rowcount:
            audit.append(db, now, "analyst.enabled", by, analyst=found.address)


def check(
    records: sa.Engine,
    address: str,
    password: str,
    network: str,
    now: datetime,
    is_right: Callable[[str, bytes], bool] | None = None,
) -> Analyst | Refused | TooMany:
    """The whole sign-in: counted first, then bcrypt, also for an address that nobody has.

    `is_right` says whether a password is that of a hash; the sign-in form brings its own.
    """
    wait = may_try(records, address, network, now)
    if wait:
        return TooMany(wait)
    row = _active(records, address)
    if row is None:
        _verified(password, NOBODYS)
        _failed(records, None, network, now)
        return Refused()
    if not (is_right or _verified)(password, row.password_hash.encode()):
        _failed(records, row.address, network, now)
        return Refused()
    _succeeded(records, row.address, network, now)
    return of_row(row)


def may_try(records: sa.Engine, address: str, network: str, now: datetime) -> int:
    """Seconds to wait before the next try; 0: now. A try that may go on is counted as a failure already, so
    that fifty at once are not more than fifty in a row; `check` takes it back."""
    with records.begin() as db:
        return signin.reserve(db, _key(address), network, now)


def _failed(records: sa.Engine, address: str | None, network: str, now: datetime) -> None:
    """Logged one by one for an analyst, whose tries are paced; for all unknown addresses (None) once an hour,
    so that nobody can flood the log. What was typed as a name is not kept: it may be a password."""
    with records.begin() as db:
        by = Actor("stranger", network=throttle.network(network))
        if address is not None or signin.is_news(db, now):
            audit.append(db, now, "analyst.failed", by, analyst=address)


def _succeeded(records: sa.Engine, address: str, network: str, now: datetime) -> None:
    """Forget the failures of this name in this network."""
    with records.begin() as db:
        signin.reset(db, _key(address), network, now)
        by = Actor("analyst", address, throttle.network(network))
        audit.append(db, now, "analyst.signed_in", by)


def _row(
    name: str, address: str, password: str, admin: bool, now: datetime, minimum: int
) -> dict[str, object]:
    name, address = _name(name), addresses.clean(address.strip(), "address")
    return {
        "name": name,
        "address": address,
        "address_key": addresses.key(address),
        "password_hash": _hashed(password, (name, address), minimum),
        "admin": admin,
        "created_at": now,
    }


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 100 or any(unicodedata.category(sign) in ("Cc", "Cs") for sign in name):
        raise ShareRefused("name", "refusal.analyst.name")
    return name


def _inserted(db: sa.Connection, row: dict[str, object], now: datetime, by: Actor) -> int:
    made = int(db.execute(analysts.insert().values(row).returning(analysts.c.id)).scalar_one())
    audit.append(db, now, "analyst.added", by, analyst=row["address"], admin=row["admin"])
    return made


def _by_id(records: sa.Engine, analyst_id: int) -> Analyst:
    with reading(records) as db:
        row = db.execute(sa.select(analysts).where(analysts.c.id == analyst_id)).first()
    if row is None:
        raise ShareRefused("", "refusal.analyst.unknown")
    return of_row(row)


def _active(records: sa.Engine, address: str) -> sa.Row[Any] | None:
    with reading(records) as db:
        mine = analysts.c.address_key == _key(address)
        return db.execute(sa.select(analysts).where(mine, analysts.c.disabled_at.is_(None))).first()


def _key(address: str) -> str:
    try:
        return addresses.key(addresses.clean(address.strip()))
    except ShareRefused:
        return addresses.key(address.strip())


def _hashed(password: str, context: tuple[str, ...], minimum: int) -> str:
    reason = refusal(password, context, minimum)
    if reason:
        raise ShareRefused("password", reason, minimum=minimum, maximum=LONGEST)
    return bcrypt.hashpw(passwords.normal(password).encode(), bcrypt.gensalt(COST)).decode()


def refusal(password: str, context: tuple[str, ...], minimum: int = passwords.MINIMUM) -> str | None:
    """As passwords.check, and what bcrypt and the sign-in form demand: 72 bytes, no spaces at the ends."""
    if password != password.strip():
        return "refusal.password.edges"
    reason = passwords.check(password, context, minimum)
    too_long = reason is None and len(passwords.normal(password).encode()) > LONGEST
    return "refusal.password.bytes" if too_long else reason


def _verified(password: str, hashed: bytes) -> bool:
    try:
        return bcrypt.checkpw(passwords.normal(password).encode("utf-8", "surrogatepass"), hashed)
    except ValueError:  # more than 72 bytes are nobody's password
        return False
