"""Where in the mail the clicks were."""

from lib.reports.sections.base import Section, World


def make(world: World) -> Section:  # noqa: ARG001 - to be built
    return Section("click_map", None, "missing.click_map")
