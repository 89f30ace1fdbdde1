"""A table of contacts: the CSV exports of Google and Outlook, or any table with addresses in it."""

import csv
import re
import unicodedata
from collections.abc import Iterator

from lib.contacts.books import Bad, usable
from lib.contacts.entries import Entry
from lib.importers import table, text
from lib.importers.limits import MAX_COLUMNS
from lib.importers.refused import ImportRefused
from lib.importers.source import Member
from lib.importers.table import Header, Record
from lib.model import Note, Reject

SEVERAL = re.compile(r"\s*:::\s*|[;,\n]\s*")
"""Between several values of one cell; Google writes " ::: "."""

ADDRESS = re.compile(r"\be ?mails?\b|\bmails?\b|courriel|messagerie")
BESIDE = re.compile(r"type|label|libelle|display|affich|etiquette|nom\b")
"""Columns that stand beside an address and say something about it."""

GIVEN = ("given name", "first name", "prenom", "vorname")
FAMILY = ("family name", "last name", "nom", "nom de famille", "nachname")
WHOLE = ("name", "full name", "display name", "nom complet", "file as")
COMPANY = ("organization name", "organization 1 name", "company", "societe", "entreprise")
LABELS = ("labels", "group membership", "categories", "categorie", "libelles")
LOOKED_AT = 200
"""Rows by which the columns are judged when no heading names an address."""


def entries(member: Member) -> Iterator[Entry | Bad]:
    """Each row; one that cannot be read as Bad. Without headings, the first row counts too."""
    header, first = _header(member)
    if first:
        yield from _rows([first], header)
    rows = [row for row in table.records(member, header) if not isinstance(row, Note)]
    yield from _rows(rows, header)


def _header(member: Member) -> tuple[Header, Record | None]:
    """The columns by number, for headings may be missing or come twice; a first row that is no heading."""
    line = _first(member)
    delimiter = max(table.DELIMITERS, key=line.text.count)
    fields = next(csv.reader([line.text.removeprefix("\ufeff")], delimiter=delimiter), [])
    if len(fields) > MAX_COLUMNS:
        raise ImportRefused("too_many_columns", file=member.name, line=1, limit=MAX_COLUMNS)
    columns = tuple(f"c{number}" for number in range(len(fields)))
    if not usable(fields):
        return Header(columns, tuple(map(str.strip, fields)), delimiter), None
    header = Header(columns, tuple("" for _ in fields), delimiter)
    return header, Record(
        member.name, line.number, header, dict(zip(columns, fields, strict=True)), line.text
    )


def _first(member: Member) -> text.Line:
    lines = text.lines(member, text.decoding(member).encoding)
    found = (line for line in lines if line.text.strip() and not table.names_delimiter(line.text))
    return next(found, text.Line(1, ""))


def _rows(rows: list[Record | Reject], header: Header) -> Iterator[Entry | Bad]:
    titles = [_spelled(title) for title in header.titles]
    named = [n for n, title in enumerate(titles) if ADDRESS.search(title) and not BESIDE.search(title)]
    wanted = named or _full_of_addresses([row for row in rows if isinstance(row, Record)], len(titles))
    for row in rows:
        if isinstance(row, Reject):
            yield Bad(row.line, f"reject.{row.reason}", row.text[:80], row.holes)
        else:
            yield _entry(row, titles, wanted)


def _full_of_addresses(rows: list[Record], columns: int) -> list[int]:
    """The columns of which at least half of the filled cells are addresses."""
    found = []
    for number in range(columns):
        cells = [row[f"c{number}"] for row in rows[:LOOKED_AT] if row[f"c{number}"]]
        good = [cell for cell in cells if usable(SEVERAL.split(cell))]
        if good and len(good) * 2 >= len(cells):
            found.append(number)
    return found


def _entry(row: Record, titles: list[str], wanted: list[int]) -> Entry:
    cells = [row[f"c{number}"] for number in range(len(titles))]

    def of(names: tuple[str, ...]) -> str:
        return next((cell for title, cell in zip(titles, cells, strict=True) if title in names and cell), "")

    name = f"{of(GIVEN)} {of(FAMILY)}".strip() or of(WHOLE) or of(COMPANY)
    addresses = tuple(part for number in wanted for part in SEVERAL.split(cells[number]) if part)
    labels = (label.strip() for label in SEVERAL.split(of(LABELS)))
    return Entry(
        row.line, name, addresses, tuple(label for label in labels if label and not label.startswith("*"))
    )


def _spelled(title: str) -> str:
    """A heading without case, accents and signs: "E-mail 1 - Value" is "e mail 1 value"."""
    bare = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare).split())
