"""The nouns of the product as frozen values. Standard library only."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """One thing that can happen to one message."""

    SENT = "sent"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    FORWARDED = "forwarded"
    ORDERED = "ordered"


class Bounce(StrEnum):
    """The subtype of a bounce: permanent or temporary."""

    HARD = "hard"
    SOFT = "soft"


class Form(StrEnum):
    """The two forms of every open and click metric: with machines, or people only."""

    ALL = "all"
    PEOPLE = "people"


def campaign_id(sender: str, native_id: str) -> str:
    """The id of a campaign in Vitrine: the same sender and native id always give the same id.

    Safe in an address and a file name; a native id with other characters is hashed.
    """
    if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", native_id):
        return f"{sender}-{native_id}"
    return f"{sender}-x{hashlib.sha256(native_id.encode()).hexdigest()[:20]}"


@dataclass(frozen=True, slots=True)
class Campaign:
    """What one file says about one campaign; None is «the file does not say»."""

    sender: str
    native_id: str
    title: str | None = None
    subject: str | None = None
    preview_text: str | None = None
    from_name: str | None = None
    from_email: str | None = None
    reply_to: str | None = None
    audience: str | None = None
    sent_at: datetime | None = None
    """Aware, UTC."""
    zone: str | None = None
    """The time zone in which the sender's account shows `sent_at`, as an IANA name."""
    currency: str | None = None
    html: str | None = None
    folder: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return campaign_id(self.sender, self.native_id)


@dataclass(frozen=True, slots=True)
class Reported:
    """A figure that the sender claims.

    `scope` is "campaign", "link" (key: the URL), "variant" (key: its label) or "hour" (key: the beginning of
    an hour by the clock in ISO 8601; metrics unique_opens, unique_clicks, opens and clicks of that hour, each
    also with `_people`). `metric` is a name of docs/metrics.md, or the sender's own in snake case; averages
    that a sender states beside its figures are named list_open_rate, industry_open_rate and so on. Rates are
    fractions of 1. `claimed` is the text as it stands in the file ("120.00%"), kept because a claim is shown
    as it was made.
    """

    campaign: str
    metric: str
    value: float | None
    claimed: str
    scope: str = "campaign"
    key: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one message.

    `campaign` is a campaign's id. `at` is aware UTC, or None where the file has no time. `machine` is the
    sender's own flag (None: the sender does not say). `implied` marks an open that only a click proves.
    """

    campaign: str
    recipient: str
    kind: Kind
    at: datetime | None = None
    subtype: str | None = None
    reason: str | None = None
    url: str | None = None
    link_position: int | None = None
    ip: str | None = None
    user_agent: str | None = None
    client: str | None = None
    device: str | None = None
    country: str | None = None
    region: str | None = None
    variant: str | None = None
    machine: bool | None = None
    machine_reason: str | None = None
    implied: bool = False
    revenue: float | None = None
    currency: str | None = None
    order: str | None = None
    product: str | None = None
    native_id: str | None = None
    """The sender's own id of this event, where it has one."""


@dataclass(frozen=True, slots=True)
class Covers:
    """Which kinds of event a file holds in full for a campaign.

    A kind that no import covers is unknown, not zero: an export of opens and clicks says nothing of bounces.
    """

    campaign: str
    kinds: frozenset[Kind]


Item = Campaign | Reported | Event | Covers


@dataclass(frozen=True, slots=True)
class Row:
    """One row read from a file and what it says; the unit in which an import is counted."""

    file: str
    line: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be brought in. `reason` is a key of the locale `reject`, `holes` its values."""

    file: str
    line: int
    reason: str
    holes: tuple[tuple[str, str], ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader of an import should know although nothing was rejected (locale `note`)."""

    file: str
    reason: str
    holes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Scope:
    """What one reader may see. Every question is asked within a scope.

    `campaigns` and `sections` are None for «all of them», and an empty tuple for none.
    """

    campaigns: tuple[str, ...] | None = None
    sections: tuple[str, ...] | None = None
    people: bool = True
    """Addresses of recipients. Hidden, groups of fewer than five are merged as well."""
    revenue: bool = True
    raw_links: bool = True
    """The URLs of links with the recipients' own tokens in them; never in the scope of a share."""
    history: bool = True
    """How a campaign stands against earlier ones of its audience, which may lie outside of the scope."""

    def allows(self, campaign: str) -> bool:
        return self.campaigns is None or campaign in self.campaigns

    def shows(self, section: str) -> bool:
        return self.sections is None or section in self.sections


@dataclass(frozen=True)
class Question:
    """Metrics by a dimension of lib.reports; without one a row per campaign.

    `where` are filters, a dimension and one of its keys (None is «not known»), which have to hold all.
    """

    metrics: tuple[str, ...]
    by: str = ""
    form: Form = Form.ALL
    where: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class Actor:
    """Who does something that the audit log keeps.

    `kind` is one of analyst, viewer, visitor (knows a link, not the password), stranger (tries to sign in),
    command (the command line) and system (Vitrine itself). `name` is an address, `network` the truncated
    address of the browser.
    """

    kind: str
    name: str = ""
    network: str = ""


SYSTEM = Actor("system")
COMMAND_LINE = Actor("command")
