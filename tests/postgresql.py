"""A PostgreSQL server of its own for a test: on a free loopback port, in a folder that goes with it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: int(path.parent.name))


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty database. PostgreSQL refuses to run as root, so root becomes `postgres` for it."""
    assert BIN, "PostgreSQL is not installed; `make test` installs it"
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="vitrine-pg-"))
    if user:
        shutil.chown(folder, **user)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
    try:
        data = folder / "data"
        subprocess.run(
            [BIN / "initdb", "-D", data, "-U", "vitrine", "-A", "trust", "-N"],
            check=True,
            cwd=folder,
            **quiet,
        )
        port = _free_port()
        options = ["-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-c", "fsync=off"]
        process = subprocess.Popen([BIN / "postgres", *options], cwd=folder, **quiet)
        try:
            _await(port, process)
            yield f"postgresql+psycopg://vitrine@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("PostgreSQL ended at its start")
        done = subprocess.run([BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False)
        if done.returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError("PostgreSQL did not start")
