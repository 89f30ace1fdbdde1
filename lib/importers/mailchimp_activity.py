"""Mailchimp: campaignSubscriberActivity of the Export API 1.0, one JSON object per line and recipient.

Format: docs/importers/mailchimp.md#export-api. The API was switched off in 2023; its files are still around.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from lib.importers import table, text, values
from lib.importers.protocol import Given, Read
from lib.importers.source import Member, Source
from lib.importers.text import Line
from lib.importers.values import BadCell
from lib.model import Bounce, Campaign, Covers, Event, Item, Kind, Note, Reject, Row

SENDER = "mailchimp"
FORM = "mailchimp_activity"

KINDS = {"open": Kind.OPENED, "click": Kind.CLICKED, "bounce": Kind.BOUNCED}
BOUNCES = {"hard": Bounce.HARD, "soft": Bounce.SOFT}
ALWAYS = frozenset({Kind.OPENED, Kind.CLICKED})

CAMPAIGN_ID = re.compile("[0-9a-f]{10}")


def recognises(source: Source) -> bool:
    if source.packed:
        return False  # the campaign comes from the title or the file's name, so it is one file at a time
    return _activities(table.first_line(source.members[0])) is not None


def _activities(line: str) -> dict[str, list[Any]] | None:
    """Recipient: activities, of one line; None when the line is something else."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        whole = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    fits = isinstance(whole, dict) and all(
        "@" in who and isinstance(what, list) for who, what in whole.items()
    )
    return whole if fits and whole else None


def read(source: Source, given: Given) -> Read:
    """Each activity is a row; where the file lists recipients without any, each recipient is one as well."""
    member = source.members[0]
    campaign = _campaign(source, given)
    decoding = text.decoding(member)
    if decoding.note:
        yield decoding.note
    yield _note(source, campaign, given)
    found = _survey(member, decoding.encoding)
    opening: tuple[Item, ...] = (campaign, Covers(campaign.id, _covered(found)))
    for line in text.lines(member, decoding.encoding):
        for row in _line(member, line, campaign.id, everybody=Kind.SENT in found):
            if opening and isinstance(row, Row):
                yield Row(row.file, row.line, opening + row.items)
                opening = ()
            else:
                yield row


def _campaign(source: Source, given: Given) -> Campaign:
    """The file does not name its campaign. A name that looks like one of Mailchimp's ids is that id."""
    name = (given.title or source.stem).strip()
    if CAMPAIGN_ID.fullmatch(name):
        return Campaign(SENDER, name)
    return Campaign(SENDER, f"title:{name}", title=name)


def _note(source: Source, campaign: Campaign, given: Given) -> Note:
    if campaign.title is None:
        return Note(source.name, "campaign_by_id", (("id", campaign.native_id),))
    reason = "title_given" if given.title else "title_from_file_name"
    return Note(source.name, reason, (("title", campaign.title),))


def _survey(member: Member, encoding: str) -> set[Kind]:
    """Which kinds occur. A recipient without activity says that all are listed (`include_empty`)."""
    found: set[Kind] = set()
    for line in text.lines(member, encoding):
        for activities in (_activities(line.text) or {}).values():
            if not activities:
                found.add(Kind.SENT)
            found.update(KINDS[what["action"]] for what in activities if _is_known(what))
    return found


def _is_known(activity: Any) -> bool:
    return isinstance(activity, dict) and str(activity.get("action")) in KINDS


def _covered(found: set[Kind]) -> frozenset[Kind]:
    return ALWAYS | (found & {Kind.SENT, Kind.BOUNCED})


def _line(member: Member, line: Line, campaign: str, everybody: bool) -> Iterator[Row | Reject]:
    if not line.text.strip():
        return
    if text.is_damaged(line.text):
        yield _reject(member, line, "bad_encoding")
        return
    recipients = _activities(line.text)
    if recipients is None:
        yield _reject(member, line, "bad_json")
        return
    for recipient, activities in recipients.items():
        yield from _recipient(member, line, campaign, recipient, activities, everybody)


def _recipient(
    member: Member, line: Line, campaign: str, recipient: str, activities: list[Any], everybody: bool
) -> Iterator[Row | Reject]:
    try:
        address = values.named("e-mail", values.address, recipient)
    except BadCell as problem:
        for _ in activities or [None]:
            yield _bad(member, line, problem)
        return
    if everybody:
        yield Row(member.name, line.number, (Event(campaign, address, Kind.SENT),))
    for activity in activities:
        try:
            yield Row(member.name, line.number, (_event(campaign, address, activity),))
        except BadCell as problem:
            yield _bad(member, line, problem)


def _event(campaign: str, recipient: str, activity: Any) -> Event:
    if not _is_known(activity):
        action = activity.get("action") if isinstance(activity, dict) else activity
        raise BadCell("unknown_kind", str(action), "action")
    kind = KINDS[activity["action"]]
    return Event(
        campaign=campaign,
        recipient=recipient,
        kind=kind,
        at=values.named(
            "timestamp", values.iso_time, str(activity.get("timestamp") or "")
        ),  # GMT, says the API
        subtype=BOUNCES.get(str(activity.get("type"))) if kind is Kind.BOUNCED else None,
        url=str(activity["url"]) if activity.get("url") else None,
        ip=values.named("ip", values.ip, str(activity.get("ip") or "")),
    )


def _bad(member: Member, line: Line, problem: BadCell) -> Reject:
    return _reject(member, line, problem.reason, *problem.holes())


def _reject(member: Member, line: Line, reason: str, *holes: tuple[str, str]) -> Reject:
    return table.reject(member.name, line.number, reason, line.text, *holes)
