"""What the cells of our own events.csv mean: of one row, and of many rows at once. The rules are the same."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from lib.importers import clients, columns, values
from lib.importers.columns import Cells, Mask, Values
from lib.importers.table import Header, Record
from lib.importers.values import BadCell
from lib.model import Bounce, Event, Kind

KINDS = {kind.value: kind for kind in Kind}
BOUNCES = {bounce.value: bounce.value for bounce in Bounce} | {"": None}

WORDS = {  # columns taken as they stand
    "reason": "reason",
    "url": "url",
    "user_agent": "user_agent",
    "client": "client",
    "device": "device",
    "country": "country",
    "region": "region",
    "variant": "variant",
    "machine_reason": "machine_reason",
    "order": "order",
    "product": "product",
    "id": "native_id",
}
LAST_POSITION = 2**31 - 1
"""Of a link: kept in 32 bits."""
LEAST_UNCOUNTED, DECIMALS = 10**10, 4
"""Of an amount: it is counted with four decimals, as a product of 18 digits (lib.reports.columns)."""


class _How(NamedTuple):
    """What a cell's meaning depends on beside its text."""

    kind: Kind
    zone: str
    comma: bool


PARSED: dict[str, Callable[[str, _How], object]] = {
    "at": lambda text, how: values.iso_time(text, how.zone),
    "subtype": lambda text, how: _subtype(text, how.kind),
    "revenue": lambda text, how: _amount(text, how.comma),
    "link_position": lambda text, _: _position(text),
    "ip": lambda text, _: values.ip(text),
    "machine": lambda text, _: values.flag(text),
    "implied": lambda text, _: bool(values.flag(text)),
    "currency": lambda text, _: values.currency(text),
}


def event_of(record: Record, campaign: str, zone: str) -> Event:
    """The event of one row, of the campaign with this id. Raises BadCell."""
    kind = _kind(record["kind"])
    recipient = values.named("recipient", values.address, record["recipient"])
    how = _How(kind, zone, record.header.comma)
    fields: dict[str, object] = {}
    for column, cell in record.cells.items():
        if column in WORDS:
            fields[WORDS[column]] = cell
        elif column in PARSED:
            fields[column] = values.named(column, PARSED[column], cell, how)
    if "user_agent" in fields:
        client, device = clients.named_by(str(fields["user_agent"]))
        fields = {"client": client, "device": device} | fields  # what the file names itself goes first
    return Event(campaign, recipient, kind, **fields)  # type: ignore[arg-type]  # made by its column's parser


def _kind(text: str) -> Kind:
    if text.lower() not in KINDS:
        raise BadCell("unknown_kind", text, "kind")
    return KINDS[text.lower()]


def _amount(text: str, comma: bool) -> float:
    amount = values.number(text, comma)
    if abs(round(amount, DECIMALS)) >= LEAST_UNCOUNTED:
        raise BadCell("number_too_large", text)
    return amount


def _position(text: str) -> int:
    position = int(values.count(text))
    if position > LAST_POSITION:
        raise BadCell("number_too_large", text)
    return position


def _subtype(text: str, kind: Kind) -> str | None:
    """Of a bounce hard or soft; of other kinds whatever the sender calls it."""
    if kind is not Kind.BOUNCED:
        return text
    if text.lower() not in BOUNCES:
        raise BadCell("bad_subtype", text)
    return BOUNCES[text.lower()]


# --- many rows at once ----------------------------------------------------------------------------

NAMES = {"at": "happened_at", "order": "order_id", "id": "native_id"}
"""Columns of the file that have another name where they are kept."""

KINDS_OF_CELLS: dict[str, pa.DataType] = {
    "revenue": pa.float64(),
    "link_position": pa.int32(),
    "machine": pa.bool_(),
    "implied": pa.bool_(),
    "currency": pa.string(),
}


def events_of(cells: pa.Table, header: Header, zone: str) -> tuple[pa.Table, Mask]:
    """The events of rows of cells, and which of them are good: the others have to be asked one by one.

    The columns are those of lib.store.spool.Rows; `campaign` is still as the file names it.
    """
    found = {name: _values(name, cells, header, zone) for name in cells.column_names if name}
    if "subtype" in found:
        found["subtype"] = _subtypes(_column(cells, "subtype"), found["kind"].found)
    good = ~columns.spills(cells)
    for column in found.values():
        good &= columns.is_good(column)
    for name in ("campaign", "recipient", "kind"):
        good &= columns.is_known(found[name].found)
    events = {NAMES.get(name, name): column.found for name, column in found.items()}
    return pa.table(_with_clients(events)), good


def _subtypes(cells: Cells, kinds: pa.DictionaryArray) -> Values:
    is_bounce = pc.equal(kinds.dictionary_decode(), Kind.BOUNCED.value).fill_null(False)
    rules = (partial(_subtype, kind=Kind.BOUNCED), partial(_subtype, kind=Kind.SENT))
    return columns.by_either(cells, is_bounce.to_numpy(zero_copy_only=False), *rules)


def _values(name: str, cells: pa.Table, header: Header, zone: str) -> Values:
    column = _column(cells, name)
    if name == "kind":
        return columns.each(column, lambda text: _kind(text).value, pa.string())
    if name == "recipient":
        return columns.addresses(column)
    if name == "at":
        return columns.times(column, zone)
    if name == "ip":
        return columns.ips(column)
    if name in KINDS_OF_CELLS:
        how = _How(Kind.SENT, zone, header.comma)
        return columns.each(column, lambda text: PARSED[name](text, how), KINDS_OF_CELLS[name])
    return columns.words(column)


def _column(cells: pa.Table, name: str) -> Cells:
    return cells.column(name).combine_chunks()


def _with_clients(events: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Program and device by the user agent, where the file does not name them itself."""
    if "user_agent" not in events:
        return events
    agents = events["user_agent"]
    told = {
        "client": columns.told(agents, lambda agent: clients.named_by(agent)[0]),
        "device": columns.told(agents, lambda agent: clients.named_by(agent)[1]),
    }
    own = {name: events[name] for name in told if name in events}
    return events | told | {name: columns.either(column, told[name]) for name, column in own.items()}
