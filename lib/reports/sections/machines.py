"""Which opens and clicks machines made, by which rule."""

from lib.reports.sections.base import Section, World


def make(world: World) -> Section:  # noqa: ARG001 - to be built
    return Section("machines", None, "missing.machines")
