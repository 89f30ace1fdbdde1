"""The recipients by what they did."""

from lib.reports.sections.base import Section, World


def make(world: World) -> Section:  # noqa: ARG001 - to be built
    return Section("recipients", None, "missing.recipients")
