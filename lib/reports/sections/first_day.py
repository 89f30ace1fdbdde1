"""When the first day's opens and clicks came."""

from typing import Any

import numpy as np
import pandas as pd

from lib.model import Kind
from lib.reports.overview import named
from lib.reports.sections.base import Section, World

HOURS = 24


def make(world: World) -> Section:
    """First opens and first clicks of each message, and all of them, in each of the first 24 hours."""
    covered = {"opens": world.covers(Kind.OPENED), "clicks": world.covers(Kind.CLICKED)}
    if not any(covered.values()):
        return Section("first_day", None, "missing.first_day")
    part = world.part("hour")
    hours: dict[Any, int] = {key: place for place, key in enumerate(part.keys) if key is not None}
    if not hours and any(world.row.counts.get(name, 0) for name in covered):
        return Section("first_day", None, "missing.times")
    table: dict[str, Any] = {"hour": np.arange(HOURS)}
    for name in ("first_opens", "first_clicks", "opens", "clicks"):
        counts = part.counts[named(name, world.form)]
        by_hour = [counts[hours[hour]] if hour in hours else 0 for hour in range(HOURS)]
        known = covered[name.removeprefix("first_")]
        table[name] = np.array(by_hour, dtype=np.int64) if known else np.full(HOURS, np.nan)
    return Section("first_day", pd.DataFrame(table))
