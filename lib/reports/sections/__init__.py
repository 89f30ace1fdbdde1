"""The sections of a report, a module each: `make(world)` gives its tables, or says what would fill it."""

from collections.abc import Callable

from lib.reports.sections import (
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
from lib.reports.sections.base import Section, World

SECTIONS: dict[str, Callable[[World], Section]] = {
    "notes": notes.make,
    "overview": overview.make,
    "first_day": first_day.make,
    "life": life.make,
    "links": links.make,
    "click_map": click_map.make,
    "recipients": recipients.make,
    "active_recipients": active_recipients.make,
    "locations": locations.make,
    "domains": domains.make,
    "devices": devices.make,
    "commerce": commerce.make,
    "variants": variants.make,
    "forwards": forwards.make,
    "machines": machines.make,
    "history": history.make,
}

SECTION_NAMES = tuple(SECTIONS)
"""In the order of the report."""

NAMING_PEOPLE = frozenset({"recipients", "active_recipients"})
"""Hidden where the scope hides people."""

TELLING_REVENUE = frozenset({"commerce"})
"""Hidden where the scope hides revenue."""

TELLING_OTHERS = frozenset({"history"})
"""Hidden where the scope hides what other campaigns say."""

__all__ = [
    "NAMING_PEOPLE",
    "SECTIONS",
    "SECTION_NAMES",
    "TELLING_OTHERS",
    "TELLING_REVENUE",
    "Section",
    "World",
]
