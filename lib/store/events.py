"""Event files: one Parquet file per campaign and import, read and written through DuckDB.

The manifest in the records says which files are live; a reader names its files, no folder is ever searched.
Beside an events file lies a file of people (message, address, domain): leaving it out is what redaction
means. Beside a rollup lies a file of messages, made with it, and one of facts once somebody needed them; they
are removed with it.
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import IO, Any
from uuid import uuid4

import duckdb
import pyarrow as pa

from lib.store.lots import AT_ONCE

SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
PEOPLE = ".people.parquet"
MESSAGES = ".messages.parquet"
FACTS = ".facts.parquet"
LOCK = "lock"
BLOCK = 64
"""Bytes that SHA-256 takes in at once."""
GIVEN = "given"
"""What rows are called on their way to a desk."""
APART = "apart-"
"""Before the names of workbenches for one question."""

SETTINGS: dict[str, Any] = {  # bounded, and offline
    "memory_limit": "1GB",  # enough for the largest import, 2,000,000 rows of 1,000,000 recipients
    "threads": min(4, len(os.sched_getaffinity(0))),  # more than processors only wait for each other
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

APART_SETTINGS: dict[str, Any] = SETTINGS | {
    "memory_limit": "700MB",  # of 1.5 GB, with what is counted beside it
    "disabled_optimizers": "join_order,build_side_probe_side",  # they take the few for the many
}
"""Of a database for questions that are written with the smaller table of each join behind the larger one."""


class Events:
    """The folder of event files and one DuckDB connection over it, safe to use from any thread."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder.resolve()
        self._inner, self._outer = _keyed(key)
        self._lock = Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._desks: list[Desk] = []
        self._is_closed = False

    def message(self, address: str) -> int:
        """The name of a recipient in event files: the same address always gives the same number, and only
        the installation's key tells which address it was."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(address.strip().lower().encode())
        outer.update(inner.digest())
        return int.from_bytes(outer.digest()[:8], "big", signed=True)

    def place(self, campaign_id: str, name: str) -> str:
        """The path of a campaign's file, relative to the folder, as it stands in the manifest."""
        if not SAFE_NAME.fullmatch(campaign_id):
            raise ValueError(f"not a campaign id: {campaign_id!r}")
        return f"{campaign_id}/{name}"

    def path(self, place: str) -> Path:
        return self.folder / place

    def people(self, place: str) -> Path:
        """The file of people beside an events file."""
        return self.path(place).with_suffix(PEOPLE)

    def messages(self, place: str) -> Path:
        """The file of messages beside a rollup; lib.reports.rollup says what stands in it."""
        return self.path(place).with_suffix(MESSAGES)

    def facts(self, place: str) -> Path:
        """The file of facts beside a rollup, where there is one; see lib.reports.kept_facts."""
        return self.path(place).with_suffix(FACTS)

    def remove_rollups(self, places: Iterable[str]) -> None:
        """Delete rollups with their files of messages and of facts."""
        beside = (self.path, self.messages, self.facts)
        self.remove(path(place) for place in places for path in beside)

    def remove(self, paths: Iterable[Path]) -> None:
        """Delete files, and the folders of campaigns that are left empty; what is gone already is no
        matter.
        """
        for path in paths:
            path.unlink(missing_ok=True)
            if path.parent != self.folder and path.parent.is_dir() and not any(path.parent.iterdir()):
                shutil.rmtree(path.parent, ignore_errors=True)

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for one question: a shared connection fails under several threads, cursors do not."""
        cursor = self._connected().cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def desk(self) -> Iterator["Desk"]:
        """A desk for one lot of campaigns after the other; two who ask at the same time have two."""
        with self._lock:
            self._refuse_when_closed()
            desk = self._desks.pop() if self._desks else None
        desk = desk or Desk(self._apart(self._spool))
        try:
            yield desk
            desk.clear()
        except BaseException:
            desk.close()
            raise
        with self._lock:
            if not self._is_closed and len(self._desks) < AT_ONCE:
                self._desks.append(desk)
                return
        desk.close()

    @contextmanager
    def apart(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A database of its own for one large question: one that lives on never gives back the memory that
        such a question needs. It takes some milliseconds to open.
        """
        with self.workbench(f"{APART}{uuid4().hex}") as folder:
            connection = self._apart(folder)
            try:
                yield connection
            finally:
                connection.close()

    @contextmanager
    def workbench(self, name: str) -> Iterator[Path]:
        """A folder for unfinished files on the same disk, gone afterwards; locked while somebody works."""
        folder = self._spool / name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with (folder / LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def is_at_work(self, name: str) -> bool:
        """Whether a living process holds the workbench: the lock of one that was killed is free."""
        try:
            with (self._spool / name / LOCK).open("r+") as lock:
                return not _is_free(lock)
        except FileNotFoundError:
            return False

    def clear(self, name: str) -> None:
        """Remove the workbench that a killed process left."""
        shutil.rmtree(self._spool / name, ignore_errors=True)

    def clear_apart(self, before: datetime) -> None:
        """Remove what killed processes left of questions asked apart. One that has just begun may not hold
        its lock yet.
        """
        for folder in self._spool.glob(f"{APART}*"):
            with suppress(FileNotFoundError):  # whoever asked there has just finished
                if folder.stat().st_mtime < before.timestamp() and not self.is_at_work(folder.name):
                    self.clear(folder.name)

    def written(self) -> list[Path]:
        """Every finished file of every campaign."""
        return [path for path in self.folder.glob("*/*.parquet") if path.parent != self._spool]

    def close(self) -> None:
        """Nothing can be asked afterwards; a question that is being asked ends first."""
        with self._lock:
            self._is_closed = True
            while self._desks:
                self._desks.pop().close()
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _refuse_when_closed(self) -> None:
        if self._is_closed:
            raise RuntimeError("the event files are closed")

    @property
    def _spool(self) -> Path:
        return self.folder / "spool"

    def _apart(self, unfinished: Path) -> duckdb.DuckDBPyConnection:
        unfinished.mkdir(parents=True, exist_ok=True)
        return self._confined(duckdb.connect(":memory:", config=APART_SETTINGS), unfinished)

    def _connected(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            self._refuse_when_closed()
            if self._connection is None:
                self._spool.mkdir(parents=True, exist_ok=True)
                self._connection = self._confined(duckdb.connect(":memory:", config=SETTINGS), self._spool)
            return self._connection

    def _confined(self, connection: duckdb.DuckDBPyConnection, unfinished: Path) -> duckdb.DuckDBPyConnection:
        """The connection reads and writes nothing outside the folder, whatever a file says."""
        connection.execute(f"SET temp_directory = {quoted(str(unfinished))}")
        connection.execute(f"SET allowed_directories = [{quoted(str(self.folder))}]")
        connection.execute("SET enable_external_access = false")
        return connection


class Desk:
    """A database with tables that are filled anew for each lot of campaigns: a question that is asked of
    one after the other is planned once, which takes longer than to answer it.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._tables: set[str] = set()
        self._questions: dict[str, str] = {}

    def put(self, table: str, rows: pa.Table) -> None:
        """Fill a table with rows; all that are ever put there have the same columns."""
        self.connection.register(GIVEN, rows)
        if table not in self._tables:
            self.connection.execute(f"CREATE TEMP TABLE {table} AS FROM {GIVEN} LIMIT 0")
            self._tables.add(table)
        self.connection.execute(f"INSERT INTO {table} BY NAME FROM {GIVEN}")
        self.connection.unregister(GIVEN)

    def ask(self, question: str) -> duckdb.DuckDBPyRelation:
        """The answer to a SELECT."""
        if question not in self._questions:
            name = f"question_{len(self._questions)}"
            self.connection.execute(f"PREPARE {name} AS {question}")
            self._questions[question] = name
        return self.connection.sql(f"EXECUTE {self._questions[question]}")

    def clear(self) -> None:
        """Empty the tables, and give their memory back: TRUNCATE alone only marks the rows as deleted."""
        for table in self._tables:
            self.connection.execute(f"TRUNCATE {table}")
        self.connection.execute("CHECKPOINT temp")

    def close(self) -> None:
        self.connection.close()


def _keyed(key: bytes) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    """The two halves of an HMAC (RFC 2104) with SHA-256, ready to be copied: the library's own object takes
    nearly three times as long for each of a million addresses.
    """
    block = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
    return inner, outer


def _is_free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def quoted(text: str) -> str:
    """A text as an SQL literal, for the places that take no bound value (COPY, read_parquet)."""
    return "'" + text.replace("'", "''") + "'"


def reading(paths: Iterable[Path], more: str = "") -> str:
    """A table expression over event files; `more` is asked of DuckDB beside it."""
    given = [f"[{', '.join(quoted(str(path)) for path in paths)}]", "union_by_name = true"]
    return f"read_parquet({', '.join([*given, more] if more else given)})"
