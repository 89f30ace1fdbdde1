"""Mailchimp: the report of an A/B test, a block of figures and a table of clicks per combination.

Format: docs/importers/mailchimp.md#a-b-report. Line 1 is the sentence «Campaign Report».
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from lib.importers import mailchimp_report as one
from lib.importers import table, values
from lib.importers.mailchimp_report import Block, Pair
from lib.importers.protocol import Given, Read
from lib.importers.source import Member, Source
from lib.importers.values import BadCell
from lib.model import Campaign, Item, Note, Reported, Row

SENDER = "mailchimp"
FORM = "mailchimp_ab_report"

OPENING = "campaign_report"
STATS = re.compile(r"(?P<combination>.+)_stats")
CLICKS = re.compile(r"(?P<combination>.+)_clicks_by_url")

SUMMED = (
    "recipients",
    "deliveries",
    "bounces",
    "forwards",
    "forward_opens",
    "unique_opens",  # nobody is sent two combinations, so people add up as well
    "opens",
    "unique_clicks",
    "clicks",
    "unsubscribes",
    "complaints",
    "facebook_likes",
    "orders",
    "total_sales",
    "gross_sales",
    "revenue",
)
RATES = {"open_rate": "unique_opens", "click_rate": "unique_clicks"}
VARIANT = {"subject_line": "subject", "from_name": "from_name", "from_email": "from_email"}


def recognises(source: Source) -> bool:
    return all(one.begins(member, OPENING, "combination_") for member in source.members)


def read(source: Source, given: Given) -> Read:
    for member in source.members:
        yield from _report(member, given)


def _report(member: Member, given: Given) -> Read:
    blocks: list[Block] = []
    yield from one.blocks_of(member, blocks)
    head = one.described(blocks[:1])
    links = one.link_lines(blocks)
    try:
        campaign = one.campaign_of(head, [pair.fields[0] for pair in links], given, one.currency_of(blocks))
    except BadCell as problem:
        yield head["delivery_date_time"].bad(problem)
        return
    if campaign is None:
        yield table.reject(member.name, 1, "missing_campaign", "")
        return
    variants: list[Reported] = []
    for block in blocks[1:]:
        if match := STATS.fullmatch(block.name):
            yield from _variant(block, _label(match), campaign, given, variants)
    clicks: list[Reported] = []
    yield from one.collected(clicks, links, lambda pair: _link(pair, campaign.id))
    yield from _elsewhere(member, blocks)
    items: tuple[Item, ...] = (_agreed(campaign, blocks), *_totals(variants), *variants, *_summed(clicks))
    yield Row(member.name, 1, items)


def _label(match: re.Match[str]) -> str:
    """«combination_1» as people read it."""
    return match["combination"].replace("_", " ").capitalize()


def _variant(block: Block, label: str, campaign: Campaign, given: Given, into: list[Reported]) -> Read:
    into.extend(
        Reported(campaign.id, VARIANT[pair.key], None, pair.value, "variant", label)
        for pair in block.lines
        if pair.key in VARIANT
    )
    claims: list[Reported] = []
    stated = list(block.lines)
    yield from one.collected(
        claims, stated, lambda pair: one.figures(pair, campaign.id, given.zone, "variant", label)
    )
    into.extend(one.with_exact_rates(claims))


def _elsewhere(member: Member, blocks: list[Block]) -> Iterator[Note]:
    """Blocks that are neither figures nor clicks: said, not dropped."""
    unknown = [
        block.name
        for block in blocks[1:]
        if not STATS.fullmatch(block.name) and not CLICKS.fullmatch(block.name)
    ]
    if unknown:
        yield Note(member.name, "unknown_blocks", (("blocks", ", ".join(unknown)),))


def _agreed(campaign: Campaign, blocks: list[Block]) -> Campaign:
    """Subject and sender of the campaign where all combinations agree; what they differ in stays theirs."""
    return replace(
        campaign,
        subject=_common(blocks, "subject_line"),
        from_name=_common(blocks, "from_name"),
        from_email=_common(blocks, "from_email"),
    )


def _common(blocks: list[Block], key: str) -> str | None:
    said = {pair.value for block in blocks for pair in block.lines if pair.key == key}
    return said.pop() if len(said) == 1 else None


def _totals(variants: list[Reported]) -> Iterator[Reported]:
    """The campaign's figures: sums over its combinations, and the rates of these sums.

    The text of a sum is what was added ("1,751 + 1,750"): the file itself does not say it. A figure that one
    combination lacks has no sum.
    """
    sums: dict[str, float] = {}
    combinations = {item.key for item in variants}
    for metric in SUMMED:
        parts = [item for item in variants if item.metric == metric]
        known = [item.value for item in parts if item.value is not None]
        if parts and len(known) == len(combinations):
            sums[metric] = sum(known)
            yield Reported(
                parts[0].campaign, metric, sums[metric], " + ".join(part.claimed for part in parts)
            )
    for rate, part in RATES.items():
        if sums.get("deliveries") and part in sums:
            yield Reported(variants[0].campaign, rate, sums[part] / sums["deliveries"], "")


CAMPAIGN_IN_URL = re.compile(r"(?<=[?&])mc_cid=[0-9a-f]+&?")


def _link(pair: Pair, campaign: str) -> list[Reported]:
    """A link is the same in all combinations but for the id of the combination."""
    url, total, unique = pair.fields
    same = CAMPAIGN_IN_URL.sub("", url).rstrip("?&")
    return [
        Reported(campaign, "clicks", values.named("Total Clicks", values.count, total), total, "link", same),
        Reported(
            campaign,
            "unique_clicks",
            values.named("Unique Clicks", values.count, unique),
            unique,
            "link",
            same,
        ),
    ]


def _summed(claims: list[Reported]) -> Iterator[Reported]:
    """One claim per link and metric."""
    grouped: dict[tuple[str, str], list[Reported]] = {}
    for claim in claims:
        grouped.setdefault((claim.key, claim.metric), []).append(claim)
    for parts in grouped.values():
        value = sum(part.value or 0 for part in parts)
        yield replace(parts[0], value=value, claimed=" + ".join(part.claimed for part in parts))
