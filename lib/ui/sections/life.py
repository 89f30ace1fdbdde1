"""The section «life» on the screen."""

from lib.model import Scope
from lib.reports import Report, Section


def draw(report: Report, section: Section, scope: Scope) -> None:
    """To be built."""
