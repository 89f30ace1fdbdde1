"""The campaign against its own history."""

from lib.reports.sections.base import Section, World


def make(world: World) -> Section:  # noqa: ARG001 - to be built
    return Section("history", None, "missing.history")
