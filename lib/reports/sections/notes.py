"""What analysts wrote beside the report."""

import pandas as pd

from lib.reports import notes
from lib.reports.sections.base import Section, World


def make(world: World) -> Section:
    """The notes that the reader may see, the oldest first; without any there is no section.

    Columns: number (as on the charts), text, chart (None: the whole report), hour (since the sending), author
    (a name, "" where it is not known), at.
    """
    found = notes.shown(world.analytics.records, world.scope, world.row.id)
    if not found:
        return Section("notes", None)
    table = pd.DataFrame(
        {
            "number": range(1, len(found) + 1),
            "text": [note.written.text for note in found],
            "chart": pd.Series([note.written.chart for note in found], dtype=object),
            "hour": pd.Series([note.written.hour for note in found], dtype=float),
            "author": [note.author for note in found],
            "at": pd.to_datetime([note.at for note in found], utc=True),
        }
    )
    return Section("notes", table)
