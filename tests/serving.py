"""For tests: the real server in a process of its own, and a real SMTP server on loopback."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A running server."""

    url: str
    data: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        return (self.data / "server.log").read_text(encoding="utf-8", errors="replace")


@contextmanager
def serve(data: Path, *, patience: float = 90, **environment: str) -> Iterator[Served]:
    """`streamlit run streamlit_app.py` on a free port, its folder being `data`, until the block ends.

    `environment` adds settings, such as VITRINE_SMTP. Its output is in `data/server.log`.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("VITRINE_", "STREAMLIT_"))
    }
    settings = {"VITRINE_DATA": str(data), "PORT": str(port), "VITRINE_BASE_URL": url, **environment}
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    data.mkdir(parents=True, exist_ok=True)
    with (data / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=inherited | settings, stdout=log, stderr=subprocess.STDOUT
        )
        served = Served(environment.get("VITRINE_BASE_URL", url), data, process)
        try:
            _wait_until_ready(url, served, patience)
            yield served
        finally:
            _stop(process)


def _wait_until_ready(url: str, served: Served, patience: float) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if served.process.poll() is not None:
            raise RuntimeError(f"the server ended with {served.process.returncode}:\n{served.log}")
        if _is_ready(url):
            return
        time.sleep(0.1)
    raise TimeoutError(f"the server is not ready after {patience} s:\n{served.log}")


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return json.load(answer)["status"] == "ok"
    except (OSError, ValueError, KeyError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


@dataclass
class Sink:
    """What an SMTP server on loopback received, and how it is told to behave."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    """Per mail, from the envelope."""
    refuses: dict[str, str] = field(default_factory=dict)
    """Answer to RCPT by address, such as "550 no such user"."""
    answers_data: str = "250 OK"
    hangs_up: bool = False
    """Breaks the connection instead of answering the mail."""
    greetings: int = 0
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]

    def wait(self, count: int, patience: float = 20) -> list[EmailMessage]:
        """The mails, once there are `count` of them."""
        end = time.monotonic() + patience
        while len(self.mails) < count and time.monotonic() < end:
            time.sleep(0.05)
        assert len(self.mails) >= count, f"{len(self.mails)} of {count} mails arrived"
        return self.mails


class _Handler:
    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: Any
    ) -> Any:
        session.host_name = hostname
        self.sink.greetings += 1
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.sink.refuses:
            return self.sink.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.sink.hangs_up:
            server.transport.abort()
            return "250 never heard"
        if self.sink.answers_data.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=SMTP)
            assert isinstance(mail, EmailMessage)
            self.sink.mails.append(mail)
            self.sink.recipients.append(list(envelope.rcpt_tos))
        return self.sink.answers_data


@contextmanager
def smtp_sink(scheme: str = "smtp+plain", login: str = "", **options: Any) -> Iterator[Sink]:
    """An SMTP server on a free port of loopback. `sink.url` is for VITRINE_SMTP; `options` go to aiosmtpd."""
    port = free_port()
    sink = Sink(f"{scheme}://{login}{'@' if login else ''}127.0.0.1:{port}")
    controller = Controller(_Handler(sink), hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
