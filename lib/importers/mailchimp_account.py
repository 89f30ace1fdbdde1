"""Mailchimp: the account export, a ZIP of campaigns.csv, lists of recipients, and single opens and clicks.

Format: docs/importers/mailchimp.md#account-export. Files of activity are named `<number>_<title>.csv`; the
number is not the campaign's id, so a campaign is found by its title or stays one of its own.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from lib.importers import columns, mailchimp_campaigns, table, values
from lib.importers.at_once import encoding_of, rows_of
from lib.importers.blocks import TEXT, Mask, ahead, blocks
from lib.importers.protocol import Given, Read
from lib.importers.source import Member, Source
from lib.importers.table import Header, Record
from lib.importers.values import BadCell
from lib.importers.vitrine import html_of
from lib.model import Bounce, Campaign, Covers, Event, Item, Kind, Note, Reject, Row
from lib.store.spool import Rows

SENDER = "mailchimp"
FORM = "mailchimp_account"

GRANULAR = "granular_activity"
AGGREGATE = "aggregate_activity"
CONTENT = "campaigns_content"
FOLDERS = (GRANULAR, AGGREGATE, CONTENT)

ACTIONS = {"opens": Kind.OPENED, "clicks": Kind.CLICKED}
"""Folders of granular_activity: a file lists single events of one campaign."""

LISTS = {  # folders of aggregate_activity: what a recipient's being listed says beside «was sent»
    "bounces": Kind.BOUNCED,
    "bounced": Kind.BOUNCED,
    "unsubscribes": Kind.UNSUBSCRIBED,
    "unsubscribed": Kind.UNSUBSCRIBED,
    "complaints": Kind.COMPLAINED,
    "complained": Kind.COMPLAINED,
    "abuse_complaints": Kind.COMPLAINED,
}
NOT_OPENED = ("not_opened", "did_not_open")
"""The list that makes the recipients complete: with it everybody who was sent the campaign is listed."""

BOUNCES = {"hard": Bounce.HARD, "soft": Bounce.SOFT}
ADDRESSES = ("email_address", "email")
NAME = re.compile(r"(?P<number>[0-9]+)(?:_(?P<title>.*))?")


@dataclass(frozen=True)
class _Place:
    """Where a member lies: (granular_activity, opens, 1234567, spring-news)."""

    member: Member
    area: str
    folder: str
    number: str
    title: str


def recognises(source: Source) -> bool:
    return source.packed and any(place.area != CONTENT for place in _places(source))


def _places(source: Source) -> list[_Place]:
    return [place for member in source.members if (place := _place(member))]


def _place(member: Member) -> _Place | None:
    parts = member.path.parts
    for at, part in enumerate(parts[:-1]):
        if part.lower() in FOLDERS:
            name = NAME.fullmatch(member.path.stem)
            number = name["number"] if name else member.path.stem
            title = (name["title"] or "") if name else member.path.stem
            return _Place(
                member,
                part.lower(),
                values.snake(parts[at + 1]) if at + 2 < len(parts) else "",
                number,
                title,
            )
    return None


def read(source: Source, given: Given) -> Read:
    places = _places(source)
    lists = [member for member in source.endings(".csv") if mailchimp_campaigns.is_list(member)]
    for member in lists:
        yield from mailchimp_campaigns.read_list(member, given)
    by_number: dict[str, list[_Place]] = defaultdict(list)
    for place in places:
        by_number[place.number].append(place)
    titles = {number: values.slug(found[0].title) for number, found in by_number.items()}
    ids = _ids_by_title(lists, given)
    folders = {(place.area, place.folder) for place in places}
    yield Note(source.name, "times_utc")
    for number, found in by_number.items():
        campaign, note = _campaign(
            found[0], ids.get(titles[number], set()), Counter(titles.values())[titles[number]]
        )
        if note:
            yield note
        yield from _activity(campaign, found, folders)
    yield from _unused(source, {place.member.name for place in places} | {member.name for member in lists})


def _ids_by_title(lists: list[Member], given: Given) -> dict[str, set[str]]:
    """Of each title, as file names write it, the ids of the campaigns that have it."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in (row for member in lists for row in mailchimp_campaigns.read_list(member, given)):
        for item in row.items if isinstance(row, Row) else ():
            if isinstance(item, Campaign) and item.title:
                found[values.slug(item.title)].add(item.native_id)
    return found


def _campaign(place: _Place, ids: set[str], namesakes: int) -> tuple[Campaign, Note | None]:
    """That of campaigns.csv with the title of the file name if there is exactly one, else one of its own."""
    if len(ids) == 1 and namesakes == 1:
        return Campaign(SENDER, next(iter(ids))), None
    title = place.title.replace("-", " ").strip() or place.number
    reason = "campaign_ambiguous" if ids else "campaign_unmatched"
    holes = (("number", place.number), ("title", title))
    return Campaign(SENDER, place.number, title=title), Note(place.member.name, reason, holes)


def _activity(campaign: Campaign, places: list[_Place], folders: set[tuple[str, str]]) -> Read:
    """The rows of all files of one campaign; the first of them says what the export covers."""
    covered = _covered(places, folders)
    opening: tuple[Item, ...] = (Covers(campaign.id, covered),) if covered else ()
    if campaign.title:
        opening = (campaign, *opening)
    for place in sorted(places, key=lambda place: FOLDERS.index(place.area)):
        for row in _file(place, campaign):
            if opening and isinstance(row, Row):
                yield Row(row.file, row.line, (*opening, *row.items))
                opening = ()
            elif opening and isinstance(row, Rows):
                yield replace(row, beside=((0, opening), *row.beside))
                opening = ()
            else:
                yield row


