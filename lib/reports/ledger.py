"""The figures of all campaigns as columns, kept in memory until something visible changes.

The overview, the trend, the averages of an audience and the comparison with earlier campaigns read the
figures of many campaigns. The records hold them as JSON, a row each; here they lie side by side. What the
ledger holds is not redacted: a scope is applied by who reads it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa

from lib.reports.figures import Columns, columns
from lib.store import settlement
from lib.store.analytics import Analytics
from lib.store.records import reading
from lib.store.settlement import chunks
from lib.store.tables import campaigns as table

WORDS = (
    *("id", "native_id", "title", "subject", "audience", "sender"),
    *("sent_at", "zone", "currency", "sample", "tags"),
)
READ = (*WORDS, "counts", "covers", "reported", "rollup")

Rows = npt.NDArray[np.int64]
Group = tuple[str | None, str, bool]
"""Audience, sender, and whether it is a sample."""


@dataclass(frozen=True)
class Ledger:
    """Some campaigns, the latest first.

    `words` has the columns WORDS, one row per campaign; the tags are joined by «|». `figures` has each metric
    of METRICS in the order of `words`, `rollups` the place of each rollup, None without events. `groups` are
    the rows of the campaigns of one audience and sender, the latest first, those of an unknown time left out.
    """

    words: pd.DataFrame
    figures: Mapping[str, Columns]
    rollups: Sequence[str | None]
    groups: Mapping[Group, Rows]
    last_sent: dict[frozenset[int], datetime | None] = field(default_factory=dict, compare=False)
    """The latest sending that some imports know, as far as it was asked for."""

    @cached_property
    def sent(self) -> Rows:
        """The times in microseconds; unknown ones are the smallest number."""
        moments: Rows = self.words["sent_at"].dt.as_unit("us").to_numpy(np.dtype("M8[us]")).view(np.int64)
        return moments

    @cached_property
    def clock(self) -> tuple[Rows, npt.NDArray[np.float64]]:
        """The weekday (Monday is 0) and the hour of each sending, in the zone of its campaign."""
        weekdays, hours = np.zeros(len(self.words), np.int64), np.full(len(self.words), np.nan)
        known = self.words["sent_at"].notna().to_numpy()
        for zone, rows in self.words.loc[known].groupby("zone").indices.items():
            places = np.flatnonzero(known)[rows]
            local = self.words["sent_at"].iloc[places].dt.tz_convert(str(zone)).dt
            weekdays[places], hours[places] = local.day_of_week, local.hour + local.minute / 60
        return weekdays, hours

    def before(self, row: Any) -> Rows:
        """The rows of the campaigns of the same audience and sender that were sent before `row` of the
        records, the latest first; of one moment by their ids. Samples stand beside samples.
        """
        rows = self.groups.get((row.audience, row.sender, row.sample))
        if rows is None or row.sent_at is None:
            return np.empty(0, np.int64)
        return rows[np.searchsorted(-self.sent[rows], -_moment(row.sent_at), side="right") :]


def of(analytics: Analytics) -> Ledger:
    """All campaigns as they stand. Once made it serves every reader until the data version rises."""
    with reading(analytics.records) as db:
        version = settlement.version(db)
    held = _KEPT.get(analytics.records)
    if held is not None and held[0] == version:
        return held[1]
    with _LOCK:
        return _made(analytics)


def of_some(analytics: Analytics, ids: Iterable[str]) -> Ledger:
    """Some campaigns by their ids; those that do not exist are left out."""
    with reading(analytics.records) as db:
        return _ledger(
            [row for some in chunks(ids) for row in db.execute(_QUERY.where(table.c.id.in_(some)))]
        )


_QUERY = sa.select(*(table.c[name] for name in READ))
_KEPT: WeakKeyDictionary[sa.Engine, tuple[int, Ledger]] = WeakKeyDictionary()
"""By installation: the version of its data, and the ledger of that version."""
_LOCK = Lock()
"""Many readers who come right after a change wait for one ledger, instead of making one each."""


def _made(analytics: Analytics) -> Ledger:
    with reading(analytics.records) as db:
        version = settlement.version(db)
        held = _KEPT.get(analytics.records)
        if held is not None and held[0] == version:
            return held[1]
        found = _ledger(db.execute(_QUERY).all())
    if version:  # else nothing was brought in, and nothing says when that changes
        _KEPT[analytics.records] = version, found
    return found


def _ledger(found: Iterable[Any]) -> Ledger:
    rows = sorted(found, key=lambda row: (row[SENT] is not None, row[SENT] or 0, row[ID]), reverse=True)
    given = dict(zip(READ, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(READ, ())
    words = pd.DataFrame({name: list(given[name]) for name in WORDS}, columns=list(WORDS))
    words["tags"] = ["|".join(tags) for tags in given["tags"]]
    words["sent_at"] = pd.to_datetime(words["sent_at"], utc=True)
    figures = columns(given["counts"], given["covers"], given["reported"])
    return Ledger(words, figures, given["rollup"], _grouped(given))


ID, SENT = READ.index("id"), READ.index("sent_at")


def _grouped(given: Mapping[str, Sequence[Any]]) -> dict[Group, Rows]:
    """The rows of each audience and sender; they stand by their ids where they were sent at one moment."""
    sent = given["sent_at"]
    timed = [row for row in reversed(range(len(sent))) if sent[row] is not None]  # the ids ascend
    groups: dict[Group, list[int]] = {}
    for row in sorted(timed, key=sent.__getitem__, reverse=True):
        groups.setdefault((given["audience"][row], given["sender"][row], given["sample"][row]), []).append(
            row
        )
    return {group: np.array(places) for group, places in groups.items()}


def _moment(at: datetime) -> int:
    return int(np.datetime64(at.replace(tzinfo=None), "us").astype(np.int64))
