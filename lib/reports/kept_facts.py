"""The facts of a campaign are kept when somebody first asks for what no rollup holds; those of a large one
were kept with its rollup. What cannot be read is made anew.
"""

import logging
from contextlib import suppress
from pathlib import Path
from threading import Lock
from uuid import uuid4

from lib.reports import facts_file
from lib.reports.columns import Facts
from lib.reports.facts_file import Unreadable
from lib.reports.rollup import KEYS, facts_of
from lib.store.events import APART, Events
from lib.store.library import Uncounted

_one_at_a_time = Lock()
"""To make facts takes a processor for long; who waits mostly finds them made."""

log = logging.getLogger(__name__)


def facts(events: Events, place: str, one: Uncounted, dimensions: set[str]) -> Facts:
    """The facts of a campaign whose rollup is at `place`, with the keys of `dimensions`. Raises
    FileNotFoundError when its files have just been taken back.
    """
    path = events.facts(place)
    with suppress(FileNotFoundError, Unreadable):
        return facts_file.read(path, dimensions)
    with _one_at_a_time:
        try:
            return facts_file.read(path, dimensions)
        except FileNotFoundError:
            pass
        except Unreadable as problem:
            log.warning("the kept facts of a campaign cannot be read and are made anew: %s", problem)
        made = facts_of(events, one)
        _keep(events, made, path, events.path(place))
        return made


def _keep(events: Events, made: Facts, path: Path, rollup: Path) -> None:
    """Written elsewhere and moved, so that nobody reads half of it, and what a killed process leaves is swept
    up. What is not kept only has to be made again: on a full disk, or when an import has just replaced the
    rollup.
    """
    try:
        with events.workbench(f"{APART}{uuid4().hex}") as folder:
            unfinished = folder / path.name
            facts_file.write(made, KEYS, unfinished)
            unfinished.replace(path)
        if not rollup.exists():
            path.unlink(missing_ok=True)
    except OSError as problem:
        log.warning("the facts of a campaign are not kept: %s", problem)
