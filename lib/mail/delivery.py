"""How a mail leaves the house: by SMTP through yagmail's connection, or as a file when no server is named.

yagmail is only the connection: its own `contents` attaches files by name, fetches stylesheets, escapes
nothing and repeats Message-IDs.
"""

import email
import email.policy
import errno
import ipaddress
import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import yagmail

from lib.config import Settings, SettingsRefused
from lib.mail.outbox import ACCEPTED, KEPT, REFUSED, UNKNOWN, WAITING, Outcome

TIMEOUT = 20
"""Seconds of silence from the server."""
PATIENCE = 120
"""Seconds for signing in, and as many for each mail, however a server dribbles; within the lease."""

Leaving = Callable[[], bool]
"""Asked right before a server may take the mail; on False it stays."""
Send = Callable[[int, bytes, datetime, Leaving], Outcome]
"""Hands over one mail (its id in the outbox, the mail, now, leaving). Never raises for what a server does."""


class Delivery(Protocol):
    """A way out. `keeps`: nothing leaves, mails are kept as files; the pages that share say so."""

    @property
    def keeps(self) -> bool: ...

    def batch(self) -> AbstractContextManager[Send]:
        """One connection for several mails, opened with the first and closed at the end."""
        ...


def connection(settings: Settings) -> Delivery:
    """The delivery that VITRINE_SMTP names; connects to nothing yet. Raises SettingsRefused."""
    if not settings.smtp:
        return Files(settings.data / "outbox")
    server = urlsplit(settings.smtp.text)
    _refuse_open_road(server)
    if not settings.mail_from:
        raise SettingsRefused(
            "VITRINE_MAIL_FROM: with VITRINE_SMTP the sender of the mails is wanted, as Name <address>"
        )
    return Smtp(SCHEMES[server.scheme](server))


@dataclass(frozen=True)
class Files:
    """Keeps each mail as an .eml file that only the owner of the installation can read."""

    folder: Path
    keeps: bool = True

    @contextmanager
    def batch(self) -> Iterator[Send]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield self._keep

    def _keep(self, outbox_id: int, mail: bytes, now: datetime, _leaving: Leaving) -> Outcome:
        name = f"{now:%Y-%m-%d}-{outbox_id}.eml"
        try:
            descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(mail)
        except OSError as problem:
            return Outcome(WAITING, str(problem.strerror))
        return Outcome(KEPT, name)


@dataclass(frozen=True)
class Smtp:
    """Sends through one SMTP server. `connect` makes a yagmail client that is not logged in yet."""

    connect: Callable[[], Any]
    keeps: bool = False

    @contextmanager
    def batch(self) -> Iterator[Send]:
        line = _Line(self.connect)
        try:
            yield line.send
        finally:
            line.hang_up()

    def check(self) -> str:
        """Connect, sign in and hang up; returns what went wrong, or nothing."""
        line = _Line(self.connect)
        try:
            return line.dial().answer
        finally:
            line.hang_up()


class NotOursError(Exception):
    """The mail is another worker's by now; nothing of it left."""


