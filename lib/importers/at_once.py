"""The rows of a block: those that are plainly good in one table, the others as if each were read alone."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from lib.importers import text
from lib.importers.blocks import ENCODINGS, LARGE, Block, Mask, Places
from lib.importers.source import Member
from lib.importers.table import Record
from lib.model import Item, Reject, Row
from lib.store.spool import Rows

News: TypeAlias = Callable[[], Iterable[Item]]
"""What an event says beside itself, asked for in the order of the lines."""


def encoding_of(member: Member) -> str:
    """The encoding of a table that is read in blocks; "" for one that is read row by row."""
    encoding = text.decoding(member).encoding if member.size > LARGE else ""
    return encoding if encoding in ENCODINGS else ""


def rows_of(
    block: Block,
    events: pa.Table,
    good: Mask,
    alone: Callable[[Record], Iterable[Row | Reject]],
    firsts: Callable[[pa.Table, Places], Iterable[tuple[int, News]]],
) -> Iterator[Rows | Reject]:
    """`events` are those of the block's plain lines as Rows has them but for `place`; where they are not
    `good`, and for every other line, `alone` says what the record means. `firsts` gives the places of events
    that have news, among those of all good ones.
    """
    events, places = events.filter(pa.array(good)), block.plain[good]
    odd = [(place, block.read(place)) for place in block.plain[~good].tolist()]
    said: list[tuple[int, tuple[Item, ...]]] = []
    single: list[int] = []
    rejects: list[Reject] = []
    for place, one in sorted([*block.others, *odd, *firsts(events, places)], key=_place):
        if callable(one):
            said.append((place, tuple(one())))
        for made in _made_of(one, alone):
            if isinstance(made, Row):
                said.append((place, made.items))
                single.append(place)
            else:
                rejects.append(made)
    rows = np.sort(np.concatenate((places, np.array(single, np.int64))))
    if len(rows):
        beside = tuple((int(np.searchsorted(rows, place)), items) for place, items in said)
        placed = events.append_column("place", pa.array(np.searchsorted(rows, places)))
        yield Rows(block.file, len(rows), placed, beside)
    yield from rejects


def _place(one: tuple[int, Record | Reject | News | None]) -> int:
    return one[0]


def _made_of(
    one: Record | Reject | News | None, alone: Callable[[Record], Iterable[Row | Reject]]
) -> Iterable[Row | Reject]:
    """What a row says that is read alone: nothing where its line is blank."""
    if isinstance(one, Record):
        return alone(one)
    return [one] if isinstance(one, Reject) else []
