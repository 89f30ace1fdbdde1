"""The most active recipients on the screen."""

from lib.model import Scope
from lib.paper.sections import TABLES
from lib.reports import Report, Section
from lib.ui import tables


def draw(report: Report, section: Section, _scope: Scope) -> None:
    tables.draw(report, TABLES["active_recipients"], section.rows, "report.active_recipients_alt")
