"""Delimited text to records: columns by name, every physical line accounted for."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from lib.importers import text
from lib.importers.limits import MAX_COLUMNS, MAX_RECORD_LINES, MAX_REJECT_TEXT
from lib.importers.refused import ImportRefused
from lib.importers.source import Member
from lib.importers.text import Line
from lib.importers.values import BadCell, snake
from lib.model import Note, Reject

DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Header:
    """The line of headings. `columns` are its names in snake case, `titles` as they stand in the file."""

    columns: tuple[str, ...]
    titles: tuple[str, ...]
    delimiter: str

    @property
    def comma(self) -> bool:
        """Whether a comma is the decimal sign (values.number says why)."""
        return self.delimiter == ";"

    def title(self, column: str) -> str:
        return self.titles[self.columns.index(column)] if column in self.columns else column


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its cells by column, stripped; an empty one, or one of a column that is not there, is ""."""

    file: str
    line: int
    header: Header
    cells: dict[str, str]
    text: str

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def reject(self, reason: str, *holes: tuple[str, str]) -> Reject:
        return reject(self.file, self.line, reason, self.text, *holes)

    def bad(self, problem: BadCell, column: str = "") -> Reject:
        named = self.header.title(problem.column or column)
        return self.reject(problem.reason, ("column", named), ("value", problem.value[:200]))


def reject(file: str, line: int, reason: str, raw: str, *holes: tuple[str, str]) -> Reject:
    clean = tuple((name, text.readable(value)) for name, value in holes)
    return Reject(file, line, reason, clean, text.readable(raw.rstrip("\r\n"))[:MAX_REJECT_TEXT])


def header_of(member: Member, *needed: str) -> Header | None:
    """The header if it has all `needed` columns when read with one of the delimiters."""
    first = next((line for line in text.head_lines(member) if line.strip() and not names_delimiter(line)), "")
    for delimiter in DELIMITERS:
        fields = _fields(first.removeprefix("\ufeff"), delimiter)
        if fields and set(needed) <= {snake(field) for field in fields}:
            return Header(tuple(map(snake, fields)), tuple(map(str.strip, fields)), delimiter)
    return None


def names_delimiter(line: str) -> bool:
    """Excel's first line `sep=;`, which is about the file and not of it."""
    return line.removeprefix("\ufeff").strip().lower() in {
        f"sep={delimiter}".strip() for delimiter in DELIMITERS
    }


def records(member: Member, header: Header) -> Iterator[Record | Reject | Note]:
    """Every record below the header. Raises ImportRefused for a header that cannot be matched by name."""
    check(member, header)
    decoding = text.decoding(member)
    if decoding.note:
        yield decoding.note
    yield from _rows(member.name, _below_heading(text.lines(member, decoding.encoding)), header)


def check(member: Member, header: Header) -> None:
    if len(header.columns) > MAX_COLUMNS:
        raise ImportRefused("too_many_columns", file=member.name, line=1, limit=MAX_COLUMNS)
    named = [name for name in header.columns if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise ImportRefused("column_twice", file=member.name, line=1, column=header.title(twice[0]))


def _below_heading(lines: Iterator[Line]) -> Iterator[Line]:
    """What is left of the lines when that of the headings was taken."""
    next((line for line in lines if is_heading(line.text)), None)
    return lines


def is_heading(line: str) -> bool:
    """Whether the headings stand in this line, of those above the first record."""
    return bool(line.strip()) and not names_delimiter(line)


def _rows(file: str, lines: Iterator[Line], header: Header) -> Iterator[Record | Reject]:
    waiting: deque[Line] = deque()
    while line := _next(waiting, lines):
        if line.text.strip():
            yield one(file, line, waiting, lines, header)[0]


def one(
    file: str, first: Line, waiting: deque[Line], lines: Iterator[Line], header: Header
) -> tuple[Record | Reject, int]:
    """The record that begins with the line `first`, or its reject, and how many lines that took.

    A quoted field may hold line ends. When a record of several lines turns out wrong, a quote is missing
    somewhere: then only its first line is rejected and reading goes on with the next one, so that one missing
    quote does not swallow the rows behind it. Lines that were looked at meanwhile go back into `waiting`.
    """
    taken, fields = _record(first, waiting, lines, header)
    problem = _problem(file, taken, fields, header)
    if problem is not None:
        waiting.extendleft(reversed(taken[1:]))
        return problem, 1
    named = zip(header.columns, fields or [], strict=True)
    cells = {name: cell for name, field in named if name and (cell := field.strip())}
    return Record(file, first.number, header, cells, "".join(line.text for line in taken)), len(taken)


def _next(waiting: deque[Line], lines: Iterator[Line]) -> Line | None:
    return waiting.popleft() if waiting else next(lines, None)


def _record(
    first: Line, waiting: deque[Line], lines: Iterator[Line], header: Header
) -> tuple[list[Line], list[str] | None]:
    """The lines of one record and its fields; None when they cannot be read."""
    taken = [first]
    reader = csv.reader(_texts(taken, waiting, lines, header), delimiter=header.delimiter, strict=True)
    try:
        return taken, next(reader)
    except csv.Error:
        return taken, None


def _texts(taken: list[Line], waiting: deque[Line], lines: Iterator[Line], header: Header) -> Iterator[str]:
    """The text of the first line, then of one more each time that a quote turns out to be open at the end.

    With more fields than headings no further line can mend the record: then a quote ends it, as too wide.
    """
    yield taken[0].text
    count = _count_of(taken[0].text, header.delimiter)
    while count <= len(header.columns):
        more = _next(waiting, lines) if len(taken) < MAX_RECORD_LINES else None
        if more is None:
            return
        taken.append(more)
        yield more.text
        count += _count_of(f'"{more.text}', header.delimiter) - 1
    yield '"'


def _count_of(line: str, delimiter: str) -> int:
    """How many fields begin in the line, the last of which may be open."""
    return len(next(csv.reader([line], delimiter=delimiter)))


def _fields(line: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _problem(file: str, taken: list[Line], fields: list[str] | None, header: Header) -> Reject | None:
    number, raw = taken[0].number, taken[0].text
    whole = raw if len(taken) == 1 else "".join(line.text for line in taken)
    if text.is_damaged(whole):
        return reject(file, number, "bad_encoding", raw)
    if "\0" in whole:
        return reject(file, number, "control_sign", raw)
    if fields is None:
        return reject(file, number, "bad_quotes", raw)
    if len(fields) != len(header.columns) or _spills(fields, header):
        holes = (("found", str(len(fields))), ("expected", str(len(header.columns))))
        return reject(file, number, "ragged", raw, *holes)
    return None


def _spills(fields: list[str], header: Header) -> bool:
    """Whether something stands under a heading without a name, as in a row that was shifted to the right."""
    if "" not in header.columns:
        return False
    return any(field.strip() for name, field in zip(header.columns, fields, strict=True) if not name)


def fields_of(line: str, delimiter: str = ",") -> list[str] | None:
    """The stripped fields of one line, or None when its quotes do not close."""
    fields = _fields(line, delimiter)
    return None if fields is None else [field.strip() for field in fields]


def first_line(member: Member) -> str:
    """The first line that is not blank, for formats that begin with a sentence instead of a header."""
    lines = io.StringIO("".join(text.head_lines(member)), newline="")
    return next((line.strip().removeprefix("\ufeff") for line in lines if line.strip()), "")
