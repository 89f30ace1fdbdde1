"""Bringing files in and taking them back: whole or not at all.

An import keeps everything its file says, repetitions included, so that any import can be taken back at any
time and the others still say what they said. What readers see changes in one short transaction, guarded by
the data version: whoever prepared a change while another one became visible prepares it again.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
import sqlalchemy as sa

from lib import words
from lib.model import Campaign, Covers, Event, Item, Note, Reject, Row
from lib.store import lots, settlement, sheet
from lib.store.analytics import Analytics
from lib.store.claims import Claim, fields_of, figure_of
from lib.store.events import FACTS, MESSAGES, PEOPLE
from lib.store.records import reading
from lib.store.settlement import (
    Change,
    Roll,
    Rolled,
    Settlement,
    Step,
    Uncounted,
    chunks,
    insert,
    until_first,
)
from lib.store.spool import STORED, Numbers, Rows, Spool
from lib.store.tables import campaigns, claims, files, imports

__all__ = [
    "Job",
    "Outcome",
    "Roll",
    "Rolled",
    "Step",
    "Uncounted",
    "UndoRefused",
    "bring",
    "data_version",
    "imports_list",
    "undo",
]

log = logging.getLogger(__name__)

PROGRESS_EVERY = 1000
MOST_NOTES = 100
STARTING = timedelta(minutes=1)
"""So long may an import be listed before it holds its workbench."""
LONGEST_CHANGE = timedelta(hours=12)
"""So long may a file lie there before the records name it."""


@dataclass(frozen=True)
class Job:
    """A file to be brought in. `sha256` is of its bytes; `by` is the analyst's address or «command line».

    `language` is that of who brings it in: the list of rejects is written in it.
    """

    sender: str
    form: str
    file_name: str
    sha256: str
    by: str
    sample: bool = False
    language: str = "en"


@dataclass(frozen=True)
class Outcome:
    """What became of an import: read = imported + duplicate + rejected, counted in rows."""

    id: int
    read: int
    imported: int
    duplicate: int
    rejected: int
    rejects_file: Path | None
    campaigns: tuple[str, ...]
    notes: tuple[Note, ...]


class UndoRefused(Exception):
    """An import that cannot be taken back; `reason` is «unknown» or «not_live»."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Reached:
    """How far an import is: how many rows were read; of how many campaigns `done` went through the stage
    «writing», then «counting», then «comparing», and which part of the stage's work that is; «reading» knows
    of none of it yet. Who is overtaken counts once more.
    """

    rows: int
    stage: str = "reading"
    done: int = 0
    campaigns: int = 0
    part: float = 0.0

    @property
    def at(self) -> int:
        """The number of the campaign that is at work, counted from 1."""
        return min(self.done + 1, self.campaigns)


class _Stage:
    """Tells how far a stage is. Campaigns weigh as much as they have events."""

    def __init__(
        self, name: str, rows: int, weights: dict[str, int], progress: Callable[[Reached], None]
    ) -> None:
        self._name = name
        self._rows = rows
        self._weights = weights
        self._progress = progress
        self._parts = dict.fromkeys(weights, 0.0)
        self._whole, self._weight, self._done = sum(weights.values()), 0.0, 0
        self.reached((), 0.0)

    def reached(self, campaigns: Iterable[str], part: float) -> None:
        """So much of each of these campaigns is ready, which are some of the stage's."""
        for campaign in campaigns:
            before, self._parts[campaign] = self._parts[campaign], part
            self._weight += self._weights[campaign] * (part - before)
            self._done += (part >= 1) - (before >= 1)
        part = min(self._weight / self._whole, 1.0) if self._whole else 1.0
        self._progress(Reached(self._rows, self._name, self._done, len(self._weights), part))


@dataclass
class Tally:
    """What streamed by while a file was read."""

    rows: int = 0
    rejected: int = 0
    notes: dict[Note, None] = field(default_factory=dict)

    @property
    def read(self) -> int:
        return self.rows + self.rejected


