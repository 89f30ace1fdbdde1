"""«Send it to me again»: anybody may ask on the entry page; the worker decides, where nobody sees it (G7)."""

import logging
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lib.config import Settings
from lib.model import Actor
from lib.shares import (
    addresses,
    credentials,
    letterbox,
    limits,
    passwords,
    revision,
    standing,
    throttle,
    tokens,
)
from lib.shares.credentials import Invited, Renewed
from lib.shares.refusal import ShareRefused
from lib.shares.signin import FAMILIAR
from lib.shares.standing import State
from lib.store.records import reading
from lib.store.tables import former_links, requests, shares, viewers
from lib.store.tables import throttle as tries
from lib.store.vault import Vault

log = logging.getLogger(__name__)

PER_NETWORK = 20
"""Requests per network within throttle.WINDOW; more are answered alike and not written down."""
KEPT = timedelta(days=2)
"""As long does an answered request stay."""
AT_ONCE = 20


def ask_again(records: sa.Engine, token: str, address: str, now: datetime, network: str = "") -> None:
    """Write the request down, whoever asks and for whatever address; the page answers the same to all.

    With `network` (the browser's address) a flood from one place is cut off, for listed and unlisted alike.
    """
    row = {"token_hash": tokens.digest(token), "address_key": addresses.key(address.strip())[:320]}
    bucket = f"again|{throttle.network(network)}"
    with records.begin() as db:
        if network and throttle.full(db, bucket, PER_NETWORK, now):
            return
        throttle.note(db, (bucket,), now)
        db.execute(requests.insert().values(row | {"created_at": now}))


def answer_requests(records: sa.Engine, vault: Vault, settings: Settings, now: datetime) -> int:
    """Mail a new link and a new password to those who asked and are viewers; returns how many mails.

    The old link and password end with it, for the new link can only be written by making one. A link that was
    replaced may still ask, and is answered to the same address.
    """
    _tidy(records, now)
    with reading(records) as db:
        waiting = sa.select(requests).where(requests.c.done_at.is_(None)).order_by(requests.c.id)
        asked = db.execute(waiting.limit(AT_ONCE)).all()
    return sum(_answer(records, vault, settings, request, now) for request in asked)


def _answer(
    records: sa.Engine, vault: Vault, settings: Settings, request: sa.Row[Any], now: datetime
) -> bool:
    with reading(records) as db:
        viewer = db.execute(_asker(request)).first()
        entitled = viewer is not None and _may_have(db, viewer, now)
    if viewer is None or not entitled:
        return _done(records, request, now)
    try:
        _send(records, vault, settings, viewer, now)
    except passwords.Busy:
        return False  # the next turn answers it
    except ShareRefused as refusal:
        log.error("request %s was not answered: %s", request.id, refusal.reason)
        return _done(records, request, now)
    _done(records, request, now)
    return True


def _send(records: sa.Engine, vault: Vault, settings: Settings, viewer: sa.Row[Any], now: datetime) -> None:
    """By the road that the share's passwords take, but never by hand: nobody is there to pass it on."""
    password, token = credentials.hashed(passwords.generate()), tokens.new()
    asker = Actor("viewer", viewer.address)
    with records.begin() as db:
        share = revision.hold(db, viewer.share_id)
        credentials.refuse_closed(share, now)  # it may have been switched off meanwhile
        road = letterbox.SAME if share.road == letterbox.HAND else share.road
        link = letterbox.link(settings, token)
        letters = letterbox.with_password(
            settings,
            letterbox.envelope(db, share),
            letterbox.PASSWORD,
            road,
            viewer.address,
            link,
            password.text,
        )
        made = Renewed(viewer, token, Invited(viewer.address, viewer.id, link, password.text), letters)
        credentials.renew(db, vault, settings, [made], now, by=asker, password=password, road=road)
        credentials.log(db, now, "password.asked", asker, viewer)


def _asker(request: sa.Row[Any]) -> sa.Select[Any]:
    former = sa.select(former_links.c.viewer_id).where(former_links.c.token_hash == request.token_hash)
    return (
        sa.select(viewers, *standing.COLUMNS)
        .join(shares, shares.c.id == viewers.c.share_id)
        .where((viewers.c.token_hash == request.token_hash) | viewers.c.id.in_(former))
        .where(viewers.c.address_key == request.address_key)
    )


def _may_have(db: sa.Connection, viewer: sa.Row[Any], now: datetime) -> bool:
    if standing.of_viewer(viewer, now) is not State.ACTIVE:
        return False
    return not limits.waits(db, [viewer.id], now)


def _done(records: sa.Engine, request: sa.Row[Any], now: datetime) -> bool:
    """Always False: no mail."""
    with records.begin() as db:
        db.execute(requests.update().where(requests.c.id == request.id).values(done_at=now))
    return False


def _tidy(records: sa.Engine, now: datetime) -> None:
    """Remove what counts no more; looks first, for it is called every second or so."""
    old_request = requests.c.done_at <= now - KEPT
    old_try = (tries.c.at <= now - throttle.DAY) & ~tries.c.bucket.startswith(FAMILIAR)
    with reading(records) as db:
        old = sa.select(requests.c.id).where(old_request).union_all(sa.select(tries.c.id).where(old_try))
        if db.execute(old.limit(1)).first() is None:
            return
    with records.begin() as db:
        db.execute(requests.delete().where(old_request))
        throttle.sweep(db, FAMILIAR, now)
