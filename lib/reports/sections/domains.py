"""How each provider of mailboxes took the campaign."""

from lib.reports.sections.base import Section, World


def make(world: World) -> Section:  # noqa: ARG001 - to be built
    return Section("domains", None, "missing.domains")
