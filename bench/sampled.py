"""A sampling profile: where the main thread is, looked at every few milliseconds.

Time in compiled code (DuckDB, Arrow) counts for the line of ours that called it.
"""

import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
OURS = str(ROOT / "lib")
EVERY = 0.002
"""Seconds between two looks."""
LONG_ENOUGH = 1.0
"""A shorter task is done again and again for so many seconds."""
LEAST = 0.01
"""A smaller share is not told."""
FUNCTIONS = 4
"""Of each file."""

Place = tuple[str, str]
"""A file of ours and a function in it."""


def shares(task: Callable[[], object]) -> list[str]:
    """The files of lib in which a task spends its time, the largest share first, as lines with the
    functions that take most of it.
    """
    found: Counter[Place] = Counter()
    over = threading.Event()
    watched = threading.get_ident()

    def look() -> None:
        while not over.wait(EVERY):
            found[_place(sys._current_frames().get(watched))] += 1

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    began = perf_counter()
    while True:
        task()
        if perf_counter() - began >= LONG_ENOUGH:
            break
    over.set()
    watcher.join()
    return _lines(found)


def _lines(found: Counter[Place]) -> list[str]:
    looks = max(found.total(), 1)
    files: Counter[str] = Counter()
    for (file, _), count in found.items():
        files[file] += count
    return [
        f"{count / looks:.0%} in {file}{_functions(file, found, looks)}"
        for file, count in files.most_common()
        if count / looks >= LEAST
    ]


def _functions(file: str, found: Counter[Place], looks: int) -> str:
    mine = Counter({name: count for (other, name), count in found.items() if other == file and name})
    told = [
        f"{name} {count / looks:.0%}" for name, count in mine.most_common(FUNCTIONS) if count / looks >= LEAST
    ]
    return f" ({', '.join(told)})" if told else ""


def _place(frame: FrameType | None) -> Place:
    """The innermost function of ours on the stack."""
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(OURS):
            return str(Path(code.co_filename).relative_to(ROOT)), code.co_qualname
        frame = frame.f_back
    return "what is not ours", ""
