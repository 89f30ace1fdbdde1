"""How a change of the manifest becomes visible: campaigns remade beforehand, then one short transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import sqlalchemy as sa

from lib.store import lots
from lib.store.analytics import Analytics
from lib.store.claims import FIELDS, Claim, merged
from lib.store.lots import Held
from lib.store.records import reading
from lib.store.tables import campaigns, claims, files, imports, workspace

CHUNK = 400
"""Values per IN (...): every database takes as many."""

VERSION = "data_version"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Rolled:
    """A rollup that was written: its totals by count, its place, the version of its rules, the
    campaign's beginning and its currency.
    """

    counts: dict[str, float]
    path: str
    rules: int
    started_at: datetime | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Uncounted:
    """A campaign's live event files, and what its claims say of when it was sent and of its currency."""

    campaign: str
    files: list[Path]
    sent_at: datetime | None = None
    currency: str | None = None


Step = Callable[[float], None]
"""Told which part of some work is done, between 0 and 1."""


class Roll(Protocol):
    """Writes a rollup of each campaign, in their order, or of none. `held` are their events where these are
    at hand; else they are read from the files.
    """

    def __call__(
        self, analytics: Analytics, uncounted: Sequence[Uncounted], held: Held | None, told: Step, /
    ) -> list[Rolled]: ...


COUNTED = ("counts", "rollup", "rules")
ROLLED_BY = ("sent_at", "currency")
"""What a campaign's claims say that its rollup depends on, and what the events say when the claims do not."""


@dataclass(frozen=True)
class Change:
    """What one import, or one undo, does to the manifest.

    `adds` holds the rows of `files` by campaign, `holds` gives the events in them, and `says` the claims of
    an import that is brought in; an import that is taken back has none of them. `anew` rolls up even what has
    not changed.
    """

    import_id: int
    campaigns: list[str]
    adds: dict[str, dict[str, Any]] = field(default_factory=dict)
    holds: Callable[[Sequence[str]], Held] | None = None
    says: Callable[[str], list[Claim]] = field(default=lambda _campaign: [])
    anew: bool = False


class Overtaken(Exception):
    """Another change became visible first; what was prepared is out of date."""


Counted = Callable[[Sequence[str], float], None]
"""Told of campaigns which part of each of them is ready; 1 is all of it."""


def _unwatched(_campaigns: Sequence[str], _part: float) -> None:
    """Nobody looks on."""


def until_first(attempt: Callable[[], Result]) -> Result:
    """Try until nobody else was first. Each failure means that somebody else succeeded, so this ends."""
    while True:
        try:
            return attempt()
        except Overtaken:
            continue


class Settlement:
    """The campaigns as they will be after a change.

    `with Settlement(...) as ready` prepares it (slow, invisible); `ready.write(db)` makes it visible.
    Rollups that the change replaces go when it succeeded, those made for it when it did not.
    """

    def __init__(
        self, analytics: Analytics, change: Change, roll: Roll, now: datetime, counted: Counted = _unwatched
    ) -> None:
        self._analytics = analytics
        self._change = change
        self._roll = roll
        self._now = now
        self._counted = counted
        self._version = 0
        self._rows: list[dict[str, Any]] = []
        self._made: list[str] = []
        self._replaced: list[str] = []

    def __enter__(self) -> "Settlement":
        try:
            self._prepare()
        except BaseException as problem:
            self.__exit__(type(problem), problem)
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, problem: BaseException | None, *_trace: object
    ) -> None:
        self._analytics.events.remove_rollups(self._replaced if problem is None else self._made)
        if isinstance(problem, Exception) and self._is_overtaken():
            raise Overtaken from problem  # a file that was read may just have been taken back

    def write(self, db: sa.Connection) -> None:
        """Raises Overtaken when another change became visible since this one was prepared."""
        _raise_version(db, self._version)
        for ids in chunks(self._change.campaigns):
            db.execute(campaigns.delete().where(campaigns.c.id.in_(ids)))
        insert(db, campaigns, self._rows)

    def _prepare(self) -> None:
        with reading(self._analytics.records) as db:
            self._version = version(db)
            every = db.execute(sa.select(imports.c.id, imports.c.sample, imports.c.sender)).all()
        samples = {row.id: row.sample for row in every}
        senders = {row.id: row.sender for row in every}
        for ids in chunks(self._change.campaigns):
            with reading(self._analytics.records) as db:
                known = _Known(db, ids)
            drafts = [self._draft(campaign, known, samples, senders) for campaign in ids]
            self._finish([draft for draft in drafts if draft is not None])

    def _finish(self, drafts: list["_Draft"]) -> None:
        """Make the rows. Who looks on is told from this thread, and may stop it all."""
        self._add([draft.row for draft in drafts if draft.uncounted is None])
        for at_hand in (True, False):
            waiting = [draft for draft in drafts if draft.uncounted and draft.at_hand == at_hand]
            lots.work_through(
                waiting, lambda draft: draft.events, self._count, lambda _lot, rows: self._add(rows)
            )

    def _add(self, rows: list[dict[str, Any]]) -> None:
        self._rows += rows
        self._counted([row["id"] for row in rows], 1.0)

    def _count(self, drafts: list["_Draft"]) -> list[dict[str, Any]]:
        uncounted = [draft.uncounted for draft in drafts if draft.uncounted]
        ids = [one.campaign for one in uncounted]
        held = self._change.holds(ids) if self._change.holds and drafts[0].at_hand else None
        rolled = self._roll(self._analytics, uncounted, held, self._step(drafts))
        self._made += [one.path for one in rolled]
        return [
            draft.row
            | {
                "counts": one.counts,
                "rollup": one.path,
                "rules": one.rules,
                "sent_at": draft.row["sent_at"] or one.started_at,
                "currency": draft.row["currency"] or one.currency,
            }
            for draft, one in zip(drafts, rolled, strict=True)
        ]

    def _step(self, drafts: list["_Draft"]) -> Step:
        """Only a large campaign takes long, and it is counted in the thread of who looks on."""
        if sum(draft.events for draft in drafts) <= lots.SMALL:
            return lambda _part: None
        return lambda part: self._counted([draft.row["id"] for draft in drafts], part)

    def _draft(
        self, campaign: str, known: "_Known", samples: dict[int, bool], senders: dict[int, str]
    ) -> "_Draft | None":
        """A campaign as it will be; None for one that nobody knows any more."""
        change, old = self._change, known.rows.get(campaign)
        said, held = known.claims.get(campaign, []), known.files.get(campaign, [])
        now_said = [claim for claim in said if claim.import_id != change.import_id] + change.says(campaign)
        now_said.sort(key=lambda claim: claim.import_id)
        now_held = [file for file in held if file["import_id"] != change.import_id]
        now_held += [change.adds[campaign]] if campaign in change.adds else []
        if not now_said and not now_held:
            self._replaced += [old.rollup] if old is not None and old.rollup else []
            return None
        words = merged(now_said)
        speakers = {claim.import_id for claim in now_said} | {file["import_id"] for file in now_held}
        row = _named(campaign, senders[max(speakers)]) | words
        row |= {"sample": all(samples[speaker] for speaker in speakers), "updated_at": self._now}
        row["title"] = row["title"] or row["native_id"]  # events alone name a campaign by its id
        row["covers"] = sorted({kind for file in now_held for kind in file["covers"]})
        said_before = merged(said)
        same = not change.anew and now_held == held
        same = same and all(words.get(name) == said_before.get(name) for name in ROLLED_BY)
        if same:
            return _Draft(row | _kept(old, row))
        self._replaced += [old.rollup] if old is not None and old.rollup else []
        if not now_held:
            return _Draft(row | {"counts": {}, "rollup": None, "rules": 0})
        paths = [self._analytics.events.path(file["path"]) for file in now_held]
        uncounted = Uncounted(campaign, paths, row["sent_at"], row["currency"])
        at_hand = bool(change.holds) and now_held == [change.adds.get(campaign)]
        return _Draft(row, uncounted, sum(file["rows"] for file in now_held), at_hand)

    def _is_overtaken(self) -> bool:
        with reading(self._analytics.records) as db:
            return version(db) != self._version


