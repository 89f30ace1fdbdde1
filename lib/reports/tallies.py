"""Counts of campaigns by the keys of one dimension, over their facts (lib/reports/columns.py).

Distinct messages are exact: the rows of each pair of message and key are joined into one before any is
counted.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.reports.codes import Numbers, firsts
from lib.reports.columns import BITS, CENTS, Facts
from lib.reports.metrics import COUNTS

Values = npt.NDArray[np.int64] | npt.NDArray[np.float64]
"""One number per key; an amount that has no sum is NaN."""

OF_MESSAGES = tuple(name for name, count in COUNTS.items() if count.of == "messages")
OF_EVENTS = tuple(name for name, count in COUNTS.items() if count.of == "events")
BITS_OF = {
    names: np.array([BITS[name] for name in names], dtype=np.int64) for names in (OF_MESSAGES, OF_EVENTS)
}
SMALL_TABLE = 50_000


@dataclass(frozen=True)
class Pairs:
    """What the rows of each message and key have in common, one of each, in the order of the messages."""

    message: Numbers
    key: Numbers
    marks: "_Marks"

    def renamed(self, keys: Numbers) -> "Pairs":
        """The pairs with other keys in the place of their own, several of which may be the same from now on;
        -1 leaves a key out.
        """
        key = keys[self.key]
        held = np.flatnonzero(key >= 0)
        return _paired(self.message[held], key[held], self.marks.of(held))

    def together(self, keys: npt.NDArray[np.bool_]) -> dict[str, int]:
        """The messages with each mark that have any of some keys."""
        held = np.flatnonzero(keys[self.key])
        if not len(held):
            return dict.fromkeys(OF_MESSAGES, 0)
        marks = self.marks.kinds[self.marks.kind[held]]
        joined = np.bitwise_or.reduceat(marks, firsts(self.message[held]))
        counts = np.count_nonzero(joined[:, np.newaxis] & BITS_OF[OF_MESSAGES], axis=0)
        return dict(zip(OF_MESSAGES, counts.tolist(), strict=True))

    def between(self, first: int, end: int) -> "Pairs":
        """The pairs of the messages from one place to another."""
        rows = slice(*np.searchsorted(self.message, (first, end)))
        return Pairs(self.message[rows], self.key[rows], self.marks.of(rows))

    def messages(self, keys: int) -> dict[str, Numbers]:
        """The messages with each mark by key, from 0 to `keys`."""
        return _with_marks(self.key, self.marks, keys, OF_MESSAGES)


@dataclass(frozen=True)
class _Marks:
    """The marks of rows: the different ones, of which there are few, and of each row the place of its own."""

    kinds: Numbers
    kind: Numbers

    def of(self, rows: Numbers | slice) -> "_Marks":
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
    places = firsts(pair)
    message, key = np.divmod(pair[places], keys)
    return Pairs(message, key, _marks(np.bitwise_or.reduceat(kinds[kind], places)))


def counted(facts: Facts, key: Numbers, of: Numbers) -> tuple[dict[str, Values], Pairs]:
    """Every count by key, and the pairs of message and key. `key` has the key of each row; -1 leaves a row
    out. `of` has the campaign of each key.
    """
    rows = np.flatnonzero((key >= 0) & (facts.marks != 0))
    marks, of_row = _marks(facts.marks[rows]), key[rows]
    pairs = _paired(facts.message[rows], of_row, marks)
    found: dict[str, Values] = {}
    found |= pairs.messages(len(of))
    found |= _with_marks(of_row, marks, len(of), OF_EVENTS)
    found |= sold(facts, key, of)
    return {name: found[name] for name in COUNTS}, pairs


def sold(facts: Facts, key: Numbers, of: Numbers) -> dict[str, Values]:
    """Orders and amounts by key, as in `counted`."""
    marks, key = facts.marks[facts.sales], key[facts.sales]
    ordered = (key >= 0) & (marks & BITS["orders"] != 0)
    every = int(facts.purchase.max(initial=0)) + 1
    purchases = np.unique(key[ordered] * every + facts.purchase[ordered])
    paid = (key >= 0) & (marks & BITS["revenue"] != 0)
    sums = _summed(key[paid], facts.amount[paid], len(of))
    return {
        "orders": np.bincount(purchases // every, minlength=len(of)),
        "revenue": np.where(facts.mixed[of], np.nan, sums),
    }


def _summed(key: Numbers, amount: Numbers, keys: int) -> npt.NDArray[np.float64]:
    """Amounts by key. Their halves are added up apart: a sum may need more than 64 bits."""
    order = np.argsort(key, kind="stable")
    key, amount = key[order], amount[order]
    sums = np.zeros(keys)
    if len(key):
        places = firsts(key)
        upper, lower = (np.add.reduceat(half, places) for half in (amount >> 32, amount & 0xFFFFFFFF))
        exact = upper.astype(object) * 2**32 + lower.astype(object)
        sums[key[places]] = [one / CENTS for one in exact]
    return sums


def _with_marks(key: Numbers, marks: _Marks, keys: int, names: tuple[str, ...]) -> dict[str, Numbers]:
    """How many of the rows have each mark, by key.

    The rows of each kind are counted once, and added to each of its marks. (The product of two tables would
    say the same; for large ones numpy wakes other processors, which then keep waiting at full speed.)
    """
    kinds = marks.kinds
    of_kind = np.bincount(marks.kind * keys + key, minlength=len(kinds) * keys).reshape(len(kinds), keys)
    holds = kinds[:, np.newaxis] & BITS_OF[names] != 0
    if of_kind.size < SMALL_TABLE:
        return dict(zip(names, holds.T.astype(np.int64) @ of_kind, strict=True))
    found = np.zeros((len(names), keys), np.int64)
    for kind, mark in np.argwhere(holds).tolist():
        found[mark] += of_kind[kind]
    return dict(zip(names, found, strict=True))
