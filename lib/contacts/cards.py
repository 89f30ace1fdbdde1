"""vCard 2.1, 3.0 and 4.0, as far as names, addresses and categories go.

https://www.rfc-editor.org/rfc/rfc6350, https://www.rfc-editor.org/rfc/rfc2426 and the versit vCard 2.1 text.
Read line by line rather than as a whole: one broken card costs itself, not the others.
"""

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lib.contacts.books import Bad
from lib.contacts.entries import Entry
from lib.importers import text
from lib.importers.source import Member
from lib.importers.text import Line

PROPERTY = re.compile(
    r'(?:[\w-]+\.)?(?P<name>[\w-]+)(?P<parameters>(?:;(?:"[^"]*"|[^":])*)?):(?P<value>.*)', re.DOTALL
)
PRINTABLE = re.compile(r"[^:]*;(?:ENCODING=)?QUOTED-PRINTABLE[;:]", re.IGNORECASE)
CHARSET = re.compile(r';CHARSET="?([\w.-]+)', re.IGNORECASE)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
SHOWN = 80
"""Characters of a line that are shown beside what is wrong with it."""
LONGEST = 10_000
"""Characters of a folded line; of a longer one, such as a picture, the rest is left out."""


def entries(member: Member) -> Iterator[Entry | Bad]:
    """Each card, in its place; a line that is none, and a card that does not end, as Bad."""
    reader = _Reader()
    for line in _unfolded(text.lines(member, text.decoding(member).encoding)):
        yield from reader.take(line)
    yield from reader.broken()


@dataclass
class _Card:
    """What was read of one card."""

    line: int
    full_name: str = ""
    parts_of_name: str = ""
    company: str = ""
    addresses: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.full_name or self.parts_of_name or self.company

    def take(self, name: str, value: str) -> None:
        """One property; those that are of no use here are left aside."""
        if name == "FN":
            self.full_name = self.full_name or _plain(value)
        elif name == "N":
            family, given = [*_parts(value, ";"), "", ""][:2]
            self.parts_of_name = f"{given} {family}".strip()
        elif name == "ORG":
            self.company = _parts(value, ";")[0]
        elif name == "EMAIL" and value.strip():
            self.addresses.append(re.sub("(?i)^mailto:", "", _plain(value)))
        elif name == "CATEGORIES":
            self.labels += [part for part in _parts(value, ",") if part]


class _Reader:
    """From card to card. A card within a card (AGENT, of 2.1) is left out."""

    def __init__(self) -> None:
        self.card: _Card | None = None
        self.within = 0
        self.before = ""

    def take(self, line: Line) -> Iterator[Entry | Bad]:
        found = PROPERTY.fullmatch(line.text)
        if found is None:
            if line.text.strip():
                yield Bad(line.number, "contacts.bad.line", text.readable(line.text)[:SHOWN])
            return
        name, value = found["name"].upper(), _value(found["parameters"], found["value"])
        mark = name if name in MARKS and value.strip().upper() == "VCARD" else ""
        yield from MARKS[mark](self, line.number, name, value)
        self.before = name

    def begin(self, number: int, _name: str, _value: str) -> Iterator[Entry | Bad]:
        if self.card and (self.before == "AGENT" or self.within):
            self.within += 1
            return
        yield from self.broken()
        self.card = _Card(number)

    def end(self, _number: int, _name: str, _value: str) -> Iterator[Entry | Bad]:
        if self.within:
            self.within -= 1
        elif self.card:
            yield Entry(self.card.line, self.card.name, tuple(self.card.addresses), tuple(self.card.labels))
            self.card = None

    def property(self, _number: int, name: str, value: str) -> Iterator[Entry | Bad]:
        if self.card and not self.within:
            self.card.take(name, value)
        yield from ()

    def broken(self) -> Iterator[Bad]:
        """The card that was begun and has no end."""
        if self.card:
            yield Bad(self.card.line, "contacts.bad.card", self.card.name)
        self.card, self.within = None, 0


MARKS = {"BEGIN": _Reader.begin, "END": _Reader.end, "": _Reader.property}


def _unfolded(lines: Iterator[Line]) -> Iterator[Line]:
    """Logical lines. 2.1 folds before a space that is meant, 3.0 and 4.0 put one in."""
    whole: Line | None = None
    old = False
    for line in lines:
        piece = line.text.rstrip("\r\n")
        if whole and whole.text.endswith("=") and PRINTABLE.match(whole.text):
            short = len(whole.text) < LONGEST
            whole = Line(whole.number, whole.text[:-1] + (piece if short else piece[-1:]))
        elif whole and piece[:1] in (" ", "\t"):
            if len(whole.text) < LONGEST:
                whole = Line(whole.number, whole.text + (piece if old else piece[1:]))
        else:
            if whole:
                yield whole
            whole = Line(line.number, piece.removeprefix("\ufeff"))
            old = piece.strip().upper() == "VERSION:2.1" or (old and not piece.upper().startswith("VERSION:"))
    if whole:
        yield whole


def _value(parameters: str, value: str) -> str:
    if not PRINTABLE.match(f"{parameters}:"):
        return text.readable(value)
    charset = CHARSET.search(parameters)
    decoded = quopri.decodestring(value.encode("utf-8", "replace"))
    try:
        return decoded.decode(charset[1] if charset else "utf-8")
    except (UnicodeDecodeError, LookupError):
        return decoded.decode("cp1252", "replace")


def _plain(value: str) -> str:
    return " ".join(ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], value).split())


def _parts(value: str, mark: str) -> list[str]:
    r"""Split at each `mark` that no \ stands before."""
    return [_plain(part) for part in re.split(rf"(?<!\\){mark}", value)]
