"""A sampling profile: where the threads that work are, looked at every few milliseconds.

Time in compiled code (DuckDB, Arrow) counts for the line of ours that called it; a thread that waits for
another one does not count.
"""

import selectors
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
ELSEWHERE = ("what is not ours", "")
WAITING = (threading.__file__, selectors.__file__)
"""Where Python's own threads are while they wait."""


def shares(task: Callable[[], object]) -> list[str]:
    """The files of lib in which a task spends its time, the largest share first, as lines with the
    functions that take most of it.
    """
    found: Counter[Place] = Counter()
    over = threading.Event()
    asking = threading.get_ident()

    def look() -> None:
        while not over.wait(EVERY):
            for thread, frame in sys._current_frames().items():
                place = _place(frame)
                if frame.f_code.co_filename not in WAITING and (place != ELSEWHERE or thread == asking):
                    found[place] += 1

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
    """The innermost function of ours on the stack, else ELSEWHERE."""
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(OURS):
            return str(Path(code.co_filename).relative_to(ROOT)), code.co_qualname
        frame = frame.f_back
    return ELSEWHERE
