"""Mailchimp: the report of one campaign, blocks of «Key:», «Value» and a table of clicks by URL.

Format: docs/importers/mailchimp.md#one-report. Line 1 is the sentence «Email Campaign Report».
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from lib.importers import table, text, values
from lib.importers.protocol import Given, Read
from lib.importers.source import Member, Source
from lib.importers.values import BadCell
from lib.model import Campaign, Note, Reject, Reported, Row

SENDER = "mailchimp"
FORM = "mailchimp_report"

OPENING = "email_campaign_report"
NO_RATE = ""

COUNTS = {  # their key: our metric, and the rate that stands behind it in brackets
    "total_recipients": ("recipients", NO_RATE),
    "successful_deliveries": ("deliveries", NO_RATE),
    "bounces": ("bounces", "bounce_rate"),
    "times_forwarded": ("forwards", NO_RATE),
    "forwarded_opens": ("forward_opens", NO_RATE),
    "recipients_who_opened": ("unique_opens", "open_rate"),
    "total_opens": ("opens", NO_RATE),
    "recipients_who_clicked": ("unique_clicks", "click_rate"),
    "total_clicks": ("clicks", NO_RATE),
    "total_unsubs": ("unsubscribes", NO_RATE),
    "total_abuse_complaints": ("complaints", NO_RATE),
    "times_liked_on_facebook": ("facebook_likes", NO_RATE),
    "total_orders": ("orders", NO_RATE),
}
PARTS = {  # what a rate divides
    "bounce_rate": ("bounces", "recipients"),
    "open_rate": ("unique_opens", "deliveries"),
    "click_rate": ("unique_clicks", "deliveries"),
}
AMOUNTS = {"total_sales": "total_sales", "total_gross_sales": "gross_sales", "total_revenue": "revenue"}
DATES = {"last_open_date": "last_open", "last_click_date": "last_click"}
DESCRIBING = ("title", "subject_line", "delivery_date_time", "from_name", "from_email")
LINKS = ("url", "total_clicks", "unique_clicks")


@dataclass(frozen=True)
class Block:
    """The lines under one heading, in the order of the file; `name` in snake case."""

    name: str
    lines: tuple["Pair", ...]


@dataclass(frozen=True)
class Pair:
    """One line: its fields, and where it stands."""

    file: str
    line: int
    fields: tuple[str, ...]
    text: str
    comma: bool = False
    """Whether a comma is the decimal sign (values.number says why)."""

    @property
    def key(self) -> str:
        return values.snake(self.fields[0])

    @property
    def value(self) -> str:
        return self.fields[1]

    def bad(self, problem: BadCell) -> Reject:
        named = self.fields[0].rstrip(":")
        holes = (("column", problem.column or named), ("value", problem.value[:200]))
        return table.reject(self.file, self.line, problem.reason, self.text, *holes)


def recognises(source: Source) -> bool:
    return all(begins(member, OPENING, "overall_stats") for member in source.members)


def begins(member: Member, opening: str, heading: str) -> bool:
    """Whether the member begins with that sentence and has that heading; others use the same sentence."""
    lines = (line for line in text.head_lines(member) if line.strip())
    keys = [values.snake(line) for line in lines if not table.names_delimiter(line)]
    return bool(keys) and keys[0] == opening and any(key.startswith(heading) for key in keys)


def read(source: Source, given: Given) -> Read:
    for member in source.members:
        yield from _report(member, given)


def _report(member: Member, given: Given) -> Read:
    blocks: list[Block] = []
    yield from blocks_of(member, blocks)
    head, links = described(blocks), link_lines(blocks)
    try:
        campaign = campaign_of(head, [pair.fields[0] for pair in links], given, currency_of(blocks))
    except BadCell as problem:
        yield head["delivery_date_time"].bad(problem)
        return
    if campaign is None:
        yield table.reject(member.name, 1, "missing_campaign", "")
        return
    claims: list[Reported] = []
    stated = [pair for block in blocks if block.name != "clicks_by_url" for pair in block.lines]
    yield from collected(claims, stated, lambda pair: figures(pair, campaign.id, given.zone))
    yield from collected(claims, links, lambda pair: _link(pair, campaign.id))
    yield from _repeated(member, links)
    yield Row(member.name, 1, (campaign, *with_exact_rates(claims)))


def collected(
    claims: list[Reported], pairs: list[Pair], read_pair: Callable[[Pair], list[Reported]]
) -> Iterator[Reject]:
    """The claims of the lines that can be read are added to `claims`; the others are rejected one by one.

    A report is one row: what it claims belongs together, and a newer report replaces it whole.
    """
    for pair in pairs:
        try:
            claims.extend(read_pair(pair))
        except BadCell as problem:
            yield pair.bad(problem)


def with_exact_rates(claims: list[Reported]) -> Iterator[Reported]:
    """The same claims, their rates with all digits that the counts beside them give: "141 (8.1%)" of 1,742.

    The claim stays the text in the file. A rate that the counts do not round to keeps the value it claims.
    """
    known = {(claim.scope, claim.key, claim.metric): claim.value for claim in claims}
    for claim in claims:
        part, whole = (
            known.get((claim.scope, claim.key, name)) for name in PARTS.get(claim.metric, ("", ""))
        )
        exact = part / whole if part is not None and whole else None
        yield replace(claim, value=exact) if exact is not None and _rounds_to(exact, claim) else claim


def _rounds_to(exact: float, claim: Reported) -> bool:
    decimals = len(re.sub(r"^[^.,]*[.,]?|%$", "", claim.claimed))
    half = 0.5 / 10 ** (decimals + 2)
    return (
        claim.value is not None and abs(exact - claim.value) < half - 1e-9
    )  # a tie may be rounded either way


def described(blocks: list[Block]) -> dict[str, Pair]:
    """The lines that describe the campaign, by key; the first of each."""
    found: dict[str, Pair] = {}
    for block in blocks:
        for pair in block.lines:
            if pair.key in DESCRIBING and block.name != "clicks_by_url":
                found.setdefault(pair.key, pair)
    return found


def link_lines(blocks: list[Block]) -> list[Pair]:
    return [pair for block in blocks if block.name.endswith("clicks_by_url") for pair in block.lines]


def currency_of(blocks: list[Block]) -> str | None:
    """The currency of the amounts, if they name one and agree on it."""
    found = set()
    for pair in (pair for block in blocks for pair in block.lines if pair.key in AMOUNTS):
        try:
            found.add(values.money(pair.value, pair.comma).currency)
        except BadCell:
            continue  # rejected where the figure is read
    return found.pop() if len(found) == 1 else None


def campaign_of(
    head: dict[str, Pair], urls: list[str], given: Given, currency: str | None = None
) -> Campaign | None:
    """The campaign that the report is about, or None when it names none. Raises BadCell for its date."""
    if "title" not in head or not head["title"].value:
        return None
    title = head["title"].value
    return Campaign(
        sender=SENDER,
        native_id=_native_id(title, head, urls),
        title=title,
        subject=_said(head, "subject_line"),
        from_name=_said(head, "from_name"),
        from_email=_said(head, "from_email"),
        currency=currency,
        sent_at=_delivered_at(head, given),
        zone=given.zone,
    )


def _said(head: dict[str, Pair], key: str) -> str | None:
    return head[key].value or None if key in head else None


def _delivered_at(head: dict[str, Pair], given: Given) -> datetime | None:
    text = _said(head, "delivery_date_time")
    return values.account_time(text, given.zone) if text else None


CAMPAIGN_IN_URL = re.compile(r"[?&]mc_cid=([0-9a-f]{6,20})\b")


def _native_id(title: str, head: dict[str, Pair], urls: list[str]) -> str:
    """The campaign's own id where all its links agree on it, else made of title and date: never guessed."""
    ids: set[str] = {found for url in urls for found in CAMPAIGN_IN_URL.findall(url)}
    if len(ids) == 1:
        return ids.pop()
    date = _said(head, "delivery_date_time") or ""
    return "report-" + hashlib.sha256(f"{title}\n{date}".encode()).hexdigest()[:20]


