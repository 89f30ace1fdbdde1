"""On which devices and with which mail programs it was opened."""

from lib.reports.sections.base import Section, World


def make(world: World) -> Section:  # noqa: ARG001 - to be built
    return Section("devices", None, "missing.devices")
