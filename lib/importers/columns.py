"""Columns of cells to columns of values, by the rules of lib.importers.values.

Each function gives the values (null where a cell is blank) and a mask of the cells that are bad. What a rule
makes of a cell is asked once for each distinct cell; where most are distinct, forms that cannot be anything
else are read at once, and only the others are asked for. Tests hold both against each other.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.importers import values
from lib.importers.values import BadCell

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Parse: TypeAlias = Callable[[str], Any]
"""The rule of one cell; it raises BadCell."""
Cells: TypeAlias = pa.StringArray | pa.DictionaryArray

PLAIN_ADDRESS = (
    r"^[A-Za-z0-9._%+'=#$&*/!?{}|~^-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)+$"
)
LONGEST_DOMAIN = 253
PART = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
PLAIN_IP = rf"^{PART}\.{PART}\.{PART}\.{PART}$"

SECONDS, MILLISECONDS, MICROSECONDS = 19, 23, 26
"""The lengths of 2026-03-02T09:30:00 with and without fractions of a second."""
MINUTE = 60_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = (
    (datetime(year, 1, 2, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) for year in (1990, 2100)
)
"""Times between them are plausible whatever their zone; the others are asked for one by one."""


class Values(NamedTuple):
    """`bad` is None where every cell is good."""

    found: pa.Array
    bad: Mask | None = None


class _Coded(NamedTuple):
    """A column as its distinct cells and the number of the one in each row."""

    texts: pa.StringArray
    codes: npt.NDArray[np.int32]


def words(cells: Cells) -> Values:
    """Cells as they stand, without the blanks around them."""
    coded = _coded(cells)
    return Values(_repeated(_trimmed(coded.texts), coded.codes))


def each(cells: Cells, parse: Parse, kind: pa.DataType) -> Values:
    """What `parse` makes of a cell. Text comes as a dictionary."""
    return _each(_coded(cells), parse, kind)


def _each(coded: _Coded, parse: Parse, kind: pa.DataType) -> Values:
    found: list[Any] = []
    bad = np.zeros(len(coded.texts), bool)
    for place, text in enumerate(_trimmed(coded.texts).to_pylist()):
        try:
            found.append(None if text is None else parse(text))
        except BadCell:
            found.append(None)
            bad[place] = True
    made = pa.array(found, kind)
    shown = _repeated(made, coded.codes) if pa.types.is_string(kind) else made.take(pa.array(coded.codes))
    return Values(shown, bad[coded.codes] if bad.any() else None)


def addresses(cells: Cells) -> Values:
    return _plain_or_each(cells, PLAIN_ADDRESS, values.address)


def ips(cells: Cells) -> Values:
    return _plain_or_each(cells, PLAIN_IP, values.ip)


def _plain_or_each(cells: Cells, form: str, parse: Parse) -> Values:
    """A cell of the plain form is its own value, in lower case."""
    coded = _coded(cells)
    texts = coded.texts
    plain = pc.and_(
        pc.match_substring_regex(texts, form), pc.less_equal(pc.binary_length(texts), LONGEST_DOMAIN)
    )
    made = pc.if_else(plain, pc.ascii_lower(texts), None)
    bad = np.zeros(len(texts), bool)
    left = np.flatnonzero(~plain.to_numpy(zero_copy_only=False))
    if len(left):
        asked = each(texts.take(pa.array(left)), parse, pa.string())
        made = pc.replace_with_mask(made, pc.invert(plain), asked.found.dictionary_decode())
        bad[left] = _mask(asked)
    return Values(_repeated(made, coded.codes), bad[coded.codes] if bad.any() else None)


def by_either(cells: Cells, is_first: Mask, first: Parse, second: Parse) -> Values:
    """What the first rule makes of a cell where `is_first`, elsewhere the second. Both give text."""
    coded = _coded(cells)
    ones, others = (_each(coded, parse, pa.string()) for parse in (first, second))
    found = pc.if_else(pa.array(is_first), ones.found.dictionary_decode(), others.found.dictionary_decode())
    bad = np.where(is_first, _mask(ones), _mask(others))
    return Values(found.dictionary_encode(), bad if bad.any() else None)


def is_good(column: Values) -> Mask:
    """Where the cell is not bad."""
    return ~_mask(column)


def spills(cells: pa.Table) -> Mask:
    """In which rows something stands under a heading without a name."""
    found = np.zeros(len(cells), bool)
    for place in (place for place, name in enumerate(cells.column_names) if not name):
        found |= is_known(words(cells.column(place).combine_chunks()).found)
    return found


def is_known(column: pa.Array) -> Mask:
    """Where the column is not null."""
    return np.asarray(column.is_valid(), bool)


def told(column: pa.DictionaryArray, tell: Callable[[str], str | None]) -> pa.DictionaryArray:
    """What `tell` says of each text of the column."""
    answers = pa.array([tell(text) for text in column.dictionary.to_pylist()], pa.string())
    answers = pa.concat_arrays([answers, pa.nulls(1, pa.string())])
    codes = column.indices.fill_null(len(answers) - 1).to_numpy()
    return _repeated(answers, codes)


def either(first: pa.DictionaryArray, second: pa.DictionaryArray) -> pa.DictionaryArray:
    """The text of the first column where it has one, else of the second."""
    return pc.coalesce(first.dictionary_decode(), second.dictionary_decode()).dictionary_encode()


def _mask(column: Values) -> Mask:
    return np.zeros(len(column.found), bool) if column.bad is None else column.bad


# --- times ----------------------------------------------------------------------------------------


def times(cells: pa.StringArray, zone: str) -> Values:
    """Times in UTC, to the microsecond, without a zone of their own."""
    starts, signs = _bytes_of(cells)
    lengths = np.diff(starts)
    found, known = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool)
    left = lengths > 0
    for places, kind in _layouts(lengths, starts, signs):
        if len(places):
            taken, good = _cast(cells.take(pa.array(places)), kind)
            taken, good = _in_zone(taken, good, zone) if kind.tz is None else (taken, good)
            good &= (taken >= FIRST) & (taken < LAST)
            found[places[good]], known[places[good]], left[places[good]] = taken[good], True, False
    bad = np.zeros(len(cells), bool)
    if left.any():
        places = np.flatnonzero(left)
        asked = each(cells.take(pa.array(places)), lambda text: _microseconds(text, zone), pa.int64())
        found[places] = asked.found.fill_null(0).to_numpy()
        known[places] = is_known(asked.found)
        bad[places] = _mask(asked)
    made = pa.array(found, pa.int64(), mask=~known).view(pa.timestamp("us"))
    return Values(made, bad if bad.any() else None)


def _layouts(lengths: Numbers, starts: Numbers, signs: npt.NDArray[np.uint8]) -> list[tuple[Numbers, Any]]:
    """The rows whose cells have a usual layout: with Z or an offset, and without."""
    long = lengths >= SECONDS
    ends = np.maximum(starts[1:] - 1, 0)
    padded = np.append(signs, np.zeros(MICROSECONDS + 1, np.uint8))
    last, sign = padded[ends], padded[starts[:-1] + SECONDS]
    with_z = (
        long
        & (last == ord("Z"))
        & (
            (lengths == SECONDS + 1)
            | ((sign == ord(".")) & np.isin(lengths, (MILLISECONDS + 1, MICROSECONDS + 1)))
        )
    )
    colon = padded[starts[:-1] + SECONDS + 3]
    offset = (lengths == SECONDS + 6) & ((sign == ord("+")) | (sign == ord("-"))) & (colon == ord(":"))
    bare = (lengths == SECONDS) | ((sign == ord(".")) & np.isin(lengths, (MILLISECONDS, MICROSECONDS)))
    colon = padded[starts[:-1] + SECONDS - 3]
    return [
        (np.flatnonzero(with_z | offset), pa.timestamp("us", "UTC")),
        (np.flatnonzero(bare & (colon == ord(":")) & (last != ord("Z"))), pa.timestamp("us")),
    ]


def _cast(cells: pa.StringArray, kind: pa.DataType) -> tuple[Numbers, Mask]:
    """Microseconds, and where they are good. A bad cell among many is found by halving."""
    try:
        return pc.cast(cells, kind).cast(pa.int64()).to_numpy(), np.ones(len(cells), bool)
    except pa.ArrowInvalid:
        if len(cells) == 1:
            return np.zeros(1, np.int64), np.zeros(1, bool)
        half = len(cells) // 2
        parts = [_cast(cells.slice(0, half), kind), _cast(cells.slice(half), kind)]
        found, good = zip(*parts, strict=True)
        return np.concatenate(found), np.concatenate(good)


def _in_zone(local: Numbers, good: Mask, zone: str) -> tuple[Numbers, Mask]:
    """Times by the clock of `zone` in UTC; its offset is asked once for each distinct minute."""
    if zone == "UTC":
        return local, good
    minutes, place = np.unique(local // MINUTE, return_inverse=True)
    offsets, known = np.zeros(len(minutes), np.int64), np.zeros(len(minutes), bool)
    for number, minute in enumerate(minutes.tolist()):
        if FIRST <= minute * MINUTE < LAST:
            clock = EPOCH + timedelta(minutes=minute)
            utc = values.iso_time(clock.strftime("%Y-%m-%dT%H:%M"), zone)
            offsets[number], known[number] = (clock - utc) // timedelta(microseconds=1), True
    return local - offsets[place], good & known[place]


def _microseconds(text: str, zone: str) -> int:
    return (values.iso_time(text, zone) - EPOCH) // timedelta(microseconds=1)


# --- dictionaries ---------------------------------------------------------------------------------


def _coded(cells: Cells) -> _Coded:
    found = cells if isinstance(cells, pa.DictionaryArray) else cells.dictionary_encode()
    return _Coded(found.dictionary, found.indices.to_numpy())


def _repeated(texts: pa.StringArray, codes: npt.NDArray[np.int32]) -> pa.DictionaryArray:
    """The text of each row as a dictionary without nulls and repetitions."""
    distinct = texts.dictionary_encode()
    return pa.DictionaryArray.from_arrays(distinct.indices.take(pa.array(codes)), distinct.dictionary)


def _trimmed(texts: pa.StringArray) -> pa.StringArray:
    """Without blanks around them; null where nothing else is there."""
    starts, signs = _bytes_of(texts)
    filled = np.diff(starts) > 0
    edges = np.concatenate((signs[starts[:-1][filled]], signs[starts[1:][filled] - 1]))
    if ((edges > 0x20) & (edges < 0x7F)).all():
        return pc.if_else(pa.array(filled), texts, None)
    return pa.array([text.strip() or None for text in texts.to_pylist()], pa.string())


def _bytes_of(texts: pa.StringArray) -> tuple[Numbers, npt.NDArray[np.uint8]]:
    """Where each text starts, with the end of the last, and the bytes of all."""
    _, starts, signs = texts.buffers()
    places = np.frombuffer(starts, np.int32)[texts.offset : texts.offset + len(texts) + 1] if starts else [0]
    every = np.frombuffer(signs, np.uint8) if signs else np.zeros(0, np.uint8)
    return np.asarray(places, np.int64), every
