"""Counts of a campaign by the keys of one dimension, over its columns (lib/reports/columns.py).

Distinct messages are exact: the rows of each pair of message and key are joined into one before any is
counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.reports.columns import BITS, CENTS, Columns, Numbers
from lib.reports.metrics import COUNTS

Values = npt.NDArray[np.int64] | npt.NDArray[np.float64]
"""One number per key; an amount that has no sum is NaN."""

OF_MESSAGES = tuple(name for name, count in COUNTS.items() if count.of == "messages")
OF_EVENTS = tuple(name for name, count in COUNTS.items() if count.of == "events")


@dataclass(frozen=True)
class Pairs:
    """What the rows of each message and key have in common, one of each, in the order of the messages."""

    message: Numbers
    key: Numbers
    marks: "_Marks"

    def among(self, keys: Sequence[int]) -> "Pairs":
        """The pairs of some keys, as if these were a single one, with the number 0."""
        held = np.flatnonzero(is_among(self.key, keys))
        return _paired(self.message[held], np.zeros(len(held), dtype=np.int64), self.marks.of(held))

    def messages(self, keys: int) -> dict[str, Numbers]:
        """The messages with each mark by key, from 0 to `keys`."""
        return _with_marks(self.key, self.marks, keys, OF_MESSAGES)


@dataclass(frozen=True)
class _Marks:
    """The marks of rows: the different ones, of which there are few, and of each row the place of its own."""

    kinds: Numbers
    kind: Numbers

    def of(self, rows: Numbers) -> "_Marks":
        return _Marks(self.kinds, self.kind[rows])


def _marks(marks: Numbers) -> _Marks:
    held = pa.array(marks).dictionary_encode()
    return _Marks(held.dictionary.to_numpy(), held.indices.to_numpy().astype(np.int64))


def _paired(message: Numbers, key: Numbers, marks: _Marks) -> Pairs:
    """Join the rows of each message and key; `message` is in order."""
    if not len(message):
        return Pairs(message, key, marks)
    kinds, kind = marks.kinds, marks.kind
    keys, bits = int(key.max()) + 1, len(kinds).bit_length()
    packed = np.sort(((message * keys + key) << bits) | kind)
    pair, kind = packed >> bits, packed & ((1 << bits) - 1)
    firsts = _firsts(pair)
    message, key = np.divmod(pair[firsts], keys)
    return Pairs(message, key, _marks(np.bitwise_or.reduceat(kinds[kind], firsts)))


def counted(columns: Columns, key: Numbers, keys: int) -> tuple[dict[str, Values], Pairs]:
    """Every count by key, and the pairs of message and key. `key` has the key of each row, from 0 to `keys`;
    -1 leaves a row out.
    """
    rows = np.flatnonzero((key >= 0) & (columns.marks != 0))
    marks, of_row = _marks(columns.marks[rows]), key[rows]
    pairs = _paired(columns.message[rows], of_row, marks)
    found: dict[str, Values] = {}
    found |= pairs.messages(keys)
    found |= _with_marks(of_row, marks, keys, OF_EVENTS)
    found |= sold(columns, key, keys)
    return {name: found[name] for name in COUNTS}, pairs


def sold(columns: Columns, key: Numbers, keys: int) -> dict[str, Values]:
    """Orders and amounts by key, as in `counted`."""
    marks, key = columns.marks[columns.sales], key[columns.sales]
    ordered = (key >= 0) & (marks & BITS["orders"] != 0)
    every = int(columns.purchase.max(initial=0)) + 1
    purchases = np.unique(key[ordered] * every + columns.purchase[ordered])
    paid = (key >= 0) & (marks & BITS["revenue"] != 0)
    return {
        "orders": np.bincount(purchases // every, minlength=keys),
        "revenue": np.full(keys, np.nan) if columns.mixed else _summed(key[paid], columns.amount[paid], keys),
    }


def _summed(key: Numbers, amount: Numbers, keys: int) -> npt.NDArray[np.float64]:
    """Amounts by key. Their halves are added up apart: a sum may need more than 64 bits."""
    order = np.argsort(key, kind="stable")
    key, amount = key[order], amount[order]
    sums = np.zeros(keys)
    if len(key):
        firsts = _firsts(key)
        upper, lower = (np.add.reduceat(half, firsts) for half in (amount >> 32, amount & 0xFFFFFFFF))
        exact = upper.astype(object) * 2**32 + lower.astype(object)
        sums[key[firsts]] = [one / CENTS for one in exact]
    return sums


def is_among(key: Numbers, keys: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Whether each key is one of some keys; -1 is none."""
    table = np.zeros(max(int(key.max(initial=0)), max(keys, default=0)) + 2, dtype=bool)
    table[list(keys)] = True
    return table[key]


def _with_marks(key: Numbers, marks: _Marks, keys: int, names: Sequence[str]) -> dict[str, Numbers]:
    """How many of the rows have each mark, by key."""
    kinds = marks.kinds
    table = np.bincount(key * len(kinds) + marks.kind, minlength=keys * len(kinds)).reshape(keys, len(kinds))
    bits = np.array([BITS[name] for name in names])
    found = table @ (kinds[:, np.newaxis] & bits != 0).astype(np.int64)
    return {name: found[:, place] for place, name in enumerate(names)}


def _firsts(sorted_values: Numbers) -> Numbers:
    """The places at which a new value begins."""
    return np.flatnonzero(np.r_[True, sorted_values[1:] != sorted_values[:-1]])
