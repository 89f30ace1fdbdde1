"""Reports as CSV files that a spreadsheet opens without running anything in them.

Columns and metrics carry the names of docs/metrics.md in every language; rates are fractions of 1, unknown
is empty.
"""

import io
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from lib import words
from lib.model import Form
from lib.reports.metrics import METRICS
from lib.reports.report import Report, as_json
from lib.store import sheet
from lib.words import t


def campaigns_csv(frame: pd.DataFrame, form: Form) -> str:
    """The table of `campaigns` as asked in `form`, one line per campaign; its last column says the form."""
    rows = ([*map(_cell, row), form.value] for row in frame.itertuples(index=False))
    return _written([[*frame.columns, "form"], *rows])


def report_csv(report: Report, language: str) -> str:
    """A report in blocks with an empty line between: the campaign and the form, its metrics, all that the
    sender claims, each section that has data.

    Beside each metric stands its label in `language`, and the text that the sender claims for it.
    """
    return _written(_blocks(report, language))


def claim_label(name: str, language: str) -> str:
    """How a claim of the sender is called: by our words where we have some, else by its own."""
    key = f"metric.{name}" if name in METRICS else f"claim.{name}"
    return t(language, key) if key in words.catalogue(language) else name.replace("_", " ")


def _blocks(report: Report, language: str) -> Iterator[list[Any]]:
    plain = as_json(report)
    yield ["campaign", "value"]
    yield from ([name, _cell(value)] for name, value in plain["campaign"].items())
    yield ["form", report.form.value]
    yield []
    yield ["metric", "label", "value", "claimed"]
    for name in METRICS:
        yield [
            name,
            t(language, f"metric.{name}"),
            _cell(plain["metrics"][name]),
            report.figures[name].claimed,
        ]
    if report.claimed:
        yield []
        yield ["claim", "label", "claimed"]
        yield from ([name, claim_label(name, language), text] for name, text in report.claimed.items())
    for name, section in report.sections.items():
        if section.table is not None:
            yield []
            yield [name, *section.table.columns]
            yield from (["", *map(_cell, row.values())] for row in plain["sections"][name])


def _cell(value: Any) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) > 1 else value


def _written(rows: Iterable[list[Any]]) -> str:
    file = io.StringIO(newline="")
    sheet.write(file, rows)
    return file.getvalue()
