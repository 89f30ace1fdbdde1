"""From a path to an import: which format is it, who reads it, and how far is it."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from lib.importers import (
    mailchimp_ab_report,
    mailchimp_account,
    mailchimp_activity,
    mailchimp_campaigns,
    mailchimp_report,
    values,
    vitrine,
)
from lib.importers.limits import UPLOADED, Limits
from lib.importers.protocol import Given, Importer, Read
from lib.importers.refused import ImportRefused
from lib.importers.source import Source, opened
from lib.importers.values import BadCell
from lib.model import Note
from lib.reports import rollup
from lib.store import library
from lib.store.analytics import Analytics
from lib.store.library import Job, Outcome, Reached
from lib.store.spool import Rows

IMPORTERS: tuple[Importer, ...] = (
    mailchimp_account,  # first: it is known by its folders, without opening thousands of members
    mailchimp_campaigns,
    mailchimp_report,
    mailchimp_ab_report,
    mailchimp_activity,
    vitrine,
)
SENDER_NAME = re.compile("[a-z][a-z0-9_-]{0,29}")

STAGES = {"reading": (0.0, 0.4), "writing": (0.4, 0.1), "counting": (0.5, 0.45), "comparing": (0.95, 0.05)}
"""Where each begins in the work of an import, and how much of it that is, as it mostly goes."""

Progress = Callable[[float, Reached], None]


def _unwatched(_part: float, _reached: Reached) -> None:
    """Nobody looks on."""


def bring_in(
    analytics: Analytics,
    path: Path,
    *,
    file_name: str | None = None,
    by: str,
    now: datetime,
    sender: str | None = None,
    title: str | None = None,
    zone: str = "UTC",
    sample: bool = False,
    language: str = "en",
    limits: Limits = UPLOADED,
    progress: Progress = _unwatched,
) -> Outcome:
    """Bring a file, a ZIP or a folder in, whole or not at all.

    `file_name` is the name to show when `path` is a temporary file. `sender` is one of IMPORTERS: only
    its formats are tried; any other name is the sender of campaigns in our own format. `title` names the
    campaign where the format does not, `zone` is that of the sender's account, `language` that of the list
    of rejects, `limits` are those of the door the file comes in by. `progress` is told the part of the work
    that is done (0 to 1) and how far that is. Raises ImportRefused when the file cannot be brought in.
    """
    given = _given(path, zone, title, sender)
    with opened(path, file_name, limits) as source:
        importer = recognised(source, sender)
        name = given.sender or importer.SENDER
        job = Job(name, importer.FORM, source.name, source.sha256, by, sample, language)
        rows = _limited(source, importer.read(source, given), limits.rows)
        return library.bring(
            analytics, job, rows, rollup.make, lambda reached: progress(_part(source, reached), reached), now
        )


def _part(source: Source, reached: Reached) -> float:
    begin, share = STAGES[reached.stage]
    return begin + share * (source.fraction if reached.stage == "reading" else reached.part)


def recognised(source: Source, sender: str | None = None) -> Importer:
    """The importer that knows this content. Raises ImportRefused when none does."""
    known = {importer.SENDER for importer in IMPORTERS}
    only = sender if sender in known or sender is None else vitrine.SENDER
    for importer in IMPORTERS:
        if only in (None, importer.SENDER) and importer.recognises(source):
            return importer
    raise ImportRefused("unknown_file", file=source.name)


def _given(path: Path, zone: str, title: str | None, sender: str | None) -> Given:
    try:
        values.zone(zone)
    except BadCell:
        raise ImportRefused("bad_zone", file=path.name, zone=zone) from None
    if sender is not None and not SENDER_NAME.fullmatch(sender):
        raise ImportRefused("bad_sender", file=path.name, sender=sender)
    known = {importer.SENDER for importer in IMPORTERS}
    return Given(zone, (title or "").strip() or None, None if sender in known else sender)


def _limited(source: Source, rows: Read, limit: int) -> Read:
    count = 0
    for row in rows:
        count += row.count if isinstance(row, Rows) else not isinstance(row, Note)
        if count > limit:
            raise ImportRefused("too_many_rows", file=source.name, limit=limit)
        yield row
