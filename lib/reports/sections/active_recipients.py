"""Who opened and clicked most."""

import numpy as np
import pandas as pd

from lib.model import Form, Kind
from lib.reports.overview import named
from lib.reports.rollup import MOST_ACTIVE
from lib.reports.sections.base import Section, World


def make(world: World) -> Section:
    """The recipients who opened and clicked most, with the time of the last of it."""
    if not (world.covers(Kind.OPENED) or world.covers(Kind.CLICKED)):
        return Section("active_recipients", None, "missing.active_recipients")
    assert world.rollup is not None  # noqa: S101 - covers() says so
    rows = world.rollup.rows("message")
    last = "last_at_people" if world.form is Form.PEOPLE else "last_at"
    opens, clicks = (rows.column(named(name, world.form)).to_numpy() for name in ("opens", "clicks"))
    messages = np.array([int(key) for key in rows.column("key").to_pylist()], dtype=np.int64)
    last_at = pd.to_datetime(rows.column(last).to_pandas(), utc=True)
    unknown = last_at.isna().to_numpy()
    latest = np.where(unknown, 0, last_at.dt.as_unit("us").astype(np.int64).to_numpy())
    order = np.lexsort((messages, -latest, unknown, -clicks, -(opens + clicks)))
    order = order[(opens + clicks)[order] > 0]
    addresses = world.addresses(messages[order].tolist())
    shown = order[:MOST_ACTIVE]
    columns = {
        "address": [addresses.get(message, "") for message in messages[shown].tolist()],
        "opens": opens[shown],
        "clicks": clicks[shown],
        "last_at": last_at.take(shown).array,
    }
    return Section("active_recipients", pd.DataFrame(columns))
