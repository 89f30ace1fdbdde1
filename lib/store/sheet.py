"""CSV that a spreadsheet opens without running anything in it (RFC 4180, formulas defused)."""

import csv
import re
from collections.abc import Iterable
from typing import TextIO

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\0")
STARTS_WITHIN = re.compile(r'([;\t\r\n]"*)(?=[=+\-@＝＋－＠])')
"""Where a spreadsheet of a country with decimal commas, which parts columns at semicolons, begins a cell."""


def write(file: TextIO, rows: Iterable[Iterable[object]]) -> None:
    """Write rows; None is an empty cell, numbers stay numbers."""
    writer = csv.writer(file, lineterminator="\r\n")
    for row in rows:
        writer.writerow([defused(value) for value in row])


def defused(value: object) -> object:
    """A text that a spreadsheet would run gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    whole = STARTS_WITHIN.sub(r"\1'", value)
    return f"'{whole}" if whole.startswith(FORMULA_STARTS) else whole
