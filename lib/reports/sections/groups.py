"""Tables of the groups of one dimension, such as countries or domains: from events, or as reported."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lib.reports import few
from lib.reports.figures import Column, is_covered, quotient
from lib.reports.metrics import ASKABLE
from lib.reports.overview import named
from lib.reports.parts import Part
from lib.reports.rollup import OTHER
from lib.reports.sections.base import World


@dataclass(frozen=True)
class Groups:
    """A table of groups: their keys (None: not known, «*»: the long tail), and columns of numbers by name."""

    keys: list[Any]
    columns: dict[str, Column]
    texts: bool = False
    """Whether every key is a text, because a sender told it."""

    def __len__(self) -> int:
        return len(self.keys)

    def adding(self, **columns: Column) -> "Groups":
        return replace(self, columns=self.columns | columns)

    def taking(self, rows: npt.NDArray[np.int64]) -> "Groups":
        columns = {name: column[rows] for name, column in self.columns.items()}
        return replace(self, keys=[self.keys[row] for row in rows], columns=columns)

    def frame(self, key: str) -> pd.DataFrame:
        """As a table of a section, the groups in the column `key`."""
        keys = pd.Series(self.keys, dtype=None if self.texts and self.keys else object)
        return pd.DataFrame({key: keys} | self.columns)


def of_frame(table: pd.DataFrame) -> Groups:
    """The same, given a table with the column `key`."""
    names = [name for name in table.columns if name != "key"]
    numbers = {name: table[name].to_numpy(dtype=np.float64) for name in names}
    return Groups(table["key"].tolist(), numbers, texts=True)


def counted(world: World, part: Part, names: Sequence[str]) -> Groups:
    """The counts of `names` for each group of `part`, a column each under their plain names, and `key`.

    Groups without any of them are left out. A count is unknown (NaN) where the events do not cover it.
    """
    columns = {}
    for name in names:
        meant = named(name, world.form)
        known = is_covered(ASKABLE[meant].needs, part.covers)
        columns[name] = part.counts[meant] if known else np.full(len(part.keys), np.nan)
    table = np.nan_to_num(np.array(list(columns.values())))
    kept = np.flatnonzero(table.any(axis=0)) if len(part.keys) else np.empty(0, np.int64)
    return Groups([part.keys[row] for row in kept], {name: column[kept] for name, column in columns.items()})


def reported(world: World, kind: str, names: Sequence[str]) -> Groups:
    """The same as the sender reports it for the groups of a scope, such as "location".

    Where the scope hides recipients, groups of few of them are one, «*»; who is in two of these is counted
    twice there.
    """
    found: dict[str, dict[str, Any]] = {}
    for scope, key, metric, value, _claimed in world.row.reported_parts:
        if scope == kind:
            found.setdefault(key, {})[metric] = value
    meant = {name: named(name, world.form) for name in names}
    table = pd.DataFrame(
        [[key, *(claims.get(meant[name]) for name in names)] for key, claims in found.items()],
        columns=["key", *names],
    ).astype(dict.fromkeys(names, np.float64))
    table = table[table[list(names)].notna().any(axis=1)]
    return of_frame(table if world.scope.people else _merged(table, names))


def with_share(world: World, table: Groups, of: str) -> Groups:
    """`table` with the column `share`: of all that the campaign has of the count `of`.

    A message may be in two groups, so that shares may come to more than 1; without the whole they are of the
    sum of the groups.
    """
    whole = world.row.counts.get(named(of, world.form)) if world.covers(*ASKABLE[of].needs) else None
    values = table.columns[of]
    below = np.full(len(values), float(whole) if whole else np.nansum(values))
    return table.adding(share=quotient(values, below))


def ordered(table: Groups, by: Sequence[str]) -> Groups:
    """The largest first by the columns `by`; then the long tail, then what is not known."""
    tail = np.array([2 if key is None else key == OTHER for key in table.keys], dtype=np.int64)
    texts = places(["" if key is None else str(key) for key in table.keys])
    order = np.lexsort((texts, *(-table.columns[name] for name in reversed(by)), tail))
    return table.taking(order)


def places(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Where each of some texts stands among them in their order; the same text at the same place."""
    order = {text: place for place, text in enumerate(sorted(set(texts)))}
    return np.array([order[text] for text in texts], dtype=np.int64)


def _merged(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    people = [name for name in names if name not in ("opens", "clicks")]
    sizes = {
        key: int(max(values, default=0))
        for key, *values in table[["key", *people]].fillna(0).itertuples(index=False)
    }
    # The same people may stand behind all of them: together they are as many as in the largest, surely.
    small = few.merged(sizes, lambda keys: max(sizes[key] for key in keys), OTHER)
    one = table.assign(key=table["key"].where(~table["key"].isin(small), OTHER))
    return one.groupby("key", sort=False, as_index=False).sum(min_count=1)