def bring(
    analytics: Analytics,
    job: Job,
    rows: Iterable[Row | Rows | Reject | Note],
    roll: Roll,
    progress: Callable[[Reached], None],
    now: datetime,
) -> Outcome:
    """Bring the rows of a file in, whole or not at all.

    A row counts as imported when anything it says is new, else as duplicate. When the same file is live
    already, all its rows are duplicates and nothing changes. On any exception nothing remains but an import
    in state «failed», and the exception is raised again. `progress` is told in the thread of the
    caller, and may stop the import by what it raises.
    """
    import_id = _begin(analytics.records, job, now)
    try:
        with (
            analytics.events.workbench(_bench(import_id)) as folder,
            Spool(analytics.events, folder) as spool,
        ):
            rejects = RejectsFile(_rejects(analytics, import_id), job.language)
            tally = _read(rows, spool, rejects, progress)
            if _is_live(analytics.records, job.sha256):
                return _repeated(analytics, import_id, spool, tally, now)
            return _settled(analytics, import_id, spool, tally, roll, progress, now)
    except BaseException as problem:
        _failed(analytics, import_id, f"{type(problem).__name__}: {problem}", now)
        raise


def undo(analytics: Analytics, import_id: int, roll: Roll, now: datetime) -> tuple[str, ...]:
    """Take an import back whole; gives the campaigns it spoke of.

    Campaigns that no live import knows any more are gone; the others are as the remaining imports say. Raises
    UndoRefused for an import that is unknown or not live.
    """
    touched, paths = _manifest_of(analytics, import_id)

    def attempt() -> None:
        with (
            Settlement(analytics, Change(import_id, touched), roll, now) as ready,
            analytics.records.begin() as db,
        ):
            _end_live(db, import_id, now)
            for table in (claims, files):
                db.execute(table.delete().where(table.c.import_id == import_id))
            ready.write(db)

    until_first(attempt)
    analytics.events.remove(paths)
    _rejects(analytics, import_id).unlink(missing_ok=True)
    return tuple(touched)


def reroll(analytics: Analytics, roll: Roll, rules: int, now: datetime) -> int:
    """Remake the rollups whose rules are not of the version `rules`; gives how many there were. Some are made
    visible before the next are begun: who is interrupted goes on there at the next start.
    """
    stale = sa.select(campaigns.c.id).where(campaigns.c.rollup.is_not(None), campaigns.c.rules != rules)
    with reading(analytics.records) as db:
        ids = list(db.scalars(stale.order_by(campaigns.c.id)))

    def attempt(some: list[str]) -> None:
        change = Change(0, some, anew=True)
        with Settlement(analytics, change, roll, now) as ready, analytics.records.begin() as db:
            ready.write(db)

    done = 0
    for some in chunks(ids):
        until_first(partial(attempt, some))
        done += len(some)
        log.info("new rules: %s of %s campaigns are counted anew", done, len(ids))
    return len(ids)


def close_interrupted(analytics: Analytics, now: datetime) -> None:
    """Mark imports as failed whose process died, and sweep up what they and others left behind.

    Files that no reader sees any more are removed when they are too old to belong to a change on its way;
    while an import runs nothing is swept.
    """
    written = analytics.events.written()  # listed first: what comes later belongs to somebody who is alive
    running = imports.c.state == "running"
    with reading(analytics.records) as db:
        listed = db.execute(sa.select(imports.c.id, imports.c.created_at).where(running)).all()
    analytics.events.clear_apart(now - STARTING)
    dead = [row.id for row in listed if _is_dead(analytics, row.id, row.created_at, now)]
    for import_id in dead:
        _bury(analytics, import_id, written, now)
    if len(dead) == len(listed):
        _sweep(analytics, written, now)


def imports_list(records: sa.Engine) -> pd.DataFrame:
    """All imports, the newest first: the columns of the table `imports`, and `campaigns`, how many each
    speaks of.
    """
    pairs = [sa.select(table.c.import_id, table.c.campaign_id) for table in (claims, files)]
    spoken = sa.union(*pairs).subquery()
    number = (
        sa.select(spoken.c.import_id, sa.func.count().label("campaigns"))
        .group_by(spoken.c.import_id)
        .subquery()
    )
    query = (
        sa.select(imports, sa.func.coalesce(number.c.campaigns, 0).label("campaigns"))
        .outerjoin(number, number.c.import_id == imports.c.id)
        .order_by(imports.c.id.desc())
    )
    with reading(records) as db:
        found = db.execute(query)
        names = list(found.keys())
        return pd.DataFrame([tuple(row) for row in found], columns=names)


def data_version(records: sa.Engine) -> int:
    """A number that every visible change of campaigns raises; part of every cache's key."""
    with reading(records) as db:
        return settlement.version(db)


def rejects_path(analytics: Analytics, import_id: int) -> Path | None:
    """Where the rejects of an import lie, or None when it has none."""
    path = _rejects(analytics, import_id)
    return path if path.is_file() else None


