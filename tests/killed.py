"""For tests: a process whose workers die at a chosen point, as by `kill -9`.

It loads the house once and then forks a worker for each line of its input, so that fifty deaths take seconds:

    {"data": folder, "records": url, "smtp": url, "now": time, "point": one of OWN or "", "nth": mail}

For each it answers with the worker's process id at once, and with its end (0, or -9) once it is over.
"""

import json
import os
import signal
import smtplib
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from lib.config import Secret, Settings
from lib.mail import outbox, worker
from lib.mail.delivery import Smtp, connection
from lib.store import records as store_records
from lib.store.vault import Vault

KEY = "a key of at least thirty-two characters"


def main() -> None:
    for line in sys.stdin:
        ends, begins = os.pipe()
        child = os.fork()
        if not child:
            os.read(ends, 1)  # until whoever kills it knows its number
            os._exit(_work(**json.loads(line)))
        _say(child)
        sys.stdin.readline()
        os.write(begins, b".")
        _, status = os.waitpid(child, 0)
        os.close(ends)
        os.close(begins)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _work(data: str, records: str, smtp: str, now: str, point: str, nth: int) -> int:
    settings = Settings(Path(data), smtp=Secret(smtp), mail_from="Reports <reports@agency.example>")
    delivery = connection(settings)
    assert isinstance(delivery, Smtp)
    if point:
        delivery = OWN[point](delivery, nth)
    engine = store_records.connect(records)
    worker.run_once(engine, Vault(KEY), delivery, datetime.fromisoformat(now))
    return 0


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def _before_connect(delivery: Smtp, _nth: int) -> Smtp:
    """The first mail is claimed; the server has not heard of us."""
    return Smtp(_die)


def _during_data(delivery: Smtp, nth: int) -> Smtp:
    """Half of the n-th mail is in the hands of the server."""
    send, data, count = smtplib.SMTP.send, smtplib.SMTP.data, _counter(nth)

    def half(line: Any, text: Any) -> None:
        send(line, text[: len(text) // 2])
        _die()

    def counted(line: Any, mail: Any) -> Any:
        if count():
            line.putcmd("data")
            line.getreply()
            half(line, mail)
        return data(line, mail)

    smtplib.SMTP.data = counted  # type: ignore[method-assign]
    return delivery


def _around_commit(after: bool) -> Callable[[Smtp, int], Smtp]:
    def prepare(delivery: Smtp, nth: int) -> Smtp:
        record, count = outbox.record, _counter(nth)

        def recorded(*given: Any) -> None:
            last = count()
            if not last or after:
                record(*given)
            if last:
                _die()

        outbox.record = recorded
        return delivery

    return prepare


def _counter(nth: int) -> Callable[[], bool]:
    """True at the n-th call."""
    calls = iter(range(1, sys.maxsize))
    return lambda: next(calls) == nth


OWN: dict[str, Callable[[Smtp, int], Smtp]] = {
    "before connect": _before_connect,
    "during DATA": _during_data,
    "before the commit": _around_commit(after=False),
    "after the commit": _around_commit(after=True),
}
"""Points that only the worker itself knows; at the others the server kills it."""

if __name__ == "__main__":
    main()
