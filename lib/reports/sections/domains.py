"""How each provider of mailboxes took the campaign."""

from lib.model import Kind
from lib.reports.figures import quotient
from lib.reports.sections import groups
from lib.reports.sections.base import Section, World
from lib.reports.sections.groups import Groups

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
    table = Groups([], {})
    if any(world.covers(kind) for kind in (Kind.SENT, Kind.OPENED, Kind.CLICKED, Kind.BOUNCED)):
        table = groups.counted(world, world.part("domain"), COUNTED)
    if all(key is None for key in table.keys):
        table = groups.reported(world, "domain", COUNTED)
    if not table.keys:
        return Section("domains", None, "missing.domains")
    for name, (part, whole) in RATES.items():
        table = table.adding(**{name: quotient(table.columns[part], table.columns[whole])})
    table = groups.ordered(groups.with_share(world, table, "recipients"), BY)
    note = "" if world.scope.people else "report.few"
    return Section("domains", table.frame("domain"), note=note)
