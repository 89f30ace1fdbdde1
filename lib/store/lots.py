"""Campaigns that are worked on together: what is done for many small ones at once takes little longer than
for one of them.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

AT_ONCE = 2
"""Lots that are worked on beside each other: most of that work is done outside of Python."""
SMALL = 200_000
"""Events of one lot; a campaign with more is a lot by itself, with nothing beside it."""
MOST = 50
"""Campaigns of one lot."""

One = TypeVar("One")
Made = TypeVar("Made")


class Held(NamedTuple):
    """Events of some campaigns at hand: those of each lie together, in the order in which they were asked
    for. `starts` says where each one's begin, with the end of the last. Texts are coded.
    """

    events: pa.Table
    starts: npt.NDArray[np.int64]

    @property
    def campaign(self) -> npt.NDArray[np.int32]:
        """Of each event the number of its campaign."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))


def work_through(
    campaigns: Iterable[One],
    events: Callable[[One], int],
    work: Callable[[list[One]], Made],
    done: Callable[[list[One], Made], None],
) -> None:
    """Do some work on each lot; `events` says how many a campaign has. Small campaigns come first, some lots
    of them beside each other in threads; large ones are worked on alone: they need the memory. What was made
    of a lot is told in the thread of the caller, which may stop it all by what it raises.
    """
    every = list(campaigns)
    small = list(_lots((one for one in every if events(one) <= SMALL), events))
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for lot, made in zip(small, threads.map(work, small), strict=True):
            done(lot, made)
    for one in every:
        if events(one) > SMALL:
            done([one], work([one]))


def _lots(campaigns: Iterable[One], events: Callable[[One], int]) -> Iterator[list[One]]:
    """The campaigns in their order."""
    lot: list[One] = []
    held = 0
    for one in campaigns:
        more = events(one)
        if lot and (len(lot) == MOST or held + more > SMALL):
            yield lot
            lot, held = [], 0
        lot.append(one)
        held += more
    if lot:
        yield lot
