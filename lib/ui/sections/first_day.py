"""The first day on the screen."""

from lib.model import Scope
from lib.paper import numbers
from lib.reports import Report, Section
from lib.ui import plots
from lib.ui.i18n import language, t


def draw(report: Report, section: Section, _scope: Scope) -> None:
    table = section.rows
    alt = t(
        "report.first_day_alt",
        opens=numbers.whole(table["opens"].sum(), language()),
        clicks=numbers.whole(table["clicks"].sum(), language()),
        hour=int(table["hour"].iloc[int(table["opens"].argmax())]),
    )
    plots.draw(report, "first_day", alt)
