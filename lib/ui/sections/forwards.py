"""Forwards and social networks on the screen."""

from lib.model import Scope
from lib.paper.sections.forwards import TABLES
from lib.reports import Report, Section
from lib.ui import tables


def draw(report: Report, section: Section, _scope: Scope) -> None:
    tables.draw(report, TABLES["forwards"], section.rows, "forwards.alt")
