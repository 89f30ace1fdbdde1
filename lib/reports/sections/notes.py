"""What analysts wrote beside the report."""

from lib.reports.sections.base import Section, World


def make(world: World) -> Section:  # noqa: ARG001 - to be built
    return Section("notes", None, "missing.notes")
