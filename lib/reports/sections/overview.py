"""All figures of the campaign in one table, beside the averages of its audience and its industry."""

from lib.reports.sections.base import Section, World


def make(world: World) -> Section:  # noqa: ARG001 - to be built
    return Section("overview", None, "missing.overview")
