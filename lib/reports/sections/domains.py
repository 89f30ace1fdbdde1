"""How each provider of mailboxes took the campaign."""

import numpy as np
import pandas as pd

from lib.model import Kind
from lib.reports.figures import quotient
from lib.reports.sections import groups
from lib.reports.sections.base import Section, World

COUNTED = (
    "recipients", "bounces", "deliveries", "unique_opens", "unique_clicks", "unsubscribes", "complaints",
)  # fmt: skip
RATES = {  # part, whole
    "bounce_rate": ("bounces", "recipients"),
    "open_rate": ("unique_opens", "deliveries"),
    "click_rate": ("unique_clicks", "deliveries"),
}
BY = ("recipients", "unique_opens", "unique_clicks")


def make(world: World) -> Section:
    """Domains of the recipients' addresses: counts, rates, and `share` of the recipients.

    Column `domain`: None is not known, «*» the long tail. A domain that only bounced has no open rate.
    """
    table = pd.DataFrame({"key": []})
    if any(world.covers(kind) for kind in (Kind.SENT, Kind.OPENED, Kind.CLICKED, Kind.BOUNCED)):
        table = groups.counted(world, world.part("domain"), COUNTED)
    if not table["key"].notna().any():
        table = groups.reported(world, "domain", COUNTED)
    if table.empty:
        return Section("domains", None, "missing.domains")
    for name, (part, whole) in RATES.items():
        table = table.assign(**{name: quotient(_of(table, part), _of(table, whole))})
    table = groups.ordered(groups.with_share(world, table, "recipients"), BY)
    note = "" if world.scope.people else "report.few"
    return Section("domains", table.rename(columns={"key": "domain"}), note=note)


def _of(table: pd.DataFrame, name: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return table[name].to_numpy(dtype=np.float64)
