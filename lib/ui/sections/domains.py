"""The domains on the screen."""

from lib.model import Scope
from lib.paper.sections import TABLES
from lib.reports import Report, Section
from lib.ui import plots, tables
from lib.ui.i18n import t


def draw(report: Report, section: Section, _scope: Scope) -> None:
    plots.draw(report, "domains", t("domains.chart_alt"))
    tables.draw(report, TABLES["domains"], section.rows, "domains.alt")
