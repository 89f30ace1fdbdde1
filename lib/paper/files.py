"""The files into which a report goes: how they are called, what they hold, how they are made."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from lib.paper import drawing, naming, numbers, pdf, side_by_side, workbook
from lib.paper.pdf import Edition
from lib.paper.sections import CHARTS
from lib.paper.tables import Column, Table
from lib.paper.workbook import Leaf, Step
from lib.reports import METRICS, Report
from lib.reports.sections.variants import LEVELS, judged
from lib.reports.side_by_side import CURVES, SideBySide
from lib.words import t

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "svg": "image/svg+xml",
    "png": "image/png",
}
OF_TABLES = ("csv", "xlsx")
OF_CHARTS = ("png", "svg")
OF_REPORTS = ("pdf", "xlsx", "csv")
BOM = "\ufeff"
"""Without the mark Excel takes accents for something else."""

AT_ONCE = 1_000
"""Lines of a piece."""

DRAWN: dict[str, Callable[..., bytes]] = {"svg": drawing.svg, "png": drawing.png}


@dataclass(frozen=True)
class Long:
    """A file that takes its time: its kind, its name, and what writes it."""

    kind: str
    name: str
    write: Callable[[Path, Step | None], None]


def whole(report: Report, kind: str, edition: Edition) -> Long:
    """The whole report as `pdf` or `xlsx`. Raises KeyError for another kind."""
    writers: dict[str, Callable[[Path, Step | None], None]] = {
        "pdf": lambda to, on_step: _pdf(report, edition, to, on_step),
        "xlsx": lambda to, on_step: workbook.whole(report, edition.language, to, on_step),
    }
    return Long(kind, file_name(kind, naming.campaign(report)), writers[kind])


def _pdf(report: Report, edition: Edition, to: Path, on_step: Step | None) -> None:
    to.write_bytes(pdf.make(report, edition, on_step))


def as_chosen(report: Report, level: str, winner: str) -> Report:
    """The report with its A/B test as the reader looks at it: `level` in per cent, `winner` by what the best
    is chosen; what is neither changes nothing.
    """
    section = report.sections.get("variants")
    if section is None or section.rows.empty:
        return report
    known = next((one for one in LEVELS if f"{round(one * 100)}" == level), LEVELS[0])
    return replace(report, sections={**report.sections, "variants": judged(section, known, winner)})


def chart(report: Report, name: str, kind: str, language: str) -> Callable[[], bytes] | None:
    """What draws a chart by its name in CHARTS as `svg` or `png`, with its title; None where the report has
    no data.
    """
    figure = CHARTS[name](report, language)
    if figure is None:
        return None
    sent = report.campaign.sent_at
    parts = [naming.campaign(report), numbers.moment(sent, language, report.campaign.zone) if sent else ""]
    below = " · ".join(part for part in parts if part)
    return partial(DRAWN[kind], figure, naming.table(name, language), below)


def compared(
    found: SideBySide, kind: str, curve: str, span: str, *, language: str
) -> Callable[[], bytes] | None:
    """What draws the curves of some campaigns as `svg` or `png`; None where none has one, or where there
    is no such curve or span.
    """
    if curve not in CURVES or span not in side_by_side.SPANS:
        return None
    figure = side_by_side.curves(found, curve, span, language)
    if figure is None:
        return None
    titles = [t(language, f"compare.{key}") for key in ("curves", f"curve.{curve}", f"span.{span}")]
    return partial(DRAWN[kind], figure, titles[0], " · ".join(titles[1:]))


def csv(one: Leaf) -> Iterator[str]:
    """A table with the mark by which Excel knows it, in pieces large enough to be sent each by itself."""
    piece = [BOM]
    for line in workbook.csv(one):
        piece.append(line)
        if len(piece) >= AT_ONCE:
            yield "".join(piece)
            piece = []
    yield "".join(piece)


def campaigns(frame: pd.DataFrame, language: str) -> Leaf:
    """The table of `lib.reports.campaigns` for a workbook; times in the zone of each campaign."""
    columns = (
        Column("title", "files.campaign", "text", wide=True),
        Column("subject", "report.subject", "text", wide=True),
        Column("audience", "report.audience", "text"),
        Column("sent_at", "report.sent", "moment"),
        Column("zone", "files.zone", "text"),
        Column("currency", "files.currency", "text"),
        *(Column(name, f"metric.{name}", metric.format) for name, metric in METRICS.items()),
    )
    declared = Table(columns)
    local = [_in_zone(at, zone) for at, zone in zip(frame["sent_at"], frame["zone"], strict=True)]
    shown = declared.in_words(
        frame.assign(sent_at=pd.Series(local, dtype=object, index=frame.index)), language
    )
    rows = shown.astype(object).itertuples(index=False, name=None)
    return Leaf(t(language, "overview.title"), columns, tuple(declared.headings(frame, language)), rows)


def _in_zone(at: pd.Timestamp, zone: str) -> pd.Timestamp | None:
    return None if pd.isna(at) else at.tz_convert(zone).tz_localize(None)


def file_name(kind: str, *titles: str) -> str:
    """Letters, digits and hyphens only, so that no title can reach into a header or a folder."""
    parts = [plain[:60].strip("-") for title in titles if (plain := _plain(title))]
    return f"{'-'.join(parts) or 'report'}.{kind}"


def _plain(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
