"""What every section of a report is made of, and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from lib.model import Form, Kind, Scope
from lib.reports import benchmarks, folding, ledger
from lib.reports.benchmarks import Benchmark
from lib.reports.figures import Columns, columns, is_covered
from lib.reports.folding import Clicked
from lib.reports.ledger import Ledger
from lib.reports.metrics import COUNTS
from lib.reports.parts import Part, Rollup, once
from lib.store.analytics import Analytics
from lib.store.remembered import remembered


@dataclass(frozen=True)
class Section:
    """A table of the report; without one, `missing` is the key of the sentence that says what would fill
    it, or "" where nothing could: such a section is left out.
    """

    name: str
    table: pd.DataFrame | None
    missing: str = ""
    note: str = ""
    """The key of a sentence about how the table was made, or ""."""
    more: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Further tables by name."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Single plain values by name: numbers, texts, times; unknown is None."""

    @property
    def is_left_out(self) -> bool:
        """Whether nothing at all is shown of it: nothing is missing, there just is nothing."""
        return self.table is None and not self.missing

    @property
    def rows(self) -> pd.DataFrame:
        """The table; an empty one where data is missing."""
        return pd.DataFrame() if self.table is None else self.table


@dataclass(frozen=True)
class World:
    """What a section is made of: the campaign's row of the records, its rollup, its files of events."""

    analytics: Analytics
    row: Any
    rollup: Rollup | None
    files: list[str]
    form: Form
    scope: Scope
    imported_at: datetime | None = None
    """When something was last brought in for it."""

    @cached_property
    def figures(self) -> dict[str, Columns]:
        """Every metric by its own name, a column of one campaign each."""
        return columns([self.row.counts], [self.row.covers], [self.row.reported])

    def value(self, name: str) -> float:
        """The metric of this very name; unknown is NaN."""
        return float(self.figures[name].value[0])

    @cached_property
    def industry(self) -> Benchmark | None:
        """The newest averages of the workspace's industry."""
        return benchmarks.chosen(self.analytics.records)

    @cached_property
    def others(self) -> Ledger:
        """All campaigns; what is told of them is up to the scope."""
        return ledger.of(self.analytics)

    @cached_property
    def clicked(self) -> Clicked | None:
        """What was clicked, which more than one section shows."""
        return folding.clicked(self)

    def covers(self, *kinds: Kind) -> bool:
        """Whether events of all these kinds are there in full."""
        return self.rollup is not None and is_covered(kinds, self.row.covers)

    @property
    def most_recipients(self) -> float:
        """The recipients as reported; without limit where that is unknown."""
        return float(self.row.reported.get("recipients") or np.inf)

    def part(self, dimension: str, scope: Scope | None = None) -> Part:
        """The rows of one dimension of the rollup as the scope of the reader may see them, or another one."""
        if self.rollup is None:
            return Part(self.row.covers, [], {name: np.empty(0) for name in COUNTS})
        return self.rollup.part(dimension, self.row.covers, scope or self.scope)

    def whole(self, column: str) -> Any:
        """A value of the campaign's own row of the rollup, such as `half_opens`; None where it is unknown, or
        where an older rollup does not hold it.
        """
        return self._whole.get(column)

    @cached_property
    def _whole(self) -> dict[str, Any]:
        rows = [] if self.rollup is None else self.rollup.rows("").to_pylist()
        return next(iter(rows), {})

    @property
    def messages(self) -> Path | None:
        """The file of messages; None where there are no events, or an older rollup was made without one."""
        if self.rollup is None or not self.rollup.holds("half_opens"):
            return None
        return self.analytics.events.messages(self.row.rollup)

    def addresses(self, messages: list[int]) -> dict[int, str]:
        """The addresses of some messages, from the files of people; never asked where people are hidden."""
        found: dict[int, str] = {}
        for place in self.files:
            path = self.analytics.events.people(place)
            found |= once(partial(_addresses, tuple(messages)), path)
        return found


@remembered(32)
def _addresses(messages: tuple[int, ...], path: Path, _written: int) -> dict[int, str]:
    """The addresses of those of `messages` that a file of people names."""
    table = pq.ParquetFile(path).read(["message", "address"], use_threads=False)
    rows = np.flatnonzero(np.isin(table.column("message").to_numpy(), np.array(messages, dtype=np.int64)))
    named = table.take(rows)
    return dict(zip(named.column("message").to_pylist(), named.column("address").to_pylist(), strict=True))
