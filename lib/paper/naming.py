"""How tables, charts and figures are called in files, in the reader's language."""

from collections.abc import Iterator

import pandas as pd

from lib.paper import numbers
from lib.paper.tables import Table
from lib.reports import METRICS, Report
from lib.words import t

PEOPLE = "_people"


def table(name: str, language: str) -> str:
    """The title of a table or a chart by its name: its section's, and what makes it another of the same."""
    section, _, more = name.partition(".")
    title = t(language, f"report.section.{section}")
    return f"{title} – {part(name, language)}" if more else title


def part(name: str, language: str) -> str:
    """What a further table or chart of a section is called beside the others of it."""
    return t(language, f"files.part.{name.replace('.', '_')}")


def campaign(report: Report) -> str:
    """The title of the campaign, or what stands for one."""
    view = report.campaign
    return view.title or view.subject or view.native_id


def headings(declared: Table, frame: pd.DataFrame, report: Report, language: str) -> tuple[str, ...]:
    """The headings of a table; money says which."""
    currency = report.campaign.currency
    return tuple(
        f"{heading} ({currency})" if column.kind == "money" and currency else heading
        for column, heading in zip(declared.shown(frame), declared.headings(frame, language), strict=True)
    )


def figures(report: Report) -> Iterator[tuple[str, float, str]]:
    """The figures of a report that are known, each with its name and its format. The form of people stands
    under the plain name already where the report is read in it.
    """
    for name, figure in report.figures.items():
        if not name.endswith(PEOPLE) and not numbers.is_unknown(figure.value):
            yield name, float(figure.value or 0), METRICS[name].format
