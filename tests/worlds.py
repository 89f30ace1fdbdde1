"""Tiny worlds for tests: one campaign whose figures one can count on one's fingers.

SPRING goes to ten people. One address is dead and one full, so eight are reached:

    ann    opens twice, clicks both links, orders for 12.50
    bob    only Apple's proxy opens for him
    cid    opens through Google's image proxy, forwards
    dee    opens, unsubscribes
    eve    clicks with images off: no open but an implied one
    fay    complains
    gil, hal    do nothing
    ida    bounces hard
    jon    bounces soft

All: 5 of 8 open (0.625), 2 of 8 click (0.25). People: 4 of 8 open (0.5), 2 of 8 click.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lib.model import Bounce, Campaign, Covers, Event, Item, Kind, Row

SENT_AT = datetime(2026, 3, 3, 8, tzinfo=UTC)
SHOP = "https://shop.example/tea"
STORY = "https://shop.example/story"

CAMPAIGN = Campaign(
    sender="vitrine",
    native_id="spring",
    title="Spring letter",
    subject="Spring is here",
    from_name="The Shop",
    from_email="news@shop.example",
    audience="Readers",
    sent_at=SENT_AT,
    zone="Europe/Paris",
    currency="EUR",
)


def event(name: str, kind: Kind, minutes: float = 0, campaign: str = CAMPAIGN.id, **more: object) -> Event:
    """Something that `name`, a reader at mail.example, does so many minutes after the mailing."""
    recipient = name if "@" in name else f"{name}@mail.example"
    return Event(campaign, recipient, kind, SENT_AT + timedelta(minutes=minutes), **more)  # type: ignore[arg-type]


SPRING: tuple[Event, ...] = (
    *(
        event(name, Kind.SENT)
        for name in ("ann", "bob", "cid", "dee", "eve", "fay", "gil", "hal", "ida", "jon")
    ),
    *(event(name, Kind.DELIVERED, 1) for name in ("ann", "bob", "cid", "dee", "eve", "fay", "gil", "hal")),
    event("ida", Kind.BOUNCED, 1, subtype=Bounce.HARD, reason="550 5.1.1 No such user here"),
    event("jon", Kind.BOUNCED, 1, subtype=Bounce.SOFT, reason="452 4.2.2 Mailbox full"),
    event("bob", Kind.OPENED, 2, user_agent="Mozilla/5.0", machine=True, machine_reason="apple_proxy"),
    event("ann", Kind.OPENED, 10, client="Outlook", device="desktop", country="IE", region="Munster"),
    event("ann", Kind.CLICKED, 11, url=SHOP, link_position=1, country="IE", region="Munster"),
    event("ann", Kind.CLICKED, 13, url=STORY, link_position=2, country="IE", region="Munster"),
    event("ann", Kind.ORDERED, 20, revenue=12.5, currency="EUR", order="1", product="Tea"),
    event("cid", Kind.OPENED, 70, user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)", client="Gmail"),
    event("cid", Kind.FORWARDED, 72),
    event("dee", Kind.OPENED, 90, client="Thunderbird", device="desktop", country="FR", region="Bretagne"),
    event("dee", Kind.UNSUBSCRIBED, 91, reason="Too many e-mails"),
    event("fay", Kind.COMPLAINED, 100),
    event("eve", Kind.CLICKED, 130, url=SHOP, link_position=1, country="FR", region="Bretagne"),
    event("ann", Kind.OPENED, 26 * 60, client="Outlook", device="mobile", country="IE", region="Munster"),
)


def rows(items: Iterable[Item], file: str = "events.csv") -> Iterator[Row]:
    """Each item as a row of its own, as an importer would give it."""
    for line, item in enumerate(items, start=2):
        yield Row(file, line, (item,))


def spring_rows() -> Iterator[Row]:
    """SPRING as the importer of Vitrine's own format would give it: campaign, what is covered, events."""
    yield from rows((CAMPAIGN, Covers(CAMPAIGN.id, frozenset(Kind))), "campaigns.csv")
    yield from rows(SPRING)


def write_events(path: Path, events: Iterable[Event] = SPRING, native_id: str = CAMPAIGN.native_id) -> Path:
    """An event CSV in Vitrine's own format. Returns `path`."""
    names = [field.name for field in fields(Event) if field.name not in ("campaign", "native_id")]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["campaign", *names, "id"])
        for one in events:
            table.writerow([native_id, *(_cell(getattr(one, name)) for name in names), one.native_id or ""])
    return path


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
