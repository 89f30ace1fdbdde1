"""A large table in blocks of whole lines: the lines that are plainly fine as columns at once, the others one
by one.

What is fine is decided narrowly: quotes at the edges of cells and closed in the same line, no sign that could
mean anything else, as many cells as headings. All else goes to lib.importers.table, which knows what a record
of several lines is and how to say what is wrong.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from lib.importers import table, text
from lib.importers.limits import MAX_LINE, MB
from lib.importers.source import Member
from lib.importers.table import Header, Record
from lib.importers.text import Line
from lib.model import Reject

BLOCK = 8 * MB
LARGE = 64 * 1024
"""Below this a table is read as fast row by row."""
LONGEST_PLAIN = 100_000
"""Bytes of a line; Python's reader refuses cells that are little longer."""

TEXT = pa.dictionary(pa.int32(), pa.string())

ENCODINGS = {"utf-8": 0, "utf-8-sig": 3}
"""Those that are read in blocks, and how many bytes their mark has."""
LINE_FEED, RETURN, QUOTE, NUL = b'\n\r"\0'
MARK = "\ufeff".encode()

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Lines:
    """Physical lines. `starts` are their places in `data` and the end of the last; `first` is the number of
    the first one in its file.
    """

    data: bytes
    starts: Places
    first: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def line(self, place: int) -> Line:
        raw = self.data[self.starts[place] : self.starts[place + 1]]
        return Line(self.first + place, raw.decode("utf-8", "surrogateescape"))

    def between(self, first: int, end: int) -> "Lines":
        return Lines(self.data, self.starts[first : end + 1], self.first + first)

    def of(self, signs: Places) -> Places:
        """The lines in which these places of `data` lie."""
        return np.searchsorted(self.starts, signs, side="right") - 1


@dataclass(frozen=True)
class Block:
    """Some lines of a table as they were read.

    `plain` are the places among the lines of those whose cells stand in `cells`: a table of text, one row per
    plain line, one column per heading that was asked for and the name "" for each without a heading, cells as
    they stand in the file; dictionaries but where most are distinct. `others` are the records and rejects of
    the other lines by the place where they begin, in order.
    """

    file: str
    header: Header
    lines: Lines
    plain: Places
    cells: pa.Table
    others: tuple[tuple[int, Record | Reject], ...]

    def number(self, place: int) -> int:
        return self.lines.first + place

    def read(self, place: int) -> Record | Reject | None:
        """A plain line as the reader of single rows sees it; None where it is blank."""
        line = self.lines.line(place)
        if not line.text.strip():
            return None
        return table.one(self.file, line, deque(), iter(()), self.header)[0]


def blocks(member: Member, header: Header, wanted: dict[str, pa.DataType], encoding: str) -> Iterator[Block]:
    """The table below its headings, in order; `encoding` is one of ENCODINGS, `wanted` are columns and what
    they are read as: TEXT, or plain strings.

    Raises ImportRefused as lib.importers.table.records does.
    """
    table.check(member, header)
    with member.open() as file:
        file.read(ENCODINGS[encoding])
        left, number, is_headed, is_over = b"", 1, False, False
        while not is_over:
            piece = file.read(BLOCK)
            is_over = not piece
            lines = _whole_lines(left + piece, number, is_over)
            _check_lengths(member.name, lines)
            if not is_headed:
                lines, is_headed = _below_heading(lines)
            block = _block(member.name, header, lines, wanted, is_over)
            left = lines.data[block.lines.starts[-1] :]
            number = block.number(len(block.lines))
            yield block