# --- reading a file -------------------------------------------------------------------------------


def _begin(records: sa.Engine, job: Job, now: datetime) -> int:
    known = {name: getattr(job, name) for name in ("sender", "form", "file_name", "sha256", "by", "sample")}
    with records.begin() as db:
        key = db.execute(
            imports.insert().values(**known, state="running", created_at=now)
        ).inserted_primary_key
    assert key is not None  # noqa: S101 - an INSERT of one row always tells its key
    return int(key[0])


def _bench(import_id: int) -> str:
    return f"import-{import_id}"


def _read(
    rows: Iterable[Row | Rows | Reject | Note],
    spool: Spool,
    rejects: "RejectsFile",
    progress: Callable[[Reached], None],
) -> Tally:
    tally = Tally()
    told = 0
    with rejects:
        for one in rows:
            _take(one, tally, spool, rejects)
            if tally.read >= told + PROGRESS_EVERY:
                told = tally.read
                progress(Reached(told))
    spool.finish()
    progress(Reached(tally.read))
    return tally


def _take(one: Row | Rows | Reject | Note, tally: Tally, spool: Spool, rejected: "RejectsFile") -> None:
    if isinstance(one, Note):
        if len(tally.notes) < MOST_NOTES:
            tally.notes[one] = None
    elif isinstance(one, Reject):
        rejected.write(one)
        tally.rejected += 1
    elif isinstance(one, Rows):
        for place, items in one.beside:
            _take_row(items, one.file, tally.rows + place, spool)
        spool.add_events(tally.rows, one.file, one.events)
        tally.rows += one.count
    else:
        _take_row(one.items, one.file, tally.rows, spool)
        tally.rows += 1


def _take_row(items: tuple[Item, ...], file: str, number: int, spool: Spool) -> None:
    fields: dict[str, dict[str, Any]] = {}
    figures: dict[str, list[list[Any]]] = {}
    for item in items:
        if isinstance(item, Event):
            spool.add_event(number, file, item)
        elif isinstance(item, Covers):
            spool.add_covers(item.campaign, item.kinds)
        elif isinstance(item, Campaign):
            fields[item.id] = fields.get(item.id, {}) | fields_of(item)
        else:
            figures.setdefault(item.campaign, []).append(figure_of(item))
    for campaign in dict.fromkeys((*fields, *figures)):
        spool.add_claim(number, campaign, fields.get(campaign, {}), figures.get(campaign, []))


class RejectsFile:
    """The CSV of rejects, made at the first of them; the reasons are in `language`."""

    def __init__(self, path: Path, language: str) -> None:
        self.path = path
        self.language = language
        self._file: TextIO | None = None

    def __enter__(self) -> "RejectsFile":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, reject: Reject) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")  # the mark is for Excel
            sheet.write(self._file, [("file", "line", "reason", "text")])
        sheet.write(self._file, [(reject.file, reject.line, _sentence(reject, self.language), reject.text)])


def _sentence(reject: Reject, language: str) -> str:
    key, holes = f"reject.{reject.reason}", dict(reject.holes)
    return (
        words.t(language, key, **holes)
        if key in words.catalogue(language)
        else " ".join((reject.reason, *holes.values()))
    )


def _rejects(analytics: Analytics, import_id: int) -> Path:
    return analytics.events.folder.parent / "rejects" / f"{import_id}.csv"


# --- becoming visible -----------------------------------------------------------------------------


def _is_live(records: sa.Engine, sha256: str) -> bool:
    """Whether a live import holds this very file (one that only repeated it holds nothing)."""
    holds = [sa.exists().where(table.c.import_id == imports.c.id) for table in (claims, files)]
    same = sa.select(imports.c.id).where(
        imports.c.sha256 == sha256, imports.c.state == "live", sa.or_(*holds)
    )
    with reading(records) as db:
        return db.execute(same).first() is not None


def _repeated(analytics: Analytics, import_id: int, spool: Spool, tally: Tally, now: datetime) -> Outcome:
    outcome = _outcome(analytics, import_id, spool, tally, imported=0)
    with analytics.records.begin() as db:
        _end(db, outcome, now)
    return outcome


