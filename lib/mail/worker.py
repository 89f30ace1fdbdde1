"""The worker: takes due mails out of the outbox and hands them over, in a thread of the server or alone.

The jobs beside it, such as answering requests for a new password, run in a thread of their own: however slow
a mail server is, they are not held up by it. A mail server has `delivery.TIMEOUT` for each sign of life and
`delivery.PATIENCE` for each mail; once it could not be reached, the rest of the batch waits without trying.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from cryptography.fernet import InvalidToken

from lib.mail import outbox
from lib.mail.delivery import Delivery, Leaving, Send
from lib.mail.outbox import REFUSED, Outcome, Parcel
from lib.store.vault import Vault

log = logging.getLogger(__name__)

BATCH = 50
PERIOD = 1.0
"""Seconds between two looks into the outbox."""


def run_once(
    records: sa.Engine,
    vault: Vault,
    delivery: Delivery,
    now: datetime,
    halted: Callable[[], bool] = lambda: False,
) -> int:
    """Hand over what is due, up to one batch over one connection; returns how many mails were tried."""
    outbox.close_leases(records, now)
    first = outbox.claim(records, now)
    if first is None:
        return 0
    clock = _clock(now)
    with delivery.batch() as send:
        parcel: Parcel | None = first
        tried = 0
        while parcel is not None:
            outcome = _handed_over(vault, send, parcel, clock(), _leaving(records, parcel, clock))
            outbox.record(records, parcel, outcome, clock())
            tried += 1
            parcel = None if tried == BATCH or halted() else outbox.claim(records, clock())
    return tried


def _clock(now: datetime) -> Callable[[], datetime]:
    """The time that goes on from `now`: a slow server must not eat the next lease."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)


def _leaving(records: sa.Engine, parcel: Parcel, clock: Callable[[], datetime]) -> Leaving:
    return lambda: outbox.leaving(records, parcel, clock())


def _handed_over(vault: Vault, send: Send, parcel: Parcel, now: datetime, leaving: Leaving) -> Outcome:
    try:
        mail = vault.open(parcel.sealed).encode("ascii")
    except InvalidToken:
        return Outcome(REFUSED, "mail.answer.other_key")
    try:
        return send(parcel.id, mail, now, leaving)
    except Exception:
        log.exception("mail %s was not handed over", parcel.id)
        return Outcome(outbox.UNKNOWN, "mail.answer.broken")


class Worker:
    """Looks into the outbox once a second. `before` are jobs that are called with the time as often."""

    def __init__(
        self,
        records: sa.Engine,
        vault: Vault,
        delivery: Delivery,
        now: Callable[[], datetime],
        *,
        before: tuple[Callable[[datetime], object], ...] = (),
        name: str = "worker",
    ) -> None:
        self._records, self._vault, self._delivery = records, vault, delivery
        self._now = now
        self._before = before
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Ask the thread to end after the mail at hand; what stays queued is sent after the next start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def run(self) -> None:
        """Work until stopped; for the command `worker` in the main thread, too."""
        jobs = threading.Thread(
            target=self._repeat, args=(self._jobs,), name=f"{self._thread.name}-jobs", daemon=True
        )
        jobs.start()
        self._repeat(self._mails)
        jobs.join()

    def run_once(self, now: datetime) -> int:
        """One turn: the jobs before, then one batch of the outbox. Returns how many mails were tried."""
        self._jobs(now)
        return self._mails(now)

    def _repeat(self, turn: Callable[[datetime], object]) -> None:
        while not self._stopping.is_set():
            self._quietly(lambda: turn(self._now()))
            self._stopping.wait(PERIOD)

    def _jobs(self, now: datetime) -> None:
        # A mail whose worker hangs is known to be lost here; the outbox's own turn may be the one that hangs.
        self._quietly(lambda: outbox.close_leases(self._records, now))
        for job in self._before:
            self._quietly(partial(job, now))

    def _mails(self, now: datetime) -> int:
        return run_once(self._records, self._vault, self._delivery, now, self._stopping.is_set)

    def _quietly(self, job: Callable[[], object]) -> None:
        try:
            job()
        except Exception:
            # A worker that dies is worse than one that complains: the next turn tries again.
            log.exception("%s", self._thread.name)
