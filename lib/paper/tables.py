"""How a table of a report is read: which columns, under which headings, in which manner.

Declared once, it serves the screen, CSV, XLSX and PDF. The tables of all sections: lib/paper/sections.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from lib.reports import OTHER
from lib.words import t

KINDS = ("text", "url", "count", "rate", "share", "decimal", "money", "moment")
"""What a column holds. `rate` and `share` are fractions of 1 (a share of a whole is drawn as a bar), `money`
is in the campaign's currency, `moment` an aware time shown in the campaign's zone.
"""

Words = Callable[[object, str], str]
"""A value in words of a language, such as a country by its code."""


@dataclass(frozen=True)
class Column:
    """One column: its name in the table, the key of its heading, what it holds."""

    name: str
    heading: str
    kind: str = "count"
    words: Words | None = None
    """For texts that are codes: what stands for them."""
    wide: bool = False


@dataclass(frozen=True)
class Table:
    """The columns of a table that a reader sees; those that the data has not are left out.

    `other` is the key of the words that stand for the long tail in its first column. In a table that is
    `known` columns of which no row knows anything are left out too.
    """

    columns: tuple[Column, ...]
    other: str = ""
    known: bool = False

    def shown(self, table: pd.DataFrame) -> tuple[Column, ...]:
        """The columns that this table has."""
        there = tuple(column for column in self.columns if column.name in table)
        if not self.known or table.empty:
            return there
        return tuple(one for one in there if one is there[0] or table[one.name].notna().any())

    def in_words(self, table: pd.DataFrame, language: str) -> pd.DataFrame:
        """The shown columns of `table`, codes and the long tail in words of `language`; numbers and times as
        they are. A new table: `table` stays as it was.
        """
        shown = table[[column.name for column in self.shown(table)]].copy()
        for column in self.shown(table):
            if column.words is not None:
                words = column.words
                shown[column.name] = [words(value, language) for value in shown[column.name]]
        if self.other and len(shown.columns):
            first = shown.columns[0]
            shown[first] = shown[first].replace(OTHER, t(language, self.other))
        return shown

    def headings(self, table: pd.DataFrame, language: str) -> list[str]:
        return [t(language, column.heading) for column in self.shown(table)]
