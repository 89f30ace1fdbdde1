"""The recipients of a campaign by what they did: counted, searched, a page at a time, or all of them.

What somebody did stands in the campaign's file of messages, who it was in the files of people beside its
events. A question sorts and counts messages, and looks up addresses only of those that it shows.
"""

# ruff: noqa: S608 - the SQL is made of closed names and of paths that the records name

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import sqlalchemy as sa

from lib.model import Form, Kind, Scope
from lib.reports.figures import is_covered
from lib.reports.parts import once, retrying
from lib.store.analytics import Analytics
from lib.store.events import Events, quoted
from lib.store.records import reading
from lib.store.remembered import remembered
from lib.store.tables import campaigns, files

A_PAGE = 50
VECTOR = 2048
"""Rows that DuckDB hands out at once."""
AT_ONCE = 5 * VECTOR
"""Rows of a portion, where all are asked for."""
LONGEST = 200
"""Characters of a search; no address is longer by much."""


LAST = "last_at"
"""The column with the last open or click."""


@dataclass(frozen=True)
class Deed:
    """What recipients did, or did not do.

    `where` is SQL over the file of messages, in which {people} stands for the columns of the form. Known only
    where events of all kinds of `needs` are there in full. `metric` counts the same recipients; "" for none.
    """

    where: str
    needs: tuple[Kind, ...]
    metric: str = ""
    at: str = LAST
    """When, or when they were last active."""
    shows: tuple[str, ...] = ()
    """Further columns of the file of messages that such a list shows."""


REACHED = "sent AND bounce IS NULL"
SENT, OPENED, CLICKED, BOUNCED = Kind.SENT, Kind.OPENED, Kind.CLICKED, Kind.BOUNCED
BACK = "bounced_at", ("bounce", "bounce_reason")

DEEDS: dict[str, Deed] = {
    "sent": Deed("sent", (SENT,), "recipients", shows=("bounce",)),
    "opened": Deed("opens{people} > 0", (OPENED,), "unique_opens"),
    "not_opened": Deed(f"{REACHED} AND opens{{people}} = 0", (SENT, BOUNCED, OPENED)),
    "clicked": Deed("clicks{people} > 0", (CLICKED,), "unique_clicks"),
    "not_clicked": Deed(f"{REACHED} AND clicks{{people}} = 0", (SENT, BOUNCED, CLICKED)),
    "bounced": Deed("bounce IS NOT NULL", (BOUNCED,), "bounces", *BACK),
    "hard_bounced": Deed("bounce = 'hard'", (BOUNCED,), "hard_bounces", *BACK),
    "soft_bounced": Deed("bounce = 'soft'", (BOUNCED,), "soft_bounces", *BACK),
    "unsubscribed": Deed(
        "unsubscribed", (Kind.UNSUBSCRIBED,), "unsubscribes", "unsubscribed_at", ("unsubscribe_reason",)
    ),
    "complained": Deed("complained", (Kind.COMPLAINED,), "complaints", "complained_at"),
}

SORTS = {  # the most and the latest first
    "address": "LOWER(address)",
    "opens": "opens DESC",
    "clicks": "clicks DESC",
    "last": "{at} DESC NULLS LAST",
}


@dataclass(frozen=True)
class Asked:
    """Which recipients, in which order. `who` is a part of the address, in any case; `page` counts from 1."""

    deed: str = "sent"
    who: str = ""
    sort: str = "address"
    page: int = 1
    form: Form = Form.ALL


@dataclass(frozen=True)
class Page:
    """Some of the recipients that were asked for, and how many there are in all; see `_framed`."""

    rows: pd.DataFrame
    total: int
    number: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // A_PAGE))


class NoSuchList(Exception):
    """No such list within the scope; that it exists elsewhere, or for others, is not told."""


def listed(covers: Sequence[str]) -> tuple[str, ...]:
    """The deeds of which the events tell who did them."""
    return tuple(name for name, deed in DEEDS.items() if is_covered(deed.needs, covers))


def count(analytics: Analytics, rollup: str, deeds: Sequence[str], form: Form) -> dict[str, int]:
    """How many recipients did each of `deeds`, given the place of the campaign's rollup."""
    if not deeds:
        return {}
    reader = partial(_counted, analytics.events, tuple(deeds), form)
    return dict(zip(deeds, once(reader, analytics.events.messages(rollup)), strict=True))


