"""The recipients of a campaign by what they did: counted, searched, a page at a time, or all of them.

What somebody did stands in the campaign's file of messages, who it was in the files of people beside its
events. A question sorts and counts messages, and looks up addresses only of those that it shows.
"""

# ruff: noqa: S608 - the SQL is made of closed names and of paths that the records name

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd
import sqlalchemy as sa

from lib.model import Form, Kind, Scope
from lib.reports.answers import retrying
from lib.reports.figures import is_covered
from lib.store.analytics import Analytics
from lib.store.events import quoted
from lib.store.records import reading
from lib.store.tables import campaigns, files

A_PAGE = 50
AT_ONCE = 10_000
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
    each = ", ".join(f"COUNT(*) FILTER (WHERE {_where(name, form)})" for name in deeds)
    with analytics.events.cursor() as cursor:
        row = _run(cursor, f"SELECT {each} FROM {_file(analytics, rollup)}").fetchone()
    return dict(zip(deeds, row or (), strict=True))


def page(analytics: Analytics, scope: Scope, campaign_id: str, asked: Asked) -> Page:
    """One page of a list; beyond the last one, the last one. Raises NoSuchList."""
    return retrying(lambda: _page(analytics, scope, campaign_id, asked))


def everything(
    analytics: Analytics, scope: Scope, campaign_id: str, asked: Asked
) -> tuple[int, Iterator[pd.DataFrame]]:
    """How many recipients a list has, and all of them in portions of at most AT_ONCE rows, so that never the
    whole lies in memory; the page that was asked for does not matter. Raises NoSuchList, before anything is
    read.
    """
    source = retrying(lambda: _source(analytics, scope, campaign_id, asked))
    return retrying(lambda: _total(analytics, source)), _portions(analytics, source)


# --- asking ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """What a question is asked of, as SQL: messages that did the deed, and people, both before and after the
    search; `given` is the text that is sought.
    """

    asked: Asked
    messages: str
    people: str
    found: str
    given: tuple[str, ...]

    @property
    def chosen(self) -> str:
        """The messages of the list."""
        return (
            f"SELECT * FROM ({self.messages}) WHERE message IN (SELECT message FROM ({self.found}))"
            if self.given
            else self.messages
        )

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
    people = _people([str(analytics.events.people(place)) for place in places])
    messages = _messages(analytics, row.rollup, asked)
    sought = asked.who.strip()
    if not sought:
        return _Source(asked, messages, people, people, ())
    # the text as it stands: no sign in it has a meaning of its own, as it would have for LIKE
    found = f"SELECT * FROM ({people}) WHERE CONTAINS(LOWER(address), LOWER(?))"
    return _Source(asked, messages, people, found, (sought,))


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


def _people(paths: Sequence[str]) -> str:
    """Message and address of everybody, each message once: files of several imports may name the same one."""
    parts = [f"SELECT message, address FROM read_parquet({quoted(path)})" for path in paths]
    return " UNION ALL ".join(
        f"{part} WHERE {' AND '.join(f'message NOT IN (SELECT message FROM ({one}))' for one in before)}"
        if (before := parts[:number])
        else part
        for number, part in enumerate(parts)
    )


# --- answering ------------------------------------------------------------------------------------


def _page(analytics: Analytics, scope: Scope, campaign_id: str, asked: Asked) -> Page:
    source = _source(analytics, scope, campaign_id, asked)
    total = _total(analytics, source)
    number = max(1, min(asked.page, -(-total // A_PAGE)))
    limit = f"LIMIT {A_PAGE} OFFSET {(number - 1) * A_PAGE}"
    with analytics.events.cursor() as cursor:
        rows = _run(cursor, _rows(source, limit), source.given).df()
    return Page(_framed(rows, asked), total, number)


def _total(analytics: Analytics, source: _Source) -> int:
    with analytics.events.cursor() as cursor:
        row = _run(cursor, f"SELECT COUNT(*) FROM ({source.chosen})", source.given).fetchone()
    return int(row[0]) if row else 0


def _rows(source: _Source, limit: str = "") -> str:
    """The rows of a list in order: those on a page are found first, and only for them the rest is read."""
    if source.asked.sort == "address":
        first = f"SELECT * FROM ({source.found}) WHERE message IN (SELECT message FROM ({source.messages}))"
        second = source.messages
    else:
        first, second = source.chosen, source.people
    return (
        f"WITH picked AS MATERIALIZED ({first} ORDER BY {source.order} {limit})"
        f" SELECT * FROM picked JOIN ({second}) AS rest USING (message) ORDER BY {source.order}"
    )


def _portions(analytics: Analytics, source: _Source) -> Iterator[pd.DataFrame]:
    with analytics.events.cursor() as cursor:
        for batch in _run(cursor, _rows(source), source.given).fetch_record_batch(AT_ONCE):
            yield _framed(batch.to_pandas(), source.asked)


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
