"""Devices and mail programs in the reader's language."""

from collections.abc import Iterator
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from lib import charts, words
from lib.paper import numbers
from lib.paper.charted import Draw
from lib.paper.tables import Column, Table, Words
from lib.reports import FEWEST, OTHER, Report
from lib.words import t

MOST = 8
"""Bars of a chart."""
COUNTS = (
    Column("unique_opens", "metric.unique_opens"),
    Column("share", "locations.share", "share"),
    Column("opens", "metric.opens"),
    Column("unique_clicks", "metric.unique_clicks"),
    Column("clicks", "metric.clicks"),
)


def _device(kind: object, language: str) -> str:
    """Our kinds in words; what a sender calls otherwise as it stands."""
    if not isinstance(kind, str) or not kind:
        return t(language, "devices.unknown")
    key = f"devices.kind.{kind.lower()}"
    return t(language, key) if key in words.catalogue(language) else kind


def _client(name: object, language: str) -> str:
    return str(name) if isinstance(name, str) and name else t(language, "devices.unknown")


TABLES = {
    "devices": Table(
        (Column("device", "devices.device", "text", words=_device), *COUNTS),
        other="devices.others",
        known=True,
    ),
    "devices.clients": Table(
        (Column("client", "devices.client", "text", words=_client), *COUNTS),
        other="devices.others",
        known=True,
    ),
}


def sentences(report: Report, language: str) -> Iterator[str]:
    """Why browsers are among the programs, and that small groups stand together where they do."""
    yield t(language, "devices.clicks_why")
    if report.sections["devices"].facts["few_merged"]:
        yield t(language, "report.few", number=FEWEST)


def _bars(name: str, naming: Words, report: Report, language: str) -> go.Figure | None:
    """The groups with the most unique opens, known ones only; clicks where opens are not known."""
    section = report.sections.get("devices")
    if section is None or section.table is None:
        return None
    table: pd.DataFrame = section.table if name == "device" else section.more[f"{name}s"]
    by = "unique_opens" if table["unique_opens"].notna().any() else "clicks"
    known = table[table[name].notna() & (table[name] != OTHER) & (table[by] > 0)].head(MOST)
    if known.empty:
        return None
    return charts.ranked(
        [naming(value, language) for value in known[name]],
        known[by].tolist(),
        [numbers.whole(value, language) for value in known[by]],
        t(language, f"metric.{by}"),
        numbers.MANNERS[language],
    )


CHARTS: dict[str, Draw] = {
    "devices": partial(_bars, "device", _device),
    "devices.clients": partial(_bars, "client", _client),
}