def figures(pair: Pair, campaign: str, zone: str, scope: str = "campaign", key: str = "") -> list[Reported]:
    """The claims of one line; none of a line that describes the campaign. Raises BadCell."""
    if pair.key in DESCRIBING or not pair.value:
        return []
    return [
        Reported(campaign, metric, value, claimed, scope, key)
        for metric, value, claimed in _claims(pair, zone)
    ]


def _claims(pair: Pair, zone: str) -> Iterator[tuple[str, float | None, str]]:
    claimed = pair.value
    if claimed.lower() in values.NOTHING:
        yield metric_of(pair.key), None, claimed
    elif pair.key in COUNTS:
        yield from _counted(pair)
    elif pair.key in AMOUNTS:
        yield AMOUNTS[pair.key], values.money(claimed, pair.comma).amount, claimed
    elif pair.key in DATES:
        values.short_time(claimed, zone)  # a date is a claim without a number, but not any text
        yield DATES[pair.key], None, claimed
    else:
        yield pair.key, _if_count(claimed), claimed


def metric_of(key: str) -> str:
    return COUNTS[key][0] if key in COUNTS else AMOUNTS.get(key, DATES.get(key, key))


def _counted(pair: Pair) -> Iterator[tuple[str, float, str]]:
    metric, rate = COUNTS[pair.key]
    if rate == NO_RATE or "(" not in pair.value:
        yield metric, values.count(pair.value), pair.value
        return
    amount, share = values.count_with_rate(pair.value)
    yield metric, values.count(amount), amount
    yield rate, values.rate(share, pair.comma), share


