"""Tables of the groups of one dimension, such as countries or domains: from events, or as reported."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from lib.reports import few
from lib.reports.figures import is_covered, quotient
from lib.reports.metrics import ASKABLE
from lib.reports.overview import named
from lib.reports.parts import Part
from lib.reports.rollup import OTHER
from lib.reports.sections.base import World


def counted(world: World, part: Part, names: Sequence[str]) -> pd.DataFrame:
    """The counts of `names` for each group of `part`, a column each under their plain names, and `key`.

    Groups without any of them are left out. A count is unknown (NaN) where the events do not cover it.
    """
    columns: dict[str, Any] = {"key": pd.Series(part.keys, dtype=object)}
    for name in names:
        meant = named(name, world.form)
        known = is_covered(ASKABLE[meant].needs, part.covers)
        columns[name] = part.counts[meant] if known else np.full(len(part.keys), np.nan)
    table = pd.DataFrame(columns)
    return table[(table[list(names)].fillna(0) != 0).any(axis=1)]


def reported(world: World, kind: str, names: Sequence[str]) -> pd.DataFrame:
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
    return table if world.scope.people else _merged(table, names)


def with_share(world: World, table: pd.DataFrame, of: str) -> pd.DataFrame:
    """`table` with the column `share`: of all that the campaign has of the count `of`.

    A message may be in two groups, so that shares may come to more than 1; without the whole they are of the
    sum of the groups.
    """
    whole = world.row.counts.get(named(of, world.form)) if world.covers(*ASKABLE[of].needs) else None
    values = table[of].to_numpy(dtype=np.float64)
    below = np.full(len(table), float(whole) if whole else np.nansum(values))
    return table.assign(share=quotient(values, below))


def ordered(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """The largest first by the columns `by`; then the long tail, then what is not known."""
    tail, unknown = (table["key"] == OTHER).astype(int), table["key"].isna().astype(int)
    placed = table.assign(last=tail + 2 * unknown, text=table["key"].fillna("").astype(str))
    placed = placed.sort_values(["last", *by, "text"], ascending=[True, *[False] * len(by), True])
    return placed.drop(columns=["last", "text"]).reset_index(drop=True)


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