class _Line:
    """One connection, dialled again after it broke; once dialling failed, not again in this batch."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._client: Any = None
        self._failed: Outcome | None = None
        self._leaving: Leaving = lambda: True
        self._data_began = False
        self._said = ""

    def send(self, _outbox_id: int, mail: bytes, _now: datetime, leaving: Leaving) -> Outcome:
        dialled = self._failed or self.dial()
        if dialled.state != ACCEPTED:
            return dialled
        message = email.message_from_bytes(mail, policy=email.policy.SMTP)
        self._leaving, self._data_began = leaving, False
        try:
            with _cut_after(PATIENCE, self._client.smtp.sock):
                self._client.smtp.send_message(message)
        except (smtplib.SMTPException, OSError, ValueError) as problem:
            return self._judged(problem)
        except Exception:
            self.hang_up()  # the server waits for a mail that does not come
            raise
        return Outcome(ACCEPTED, self._said)

    def dial(self) -> Outcome:
        if self._client is not None:
            return Outcome(ACCEPTED)
        attempt = _Attempt(self._connect())
        problem = attempt.wait(PATIENCE)
        if problem is not None:
            self._failed = Outcome(WAITING, _words(problem))
            return self._failed
        self._client = attempt.client
        self._watch_data()
        return Outcome(ACCEPTED)

    def hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            _close(client)

    def _watch_data(self) -> None:
        """Remember when the mail itself goes out: a line that breaks from then on leaves the end unknown.

        And what the server says then, such as the number that it gives the mail.
        """
        original = self._client.smtp.data

        def data(mail: bytes) -> Any:
            if not self._leaving():
                raise NotOursError
            self._data_began = True
            code, words = original(mail)
            self._said = _text(code, words)
            return code, words

        self._client.smtp.data = data

    def _judged(self, problem: Exception) -> Outcome:
        code, words = _answer(problem)
        if code is None:
            self.hang_up()
            return self._broken(problem, words)
        if code in SERVER_SHUTS:
            self.hang_up()
        return Outcome(REFUSED if code >= 500 and code not in OUR_FAULT else WAITING, words)

    def _broken(self, problem: Exception, words: str) -> Outcome:
        if self._data_began:
            return Outcome(UNKNOWN, "mail.answer.broken")
        if isinstance(
            problem, smtplib.SMTPNotSupportedError | ValueError
        ):  # an address that this server cannot take
            return Outcome(REFUSED, words)
        return Outcome(WAITING, words)


class _Attempt:
    """Signing in, in a thread of its own: there is no line to cut before the server has greeted."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._problem: Exception | None = None
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._login, name="mail-login", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> Exception | None:
        """What went wrong, or None when the client is signed in. A client that is too slow closes itself."""
        self._thread.join(seconds)
        if not self._thread.is_alive():
            return self._problem
        self._given_up.set()
        return TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))

    def _login(self) -> None:
        try:
            self.client.login()
        except (smtplib.SMTPException, OSError, ValueError) as problem:
            self._problem = problem
        if self._problem or self._given_up.is_set():
            _close(self.client)


@contextmanager
def _cut_after(seconds: float, line: socket.socket) -> Iterator[None]:
    """A server that says a letter now and then never falls silent; after so many seconds the line is cut."""

    def cut() -> None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _close(client: Any) -> None:
    if client.smtp is None:
        return
    with suppress(smtplib.SMTPException, OSError):
        client.close()
    client.smtp.close()  # yagmail leaves the socket open when QUIT fails


SERVER_SHUTS = (421,)
OUR_FAULT = (530, 534, 535, 538)
"""Answers that ask us to sign in: a setting is wrong, not the viewer's address, so the mail waits."""


def _answer(problem: Exception) -> tuple[int | None, str]:
    """The code and words of the server, or (None, what happened) when it gave none."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(problem.recipients.values()))
        return int(code), _text(code, words)
    if isinstance(problem, smtplib.SMTPResponseException) and problem.smtp_code > 0:
        return int(problem.smtp_code), _text(problem.smtp_code, problem.smtp_error)
    return None, _words(problem)


def _words(problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        return _text(problem.smtp_code, problem.smtp_error)
    if isinstance(problem, OSError) and problem.strerror:
        return str(problem.strerror)
    return str(problem) or type(problem).__name__


def _text(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"


def _refuse_open_road(server: SplitResult) -> None:
    if server.scheme == "smtp+plain" and not _is_loopback(server.hostname or ""):
        raise SettingsRefused(
            "VITRINE_SMTP: smtp+plain:// is only for this very machine; use smtp:// or smtps://"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _client(server: SplitResult, port: int, **road: Any) -> Callable[[], Any]:
    user, password = unquote(server.username or ""), unquote(server.password or "")
    settings: dict[str, Any] = {
        "user": {user: user},  # as a text, a name without @ would become a Gmail address
        "password": password,  # never None, which asks a keyring or the terminal
        "host": server.hostname,
        "port": server.port or port,
        "smtp_skip_login": not user,
        "soft_email_validation": False,
        "timeout": TIMEOUT,
        **road,
    }
    return lambda: yagmail.SMTP(**settings)


def _starttls(server: SplitResult) -> Callable[[], Any]:
    verified = {"context": ssl.create_default_context()}
    return _client(server, 587, smtp_ssl=False, smtp_starttls=verified)


def _tls(server: SplitResult) -> Callable[[], Any]:
    return _client(server, 465, smtp_ssl=True, context=ssl.create_default_context())


def _plain(server: SplitResult) -> Callable[[], Any]:
    return _client(server, 25, smtp_ssl=False, smtp_starttls=False)


SCHEMES: dict[str, Callable[[SplitResult], Callable[[], Any]]] = {
    "smtp": _starttls,
    "smtps": _tls,
    "smtp+plain": _plain,
}
