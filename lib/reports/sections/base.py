"""What every section of a report is made of, and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.model import Form, Kind, Scope
from lib.reports.figures import is_covered
from lib.reports.parts import Part, part_of
from lib.store.analytics import Analytics


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
    rollup: pa.Table | None
    files: list[str]
    form: Form
    scope: Scope
    imported_at: datetime | None = None
    """When something was last brought in for it."""

    def covers(self, *kinds: Kind) -> bool:
        """Whether events of all these kinds are there in full."""
        return self.rollup is not None and is_covered(kinds, self.row.covers)

    @property
    def most_recipients(self) -> float:
        """The recipients as reported; without limit where that is unknown."""
        return float(self.row.reported.get("recipients") or np.inf)

    def part(self, dimension: str) -> Part:
        """The rows of one dimension of the rollup as the scope may see them."""
        return part_of(self.rollup, dimension, self.row.covers, self.scope)

    def whole(self, column: str) -> Any:
        """A value of the campaign's own row of the rollup, such as `half_opens`; None where it is unknown, or
        where an older rollup does not hold it.
        """
        if self.rollup is None or column not in self.rollup.column_names:
            return None
        rows = self.rollup.filter(pc.equal(self.rollup.column("dimension"), ""))
        return next(iter(rows.column(column).to_pylist()), None)

    @property
    def messages(self) -> Path | None:
        """The file of messages; None where there are no events, or an older rollup was made without one."""
        if self.rollup is None or "half_opens" not in self.rollup.column_names:
            return None
        return self.analytics.events.messages(self.row.rollup)

    def addresses(self, messages: list[int]) -> dict[int, str]:
        """The addresses of some messages, from the files of people; never asked where people are hidden."""
        found: dict[int, str] = {}
        for place in self.files:
            path = self.analytics.events.people(place)
            table = pq.read_table(
                path, columns=["message", "address"], filters=[("message", "in", messages or [0])]
            )
            found |= dict(
                zip(table.column("message").to_pylist(), table.column("address").to_pylist(), strict=True)
            )
        return found
