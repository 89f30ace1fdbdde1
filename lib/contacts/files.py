"""A file of contacts to people: vCard or a table, by its content. Nothing of it is stored."""

import io
from collections.abc import Iterable
from typing import IO, cast

from lib.contacts import cards, sheets
from lib.contacts.books import MOST, Bad, Book, Person, bound, usable
from lib.contacts.entries import Entry
from lib.importers import ImportRefused, text
from lib.importers.limits import MB
from lib.importers.source import PACKED, ZIP, Member

LARGEST = 10 * MB
BAD_KEPT = 200
"""Lines that could not be used, of which each is named."""


class ContactsRefused(Exception):
    """A file that no contact can be read from. `reason` is a key of the locale `contacts.refused`."""

    def __init__(self, reason: str, **holes: object) -> None:
        self.reason = reason
        self.holes = holes
        super().__init__(reason)


def read(name: str, content: bytes) -> Book:
    """The people of a file. Raises ContactsRefused when it is too large, no text, or holds nobody."""
    _check(content)
    member = Member(name, len(content), lambda: cast(IO[bytes], io.BytesIO(content)))
    reader = cards if _is_vcard(member) else sheets
    try:
        found = list(reader.entries(member))
    except ImportRefused as refused:
        raise ContactsRefused("unreadable", why=refused) from refused
    book = _book(found)
    if not book.people:
        raise ContactsRefused("nobody")
    return book


def _check(content: bytes) -> None:
    if len(content) > LARGEST:
        raise ContactsRefused("too_large", limit=LARGEST // MB)
    if not content.strip():
        raise ContactsRefused("empty")
    if content.startswith((ZIP[0], *PACKED)):
        raise ContactsRefused("packed")


def _is_vcard(member: Member) -> bool:
    return any(line.strip().upper() == "BEGIN:VCARD" for line in text.head_lines(member)[:50])


def _book(found: Iterable[Entry | Bad]) -> Book:
    people: list[Person] = []
    names: dict[str, str] = {}
    bad: list[Bad] = []
    without = 0
    for each in found:
        if isinstance(each, Bad):
            bad.append(each)
            continue
        addresses = usable(each.addresses)
        bad += [Bad(each.line, "contacts.bad.address", one) for one in each.addresses if not usable([one])]
        without += not each.addresses
        if addresses and len(people) <= MOST:
            labels = {label.casefold(): label for label in each.labels}
            names = labels | names
            people.append(Person(each.name, addresses, tuple(labels)))
    return bound(people, names, without=without, bad=tuple(bad[:BAD_KEPT]))
