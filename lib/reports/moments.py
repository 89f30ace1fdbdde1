"""When a campaign was opened and clicked: the single moments that its rollup knows."""

from datetime import UTC, datetime

from lib.model import Form
from lib.reports.sections.base import World

VERBS = {"opens": "opened", "clicks": "clicked"}


def last_at(world: World, name: str) -> datetime | None:
    """The last of the «opens» or «clicks», aware, in the form that is read."""
    found = world.whole(_in_form(f"last_{VERBS[name]}_at", world.form))
    return found.replace(tzinfo=UTC) if isinstance(found, datetime) else None


def half_after(world: World, name: str) -> float | None:
    """The seconds within which half of the messages that were ever opened, or clicked, were so."""
    found = world.whole(_in_form(f"half_{name}", world.form))
    return None if found is None else float(found)


def _in_form(column: str, form: Form) -> str:
    return f"{column}_people" if form is Form.PEOPLE else column
