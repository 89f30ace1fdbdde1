"""What was passed on: forwards and social networks."""

from lib.reports.sections.base import Section, World


def make(world: World) -> Section:  # noqa: ARG001 - to be built
    return Section("forwards", None, "missing.forwards")
