"""The contacts of a Google account, page by page: people, labels, and whom one has written to.

https://developers.google.com/people/api/rest/v1/people.connections/list and its neighbours
otherContacts.list and contactGroups.list.
"""

from collections.abc import Callable, Iterator
from typing import Any

from lib.contacts.books import MOST, Book, Person, bound, usable
from lib.contacts.google import CONTACTS, OTHERS, GoogleRefused

PAGE = "1000"
"""The most that Google gives at once."""
PAGES = 200
"""Of one list; a list that never ends must."""

STARRED = "contactGroups/starred"
Read = Callable[[str, dict[str, str]], dict[str, Any]]
"""Path and parameters to an answer of the People API; raises GoogleRefused."""

KEPT_AT = ("busy", "down", "answer", "stale_page", "disabled", "forbidden")
"""Refusals after which what was loaded so far is worth keeping."""


def load(read: Read, scopes: tuple[str, ...], starred: str) -> Book:
    """All that `scopes` open, up to MOST people. `starred` is the name of Google's own label of that kind.

    When Google stops amid, the book holds what was loaded, and its `problem` says why there is no more.
    Raises GoogleRefused when the account is not open any more.
    """
    loaded = _Loaded()
    problem = ""
    try:
        for scope, steps in STEPS.items():
            for step in steps if scope in scopes else ():
                step(read, loaded, starred)
    except GoogleRefused as refused:
        if refused.reason not in KEPT_AT:
            raise
        problem = refused.reason
    return bound(loaded.people, loaded.labels, cut=loaded.full, problem=problem, without=loaded.without)


class _Loaded:
    """What has come so far."""

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.labels: dict[str, str] = {}
        self.without = 0

    @property
    def full(self) -> bool:
        return len(self.people) > MOST

    def take(self, told: dict[str, Any]) -> None:
        found = usable(str(one.get("value", "")) for one in told.get("emailAddresses", ()))
        if not found:
            self.without += 1
            return
        name = next((str(one.get("displayName", "")) for one in told.get("names", ())), "")
        groups = (one.get("contactGroupMembership", {}) for one in told.get("memberships", ()))
        labels = tuple(str(one.get("contactGroupResourceName", "")) for one in groups)
        self.people.append(Person(name.strip(), found, labels))


def _labels(read: Read, loaded: _Loaded, starred: str) -> None:
    parameters = {"groupFields": "name,groupType", "pageSize": PAGE}
    for group in _all(read, "contactGroups", "contactGroups", parameters):
        name = str(group.get("resourceName", ""))
        if name == STARRED:
            loaded.labels[name] = starred
        elif group.get("groupType") == "USER_CONTACT_GROUP":
            loaded.labels[name] = str(group.get("name", ""))


def _connections(read: Read, loaded: _Loaded, _starred: str) -> None:
    parameters = {
        "personFields": "names,emailAddresses,memberships",
        "sources": "READ_SOURCE_TYPE_CONTACT",
        "pageSize": PAGE,
    }
    _take(_all(read, "people/me/connections", "connections", parameters), loaded)


def _others(read: Read, loaded: _Loaded, _starred: str) -> None:
    parameters = {"readMask": "names,emailAddresses", "pageSize": PAGE}
    _take(_all(read, "otherContacts", "otherContacts", parameters), loaded)


def _take(told: Iterator[dict[str, Any]], loaded: _Loaded) -> None:
    for person in told:
        if loaded.full:
            return
        loaded.take(person)


STEPS: dict[str, tuple[Callable[[Read, _Loaded, str], None], ...]] = {
    CONTACTS: (_labels, _connections),
    OTHERS: (_others,),
}


def _all(read: Read, path: str, field: str, parameters: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Every entry of a list. When its page token has expired, the list is read once more from its start.

    Entries may come twice then, which does no harm: a book holds everybody once.
    """
    page, restarted = "", False
    for _ in range(PAGES):
        try:
            told = read(path, parameters | ({"pageToken": page} if page else {}))
        except GoogleRefused as refused:
            if refused.reason != "stale_page" or restarted:
                raise
            page, restarted = "", True
            continue
        yield from (entry for entry in told.get(field, ()) if isinstance(entry, dict))
        page = str(told.get("nextPageToken") or "")
        if not page:
            return
