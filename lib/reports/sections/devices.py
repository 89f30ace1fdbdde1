"""On which devices and with which mail programs it was opened."""

from lib.model import Kind
from lib.reports.sections import groups
from lib.reports.sections.base import Section, World

NAMES = ("unique_opens", "opens", "unique_clicks", "clicks")


def make(world: World) -> Section:
    """Devices by kind (desktop, mobile, tablet), and in `more["clients"]` the programs.

    Columns: device or client (None is not known, «*» the long tail), unique_opens, opens, unique_clicks,
    clicks, and share of the unique opens. Clicks are made in browsers, and count under their names. The fact
    `few_merged`: whether groups of few recipients stand together.
    """
    if not (world.covers(Kind.OPENED) or world.covers(Kind.CLICKED)):
        return Section("devices", None, "missing.devices")
    devices, clients = (world.part(name) for name in ("device", "client"))
    if not any(devices.keys) and not any(clients.keys):
        return Section("devices", None, "missing.devices")
    tables = {
        name: groups.ordered(
            groups.with_share(world, groups.counted(world, part, NAMES), "unique_opens"), NAMES
        ).frame(name)
        for name, part in (("device", devices), ("client", clients))
    }
    return Section(
        "devices",
        tables["device"],
        note="devices.unknown_why",
        more={"clients": tables["client"]},
        facts={"few_merged": not world.scope.people},
    )
