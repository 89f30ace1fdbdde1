"""The tables, the charts and the sentences of each section, in the reader's language.

Their names are the section's, or «section.more» for one of its further tables and charts. What a report has
no data for, or does not show, is None.
"""

from collections.abc import Callable, Iterable

import pandas as pd

from lib.paper.charted import Draw
from lib.paper.sections import (
    active_recipients,
    click_map,
    commerce,
    devices,
    domains,
    first_day,
    forwards,
    history,
    life,
    links,
    locations,
    machines,
    notes,
    overview,
    recipients,
    variants,
)
from lib.paper.tables import Table
from lib.reports import Report

MODULES = (
    notes,
    overview,
    first_day,
    life,
    links,
    click_map,
    recipients,
    active_recipients,
    locations,
    domains,
    devices,
    commerce,
    variants,
    forwards,
    machines,
    history,
)

TABLES: dict[str, Table] = {name: table for module in MODULES for name, table in module.TABLES.items()}

CHARTS: dict[str, Draw] = {name: chart for module in MODULES for name, chart in module.CHARTS.items()}

SENTENCES: dict[str, Callable[[Report, str], Iterable[str]]] = {
    "overview": overview.sentences,
    "life": life.sentences,
    "links": links.sentences,
    "locations": locations.sentences,
    "devices": devices.sentences,
    "commerce": commerce.sentences,
    "variants": variants.sentences,
    "machines": machines.sentences,
    "history": history.told,
}
"""What a section with rows says beside its tables and charts; names in it are not escaped."""


def table_of(report: Report, name: str) -> pd.DataFrame | None:
    """A table of the report by its name in TABLES."""
    section, _, more = name.partition(".")
    found = report.sections.get(section)
    if found is None:
        return None
    return found.more.get(more) if more else found.table


def of_section(section: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names among `names` (of TABLES or CHARTS) that belong to a section."""
    return tuple(name for name in names if name.partition(".")[0] == section)
