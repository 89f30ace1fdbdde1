"""The floor: numpy over the columns that the questions touch, in memory as small numbers before the clock
starts. Not a way to build a product; what is slower than it has not yet met the hardware's limit.
"""

from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from bench.questions import (
    APPLE,
    APPLE_AGENT,
    COUNTRIES,
    DEVICE,
    SCANNER,
    SCANNER_NAME,
    TOP,
    Answers,
    Given,
    Place,
    Rows,
)

Numbers = npt.NDArray[Any]

OPENED, CLICKED = "opened", "clicked"
KINDS = (
    *("sent", "delivered", "deferred", "bounced", "opened", "clicked"),
    *("unsubscribed", "complained", "forwarded", "ordered"),
)
WORDS = ("link", "domain", "country", "device", "client", "variant", "product", "order_id", "subtype")

LARGEST = 1 << 24
"""Cells of a table of keys by messages that is made rather than sorted for."""


@dataclass(frozen=True)
class Coded:
    """A column of words: codes into `words`, which are sorted; unknown is below zero."""

    words: list[str]
    codes: Numbers

    def __getitem__(self, rows: Numbers) -> "Coded":
        return Coded(self.words, self.codes[rows])


class Contender:
    """All columns of the reference; of the other campaigns kinds and messages."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.overviewed: list[tuple[Numbers, Numbers]] = []
        self.kinds: Numbers | None = None
        self.countries = cycle(COUNTRIES)

    def report(self) -> Answers:
        rows = self._by_kind()
        return {
            "totals": self._totals(rows),
            "first_day": [row for row in self._over_time(rows, 3600) if row[0] < 24],
            "life": self._over_time(rows, 86400),
            "links": self._links(rows[CLICKED]),
            "countries": self._by(rows, "country", events_of_clicks=True),
            "domains": self._domains(rows),
            "devices": self._by(rows, "device"),
            "clients": self._by(rows, "client"),
            "variants": self._variants(rows),
            "machines": self._machines(rows),
            "active": self._active(rows),
            "commerce": self._commerce(rows["ordered"]),
        }

    def narrowed(self) -> Answers:
        rows = self._by_kind()
        country = self.words["country"].codes == self.words["country"].words.index(next(self.countries))
        mobile = self.words["device"].codes == self.words["device"].words.index(DEVICE)
        here = {kind: mine[country[mine]] for kind, mine in rows.items()}
        return {
            "devices": self._by(here, "device", events_of_clicks=True),
            "clients": self._by(here, "client", events_of_clicks=True),
            "links": self._links(here[CLICKED][mobile[here[CLICKED]]]),
        }

    def overview(self) -> Rows:
        counted = zip(self.given.campaigns, self._loaded(), strict=True)
        return [[place.id, *_counted(kinds, messages)] for place, (kinds, messages) in counted]

    def trend(self) -> Rows:
        months: dict[str, Numbers] = {}
        for place, (kinds, messages) in zip(self.given.campaigns, self._loaded(), strict=True):
            people = [
                _distinct(messages[kinds == KINDS.index(kind)]) for kind in ("delivered", OPENED, CLICKED)
            ]
            months[place.month] = months.get(place.month, np.zeros(4, np.int64)) + np.array([1, *people])
        return [[month, *map(int, months[month])] for month in sorted(months)]

    def _by_kind(self) -> dict[str, Numbers]:
        if self.kinds is None:
            self.kinds = self._load(self.given.reference)
        return {kind: np.flatnonzero(self.kinds == number) for number, kind in enumerate(KINDS)}

    def _load(self, place: Place) -> Numbers:
        """Fill all columns; gives the kinds."""
        table = pq.read_table(place.path)
        self.numbers, self.messages = np.unique(table["message"].to_numpy(), return_inverse=True)
        self.seconds = (
            table["happened_at"].to_numpy().astype("datetime64[s]").astype(np.int64) - place.sent_at
        )
        self.words = {name: _coded(table[name]) for name in WORDS}
        agents = _coded(table["user_agent"])
        scanner = np.array([SCANNER_NAME in word.lower() for word in agents.words] + [False])
        apple = np.array([word == APPLE_AGENT for word in agents.words] + [False])
        self.scanner, self.apple = scanner[agents.codes], apple[agents.codes]
        self.revenue = table["revenue"].to_numpy()
        return _kinds(table)

    def _loaded(self) -> list[tuple[Numbers, Numbers]]:
        if not self.overviewed:
            for place in self.given.campaigns:
                table = pq.read_table(place.path, columns=["kind", "message"])
                codes = np.unique(table["message"].to_numpy(), return_inverse=True)[1].astype(np.int32)
                self.overviewed.append((_kinds(table), codes))
        return self.overviewed

    def _totals(self, rows: dict[str, Numbers]) -> Rows:
        people = {kind: _distinct(self.messages[mine]) for kind, mine in rows.items()}
        bounces = self._people(rows["bounced"], self.words["subtype"][rows["bounced"]])
        hard, soft = (_named(self.words["subtype"], bounces).get(name, 0) for name in ("hard", "soft"))
        row = [people["sent"], people["delivered"], hard, soft]
        row += [people[OPENED], len(rows[OPENED]), people[CLICKED], len(rows[CLICKED])]
        return [[*row, people["unsubscribed"], people["complained"], len(rows["forwarded"])]]

    def _over_time(self, rows: dict[str, Numbers], span: int) -> Rows:
        steps = self.seconds // span
        length = int(max(steps[rows[kind]].max(initial=0) for kind in (OPENED, CLICKED))) + 1
        columns = [np.bincount(steps[rows[kind]], minlength=length) for kind in (OPENED, CLICKED)]
        for kind in (OPENED, CLICKED):
            first = np.full(len(self.numbers), np.iinfo(np.int64).max)
            np.minimum.at(first, self.messages[rows[kind]], steps[rows[kind]])
            columns.append(np.bincount(first[first < length], minlength=length))
        counted = np.stack(columns, axis=1)
        return [[step, *counted[step].tolist()] for step in np.flatnonzero(counted.any(axis=1)).tolist()]

    def _people(self, rows: Numbers, keys: Coded) -> Numbers:
        """How many messages each key has."""
        width, many = len(keys.words), len(self.numbers)
        known = keys.codes >= 0
        both = keys.codes[known].astype(np.int64) * many + self.messages[rows][known]
        if width * many > LARGEST:
            return np.bincount(np.unique(both) // many, minlength=width)
        met = np.zeros(width * many, dtype=bool)
        met[both] = True
        people: Numbers = np.count_nonzero(met.reshape(width, many), axis=1)
        return people

    def _links(self, rows: Numbers) -> Rows:
        links = self.words["link"]
        clicks, people = _times(links[rows]), self._people(rows, links[rows])
        order = np.lexsort((np.arange(len(clicks)), -clicks))[:TOP]
        return [[links.words[at], int(clicks[at]), int(people[at])] for at in order]

    def _by(self, rows: dict[str, Numbers], name: str, events_of_clicks: bool = False) -> Rows:
        keys = self.words[name]
        opened, clicked = (keys[rows[kind]] for kind in (OPENED, CLICKED))
        columns = [_times(opened), self._people(rows[OPENED], opened)]
        columns += [_times(clicked)] if events_of_clicks else []
        counted = np.stack([*columns, self._people(rows[CLICKED], clicked)], axis=1)
        return [[keys.words[at], *counted[at].tolist()] for at in np.flatnonzero(counted.any(axis=1))]

    def _domains(self, rows: dict[str, Numbers]) -> Rows:
        domains = self.words["domain"]
        counted = [self._people(rows[kind], domains[rows[kind]]) for kind in ("sent", OPENED, CLICKED)]
        order = np.lexsort((np.arange(len(domains.words)), -counted[0]))[:TOP]
        return [[domains.words[at], *(int(column[at]) for column in counted)] for at in order]

    def _variants(self, rows: dict[str, Numbers]) -> Rows:
        variants, kinds = self.words["variant"], ("sent", OPENED, CLICKED, "unsubscribed")
        counted = [self._people(rows[kind], variants[rows[kind]]) for kind in kinds]
        return [[word, *(int(column[at]) for column in counted)] for at, word in enumerate(variants.words)]

    def _machines(self, rows: dict[str, Numbers]) -> Rows:
        opens, clicks = rows[OPENED], rows[CLICKED]
        apple = int((self.apple[opens] & ~self.scanner[opens]).sum())
        scanned = [int(self.scanner[mine].sum()) for mine in (opens, clicks)]
        return [row for row in ([APPLE, apple, 0], [SCANNER, *scanned]) if any(row[1:])]

    def _active(self, rows: dict[str, Numbers]) -> Rows:
        width = len(self.numbers)
        opens, clicks = (
            np.bincount(self.messages[rows[kind]], minlength=width) for kind in (OPENED, CLICKED)
        )
        last = np.full(width, np.iinfo(np.int64).min)
        for kind in (OPENED, CLICKED):
            np.maximum.at(last, self.messages[rows[kind]], self.seconds[rows[kind]])
        both = opens + clicks
        near = np.flatnonzero(both >= np.partition(both, -TOP)[-TOP])
        order = near[np.lexsort((self.numbers[near], -last[near], -clicks[near], -both[near]))][:TOP]
        return [[int(self.numbers[at]), int(opens[at]), int(clicks[at])] for at in order]

    def _commerce(self, rows: Numbers) -> Rows:
        products, orders = self.words["product"][rows], self.words["order_id"][rows]
        width = len(orders.words)
        pairs = np.unique(products.codes.astype(np.int64) * width + orders.codes) // width
        times = np.bincount(pairs, minlength=len(products.words))
        amounts = np.bincount(products.codes, self.revenue[rows], minlength=len(products.words))
        people = self._people(rows, products)
        best = np.lexsort((np.arange(len(times)), -times))[:TOP]
        return [
            [products.words[at], int(times[at]), round(float(amounts[at]), 2), int(people[at])] for at in best
        ]


def _kinds(table: Any) -> Numbers:
    coded = _coded(table["kind"])
    return np.array([KINDS.index(word) for word in coded.words], np.int8)[coded.codes]


def _coded(column: Any) -> Coded:
    words = sorted({word for word in column.unique().to_pylist() if word is not None})
    place = {word: number for number, word in enumerate(words)}
    found = column.combine_chunks().dictionary_encode()
    ours = np.array([place.get(word, -1) for word in found.dictionary.to_pylist()] + [-1], np.int32)
    return Coded(words, ours[found.indices.fill_null(-1).to_numpy()])


def _times(keys: Coded) -> Numbers:
    return np.bincount(keys.codes[keys.codes >= 0], minlength=len(keys.words))


def _named(keys: Coded, counted: Numbers) -> dict[str, int]:
    return dict(zip(keys.words, counted.tolist(), strict=True))


def _distinct(codes: Numbers) -> int:
    return int(np.count_nonzero(np.bincount(codes))) if len(codes) else 0


def _counted(kinds: Numbers, messages: Numbers) -> list[int]:
    mine = {kind: messages[kinds == number] for number, kind in enumerate(KINDS)}
    told = [_distinct(mine[kind]) for kind in ("sent", "delivered", "bounced")]
    for kind in (OPENED, CLICKED):
        told += [_distinct(mine[kind]), len(mine[kind])]
    return [*told, _distinct(mine["unsubscribed"])]