def _settled(
    analytics: Analytics,
    import_id: int,
    spool: Spool,
    tally: Tally,
    roll: Roll,
    progress: Callable[[Reached], None],
    now: datetime,
) -> Outcome:
    adds = {
        campaign: _file_row(analytics, import_id, spool, campaign) for campaign in spool.campaigns_with_files
    }
    change = Change(
        import_id,
        list(spool.campaigns),
        adds,
        lambda ids: spool.events_of(ids, ["id", *STORED]),
        lambda campaign: _claims(import_id, spool, campaign),
    )
    weights = {campaign: spool.size(campaign) + 1 for campaign in spool.campaigns}

    def stage(name: str, campaigns: Iterable[str]) -> _Stage:
        return _Stage(name, tally.read, {campaign: weights[campaign] for campaign in campaigns}, progress)

    def attempt() -> Outcome:
        counted = stage("counting", change.campaigns).reached
        with Settlement(analytics, change, roll, now, counted) as ready:
            compared = stage("comparing", change.campaigns).reached
            outcome = _outcome(
                analytics, import_id, spool, tally, _new_rows(analytics, spool, tally, compared)
            )
            with analytics.records.begin() as db:
                ready.write(db)
                insert(db, claims, _claim_rows(import_id, spool))
                insert(db, files, adds.values())
                _end(db, outcome, now)
        return outcome

    try:
        if adds:
            written = stage("writing", adds).reached
            write = partial(_write_files, analytics, spool, adds)
            lots.work_through(adds, spool.size, write, lambda lot, _written: written(lot, 1.0))
        return until_first(attempt)
    except BaseException:
        analytics.events.remove(_both(analytics, [row["path"] for row in adds.values()]))
        raise


def _write_files(
    analytics: Analytics, spool: Spool, adds: dict[str, dict[str, Any]], campaigns: list[str]
) -> None:
    """Write what the rows of `files` of these campaigns name, and into them how many events that are."""
    mine = [adds[campaign] for campaign in campaigns]
    targets = {row["campaign_id"]: analytics.events.path(row["path"]) for row in mine}
    for row, written in zip(mine, spool.write_files(mine[0]["import_id"], targets), strict=True):
        row["rows"] = written


def _file_row(analytics: Analytics, import_id: int, spool: Spool, campaign: str) -> dict[str, Any]:
    return {
        "import_id": import_id,
        "campaign_id": campaign,
        "path": analytics.events.place(campaign, f"{import_id}.parquet"),
        "rows": 0,
        "covers": sorted(spool.covers.get(campaign, ())),
    }


def _claims(import_id: int, spool: Spool, campaign: str) -> list[Claim]:
    return [Claim(import_id, *claim) for claim in spool.claims_of(campaign)]


def _claim_rows(import_id: int, spool: Spool) -> Iterable[dict[str, Any]]:
    for campaign in spool.campaigns:
        for fingerprint, fields, figures in spool.claims_of(campaign):
            yield {
                "import_id": import_id,
                "campaign_id": campaign,
                "fingerprint": fingerprint,
                "campaign": fields,
                "figures": figures,
            }


def _new_rows(
    analytics: Analytics, spool: Spool, tally: Tally, compared: Callable[[Iterable[str], float], None]
) -> int:
    """How many rows say anything that no live import says."""
    with reading(analytics.records) as db:
        known = {
            fingerprint
            for portion in chunks(spool.fingerprints)
            for fingerprint in db.scalars(
                sa.select(claims.c.fingerprint).where(claims.c.fingerprint.in_(portion))
            )
        }
        live = _live_files(analytics, db, spool.campaigns_with_events)
    new = np.zeros(tally.rows, bool)
    new[[row for words_, row in spool.fingerprints.items() if words_ not in known]] = True

    def found(campaigns: list[str], rows: Numbers) -> None:
        new[rows] = True
        compared(campaigns, 1.0)

    fresh = [campaign for campaign in spool.campaigns_with_events if campaign not in live]
    lots.work_through(fresh, spool.size, spool.rows_of, found)
    for campaign, paths in live.items():
        found([campaign], spool.new_rows(campaign, paths))
    compared(spool.campaigns, 1.0)  # those without events too
    return int(new.sum())


def _live_files(analytics: Analytics, db: sa.Connection, ids: list[str]) -> dict[str, list[Path]]:
    live: dict[str, list[Path]] = {}
    for portion in chunks(ids):
        for row in db.execute(
            sa.select(files.c.campaign_id, files.c.path).where(files.c.campaign_id.in_(portion))
        ):
            live.setdefault(row.campaign_id, []).append(analytics.events.path(row.path))
    return live


