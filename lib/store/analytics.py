"""What every question about campaigns is asked of: the records and the events."""

from dataclasses import dataclass

import sqlalchemy as sa

from lib.store.events import Events


@dataclass(frozen=True)
class Analytics:
    """The two stores side by side; the records name the event files that are live."""

    records: sa.Engine
    events: Events
