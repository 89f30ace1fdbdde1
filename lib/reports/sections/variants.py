"""A/B and multivariate tests: which combination won, and how sure that is."""

from lib.reports.sections.base import Section, World


def make(world: World) -> Section:  # noqa: ARG001 - to be built
    return Section("variants", None, "missing.variants")
