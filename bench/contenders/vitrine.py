"""Vitrine: what its reports read. `report` answers the twelve questions from the rollup, read from its file
each time; `product` makes the whole report of the product with all of its sections, which is more than the
others are asked.

The product keeps in memory what cannot have changed. A task whose name ends in `_again` finds it there; the
others begin with nothing kept, as after an import or a start.
"""

import sys
from itertools import cycle
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import sqlalchemy as sa

from bench.questions import APPLE, COUNTRIES, DEVICE, SCANNER, TOP, Answers, Given, Rows
from bench.stores import opened
from lib.model import Question, Scope
from lib.reports import OTHER, answer, campaigns, report
from lib.reports.parts import Part, Rollup, table_of
from lib.store.events import FACTS
from lib.store.records import reading
from lib.store.tables import campaigns as table

ALL = Scope()
OVER_TIME = ("opens", "clicks", "first_opens", "first_clicks")
TOTALS = (
    *("recipients", "deliveries", "hard_bounces", "soft_bounces", "unique_opens", "opens"),
    *("unique_clicks", "clicks", "unsubscribes", "complaints", "forwards"),
)
ACTIVE = ("opens", "unique_opens", "clicks", "unique_clicks")
OVERVIEW = (
    *("recipients", "deliveries", "bounces", "unique_opens", "opens"),
    *("unique_clicks", "clicks", "unsubscribes"),
)


def forget() -> None:
    """Throw away all that the reports keep in memory."""
    for module in [module for name, module in sys.modules.items() if name.startswith("lib.reports")]:
        for value in vars(module).values():
            if isinstance(value, WeakKeyDictionary):
                value.clear()
            elif hasattr(value, "cache_clear"):
                value.cache_clear()


class Contender:
    """The installation's own stores, as the product opens them."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.analytics = opened(Path(given.home))
        self.countries = cycle(COUNTRIES)

    def report(self) -> Answers:
        with reading(self.analytics.records) as db:
            row = db.execute(sa.select(table).where(table.c.id == self.given.reference.id)).one()
        rollup = Rollup(table_of(self.analytics.events.path(row.rollup)))
        parts = {
            name: rollup.part(name, row.covers, ALL) for name in (*BY_KEY, *RANKED, "hour", "machine_reason")
        }
        answers = {
            "totals": [[int(row.counts[name]) for name in TOTALS]],
            "first_day": [line for line in _by_step(parts["hour"], 1) if line[0] < 24],
            "life": _by_step(parts["hour"], 24),
            "machines": _rows(parts["machine_reason"], ("opens", "clicks"), only=(APPLE, SCANNER)),
            "active": _active(rollup),
        }
        for dimension, (name, columns) in BY_KEY.items():
            answers[name] = sorted(_rows(parts[dimension], columns))
        for dimension, (name, columns) in RANKED.items():
            ranked = sorted(_rows(parts[dimension], columns), key=lambda line: (-line[1], line[0]))
            answers[name] = ranked[:TOP]
        return answers

    def product(self) -> list[str]:
        """The names of the sections of the whole report."""
        return sorted(report(self.analytics, ALL, self.given.reference.id).sections)

    def narrowed(self) -> Answers:
        country = ("country", next(self.countries))
        links = self._narrowed("link", ("clicks", "unique_clicks"), country, ("device", DEVICE))
        return {
            "devices": self._narrowed("device", ACTIVE, country),
            "clients": self._narrowed("client", ACTIVE, country),
            "links": sorted(links, key=lambda line: (-line[1], line[0]))[:TOP],
        }

    def _narrowed(self, by: str, metrics: tuple[str, ...], *where: tuple[str, str]) -> Rows:
        scope = Scope(campaigns=(self.given.reference.id,))
        frame = answer(self.analytics, scope, Question(metrics, by, where=where))
        counted = frame[frame[by].notna()].astype(dict.fromkeys(metrics, int)).astype(object)
        return [list(line) for line in counted.itertuples(index=False, name=None)]

    def before_narrowed_first(self) -> None:
        """As if nobody had asked for this campaign's facts."""
        forget()
        for path in self.analytics.events.path(self.given.reference.id).glob(f"*{FACTS}"):
            path.unlink()

    def overview(self) -> Rows:
        frame = campaigns(self.analytics, ALL).sort_values("id")
        columns = [frame[name].astype(int) for name in OVERVIEW]
        return [list(line) for line in zip(frame["id"], *columns, strict=True)]

    def listed(self) -> int:
        """How many campaigns the overview shows; what it asks before anything is drawn."""
        return len(campaigns(self.analytics, ALL))

    product_again, overview_again, listed_again, narrowed_first = product, overview, listed, narrowed

    def trend(self) -> Rows:
        frame = campaigns(self.analytics, ALL)
        months = frame["sent_at"].dt.strftime("%Y-%m")
        counted = frame[["deliveries", "unique_opens", "unique_clicks"]].groupby(months).sum().astype(int)
        counted.insert(0, "campaigns", months.value_counts())
        return [list(line) for line in counted.astype(object).itertuples(name=None)]

    trend_again = trend
    before_product = before_overview = before_listed = before_trend = staticmethod(forget)


BY_KEY = {  # dimension: the question that shows all of its known keys, and the counts
    "country": ("countries", ("opens", "unique_opens", "clicks", "unique_clicks")),
    "device": ("devices", ("opens", "unique_opens", "unique_clicks")),
    "client": ("clients", ("opens", "unique_opens", "unique_clicks")),
    "variant": ("variants", ("recipients", "unique_opens", "unique_clicks", "unsubscribes")),
}
RANKED = {  # dimension: the question that shows its largest keys, by the first of the counts
    "link": ("links", ("clicks", "unique_clicks")),
    "domain": ("domains", ("recipients", "unique_opens", "unique_clicks")),
    "product": ("commerce", ("orders", "revenue", "buyers")),
}


def _rows(part: Part, names: tuple[str, ...], only: tuple[str, ...] = ()) -> Rows:
    """The rows of a dimension's known keys, without those in which nothing is counted."""
    columns = [part.counts[name].round(2) if name == "revenue" else part.counts[name] for name in names]
    lines = zip(
        part.keys, *(_plain(column, name) for column, name in zip(columns, names, strict=True)), strict=True
    )
    return [
        list(line)
        for line in lines
        if line[0] is not None and line[0] != OTHER and (not only or line[0] in only) and any(line[1:])
    ]


def _plain(column: Any, name: str) -> list[Any]:
    values: list[Any] = (column if name == "revenue" else column.astype("int64")).tolist()
    return values


def _by_step(part: Part, hours: int) -> Rows:
    """The hours of a rollup in steps of so many, without those in which nothing happened."""
    known = [number for number, key in enumerate(part.keys) if isinstance(key, int)]
    steps = np.array([part.keys[number] for number in known], dtype=np.int64) // hours
    columns = [np.bincount(steps, part.counts[name][known]).astype(int) for name in OVER_TIME]
    counted = np.stack(columns, axis=1)
    return [[step, *counted[step].tolist()] for step in np.flatnonzero(counted.any(axis=1)).tolist()]


def _active(rollup: Rollup) -> Rows:
    rows = rollup.rows("message").select(["key", "opens", "clicks", "last_at"]).to_pylist()
    rows.sort(key=lambda row: int(row["key"]))
    rows.sort(key=lambda row: (row["opens"] + row["clicks"], row["clicks"], row["last_at"]), reverse=True)
    return [[int(row["key"]), row["opens"], row["clicks"]] for row in rows[:TOP]]
