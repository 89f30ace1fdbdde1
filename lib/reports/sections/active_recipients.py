"""Who opened and clicked most."""

import pandas as pd
import pyarrow.compute as pc

from lib.model import Form, Kind
from lib.reports.overview import named
from lib.reports.rollup import MOST_ACTIVE
from lib.reports.sections.base import Section, World


def make(world: World) -> Section:
    """The recipients who opened and clicked most, with the time of the last of it."""
    if not (world.covers(Kind.OPENED) or world.covers(Kind.CLICKED)):
        return Section("active_recipients", None, "missing.active_recipients")
    assert world.rollup is not None  # noqa: S101 - covers() says so
    rows = world.rollup.filter(pc.equal(world.rollup.column("dimension"), "message"))
    last = "last_at_people" if world.form is Form.PEOPLE else "last_at"
    opens, clicks = (rows.column(named(name, world.form)).to_numpy() for name in ("opens", "clicks"))
    table = pd.DataFrame(
        {
            "message": [int(key) for key in rows.column("key").to_pylist()],
            "opens": opens,
            "clicks": clicks,
            "last_at": pd.to_datetime(rows.column(last).to_pandas(), utc=True),
        }
    )
    table = table[table["opens"] + table["clicks"] > 0]
    table = table.assign(total=table["opens"] + table["clicks"]).sort_values(
        ["total", "clicks", "last_at", "message"], ascending=[False, False, False, True]
    )
    addresses = world.addresses(table["message"].tolist())
    table = table.assign(address=[addresses.get(message, "") for message in table["message"]]).head(
        MOST_ACTIVE
    )
    return Section(
        "active_recipients", table[["address", "opens", "clicks", "last_at"]].reset_index(drop=True)
    )
