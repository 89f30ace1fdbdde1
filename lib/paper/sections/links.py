"""The links in the reader's language."""

from lib.paper.charted import Draw
from lib.paper.tables import Column, Table

TABLES = {
    "links": Table(
        (
            Column("url", "report.url", "url", wide=True),
            Column("unique_clicks", "metric.unique_clicks"),
            Column("clicks", "metric.clicks"),
            Column("click_share", "report.click_share", "share"),
        ),
        other="report.other_links",
    )
}

CHARTS: dict[str, Draw] = {}
