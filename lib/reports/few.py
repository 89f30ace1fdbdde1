"""Groups of few recipients, which are shown together where recipients are hidden.

A group is one key of a dimension, such as a link, a domain or a country; its size is the number of
recipients in it. Whoever knows one of three recipients behind a link, and what the table says of the three,
may know what that one did. The rule, for each campaign and dimension:

- Groups of fewer than FEWEST recipients are merged into one row, `*`, and so is the long tail.
- When that leaves one group alone in the row, or fewer than FEWEST recipients in it, the smallest of the
  other groups joins them: else the row would be that group, or total minus rows would tell it.
- A group is measured in both forms, with machines and without, and the smaller number that is not zero
  counts: both forms show the same rows, so that one cannot be subtracted from the other.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import reduce
from typing import TypeVar

import numpy as np
import numpy.typing as npt

FEWEST = 5
"""Recipients that a group needs to be shown by itself."""

Key = TypeVar("Key", bound=Hashable)


def merged(sizes: Mapping[Key, int], together: Callable[[frozenset[Key]], int], tail: Key) -> frozenset[Key]:
    """The groups to be shown as one; none when each is large enough.

    `together` gives the size of some groups as one: someone who is in two of them is one recipient. `tail` is
    the key of the row that is merged already.
    """
    few = frozenset(key for key, size in sizes.items() if size < FEWEST)
    if not few:
        return few
    few |= {tail} & sizes.keys()
    rest = sorted(sizes.keys() - few, key=lambda key: (-sizes[key], str(key)))
    while rest and (len(few) < 2 or together(few) < FEWEST):
        few |= {rest.pop()}
    return few


def size(counts: Mapping[str, float]) -> int:
    """The recipients of a group at least, in its smaller form, given its counts of messages by metric."""
    return int(sizes({name: np.array([value]) for name, value in counts.items()})[0]) if counts else 0


def sizes(counts: Mapping[str, npt.NDArray[np.number]]) -> npt.NDArray[np.number]:
    """The same of many groups, of each a number; there is at least one metric."""
    people = {name for name in counts if name.endswith("_people")}
    both = {name.removesuffix("_people") for name in people}
    nobody = np.zeros_like(next(iter(counts.values())))
    with_machines = reduce(np.maximum, (counts[name] for name in counts.keys() - people), nobody)
    without = reduce(np.maximum, (counts[name] for name in counts.keys() - both), nobody)
    smaller, larger = np.minimum(with_machines, without), np.maximum(with_machines, without)
    return np.asarray(np.where(smaller > 0, smaller, larger))
