"""What people are picked from: persons with addresses, under labels; kept in memory for some minutes."""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lib.shares import addresses
from lib.shares.refusal import ShareRefused

MOST = 20_000
"""People in one book; beyond that it is said that not all were read."""

LIFETIME = 600.0
"""Seconds that Google's contacts stay in memory, counted from when they were loaded."""


@dataclass(frozen=True)
class Person:
    """One contact. `addresses` are cleaned and usable, the first is the main one; `labels` are ids."""

    name: str
    addresses: tuple[str, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Label:
    """`count` is the number of its people who have an address."""

    id: str
    name: str
    count: int


@dataclass(frozen=True)
class Bad:
    """A line of a file that could not be used: a key of a locale with its holes, and the text itself."""

    line: int
    reason: str
    text: str
    holes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Book:
    """People in the order of their names, labels in theirs."""

    people: tuple[Person, ...] = ()
    labels: tuple[Label, ...] = ()
    cut: bool = False
    """There are more than MOST."""
    problem: str = ""
    """Why loading ended early: a key of the locale `google.problem`."""
    without: int = 0
    """Contacts left out because they have no address."""
    bad: tuple[Bad, ...] = ()


def bound(
    people: Iterable[Person],
    names: dict[str, str],
    *,
    cut: bool = False,
    problem: str = "",
    without: int = 0,
    bad: tuple[Bad, ...] = (),
) -> Book:
    """A book of `people`, those with the same main address once. `names` are the labels' names by id."""
    once: dict[str, Person] = {}
    for person in people:
        once.setdefault(addresses.key(person.addresses[0]), person)
    ordered = sorted(once.values(), key=_place)
    counts = Counter(label for person in ordered for label in person.labels)
    labels = [Label(each, name, counts[each]) for each, name in names.items() if counts[each]]
    labels.sort(key=lambda label: label.name.casefold())
    return Book(tuple(ordered[:MOST]), tuple(labels), cut or len(ordered) > MOST, problem, without, bad)


def usable(texts: Iterable[str]) -> tuple[str, ...]:
    """Those of `texts` that are addresses, cleaned, each once."""
    found: dict[str, str] = {}
    for text in texts:
        try:
            address = addresses.clean(text.strip())
        except ShareRefused:
            continue
        found.setdefault(addresses.key(address), address)
    return tuple(found.values())


def matching(book: Book, words: str, label: str | None = None) -> tuple[Person, ...]:
    """The people under `label` in whose name or addresses every one of `words` stands, whatever its case."""
    wanted = words.casefold().split()
    return tuple(
        person
        for person in book.people
        if (label is None or label in person.labels) and _holds(person, wanted)
    )


def _holds(person: Person, wanted: list[str]) -> bool:
    text = " ".join((person.name, *person.addresses)).casefold()
    return all(word in text for word in wanted)


def _place(person: Person) -> tuple[bool, str]:
    """Who has no name comes last, by address."""
    return (not person.name, (person.name or person.addresses[0]).casefold())


class Shelf:
    """The books of the analysts of this process, each forgotten after LIFETIME."""

    def __init__(self) -> None:
        self._books: dict[int, Book] = {}
        self._timers: dict[int, threading.Timer] = {}
        self._lock = threading.Lock()

    def find(self, analyst_id: int) -> Book | None:
        return self._books.get(analyst_id)

    def keep(self, analyst_id: int, book: Book) -> None:
        with self._lock:
            self._drop(analyst_id)
            self._books[analyst_id] = book
            self._timers[analyst_id] = timer = threading.Timer(LIFETIME, self.forget, (analyst_id,))
            timer.daemon = True
            timer.start()

    def forget(self, analyst_id: int) -> None:
        with self._lock:
            self._drop(analyst_id)

    def _drop(self, analyst_id: int) -> None:
        self._books.pop(analyst_id, None)
        if timer := self._timers.pop(analyst_id, None):
            timer.cancel()


shelf = Shelf()
