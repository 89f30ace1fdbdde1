"""The sections of a report on the screen, a module each: `draw(report, section, scope)`."""

from collections.abc import Callable

from lib.model import Scope
from lib.reports import Report, Section
from lib.ui.sections import (
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

DRAWN: dict[str, Callable[[Report, Section, Scope], None]] = {
    "notes": notes.draw,
    "overview": overview.draw,
    "first_day": first_day.draw,
    "life": life.draw,
    "links": links.draw,
    "click_map": click_map.draw,
    "recipients": recipients.draw,
    "active_recipients": active_recipients.draw,
    "locations": locations.draw,
    "domains": domains.draw,
    "devices": devices.draw,
    "commerce": commerce.draw,
    "variants": variants.draw,
    "forwards": forwards.draw,
    "machines": machines.draw,
    "history": history.draw,
}
"""In the order of the report."""

LIVE = ("click_map", "recipients", "variants")
"""With controls that remember what a reader chose. The others are drawn alike for all (lib/ui/kept.py)."""
