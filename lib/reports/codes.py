"""Numbers that stand for something, and which of them occur."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

ROOM = 100_000
"""Places of a table that is always made rather than rows sorted."""


class Distinct(NamedTuple):
    """The numbers that occur, in order, how often each does, and of each row the place of its own."""

    values: Numbers
    counts: Numbers
    place: Numbers


def distinct(codes: npt.NDArray[np.integer], size: int) -> Distinct:
    """Of numbers from 0 to `size`."""
    if size > 4 * len(codes) + ROOM:
        values, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
        return Distinct(values.astype(np.int64), counts, place)
    counts = np.bincount(codes, minlength=size)
    values = np.flatnonzero(counts)
    places = np.zeros(size, np.int64)
    places[values] = np.arange(len(values))
    return Distinct(values, counts[values], places[codes])


def firsts(*keys: npt.NDArray[np.integer]) -> Numbers:
    """The rows, of such as are in the order of these keys, at which one of them changes."""
    is_new = np.zeros(len(keys[0]), bool)
    is_new[:1] = True
    for key in keys:
        is_new[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(is_new)