class _Draft(NamedTuple):
    """A row of `campaigns`, and what is yet to be counted for it, with its number of events and whether all
    of them are at hand.
    """

    row: dict[str, Any]
    uncounted: Uncounted | None = None
    events: int = 0
    at_hand: bool = False


class _Known:
    """What the records know of some campaigns before the change."""

    def __init__(self, db: sa.Connection, ids: Sequence[str]) -> None:
        kept = sa.select(*(campaigns.c[name] for name in ("id", *ROLLED_BY, *COUNTED)))
        self.rows = {row.id: row for row in db.execute(kept.where(campaigns.c.id.in_(ids)))}
        self.claims: dict[str, list[Claim]] = {}
        for row in db.execute(_of(claims, ids)):
            claim = Claim(row.import_id, row.fingerprint, row.campaign, row.figures)
            self.claims.setdefault(row.campaign_id, []).append(claim)
        self.files: dict[str, list[dict[str, Any]]] = {}
        for row in db.execute(_of(files, ids)):
            file = {
                name: getattr(row, name) for name in ("import_id", "campaign_id", "path", "rows", "covers")
            }
            self.files.setdefault(row.campaign_id, []).append(file)


def _of(table: sa.Table, ids: Sequence[str]) -> sa.Select[Any]:
    return sa.select(table).where(table.c.campaign_id.in_(ids)).order_by(table.c.import_id, table.c.id)


def _named(campaign: str, sender: str) -> dict[str, Any]:
    """All columns that claims may fill, with what stands there when none does."""
    blank: dict[str, Any] = dict.fromkeys(FIELDS)
    names = {"id": campaign, "sender": sender, "native_id": campaign.removeprefix(f"{sender}-")}
    return blank | names | {"title": "", "zone": "UTC", "tags": []}


def _kept(old: Any, row: dict[str, Any]) -> dict[str, Any]:
    if old is None:
        return {"counts": {}, "rollup": None, "rules": 0}
    from_events = {name: getattr(old, name) if old.rollup else None for name in ROLLED_BY}
    return {name: getattr(old, name) for name in COUNTED} | {
        name: row[name] or from_events[name] for name in ROLLED_BY
    }


def version(db: sa.Connection) -> int:
    found = db.scalar(sa.select(workspace.c.value).where(workspace.c.name == VERSION))
    return int(found or 0)


def _raise_version(db: sa.Connection, seen: int) -> None:
    raised = workspace.update().where(workspace.c.name == VERSION, workspace.c.value == str(seen))
    if db.execute(raised.values(value=str(seen + 1))).rowcount == 1:
        return
    if seen:
        raise Overtaken
    try:
        db.execute(workspace.insert().values(name=VERSION, value="1"))
    except sa.exc.IntegrityError as problem:
        raise Overtaken from problem


def insert(db: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows in portions."""
    for portion in chunks(rows):
        db.execute(table.insert(), portion)


def chunks(values: Iterable[Result]) -> Iterator[list[Result]]:
    """The values in lists of at most CHUNK."""
    for _number, portion in groupby(enumerate(values), key=lambda numbered: numbered[0] // CHUNK):
        yield [value for _place, value in portion]
