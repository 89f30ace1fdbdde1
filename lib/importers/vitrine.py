"""Vitrine's own format: events.csv, with campaigns.csv and html/ beside it in a ZIP or a folder, or alone.

Format: docs/importers/vitrine.md. Tables are told apart by their columns, not by their names.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pyarrow as pa

from lib.importers import columns, table, text, values
from lib.importers.at_once import News, encoding_of, rows_of
from lib.importers.blocks import TEXT, Places, ahead, blocks
from lib.importers.limits import MAX_HTML, MB
from lib.importers.protocol import Given, Read
from lib.importers.source import Member, Source
from lib.importers.table import Header, Record
from lib.importers.values import BadCell
from lib.importers.vitrine_events import KINDS, event_of, events_of
from lib.model import Campaign, Covers, Item, Kind, Note, Reject, Row
from lib.store.spool import Rows

SENDER = "vitrine"
FORM = "vitrine"

EVENTS = ("campaign", "recipient", "kind")
DESCRIBING = ("title", "subject", "sent_at")
"""At least one of them beside `campaign` makes a table of campaigns."""

EVENT_COLUMNS = {
    *EVENTS,
    *(
        "at",
        "subtype",
        "reason",
        "url",
        "link_position",
        "ip",
        "user_agent",
        "client",
        "device",
        "country",
        "region",
    ),
    *("variant", "machine", "machine_reason", "implied", "revenue", "currency", "order", "product", "id"),
}
CAMPAIGN_COLUMNS = {
    *(
        "campaign",
        "title",
        "subject",
        "preview_text",
        "from_name",
        "from_email",
        "reply_to",
        "audience",
        "sent_at",
    ),
    *("zone", "currency", "folder", "tags", "html", "covers"),
}
ALL = frozenset(Kind)
WITH_SENT = frozenset({Kind.SENT, Kind.BOUNCED, Kind.UNSUBSCRIBED, Kind.COMPLAINED})
"""Who lists every message that was sent knows what came back: none in the file means none happened."""


def recognises(source: Source) -> bool:
    return any(_events_header(member) or _campaigns_header(member) for member in _tables(source))


def _tables(source: Source) -> list[Member]:
    """The file itself, or every table in the archive or folder."""
    return source.endings(".csv", ".tsv", ".txt") if source.packed else list(source.members)


def _events_header(member: Member) -> Header | None:
    return table.header_of(member, *EVENTS)


def _campaigns_header(member: Member) -> Header | None:
    """A table that describes campaigns: `campaign` beside a word about it, and no events."""
    header = table.header_of(member, "campaign")
    described = header and any(column in header.columns for column in DESCRIBING)
    return header if described and not _events_header(member) else None


@dataclass(frozen=True)
class _Described:
    """What the table of campaigns says that the events need."""

    zone: str
    covers: frozenset[Kind] | None
    """None: not said, so that the events of this campaign are all there were, of every kind."""


@dataclass
class _Reading:
    """What has been met so far in one import."""

    sender: str
    given: Given
    pages: dict[str, Member]
    described: dict[str, _Described] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, set[Kind]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    """Names of the members that were read."""


def read(source: Source, given: Given) -> Read:
    pages = {member.path.name.lower(): member for member in source.endings(".html", ".htm")}
    state = _Reading(given.sender or SENDER, given, pages)
    found = [(member, _campaigns_header(member), _events_header(member)) for member in _tables(source)]
    for member, campaigns, _ in found:
        if campaigns:
            yield from _rows(member, campaigns, CAMPAIGN_COLUMNS, state, _campaign_row)
    for member, _, events in found:
        if events:
            yield from _events(member, events, state)
    yield from _without_description(source, state)
    yield from _unused(source, state)


def _rows(
    member: Member,
    header: Header,
    known: set[str],
    state: _Reading,
    read_row: Callable[[Record, _Reading], Iterator[Row | Reject | Note]],
) -> Read:
    state.used.add(member.name)
    yield from _unknown_columns(member, header, known)
    for record in table.records(member, header):
        if isinstance(record, Record):
            yield from read_row(record, state)
        else:
            yield record


def _unknown_columns(member: Member, header: Header, known: set[str]) -> Iterator[Note]:
    unknown = [
        title for title, name in zip(header.titles, header.columns, strict=True) if name and name not in known
    ]
    if unknown:
        yield Note(member.name, "unknown_columns", (("columns", ", ".join(unknown)),))


def _campaign_row(record: Record, state: _Reading) -> Iterator[Row | Reject | Note]:
    if not record["campaign"]:
        yield record.reject("missing_campaign")
        return
    try:
        zone = values.named("zone", values.zone, record["zone"] or state.given.zone)
        covers = values.named("covers", _covers, record["covers"])
        campaign = _campaign(record, state, zone)
    except BadCell as problem:
        yield record.bad(problem)
        return
    if record["html"] and campaign.html is None:
        yield Note(record.file, "missing_html", (("name", record["html"]),))
    state.described[campaign.native_id] = _Described(zone, covers)
    said: tuple[Item, ...] = (campaign,) if covers is None else (campaign, Covers(campaign.id, covers))
    yield Row(record.file, record.line, said)


def _covers(words: str) -> frozenset[Kind] | None:
    for word in words.lower().split():
        if word not in KINDS:
            raise BadCell("unknown_kind", word)
    return frozenset(KINDS[word] for word in words.lower().split()) or None


def _campaign(record: Record, state: _Reading, zone: str) -> Campaign:
    sent_at = record["sent_at"]
    return Campaign(
        sender=state.sender,
        native_id=record["campaign"],
        title=record["title"] or None,
        subject=record["subject"] or None,
        preview_text=record["preview_text"] or None,
        from_name=record["from_name"] or None,
        from_email=record["from_email"] or None,
        reply_to=record["reply_to"] or None,
        audience=record["audience"] or None,
        sent_at=values.named("sent_at", values.iso_time, sent_at, zone) if sent_at else None,
        zone=zone if sent_at or record["zone"] else None,
        currency=values.named("currency", values.currency, record["currency"]),
        html=_html(record, state),
        folder=record["folder"] or None,
        tags=tuple(tag.strip() for tag in record["tags"].split("|") if tag.strip()),
    )


def _html(record: Record, state: _Reading) -> str | None:
    """The mail: the file that the row names, or the one that is named like the campaign."""
    named = record["html"].replace("\\", "/").rpartition("/")[2] or f"{record['campaign']}.html"
    page = state.pages.get(named.lower())
    if page is None:
        return None
    state.used.add(page.name)
    return html_of(page)


def html_of(page: Member) -> str:
    """Raises BadCell for one that is too long to be a mail."""
    if page.size > MAX_HTML:
        raise BadCell("html_too_long", str(MAX_HTML // MB), page.name)
    with page.open() as file:
        whole = file.read()
    return text.readable(whole.decode(text.decoding(page).encoding, errors="replace"))


def _event_row(record: Record, state: _Reading) -> Iterator[Row | Reject]:
    native = record["campaign"]
    if not native:
        yield record.reject("missing_campaign")
        return
    campaign = state.ids.get(native) or Campaign(state.sender, native).id
    try:
        event = event_of(record, campaign, state.given.zone)
    except BadCell as problem:
        yield record.bad(problem)
        return
    yield Row(record.file, record.line, (*_news(native, event.kind, state), event))


def _news(native: str, kind: Kind, state: _Reading) -> Iterator[Item]:
    """What the first event of a campaign, and the first of each kind, say beside themselves."""
    met = state.kinds.setdefault(native, set())
    if kind in met:
        return
    campaign = state.ids.setdefault(native, Campaign(state.sender, native).id)
    described = state.described.get(native)
    if described is None:
        if not met:
            yield Campaign(state.sender, native, title=state.given.title)
        yield Covers(campaign, WITH_SENT if kind is Kind.SENT else frozenset({kind}))
    elif described.covers is None and not met:
        yield Covers(campaign, ALL)
    met.add(kind)


# --- many rows at once ----------------------------------------------------------------------------


def _events(member: Member, header: Header, state: _Reading) -> Read:
    """The rows of a table of events; in blocks where it is large."""
    encoding = encoding_of(member)
    if not encoding:
        yield from _rows(member, header, EVENT_COLUMNS, state, _event_row)
        return
    state.used.add(member.name)
    yield from _unknown_columns(member, header, EVENT_COLUMNS)
    zone = state.given.zone
    wanted = {name: pa.string() if name == "at" else TEXT for name in EVENT_COLUMNS}
    read_blocks = blocks(member, header, wanted, encoding)
    alone, firsts = partial(_event_row, state=state), partial(_firsts, state=state)
    for block, events, good in ahead((one, *events_of(one.cells, header, zone)) for one in read_blocks):
        for made in rows_of(block, events, good, alone, firsts):
            yield replace(made, events=_with_ids(made.events, state)) if isinstance(made, Rows) else made


def _firsts(events: pa.Table, places: Places, state: _Reading) -> list[tuple[int, News]]:
    """The first event of its kind that a block has of a campaign may have news."""
    campaigns, kinds = (events[name].combine_chunks() for name in ("campaign", "kind"))
    pairs = campaigns.indices.to_numpy() * len(Kind) + kinds.indices.to_numpy()
    return [
        (int(places[row]), partial(_news, campaigns[row].as_py(), KINDS[kinds[row].as_py()], state))
        for row in np.unique(pairs, return_index=True)[1].tolist()
    ]


def _with_ids(events: pa.Table, state: _Reading) -> pa.Table:
    """The events with the ids of their campaigns in place of the names that the file has for them."""
    ids = columns.told(events["campaign"].combine_chunks(), lambda name: Campaign(state.sender, name).id)
    return events.set_column(events.column_names.index("campaign"), "campaign", ids)


def _without_description(source: Source, state: _Reading) -> Iterator[Note]:
    missing = [native for native in state.ids if native not in state.described]
    if state.described and missing:
        yield Note(
            source.name, "undescribed", (("campaigns", ", ".join(missing[:10])), ("count", str(len(missing))))
        )


def _unused(source: Source, state: _Reading) -> Iterator[Note]:
    if not source.packed:
        return
    left = [
        member.name
        for member in source.endings(".csv", ".tsv", ".html", ".htm")
        if member.name not in state.used
    ]
    if left:
        yield Note(source.name, "unused_files", (("files", ", ".join(left[:10])), ("count", str(len(left)))))
