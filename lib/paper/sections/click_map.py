"""The click map in the reader's language: the table of its bubbles, and what stands in each."""

from typing import Any

import numpy as np
import pandas as pd

from lib.paper import numbers
from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.reports import Section
from lib.reports.clickmap import Bubble
from lib.words import t


def _told(value: object, language: str) -> str:
    return t(language, f"click_map.told.{value}")


def _text(value: object, language: str) -> str:
    return str(value) or t(language, "click_map.nameless")


TABLES = {
    "click_map": Table(
        (
            Column("place", "click_map.place"),
            Column("text", "click_map.text", "text", words=_text),
            Column("unique_clicks", "metric.unique_clicks"),
            Column("clicks", "metric.clicks"),
            Column("click_share", "report.click_share", "share"),
            Column("told", "click_map.of", "text", words=_told),
            Column("page", "links.page", "url", wide=True),
        )
    )
}

CHARTS: dict[str, Draw] = {}


def bubbles(section: Section, language: str) -> dict[int, Bubble]:
    """place -> its bubble. The strongest is the link with most clicks."""
    rows = section.rows
    if rows.empty:
        return {}
    most = np.nanmax([*rows["click_share"], 0.0])
    return {int(row["place"]): _bubble(row, float(most), language) for row in _records(rows)}


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _bubble(row: dict[str, Any], most: float, language: str) -> Bubble:
    share = float(row["click_share"])
    if row["told"] == "few" or numbers.is_unknown(share):
        return Bubble(t(language, "click_map.few"), t(language, "click_map.few_title"), 0.0)
    title = t(
        language,
        f"click_map.title_{row['told']}",
        clicks=numbers.show("clicks", row["clicks"], language),
        unique=numbers.show("unique_clicks", row["unique_clicks"], language),
    )
    text = numbers.percent(share, language, 1 if share else 0)
    return Bubble(text, title, share / most if most else 0.0)