def _if_count(claimed: str) -> float | None:
    try:
        return values.count(claimed)
    except BadCell:
        return None


def _repeated(member: Member, links: list[Pair]) -> Iterator[Note]:
    """A URL in two lines: both claims are kept, adding them up would count people twice."""
    urls = [pair.fields[0] for pair in links]
    repeated = len(urls) - len(set(urls))
    if repeated:
        yield Note(member.name, "repeated_links", (("count", str(repeated)),))


def _link(pair: Pair, campaign: str) -> list[Reported]:
    url, total, unique = pair.fields[0], pair.fields[1], pair.fields[2]
    return [
        Reported(campaign, "clicks", values.named("Total Clicks", values.count, total), total, "link", url),
        Reported(
            campaign,
            "unique_clicks",
            values.named("Unique Clicks", values.count, unique),
            unique,
            "link",
            url,
        ),
    ]


def blocks_of(member: Member, blocks: list[Block]) -> Iterator[Reject | Note]:
    """Fills `blocks`; gives the lines that fit nowhere as rejects, and the note about the encoding.

    A line of one field is a heading. The first block, above any heading, has no name.
    """
    decoding = text.decoding(member)
    if decoding.note:
        yield decoding.note
    name, pairs = "", list[Pair]()
    for pair, reject in _pairs(member, decoding.encoding):
        if reject:
            yield reject
        elif len(pair.fields) == 1:
            blocks.append(Block(name, tuple(pairs)))
            name, pairs = pair.key, []
        elif problem := _misfit(pair, name):
            yield problem
        elif not _is_link_header(pair, name):
            pairs.append(pair)
    blocks.append(Block(name, tuple(pairs)))


def _pairs(member: Member, encoding: str) -> Iterator[tuple[Pair, Reject | None]]:
    opened = False
    delimiter = _delimiter(member)
    for line in text.lines(member, encoding):
        if not line.text.strip() or (not opened and table.names_delimiter(line.text)):
            continue
        if not opened:
            opened = True  # the sentence that the format is recognised by
            continue
        fields = table.fields_of(line.text, delimiter)
        pair = Pair(member.name, line.number, _trimmed(fields or [""]), line.text, delimiter == ";")
        yield pair, _unreadable(pair, fields)


def _delimiter(member: Member) -> str:
    """What stands between a key and its value: a comma, or what a spreadsheet made of it."""
    for line in text.head_lines(member):
        for delimiter in table.DELIMITERS:
            fields = table.fields_of(line, delimiter) or [""]
            if len(fields) > 1 and fields[0].endswith(":"):
                return delimiter
    return table.DELIMITERS[0]


def _trimmed(fields: list[str]) -> tuple[str, ...]:
    """Without the empty fields that spreadsheets append; a key without a value stays a pair."""
    while len(fields) > 1 and not fields[-1]:
        fields = fields[:-1]
    return (fields[0], "") if len(fields) == 1 and fields[0].endswith(":") else tuple(fields)


def _unreadable(pair: Pair, fields: list[str] | None) -> Reject | None:
    if text.is_damaged(pair.text):
        return table.reject(pair.file, pair.line, "bad_encoding", pair.text)
    if "\0" in pair.text:
        return table.reject(pair.file, pair.line, "control_sign", pair.text)
    return table.reject(pair.file, pair.line, "bad_quotes", pair.text) if fields is None else None


def _misfit(pair: Pair, block: str) -> Reject | None:
    expected = len(LINKS) if block.endswith("clicks_by_url") else 2
    if len(pair.fields) == expected and (expected != 2 or pair.fields[0].endswith(":")):
        return None
    holes = (("found", str(len(pair.fields))), ("expected", str(expected)))
    return table.reject(pair.file, pair.line, "ragged", pair.text, *holes)


def _is_link_header(pair: Pair, block: str) -> bool:
    return block.endswith("clicks_by_url") and tuple(map(values.snake, pair.fields)) == LINKS
