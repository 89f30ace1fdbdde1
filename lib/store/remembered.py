"""Answers that a process remembers, for they cannot have changed: as long as their data is there."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

_kept: list[Callable[[], None]] = []


def remembered(most: int) -> Callable[[Function], Function]:
    """`functools.lru_cache` for what is made of rows of imports: of addresses, links, networks, counts."""

    def decorate(function: Function) -> Function:
        cached = lru_cache(maxsize=most)(function)
        _kept.append(cached.cache_clear)
        return cast(Function, cached)

    return decorate


def forget() -> None:
    """Forget all of it: some of the data has been taken back."""
    for clear in _kept:
        clear()
