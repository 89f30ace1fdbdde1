"""Files that took long to make, kept for some minutes until the browser of the one who asked fetches them.

A parcel is bound to the session and to the scope for which it was made: another session, or the same one
after its share has changed, finds nothing and asks anew. It lives in one process, which makes and hands out.
"""

import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Condition, Lock, Timer

from lib.model import Scope

LIFE = 600.0
"""Seconds."""
MOST = 24
MOST_OF_ONE = 3
"""Parcels of one session; a further one takes the place of the oldest."""
MOST_BYTES = 1_000_000_000

MAKERS = 2
"""Long files that are made at the same time, wherever they were asked for: each takes a processor."""


@dataclass(frozen=True)
class Parcel:
    """A file that waits. `name` is that of the file, `until` on the monotonic clock."""

    id: str
    session: str
    scope: Scope
    name: str
    media: str
    path: Path
    size: int
    until: float


class Shelf:
    """The parcels of this process, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._parcels: dict[str, Parcel] = {}
        shutil.rmtree(folder, ignore_errors=True)  # of a process before

    def put(self, session: str, scope: Scope, name: str, media: str, fill: Callable[[Path], None]) -> str:
        """Let `fill` write a file and keep it; gives its id. What `fill` raises, leaves nothing behind."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = secrets.token_urlsafe(24)
        path = self._folder / number
        try:
            path.touch(mode=0o600)
            fill(path)
            made = Parcel(
                number, session, scope, name, media, path, path.stat().st_size, time.monotonic() + LIFE
            )
        except BaseException:  # Streamlit ends a run that is left in this way too
            path.unlink(missing_ok=True)
            raise
        with self._lock:
            self._parcels[number] = made
            self._tidy()
        timer = Timer(LIFE + 1, self.tidy)
        timer.daemon = True
        timer.start()
        return number

    def find(self, number: str, session: str, scope: Scope) -> Parcel | None:
        """The parcel, for the very session and scope it was made for."""
        with self._lock:
            self._tidy()
            found = self._parcels.get(number)
        return found if found and (found.session, found.scope) == (session, scope) else None

    def tidy(self) -> None:
        """Throw away what nobody fetched."""
        with self._lock:
            self._tidy()

    def _tidy(self) -> None:
        for old in list(self._too_many()):
            self._parcels.pop(old.id, None)
            old.path.unlink(missing_ok=True)

    def _too_many(self) -> Iterator[Parcel]:
        """The newest stay, as many as there is room for."""
        now, bytes_kept, kept, by_session = time.monotonic(), 0, 0, dict[str, int]()
        for one in sorted(self._parcels.values(), key=lambda one: one.until, reverse=True):
            of_session = by_session.get(one.session, 0)
            full = kept >= MOST or of_session >= MOST_OF_ONE or (kept and bytes_kept + one.size > MOST_BYTES)
            if one.until <= now or full:
                yield one
                continue
            kept, bytes_kept = kept + 1, bytes_kept + one.size
            by_session[one.session] = of_session + 1


@cache
def shelf(data: Path) -> Shelf:
    """The one shelf of the installation in `data`; what an earlier process left in it is thrown away."""
    return Shelf(data / "parcels")


class TooManyMakers(Exception):
    """Others are being made, and this one waited long enough, or another one of its session waits already."""


_CHANGED = Condition()
_MAKING: set[str] = set()
_WAITING: set[str] = set()


@contextmanager
def turn(patience: float, session: str) -> Iterator[None]:
    """Wait for one's turn, `patience` seconds. One file of a session is made, one more of it may wait, so
    that nobody takes all makers, nor all threads that wait for them. Raises TooManyMakers.
    """
    with _CHANGED:
        if session in _WAITING:
            raise TooManyMakers
        _WAITING.add(session)
        try:
            free = _CHANGED.wait_for(lambda: len(_MAKING) < MAKERS and session not in _MAKING, patience)
        finally:
            _WAITING.remove(session)
        if not free:
            raise TooManyMakers
        _MAKING.add(session)
    try:
        yield
    finally:
        with _CHANGED:
            _MAKING.remove(session)
            _CHANGED.notify_all()
