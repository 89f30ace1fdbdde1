"""CSV that a spreadsheet opens without running anything in it (RFC 4180, formulas defused)."""

import csv
from collections.abc import Iterable
from typing import TextIO

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")


def write(file: TextIO, rows: Iterable[Iterable[object]]) -> None:
    """Write rows; None is an empty cell, numbers stay numbers."""
    writer = csv.writer(file, lineterminator="\r\n")
    for row in rows:
        writer.writerow([defused(value) for value in row])


def defused(value: object) -> object:
    """A text that a spreadsheet would run gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value