@remembered(256)
def _counted(
    events: Events, deeds: tuple[str, ...], form: Form, path: Path, _written: int
) -> tuple[int, ...]:
    each = ", ".join(f"COUNT(*) FILTER (WHERE {_where(name, form)})" for name in deeds)
    with events.cursor() as cursor:
        return _run(cursor, f"SELECT {each} FROM read_parquet({quoted(str(path))})").fetchone() or ()


def page(analytics: Analytics, scope: Scope, campaign_id: str, asked: Asked) -> Page:
    """One page of a list; beyond the last one, the last one. Raises NoSuchList."""
    return retrying(lambda: _page(analytics, scope, campaign_id, asked))


def everything(analytics: Analytics, scope: Scope, campaign_id: str, asked: Asked) -> Iterator[pd.DataFrame]:
    """All of a list in portions of at most AT_ONCE rows, so that never the whole lies in memory; which page
    was asked for does not matter. Raises NoSuchList at once, before the first portion.
    """
    return _portions(analytics, _source(analytics, scope, campaign_id, asked))


# --- asking ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """What a question is asked of: SQL of the messages that did the deed with what a list shows of them, the
    files of people, and the text that is sought.
    """

    asked: Asked
    messages: str
    people: tuple[str, ...]
    sought: str

    @property
    def given(self) -> tuple[str, ...]:
        return (self.sought,) if self.sought else ()

    @property
    def order(self) -> str:
        """A whole order, so that each recipient stands on one page."""
        return f"{SORTS[self.asked.sort].format(at=DEEDS[self.asked.deed].at)}, message"


def _source(analytics: Analytics, scope: Scope, campaign_id: str, asked: Asked) -> _Source:
    """Raises NoSuchList, also for what the scope hides: without people nobody is looked for by address."""
    if not (scope.allows(campaign_id) and scope.people and scope.shows("recipients")):
        raise NoSuchList(campaign_id)
    with reading(analytics.records) as db:
        row = db.execute(sa.select(campaigns).where(campaigns.c.id == campaign_id)).first()
        places = list(db.scalars(sa.select(files.c.path).where(files.c.campaign_id == campaign_id)))
    if row is None or not row.rollup or asked.deed not in listed(row.covers):
        raise NoSuchList(campaign_id)
    if asked.sort not in SORTS or len(asked.who) > LONGEST:
        raise NoSuchList(campaign_id)
    people = tuple(f"read_parquet({quoted(str(analytics.events.people(place)))})" for place in places)
    return _Source(asked, _messages(analytics, row.rollup, asked), people, asked.who.strip())


def _messages(analytics: Analytics, rollup: str, asked: Asked) -> str:
    """Those who did the deed, with the columns of the list in the form that was asked for."""
    deed, people = DEEDS[asked.deed], _suffix(asked.form)
    last = f"GREATEST(last_opened_at{people}, last_clicked_at{people}) AS {LAST}"
    shown = [
        f"opens{people} AS opens",
        f"clicks{people} AS clicks",
        last if deed.at == LAST else deed.at,
        *deed.shows,
    ]
    return (
        f"SELECT message, {', '.join(shown)} FROM {_file(analytics, rollup)}"
        f" WHERE {_where(asked.deed, asked.form)}"
    )


def _where(deed: str, form: Form) -> str:
    return f"({DEEDS[deed].where.format(people=_suffix(form))})"


def _suffix(form: Form) -> str:
    return "_people" if form is Form.PEOPLE else ""


def _file(analytics: Analytics, rollup: str) -> str:
    return f"read_parquet({quoted(str(analytics.events.messages(rollup)))})"


# --- people: files of several imports may name the same message, each is taken once ---------------


def _everybody(people: Sequence[str]) -> str:
    """Message and address of all, from the first file that names the message."""
    parts = []
    for number, file in enumerate(people):
        others = " ".join(
            f"ANTI JOIN (SELECT message FROM {before}) AS before_{place} USING (message)"
            for place, before in enumerate(people[:number])
        )
        parts.append(f"SELECT message, address FROM {file} AS people_{number} {others}")
    return " UNION ALL ".join(parts)


def _among(people: Sequence[str], condition: str) -> str:
    """Message and address of some, who are few: found first, then taken once."""
    parts = [
        f"SELECT message, address, {number} AS place FROM {file} WHERE {condition}"
        for number, file in enumerate(people)
    ]
    if len(parts) == 1:
        return parts[0]
    first = "SELECT message, ARG_MIN(address, place) AS address"
    return f"{first} FROM ({' UNION ALL '.join(parts)}) GROUP BY message"


def _found(source: _Source) -> str:
    """Those whose address holds the text as it stands: no sign in it has a meaning, as it has for LIKE."""
    if not source.sought:
        return _everybody(source.people)
    return _among(source.people, "CONTAINS(LOWER(address), LOWER($1))")


# --- answering ------------------------------------------------------------------------------------


def _page(analytics: Analytics, scope: Scope, campaign_id: str, asked: Asked) -> Page:
    source = _source(analytics, scope, campaign_id, asked)
    kind = _searched if source.sought else _by_address if asked.sort == "address" else _by_message
    with analytics.events.cursor() as cursor:
        rows = _run(cursor, kind(source, asked.page), source.given).df()
    if rows.empty and asked.page > 1:
        last = -(-_total(analytics, source) // A_PAGE)
        return _page(analytics, scope, campaign_id, replace(asked, page=max(1, min(last, asked.page - 1))))
    total = int(rows["total"].iloc[0]) if len(rows) else 0
    return Page(_framed(rows, asked), total, max(1, asked.page))


def _total(analytics: Analytics, source: _Source) -> int:
    wanted = _searching(source) if source.sought else source.messages
    with analytics.events.cursor() as cursor:
        row = _run(cursor, f"SELECT COUNT(*) FROM ({wanted})", source.given).fetchone()
    return int(row[0]) if row else 0


def _searching(source: _Source) -> str:
    return f"SELECT * FROM ({source.messages}) AS done JOIN ({_found(source)}) AS who USING (message)"


def _searched(source: _Source, number: int) -> str:
    return (
        f"WITH found AS MATERIALIZED ({_searching(source)})"
        " SELECT *, (SELECT COUNT(*) FROM found) AS total FROM found"
        f" ORDER BY {source.order} {_limit(number)}"
    )


def _by_address(source: _Source, number: int) -> str:
    """The addresses of the page first; what they did is read for those only."""
    return (
        f"WITH picked AS MATERIALIZED (SELECT * FROM ({_everybody(source.people)}) AS people"
        f" SEMI JOIN ({source.messages}) AS done USING (message) ORDER BY {source.order} {_limit(number)})"
        f" SELECT *, (SELECT COUNT(*) FROM ({source.messages})) AS total"
        f" FROM picked JOIN ({source.messages}) AS done USING (message) ORDER BY {source.order}"
    )


def _by_message(source: _Source, number: int) -> str:
    """The messages of the page first; addresses are looked up for those only."""
    people = _among(source.people, "message IN (SELECT message FROM picked)")
    return (
        f"WITH picked AS MATERIALIZED (SELECT * FROM ({source.messages})"
        f" ORDER BY {source.order} {_limit(number)})"
        f" SELECT *, (SELECT COUNT(*) FROM ({source.messages})) AS total"
        f" FROM picked JOIN ({people}) AS people USING (message) ORDER BY {source.order}"
    )


def _limit(number: int) -> str:
    return f"LIMIT {A_PAGE} OFFSET {(max(1, number) - 1) * A_PAGE}"


def _portions(analytics: Analytics, source: _Source) -> Iterator[pd.DataFrame]:
    with analytics.events.cursor() as cursor:
        found = _run(cursor, f"{_searching(source)} ORDER BY {source.order}", source.given)
        while len(rows := found.fetch_df_chunk(AT_ONCE // VECTOR)):
            yield _framed(rows, source.asked)


def _run(cursor: duckdb.DuckDBPyConnection, sql: str, given: Sequence[str] = ()) -> duckdb.DuckDBPyConnection:
    """Raises FileNotFoundError when an import has just replaced a file."""
    try:
        return cursor.execute(sql, list(given))
    except duckdb.IOException as problem:
        raise FileNotFoundError from problem


def _framed(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Columns: address, opens and clicks in the form that was asked for, the time of the deed or `last_at`
    (aware UTC, NaT where unknown), and what else such a list shows.
    """
    deed = DEEDS[asked.deed]
    told = rows[["address", "opens", "clicks", deed.at, *deed.shows]]
    return told.assign(**{deed.at: pd.to_datetime(told[deed.at], utc=True)}).reset_index(drop=True)
