"""Forwards and social networks in the reader's language."""

from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.reports.export import claim_label

TABLES: dict[str, Table] = {
    "forwards": Table(
        (
            Column(
                "name", "report.figure", "text", words=lambda name, language: claim_label(str(name), language)
            ),
            Column("count", "overall.count"),
            Column("claimed", "report.reported", "text"),
        )
    )
}

CHARTS: dict[str, Draw] = {}
