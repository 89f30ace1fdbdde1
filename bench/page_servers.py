"""Servers of pages to be measured: the product, and single pages under Streamlit's own server."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "bench" / "data" / "pages"

UNTUNED = """
import gc, sys
import plotly.io
gc.freeze = gc.set_threshold = lambda *_: None
plotly.io.json.config.default_engine = "json"
for name in ("uvloop", "httptools"):
    sys.modules[name] = None
from streamlit.web.cli import main
main(prog_name="streamlit")
"""
"""A program on a server as Streamlit sets it up by itself: its loop, its JSON, its collector."""

OURS_UNTUNED = f"""
from lib.web import start
start.make_theme_once = lambda: None
{UNTUNED}"""

STOCK = ("--runner.postScriptGC", "true", "--server.fileWatcherType", "auto")
"""What lib's configuration turns off."""


@dataclass
class Server:
    """A running server; `process` is its first process, which does the work."""

    url: str
    process: subprocess.Popen[bytes]

    def cpu(self) -> float:
        """Seconds of CPU that it has used since it began."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def product(data: Path, settings: dict[str, str], *, tuned: bool = True) -> Iterator[Server]:
    """Vitrine with the installation in `data` and these settings beside."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    run = ["-m", "streamlit"] if tuned else ["-c", OURS_UNTUNED]
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", *(() if tuned else STOCK)]
    given = {"VITRINE_DATA": str(data), "PORT": str(port), "VITRINE_BASE_URL": url, **settings}
    with _running([*run, "run", "streamlit_app.py", *options], given, ROOT, url, "/readyz") as server:
        yield server


@contextmanager
def page(script: Path, **environment: str) -> Iterator[Server]:
    """One script under Streamlit's server as it comes, in an empty folder: no settings of ours count."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    run = ["-c", UNTUNED, "run", str(script), "--server.port", str(port), "--server.address", "127.0.0.1"]
    folder = DATA / "empty"
    folder.mkdir(parents=True, exist_ok=True)
    run += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    with _running(run, environment, folder, url, "/_stcore/health") as server:
        yield server


@contextmanager
def _running(
    run: Sequence[str], environment: dict[str, str], folder: Path, url: str, ready: str
) -> Iterator[Server]:
    ours = ("VITRINE_", "STREAMLIT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    DATA.mkdir(parents=True, exist_ok=True)
    with (DATA / f"{urlsplit(url).port}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *run], cwd=folder, env=kept | environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, url + ready, log.name)
            yield Server(url, process)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: "subprocess.Popen[bytes]", url: str, log: str, patience: float = 180) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(Path(log).read_text(errors="replace")[-2000:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