def _covered(places: list[_Place], folders: set[tuple[str, str]]) -> frozenset[Kind]:
    """A folder of the export speaks of every campaign with activity, also where its file would be empty."""
    listed = any(place.area == AGGREGATE for place in places)
    granular = any(place.area == GRANULAR for place in places)
    kinds = {
        ACTIONS[name]
        for area, name in folders
        if area == GRANULAR and name in ACTIONS and (listed or granular)
    }
    kinds |= {LISTS[name] for area, name in folders if area == AGGREGATE and name in LISTS and listed}
    if listed and any(area == AGGREGATE and name in NOT_OPENED for area, name in folders):
        kinds.add(Kind.SENT)
    return frozenset(kinds)


def _file(place: _Place, campaign: Campaign) -> Read:
    if place.area == CONTENT:
        yield from _content(place.member, campaign)
        return
    header = next((h for name in ADDRESSES if (h := table.header_of(place.member, name))), None)
    unknown = place.area == GRANULAR and place.folder not in ACTIONS
    if header is None or unknown:
        yield Note(place.member.name, "unused_files", (("files", place.member.name), ("count", "1")))
        return
    encoding = encoding_of(place.member) if _is_one_event(place, header) else ""
    if encoding:
        yield from _at_once(place, header, campaign.id, encoding)
        return
    for record in table.records(place.member, header):
        yield _row(record, place, campaign.id) if isinstance(record, Record) else record


def _is_one_event(place: _Place, header: Header) -> bool:
    """Whether each row says one event: that it was done at a time, or that the mail was sent."""
    if place.area == GRANULAR:
        return "timestamp" in header.columns
    return place.folder not in LISTS


def _at_once(place: _Place, header: Header, campaign: str, encoding: str) -> Read:
    """The rows of a large file of which each says one event."""
    column = _recipient_column(header)
    wanted = {column: TEXT} | ({"timestamp": pa.string(), "url": TEXT} if place.area == GRANULAR else {})
    read_blocks = blocks(place.member, header, wanted, encoding)
    made = ((block, *_events_of(block.cells, column, place, campaign)) for block in read_blocks)
    for block, events, good in ahead(made):
        yield from rows_of(
            block, events, good, lambda record: [_row(record, place, campaign)], lambda *_events: []
        )


def _events_of(cells: pa.Table, column: str, place: _Place, campaign: str) -> tuple[pa.Table, Mask]:
    """The events of the plain lines, and which of them are good."""
    people = columns.addresses(cells[column].combine_chunks())
    good = columns.is_good(people) & columns.is_known(people.found) & ~columns.spills(cells)
    kind = Kind.SENT if place.area == AGGREGATE else ACTIONS[place.folder]
    found = {
        "campaign": _same(campaign, len(good)),
        "recipient": people.found,
        "kind": _same(kind, len(good)),
    }
    if place.area == GRANULAR:
        at = columns.times(cells["timestamp"].combine_chunks(), "UTC")
        good &= columns.is_good(at) & columns.is_known(at.found)
        found["happened_at"] = at.found
    if "url" in cells.column_names:
        found["url"] = columns.words(cells["url"].combine_chunks()).found
    return pa.table(found), good


def _same(word: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), [str(word)])


def _content(member: Member, campaign: Campaign) -> Iterator[Row | Reject]:
    if not member.name.lower().endswith((".html", ".htm")):
        return  # the same mail as plain text
    try:
        yield Row(member.name, 1, (Campaign(SENDER, campaign.native_id, html=html_of(member)),))
    except BadCell as problem:
        yield table.reject(member.name, 1, problem.reason, "", *problem.holes())


def _row(record: Record, place: _Place, campaign: str) -> Row | Reject:
    column = _recipient_column(record.header)
    try:
        recipient = values.named(column, values.address, record[column])
        events = _action if place.area == GRANULAR else _listed
        return Row(record.file, record.line, events(record, place, campaign, recipient))
    except BadCell as problem:
        return record.bad(problem)


def _recipient_column(header: Header) -> str:
    return next(name for name in ADDRESSES if name in header.columns)


def _action(record: Record, place: _Place, campaign: str, recipient: str) -> tuple[Event, ...]:
    at = values.named("timestamp", values.iso_time, record["timestamp"])
    return (Event(campaign, recipient, ACTIONS[place.folder], at, url=record["url"] or None),)


def _listed(record: Record, place: _Place, campaign: str, recipient: str) -> tuple[Event, ...]:
    """Everybody listed was sent the campaign. Opens are left to the single opens, which have times."""
    sent = Event(campaign, recipient, Kind.SENT)
    kind = LISTS.get(place.folder)
    if kind is None:
        return (sent,)
    subtype = _bounce_type(record["bounce_type"]) if kind is Kind.BOUNCED else None
    return sent, Event(campaign, recipient, kind, subtype=subtype, reason=record["reason"] or None)


def _bounce_type(text: str) -> Bounce | None:
    if text and text.lower() not in BOUNCES:
        raise BadCell("bad_subtype", text, "bounce_type")
    return BOUNCES.get(text.lower())


def _unused(source: Source, used: set[str]) -> Iterator[Note]:
    """What the export holds beside campaigns: audiences, places, templates."""
    left = [member for member in source.members if member.name not in used]
    folders = sorted({"/".join(member.path.parts[-3:-1]) or member.name for member in left})
    if folders:
        yield Note(source.name, "unused_folders", (("folders", ", ".join(folders[:10])),))
