"""Chance that falls the same way on every machine and every version of Python.

Only `Random.random` promises that; choices, shuffles and logarithms do not. So everything here is made of
it and of plain arithmetic, and curves are tables of quantiles.
"""

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")

Curve = tuple[tuple[float, float], ...]
"""Quantiles of a distribution: (share of all, value), both rising, from share 0 to share 1."""


class Dice:
    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random  # noqa: S311 - invented people, nothing secret

    def happens(self, probability: float) -> bool:
        return self._random() < probability

    def whole(self, lowest: int, highest: int) -> int:
        """A whole number, both ends included."""
        return lowest + int(self._random() * (highest - lowest + 1))

    def one(self, things: Sequence[T]) -> T:
        return things[int(self._random() * len(things))]

    def weighted(self, things: Sequence[tuple[T, float]]) -> T:
        left = self._random() * sum(weight for _, weight in things)
        for thing, weight in things:
            left -= weight
            if left < 0:
                return thing
        return things[-1][0]

    def some(self, count: int, things: Sequence[T]) -> list[T]:
        """`count` different things (all of them if there are fewer), in no order."""
        rest = list(things)
        return [rest.pop(int(self._random() * len(rest))) for _ in range(min(count, len(rest)))]

    def along(self, curve: Curve) -> float:
        share = self._random()
        for (low, start), (high, end) in pairwise(curve):
            if share < high:
                return start + (end - start) * (share - low) / (high - low)
        return curve[-1][1]
