"""The most active recipients in the reader's language."""

from lib.paper.charted import Draw
from lib.paper.tables import Column, Table

TABLES = {
    "active_recipients": Table(
        (
            Column("address", "report.address", "text", wide=True),
            Column("opens", "metric.opens"),
            Column("clicks", "metric.clicks"),
            Column("last_at", "report.last_at", "moment"),
        )
    )
}

CHARTS: dict[str, Draw] = {}