def _outcome(analytics: Analytics, import_id: int, spool: Spool, tally: Tally, imported: int) -> Outcome:
    return Outcome(
        id=import_id,
        read=tally.read,
        imported=imported,
        duplicate=tally.rows - imported,
        rejected=tally.rejected,
        rejects_file=rejects_path(analytics, import_id),
        campaigns=tuple(spool.campaigns),
        notes=tuple(tally.notes),
    )


def _end(db: sa.Connection, outcome: Outcome, now: datetime) -> None:
    known = {name: getattr(outcome, name) for name in ("read", "imported", "duplicate", "rejected")}
    db.execute(
        imports.update()
        .where(imports.c.id == outcome.id)
        .values(
            **known,
            state="live",
            ended_at=now,
            rejects_file=f"rejects/{outcome.id}.csv" if outcome.rejects_file else None,
            notes=[[note.file, note.reason, dict(note.holes)] for note in outcome.notes],
        )
    )


def _failed(analytics: Analytics, import_id: int, problem: str, now: datetime) -> None:
    _rejects(analytics, import_id).unlink(missing_ok=True)
    failed = imports.update().where(imports.c.id == import_id, imports.c.state == "running")
    with analytics.records.begin() as db:
        db.execute(failed.values(state="failed", ended_at=now, problem=problem[:1000]))


# --- cleaning up ----------------------------------------------------------------------------------


def _is_dead(analytics: Analytics, import_id: int, began: datetime, now: datetime) -> bool:
    return began < now - STARTING and not analytics.events.is_at_work(_bench(import_id))


def _bury(analytics: Analytics, import_id: int, written: list[Path], now: datetime) -> None:
    """What a killed import wrote was never visible: the records name its files when it ends, or never."""
    names = (f"{import_id}.parquet", f"{import_id}{PEOPLE}")
    analytics.events.clear(_bench(import_id))
    analytics.events.remove(path for path in written if path.name in names)
    _failed(analytics, import_id, "interrupted", now)


def _sweep(analytics: Analytics, written: list[Path], now: datetime) -> None:
    """Only what the records know to be over: with the records of another installation nothing is lost."""
    with reading(analytics.records) as db:
        over = set(db.scalars(sa.select(imports.c.id).where(imports.c.state.in_(("failed", "undone")))))
        rolled = {row.id: row.rollup for row in db.execute(sa.select(campaigns.c.id, campaigns.c.rollup))}
    old = (now - LONGEST_CHANGE).timestamp()
    analytics.events.remove(path for path in written if _is_over(path, over, rolled) and _is_older(path, old))


def _is_over(path: Path, over: set[int], rolled: dict[str, str | None]) -> bool:
    """Whether it is a file of an import that is over, or of a rollup that was replaced."""
    number, campaign = path.name.partition(".")[0], path.parent.name
    if number.isdecimal():
        return int(number) in over
    place = f"{campaign}/{path.name}"
    for beside in (MESSAGES, FACTS):
        place = f"{place.removesuffix(beside)}.parquet" if place.endswith(beside) else place
    return campaign in rolled and rolled[campaign] != place


def _is_older(path: Path, than: float) -> bool:
    return path.is_file() and path.stat().st_mtime < than


# --- taking back ----------------------------------------------------------------------------------


def _manifest_of(analytics: Analytics, import_id: int) -> tuple[list[str], list[Path]]:
    """The campaigns that an import speaks of, and its files."""
    with reading(analytics.records) as db:
        spoken = db.scalars(sa.select(claims.c.campaign_id).where(claims.c.import_id == import_id))
        touched = dict.fromkeys(spoken)
        held = db.execute(
            sa.select(files.c.campaign_id, files.c.path).where(files.c.import_id == import_id)
        ).all()
    touched |= dict.fromkeys(row.campaign_id for row in held)
    return list(touched), _both(analytics, [row.path for row in held])


def _both(analytics: Analytics, places: list[str]) -> list[Path]:
    """Of each events file the file itself and its people."""
    events = analytics.events
    return [path for place in places for path in (events.path(place), events.people(place))]


def _end_live(db: sa.Connection, import_id: int, now: datetime) -> None:
    taken = imports.update().where(imports.c.id == import_id, imports.c.state == "live")
    if db.execute(taken.values(state="undone", rejects_file=None, ended_at=now)).rowcount != 1:
        known = db.execute(sa.select(imports.c.id).where(imports.c.id == import_id)).first()
        raise UndoRefused("not_live" if known else "unknown")
