"""The link between an analyst and a Google account. Tokens are sealed; a linking on its way is good once."""

import logging
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from cryptography.fernet import InvalidToken

from lib.contacts import google, people
from lib.contacts.books import Book, shelf
from lib.contacts.google import Google, GoogleRefused, Sleep, Tokens
from lib.model import Actor
from lib.shares import tokens as secrets
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import analysts, google_links, google_states
from lib.store.vault import Vault

log = logging.getLogger(__name__)

PURPOSE = "google tokens"
"""Of the key: a token sealed for Google is not opened as a mail, nor the other way."""

LASTS = timedelta(minutes=10)
"""A linking on its way."""
EARLY = timedelta(minutes=1)
"""An access token is renewed that long before its end."""


@dataclass(frozen=True)
class Link:
    """A linked account. `scopes` are those of google.SCOPES that were granted."""

    scopes: tuple[str, ...]
    linked_at: datetime


def begin(records: sa.Engine, vault: Vault, at: Google, session_id: int, now: datetime) -> str:
    """The address of Google's page of consent, good for this session of the analyst."""
    state, verifier = secrets.new(), secrets.new()
    row = {
        "hash": secrets.digest(state),
        "session_id": session_id,
        "sealed": vault.seal(verifier, PURPOSE),
        "expires_at": now + LASTS,
    }
    with records.begin() as db:
        db.execute(google_states.delete().where(google_states.c.expires_at <= now))
        db.execute(google_states.insert().values(row))
    return google.consent_address(at, state, verifier)


def claim(records: sa.Engine, vault: Vault, session_id: int, state: str, now: datetime) -> str:
    """Use up `state`; returns its PKCE verifier. Raises GoogleRefused("state") for one that is not good.

    A foreign session's state stays where it is: nobody can use up another's.
    """
    mine = (google_states.c.hash == secrets.digest(state), google_states.c.session_id == session_id)
    with records.begin() as db:
        found = db.execute(sa.select(google_states).where(*mine)).first()
        if found is None or db.execute(google_states.delete().where(*mine)).rowcount != 1:
            raise GoogleRefused("state")
    if found.expires_at <= now:
        raise GoogleRefused("state")
    return _opened(vault, found.sealed)


def keep(
    records: sa.Engine, vault: Vault, at: Google, analyst_id: int, code: str, verifier: str, now: datetime,
    *, by: Actor,
) -> Link:  # fmt: skip
    """Trade the code for tokens and keep them; the grant of another account that they replace ends at Google.

    Raises GoogleRefused, `nothing` when no scope was granted.
    """
    tokens = google.exchange(at, code, verifier, now)
    if not tokens.scopes:
        google.revoke(at, tokens)
        raise GoogleRefused("nothing")
    with records.begin() as db:
        _queue(db, analyst_id)
        mine = google_links.c.analyst_id == analyst_id
        replaced: bytes | None = db.execute(sa.select(google_links.c.sealed).where(mine)).scalar()
        db.execute(google_links.delete().where(mine))
        db.execute(google_links.insert().values(_row(vault, analyst_id, tokens, now)))
        audit.append(
            db, now, "google.linked", by, scopes=[scope.rpartition("/")[2] for scope in tokens.scopes]
        )
    shelf.forget(analyst_id)
    if replaced is not None:
        _end(vault, at, replaced, tokens, now)
    return Link(tokens.scopes, now)


def _end(vault: Vault, at: Google, replaced: bytes, tokens: Tokens, now: datetime) -> None:
    """As far as Google can be asked. Of the same account it would end the new grant too."""
    try:
        former = google.refresh(at, _tokens(vault, replaced), now)
        if google.account(at, former) != google.account(at, tokens):
            google.revoke(at, former)
    except GoogleRefused:
        log.warning("the grant that was replaced stays at Google")


def _queue(db: sa.Connection, analyst_id: int) -> None:
    """Two windows that link at once do it one after the other."""
    mine = sa.select(analysts.c.id).where(analysts.c.id == analyst_id)
    db.execute(mine.with_for_update(key_share=True)).first()


def find(records: sa.Engine, analyst_id: int) -> Link | None:
    """The analyst's link, if there is one."""
    with reading(records) as db:
        row = db.execute(sa.select(google_links).where(google_links.c.analyst_id == analyst_id)).first()
    return Link(tuple(row.scopes.split()), row.linked_at) if row else None