def ahead(made: Iterator[Made]) -> Iterator[Made]:
    """The same, each made by another thread while the one before it is used."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, made, None)
        while (one := coming.result()) is not None:
            coming = thread.submit(next, made, None)
            yield one


def _whole_lines(data: bytes, number: int, is_over: bool) -> Lines:
    """The lines of `data`; without the last when its end may be still to come. \n, \r\n and \r end a line."""
    signs = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(signs == LINE_FEED)
    if _has_bare_returns(data):
        followed = np.append(signs[1:] == LINE_FEED, not is_over)
        ends = np.flatnonzero((signs == LINE_FEED) | ((signs == RETURN) & ~followed))
    starts = np.concatenate(([0], ends + 1))
    if is_over and starts[-1] < len(data):
        starts = np.append(starts, len(data))
    return Lines(data, starts.astype(np.int64), number)


def _has_bare_returns(data: bytes) -> bool:
    return b"\r" in data and data.count(b"\r") != data.count(b"\r\n")


def _check_lengths(file: str, lines: Lines) -> None:
    for place in np.flatnonzero(np.diff(lines.starts) > MAX_LINE).tolist():
        text.check_length(lines.line(place).text, file, lines.first + place)
    last = lines.data[lines.starts[-1] :]
    if len(last) > MAX_LINE:  # whose last letter may be halved
        text.check_length(last.decode("utf-8", "ignore"), file, lines.first + len(lines))


def _below_heading(lines: Lines) -> tuple[Lines, bool]:
    """The lines below the headings, and whether these were found."""
    for place in range(len(lines)):
        if table.is_heading(lines.line(place).text):
            return lines.between(place + 1, len(lines)), True
    return lines.between(len(lines), len(lines)), False


def _block(file: str, header: Header, lines: Lines, wanted: dict[str, pa.DataType], is_over: bool) -> Block:
    """As many of the lines as form whole records."""
    blank = _blank(lines)
    fine = _fine(lines, header.delimiter) & ~blank
    others, end = _one_by_one(file, header, lines, fine, np.flatnonzero(~fine & ~blank), is_over)
    lines, fine = lines.between(0, end), fine[:end]
    cells = _parsed(lines, fine, header, wanted)
    if len(cells) != fine.sum():
        ragged = fine & ~_has_cells(lines, fine, header)
        more, _ = _one_by_one(file, header, lines, fine, np.flatnonzero(ragged), is_over=True)
        others = sorted(others + more, key=lambda other: other[0])
        cells = _parsed(lines, fine, header, wanted)
    assert len(cells) == fine.sum()  # noqa: S101 - cells beside the wrong line are worse than no import
    return Block(file, header, lines, np.flatnonzero(fine), cells, tuple(others))


def _one_by_one(
    file: str, header: Header, lines: Lines, fine: Mask, places: Places, is_over: bool
) -> tuple[list[tuple[int, Record | Reject]], int]:
    """What stands in the lines at `places`, and how many lines belong to records that ended.

    All lines that were read are no longer `fine`, also those in the midst of a record.
    """
    found: list[tuple[int, Record | Reject]] = []
    end = 0
    for place in places.tolist():
        if place < end:
            continue
        line, ahead = lines.line(place), _Ahead(lines, place + 1)
        fine[place] = False
        if not line.text.strip():
            continue
        record, count = table.one(file, line, deque(), ahead, header)
        if ahead.is_past and not is_over:
            return found, place
        end = place + count
        fine[place:end] = False
        found.append((place, record))
    return found, len(lines)


class _Ahead(Iterator[Line]):
    """The lines from a place on. `is_past`: whether somebody asked for one behind the last."""

    def __init__(self, lines: Lines, place: int) -> None:
        self._lines = lines
        self._place = place
        self.is_past = False

    def __next__(self) -> Line:
        if self._place >= len(self._lines):
            self.is_past = True
            raise StopIteration
        self._place += 1
        return self._lines.line(self._place - 1)


# --- which lines are plainly fine -----------------------------------------------------------------


def _blank(lines: Lines) -> Mask:
    """Lines with nothing but their end."""
    if not len(lines):
        return np.zeros(0, bool)
    signs, lengths = np.frombuffer(lines.data, np.uint8), np.diff(lines.starts)
    first, last = signs[lines.starts[:-1]], signs[lines.starts[1:] - 1]
    alone = (lengths == 1) & ((first == LINE_FEED) | (first == RETURN))
    return np.asarray(alone | ((lengths == 2) & (first == RETURN) & (last == LINE_FEED)), bool)


def _fine(lines: Lines, delimiter: str) -> Mask:
    data, starts = lines.data, lines.starts
    fine = np.diff(starts) <= LONGEST_PLAIN
    if not len(lines):
        return fine
    if MARK in data:
        fine[_marked(lines)] = False
    if b"\0" in data:
        fine[lines.of(_signs(lines, NUL))] = False
    if _has_bare_returns(data):
        last = np.frombuffer(data, np.uint8)[starts[1:] - 1]
        fine[last == RETURN] = False
    if b'"' in data:
        fine[_misquoted(lines, ord(delimiter))] = False
    fine &= _decodable(lines)
    return np.asarray(fine, bool)


def _marked(lines: Lines) -> list[int]:
    """Lines that begin like a file: the reader of columns would take the mark for that of its own data."""
    first = np.frombuffer(lines.data, np.uint8)[lines.starts[:-1]]
    likely = np.flatnonzero(first == MARK[0]).tolist()
    return [place for place in likely if lines.data.startswith(MARK, lines.starts[place])]


def _signs(lines: Lines, sign: int) -> Places:
    """The places in `data` of a sign, between the first line and the end of the last."""
    first, end = lines.starts[0], lines.starts[-1]
    found = np.flatnonzero(np.frombuffer(lines.data, np.uint8)[first:end] == sign)
    return np.asarray(found + first, np.int64)


def _decodable(lines: Lines) -> Mask:
    decodable = np.ones(len(lines), bool)
    data = lines.data[lines.starts[0] : lines.starts[-1]]
    if data.isascii() or _is_utf8(data):
        return decodable
    high = np.flatnonzero(np.frombuffer(data, np.uint8) >= 0x80) + lines.starts[0]
    for place in np.unique(lines.of(high)).tolist():
        decodable[place] = _is_utf8(lines.data[lines.starts[place] : lines.starts[place + 1]])
    return decodable


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _misquoted(lines: Lines, delimiter: int) -> Places:
    """Lines in which a quote is not closed, or stands where it opens or closes no cell.

    Of the quotes of a line each second one closes what the one before it opened. One that opens stands at the
    beginning of a cell and one that closes at its end; a quote within a cell is written twice, which looks
    like a cell that closes and opens again at once.
    """
    signs = np.frombuffer(lines.data, np.uint8)
    quotes = _signs(lines, QUOTE)
    line = lines.of(quotes)
    count = np.bincount(line, minlength=len(lines))
    rank = np.arange(len(quotes)) - (np.cumsum(count) - count)[line]
    before = signs[np.maximum(quotes - 1, 0)]
    after = signs[np.minimum(quotes + 1, len(signs) - 1)]
    begins = (quotes == lines.starts[line]) | (before == delimiter) | (before == QUOTE)
    ends = (quotes + 1 == lines.starts[line + 1]) | (after == delimiter) | (after == QUOTE)
    ends |= (after == LINE_FEED) | (after == RETURN)
    bad = np.where(rank % 2 == 1, ~ends, ~begins)
    return np.union1d(line[bad], np.flatnonzero(count % 2))


def _has_cells(lines: Lines, fine: Mask, header: Header) -> Mask:
    """Which of the fine lines have as many cells as there are headings."""
    delimiters = _signs(lines, ord(header.delimiter))
    line = lines.of(delimiters)
    quotes = _signs(lines, QUOTE)
    before = np.searchsorted(quotes, delimiters) - np.searchsorted(quotes, lines.starts[line])
    count = np.bincount(line[before % 2 == 0], minlength=len(lines))
    return np.asarray(fine & (count == len(header.columns) - 1), bool)


# --- the columns of the fine lines ----------------------------------------------------------------


def _parsed(lines: Lines, fine: Mask, header: Header, wanted: dict[str, pa.DataType]) -> pa.Table:
    names = header.columns
    kinds = {
        str(place): wanted.get(name, TEXT) for place, name in enumerate(names) if name in wanted or not name
    }
    data = _joined(lines, fine)
    if not len(data):
        return pa.table({names[int(place)]: pa.array([], kind) for place, kind in kinds.items()})
    found = csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(column_names=[str(place) for place in range(len(names))], block_size=len(data) + 1),
        csv.ParseOptions(delimiter=header.delimiter, invalid_row_handler=_leave_out),
        csv.ConvertOptions(
            check_utf8=False,  # it was
            column_types=kinds,
            include_columns=list(kinds),
            strings_can_be_null=False,
        ),
    )
    return found.rename_columns([names[int(place)] for place in kinds]).combine_chunks()


def _leave_out(_row: Any) -> str:
    return "skip"


def _joined(lines: Lines, fine: Mask) -> Any:
    """The bytes of the fine lines."""
    data, starts = memoryview(lines.data), lines.starts
    if fine.all():
        return pa.py_buffer(data[starts[0] : starts[-1]])
    edges = np.flatnonzero(np.diff(np.concatenate(([False], fine, [False])).astype(np.int8)))
    runs = [data[starts[first] : starts[end]] for first, end in edges.reshape(-1, 2).tolist()]
    return pa.py_buffer(b"".join(runs))
