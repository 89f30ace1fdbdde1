"""M5: whatever the mail server does, the mail waits with a reason, and the share is usable meanwhile."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from aiosmtpd.smtp import AuthResult

from lib.config import Secret
from lib.mail import delivery as deliveries
from lib.mail import outbox, worker
from lib.mail.delivery import connection
from lib.mail.outbox import REFUSED, UNKNOWN, WAITING
from lib.shares import entry, shares
from lib.store import records as store_records
from lib.store import tables
from tests.serving import free_port, smtp_sink
from tests.sharing import NOW, house, light_hashes
from tests.test_mail_delivery import certificate, server_side

__all__ = ["certificate"]  # a fixture

ANN, BOB = "ann@client.example", "bob@client.example"


@contextmanager
def down(_certificate) -> Iterator[str]:
    yield f"smtp+plain://127.0.0.1:{free_port()}"


@contextmanager
def wrong_password(_certificate) -> Iterator[str]:
    refuses = {
        "authenticator": lambda *_: AuthResult(success=False, handled=False),
        "auth_require_tls": False,
    }
    with smtp_sink(login="user:topsecret", **refuses) as sink:
        yield sink.url


def answering(to_rcpt: str = "", to_data: str = "250 OK", hangs_up: bool = False) -> Callable:
    @contextmanager
    def server(_certificate) -> Iterator[str]:
        with smtp_sink() as sink:
            sink.refuses = {ANN: to_rcpt} if to_rcpt else {}
            sink.answers_data, sink.hangs_up = to_data, hangs_up
            yield sink.url

    return server


@contextmanager
def untrusted(certificate) -> Iterator[str]:
    with smtp_sink("smtp", tls_context=server_side(certificate)) as sink:
        yield sink.url


@contextmanager
def no_tls(_certificate) -> Iterator[str]:
    """A server that takes TLS for noise."""
    with smtp_sink("smtps") as sink:
        yield sink.url


def dribbling(sign: bytes, pause: float) -> Callable:
    """A server that never comes to the end of its first line."""

    @contextmanager
    def server(_certificate) -> Iterator[str]:
        over = threading.Event()

        def talk(listener: socket.socket) -> None:
            line, _ = listener.accept()
            with line:
                while not over.wait(pause):
                    try:
                        line.sendall(sign)
                    except OSError:
                        return

        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=talk, args=(listener,), daemon=True)
            thread.start()
            yield f"smtp+plain://127.0.0.1:{listener.getsockname()[1]}"
            over.set()
            thread.join(5)

    return server


TROUBLES = {
    "it is down": (down, WAITING, "refused"),
    "our password is wrong": (wrong_password, WAITING, "535"),
    "it refuses for now": (answering("451 4.7.1 later"), WAITING, "451 4.7.1 later"),
    "it refuses the mail for now": (answering(to_data="452 full"), WAITING, "452 full"),
    "it refuses for good": (answering("550 5.1.1 unknown"), REFUSED, "550 5.1.1 unknown"),
    "it refuses the mail for good": (answering(to_data="554 spam"), REFUSED, "554 spam"),
    "it is silent": (dribbling(b"", 0.1), WAITING, ""),
    "it dribbles": (dribbling(b"2", 0.1), WAITING, ""),
    "its certificate is not trusted": (untrusted, WAITING, "certificate"),
    "it speaks no TLS": (no_tls, WAITING, ""),
    "it breaks the line": (answering(hangs_up=True), UNKNOWN, "mail.answer.broken"),
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(deliveries, "TIMEOUT", 1.0)
    monkeypatch.setattr(deliveries, "PATIENCE", 1.5)
    light_hashes(monkeypatch)
    made = house(tmp_path)
    yield made
    made.records.dispose()


def work(home, url, now=NOW):
    settings = replace(home.settings, smtp=Secret(url), mail_from="Reports <reports@agency.example>")
    worker.run_once(home.records, home.vault, connection(settings), now)


def mail_to(home, viewer):
    with store_records.reading(home.records) as db:
        return db.execute(tables.outbox.select().where(tables.outbox.c.viewer_id == viewer.id)).one()


@pytest.mark.parametrize("trouble", TROUBLES)
def test_when_the_mail_server_fails_the_screens_answer_and_the_share_is_usable(
    home, certificate, trouble, callers
):
    """M5: whoever looks at a screen never waits for the mail server, for only the worker talks to it."""
    server, state, answer = TROUBLES[trouble]
    [ann] = home.share(ANN)
    with server(certificate) as url:
        sending = threading.Thread(target=work, args=(home, url))
        sending.start()
        home.share(BOB)
        home.line(ann)
        opens(home, ann.link)
        sending.join(60)
    assert callers == {sending}
    row = mail_to(home, ann)
    assert (row.state, row.attempts) == (state, 1)
    assert row.answer
    assert answer in row.answer.lower() or answer in row.answer
    assert "topsecret" not in row.answer
    assert (row.sealed is None) == (state == REFUSED)
    if state == WAITING:
        assert timedelta(minutes=1) <= row.next_at - NOW < timedelta(minutes=1, seconds=10)
        assert shares.viewers_of(home.records, home.share_of(ann), NOW)[0].mails[-1].due_at == row.next_at


@pytest.fixture
def callers(monkeypatch) -> set[threading.Thread]:
    """The threads that began to connect to a mail server."""
    seen: set[threading.Thread] = set()
    dial = deliveries._Line.dial

    def dialled(line):
        seen.add(threading.current_thread())
        return dial(line)

    monkeypatch.setattr(deliveries._Line, "dial", dialled)
    return seen


def opens(home, link):
    """Whoever was given link and password by another road comes in."""
    assert isinstance(home.unlock(link.rpartition("/")[2]), entry.Unlocked)


@pytest.mark.parametrize("trouble", [name for name, what in TROUBLES.items() if what[1] == WAITING])
def test_a_mail_that_waits_arrives_once_the_server_is_well_again(home, certificate, trouble):
    """M5"""
    [ann] = home.share(ANN)
    with TROUBLES[trouble][0](certificate) as url:
        work(home, url)
    with smtp_sink() as sink:
        work(home, sink.url, NOW + timedelta(seconds=30))
        assert not sink.mails, "not before its time"
        work(home, sink.url, NOW + timedelta(minutes=2))
    assert [mail["To"] for mail in sink.mails] == [ANN]
    assert mail_to(home, ann).state == outbox.ACCEPTED