def load(
    records: sa.Engine, vault: Vault, at: Google, analyst_id: int, starred: str, now: datetime,
    *, by: Actor, sleep: Sleep = time.sleep,
) -> Book:  # fmt: skip
    """The analyst's contacts; kept in memory for some minutes, nowhere else.

    Raises GoogleRefused("lost") when there is no link (any more): one that Google does not honour is removed.
    One that was sealed with another secret key stays until it is taken away or replaced: the key may return.
    """
    sealed = _sealed(records, analyst_id)
    reader = _Reader(records, vault, at, analyst_id, sealed, _tokens(vault, sealed), now, sleep)
    try:
        book = people.load(reader.read, reader.tokens.scopes, starred)
    except GoogleRefused as refused:
        if refused.reason != "lost":
            raise
        _remove(records, analyst_id, now, by, "lost", _of(analyst_id, reader.sealed))
        raise
    with records.begin() as db:  # whoever replaces the link waits for this, and then forgets the book
        if db.execute(
            sa.select(google_links).where(_of(analyst_id, reader.sealed)).with_for_update()
        ).first():
            shelf.keep(analyst_id, book)
    return book


def unlink(
    records: sa.Engine, vault: Vault, at: Google | None, analyst_id: int, now: datetime, *, by: Actor
) -> bool:
    """Take the link away here, whatever Google says; returns whether Google took the access back as well."""
    try:
        tokens = _tokens(vault, _sealed(records, analyst_id))
        revoked = at is not None and google.revoke(at, tokens)
    except GoogleRefused:
        revoked = False
    outcome = "revoked" if revoked else "not revoked"
    _remove(records, analyst_id, now, by, outcome, google_links.c.analyst_id == analyst_id)
    return revoked


@dataclass
class _Reader:
    """Reads with the analyst's tokens, and renews the access token when it is over or not taken.

    `sealed` are the tokens as they stand in the records, unless somebody replaced them meanwhile.
    """

    records: sa.Engine
    vault: Vault
    at: Google
    analyst_id: int
    sealed: bytes
    tokens: Tokens
    now: datetime
    sleep: Sleep

    def read(self, path: str, parameters: dict[str, str]) -> dict[str, Any]:
        if self.tokens.expires_at <= self.now + EARLY:
            self._renew()
        try:
            return google.read(self.at, self.tokens, path, parameters, self.sleep)
        except GoogleRefused as refused:
            if refused.reason != "unauthorized":
                raise
        self._renew()
        try:
            return google.read(self.at, self.tokens, path, parameters, self.sleep)
        except GoogleRefused as refused:
            raise GoogleRefused("lost" if refused.reason == "unauthorized" else refused.reason) from None

    def _renew(self) -> None:
        """Written only where the old ones stand: a link taken away or made meanwhile stays as it is."""
        self.tokens = google.refresh(self.at, self.tokens, self.now)
        sealed = self.vault.seal(_text(self.tokens), PURPOSE)
        mine = google_links.update().where(_of(self.analyst_id, self.sealed))
        with self.records.begin() as db:
            written = db.execute(mine.values(sealed=sealed)).rowcount
        if written:
            self.sealed = sealed


def _of(analyst_id: int, sealed: bytes) -> sa.ColumnElement[bool]:
    """The analyst's link as long as it is this one; no two are sealed alike."""
    return (google_links.c.analyst_id == analyst_id) & (google_links.c.sealed == sealed)


def _sealed(records: sa.Engine, analyst_id: int) -> bytes:
    with reading(records) as db:
        query = sa.select(google_links.c.sealed).where(google_links.c.analyst_id == analyst_id)
        sealed: bytes | None = db.execute(query).scalar()
    if sealed is None:
        raise GoogleRefused("lost")
    return sealed


def _tokens(vault: Vault, sealed: bytes) -> Tokens:
    told = orjson.loads(_opened(vault, sealed))
    expires_at = datetime.fromisoformat(told["expires_at"])
    return Tokens(told["access"], told["refresh"], expires_at, tuple(told["scopes"]))


def _remove(
    records: sa.Engine,
    analyst_id: int,
    now: datetime,
    by: Actor,
    outcome: str,
    where: sa.ColumnElement[bool],
) -> None:
    """The book is forgotten last: until the link is gone a load may still put one there."""
    with records.begin() as db:
        gone = db.execute(google_links.delete().where(where)).rowcount
        if gone:
            audit.append(db, now, "google.unlinked", by, outcome=outcome)
    if gone:
        shelf.forget(analyst_id)


def _row(vault: Vault, analyst_id: int, tokens: Tokens, now: datetime) -> dict[str, Any]:
    return {
        "analyst_id": analyst_id,
        "sealed": vault.seal(_text(tokens), PURPOSE),
        "scopes": " ".join(tokens.scopes),
        "linked_at": now,
    }


def _text(tokens: Tokens) -> str:
    return orjson.dumps(asdict(tokens)).decode()


def _opened(vault: Vault, sealed: bytes) -> str:
    """Raises GoogleRefused("lost") when the installation's secret key is another one by now."""
    try:
        return vault.open(sealed, PURPOSE)
    except InvalidToken:
        raise GoogleRefused("lost") from None
