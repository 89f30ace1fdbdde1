"""How opens and clicks came in over the whole life of the campaign."""

from lib.reports.sections.base import Section, World


def make(world: World) -> Section:  # noqa: ARG001 - to be built
    return Section("life", None, "missing.life")
