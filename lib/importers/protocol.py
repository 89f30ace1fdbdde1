"""What an importer is, and what it is told beside the file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from lib.importers.source import Source
from lib.model import Note, Reject, Row
from lib.store.spool import Rows

Read = Iterator[Row | Rows | Reject | Note]


@dataclass(frozen=True)
class Given:
    """What the person who brings a file in says of it."""

    zone: str = "UTC"
    """Of the sender's account: for times that stand in a file without a zone."""
    title: str | None = None
    """Of the campaign, for formats that do not name it."""
    sender: str | None = None
    """Who sent the campaigns of our own format; other formats know it."""


class Importer(Protocol):
    """A module that reads one format. Recognising looks at content only, never at a file's name."""

    @property
    def SENDER(self) -> str:  # noqa: N802 - constants of a module
        """The sender in campaign ids."""

    @property
    def FORM(self) -> str:  # noqa: N802
        """The format, a key of the locale `format`."""

    def recognises(self, source: Source) -> bool: ...

    def read(self, source: Source, given: Given) -> Read:
        """What the file says, in its order: each row of it is a Row, one of many in Rows, or a Reject."""
        ...
