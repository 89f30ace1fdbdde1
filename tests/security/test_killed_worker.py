"""M6: a worker killed at any point loses no mail and sends none twice without being asked."""

import json
import os
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
import sqlalchemy as sa

from lib.mail import outbox
from lib.mail.outbox import ACCEPTED, UNKNOWN
from lib.model import COMMAND_LINE
from lib.shares import shares
from lib.store import records as store_records
from lib.store import tables
from tests.sharing import NOW, House, house, light_hashes

ROOT = Path(__file__).resolve().parents[2]
READERS = tuple(f"{name}@client.example" for name in ("ann", "bob", "cid", "dan"))
AFTER_THE_LEASE = NOW + outbox.LEASE + timedelta(minutes=1)
LATER = AFTER_THE_LEASE + timedelta(hours=1)

POINTS = {  # what becomes of the mail at hand, how many copies the server took of it, how often it is tried
    "before connect": (ACCEPTED, 1, 8),
    "after RCPT": (ACCEPTED, 1, 8),
    "during DATA": (UNKNOWN, 0, 9),
    "after DATA": (UNKNOWN, 1, 9),
    "before the commit": (UNKNOWN, 1, 8),
    "after the commit": (ACCEPTED, 1, 8),
}


@dataclass
class Server:
    """An SMTP server that takes every mail, and that can kill its client at a point of the conversation."""

    url: str = ""
    taken: list[str] = field(default_factory=list)
    """The Message-IDs, each as often as the mail was taken."""
    victim: int = 0
    point: str = ""
    nth: int = 0
    """The mail at which it kills."""

    def reached(self, point: str) -> None:
        if point == self.point:
            self.nth -= 1
            if not self.nth:
                os.kill(self.victim, signal.SIGKILL)


class Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with suppress(OSError):  # the client is dead
            self._talk(self.server.script)

    def _talk(self, script: Server) -> None:
        self._say("220 ready")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self._say("354 go on")
                if not self._taken(script):
                    return
            elif verb == b"RCPT":
                script.reached("after RCPT")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            self._say("250 OK")

    def _taken(self, script: Server) -> bool:
        """Reads a mail to its end; what breaks off before was not taken."""
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                return False
            lines.append(line)
        script.taken.append(message_from_bytes(b"".join(lines))["Message-ID"])
        script.reached("after DATA")
        return True

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


@contextmanager
def smtp() -> Iterator[Server]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        server.script = Server(f"smtp+plain://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.script
        server.shutdown()


@dataclass
class Workers:
    """Each run is a worker in a process of its own."""

    process: subprocess.Popen[str]

    def run(self, home: House, server: Server, now, point: str = "", nth: int = 0) -> int:
        """The process's end: 0, or -9 when it was killed."""
        own = point not in ("after RCPT", "after DATA")
        told = {"data": str(home.file.parent), "records": str(home.records.url), "smtp": server.url}
        told |= {"now": now.isoformat(), "point": point if own else "", "nth": nth}
        server.victim = int(self._ask(json.dumps(told)))
        server.point, server.nth = point, nth
        return int(self._ask("go"))

    def _ask(self, line: str) -> str:
        print(line, file=self.process.stdin, flush=True)
        return self.process.stdout.readline()


@pytest.fixture(scope="module")
def workers():
    command = [sys.executable, "-m", "tests.killed"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        yield Workers(process)
        process.stdin.close()
        process.wait(20)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A house in which a share was just made: its mails wait in the outbox."""
    with pytest.MonkeyPatch.context() as patch:
        light_hashes(patch)
        home = house(tmp_path_factory.mktemp("shared"))
        home.share(*READERS)
    with home.records.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("COMMIT")
        db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.exec_driver_sql("BEGIN")
    home.records.dispose()
    return home


@contextmanager
def copy_of(shared: House, folder: Path) -> Iterator[House]:
    folder.mkdir()
    file = Path(shutil.copy(shared.file, folder))
    records = store_records.connect(f"sqlite:///{file}")
    yield replace(shared, file=file, records=records)
    records.dispose()


def rows(home: House) -> dict[str, sa.Row]:
    with store_records.reading(home.records) as db:
        found = db.execute(sa.select(tables.outbox).order_by(tables.outbox.c.id)).all()
    return {row.message_id: row for row in found}


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_this_point_loses_no_mail_and_sends_none_twice(workers, shared, tmp_path, point):
    """M6: fifty kills in all, at each mail of a batch of four in turn"""
    state, copies, times = POINTS[point]
    assert sum(times for _, _, times in POINTS.values()) == 50
    for time in range(times):
        nth = 1 if point == "before connect" else time % len(READERS) + 1
        with copy_of(shared, tmp_path / str(time)) as home, smtp() as server:
            assert workers.run(home, server, NOW, point, nth) == -signal.SIGKILL
            assert workers.run(home, server, NOW + timedelta(minutes=1)) == 0, "the rest goes on at once"
            assert workers.run(home, server, AFTER_THE_LEASE) == 0
            found = rows(home)
            struck = list(found)[nth - 1]
            expected = dict.fromkeys(found, (ACCEPTED, 1)) | {struck: (state, copies)}
            taken = Counter(server.taken)
            assert {name: (row.state, taken[name]) for name, row in found.items()} == expected
            assert set(taken) <= set(found)
            if state == UNKNOWN:
                sent_again_when_a_person_asks(workers, home, server, struck, copies)
            assert workers.run(home, server, LATER + timedelta(days=1)) == 0
            assert len(server.taken) == len(found) + (copies if state == UNKNOWN else 0)


def sent_again_when_a_person_asks(workers, home, server, struck, copies):
    before = rows(home)[struck]
    assert (before.answer, bool(before.sealed)) == ("mail.answer.vanished", True)
    shares.send_again(home.records, home.settings, before.viewer_id, LATER, by=COMMAND_LINE)
    assert workers.run(home, server, LATER) == 0
    after = rows(home)[struck]
    assert (after.state, after.sealed) == (ACCEPTED, None)
    assert Counter(server.taken)[struck] == copies + 1, "the same Message-ID, so that a mail program sees one"


def test_a_worker_that_lives_sends_every_mail_once(workers, shared, tmp_path):
    """M6: the driver itself kills nobody"""
    with copy_of(shared, tmp_path / "alive") as home, smtp() as server:
        assert workers.run(home, server, NOW) == 0
        assert sorted(server.taken) == sorted(rows(home))
        assert {row.state for row in rows(home).values()} == {ACCEPTED}
