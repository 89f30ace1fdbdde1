"""What a file says about one contact, before its addresses are judged."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """`line` is where it begins in the file, counted from 1."""

    line: int
    name: str
    addresses: tuple[str, ...]
    labels: tuple[str, ...] = ()
