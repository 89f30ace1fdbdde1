"""The questions that every contender answers: a campaign's report, filters, the overview, the trend.

An answer is a list of rows of plain values in the order that `ROWS` says, distinct messages counted exactly.
In the bench's world plain counting is what Vitrine counts in the form *all* (bench/happenings.py), so the
answers have to be equal to the last digit.
"""

from dataclasses import dataclass
from typing import Any

Rows = list[list[Any]]
Answers = dict[str, Rows]

TOP = 10

ROWS = {
    "totals": "one row: recipients, deliveries, hard and soft bounces (messages), unique opens, opens, unique"
    " clicks, clicks, unsubscribes, complaints (messages), forwards (events)",
    "first_day": "by hour 0 to 23 since sending: hour, opens, clicks, first opens, first clicks; by hour",
    "life": "by day since sending: day, opens, clicks, first opens, first clicks; by day",
    "links": "the 10 most clicked: link, clicks, unique clicks; most clicks first, then by link",
    "countries": "of known ones: country, opens, unique opens, clicks, unique clicks; by country",
    "domains": "the 10 largest: domain, recipients, unique opens, unique clicks; largest first, by domain",
    "devices": "of known ones: device, opens, unique opens, unique clicks; by device",
    "clients": "of known ones: client, opens, unique opens, unique clicks; by client",
    "variants": "variant, recipients, unique opens, unique clicks, unsubscribes; by variant",
    "machines": "what Apple's proxy opened and scanners did, told by the user agent: reason, opens, clicks",
    "active": "the 10 with the most opens and clicks: message, opens, clicks; then most clicks, the latest"
    " open or click, the smallest number of the message",
    "commerce": "the 10 most ordered: product, orders, revenue, buyers; most orders first, then by product",
}
"""The twelve questions of the full report, and what the rows of each hold."""

NARROWED = {
    "devices": "of one country: device, opens, unique opens, clicks, unique clicks; by device",
    "clients": "of one country: client, opens, unique opens, clicks, unique clicks; by client",
    "links": "of one country and the device mobile: the 10 most clicked, as above",
}
"""What is asked of the reference under filters."""
COUNTRIES = ("FR", "DE", "US", "GB", "BE", "CH", "ES", "IT", "NL", "CA", "AT", "IE", "PT", "PL", "SE")
"""Whoever asks again asks for the next of them, so that no answer can have been kept."""
DEVICE = "mobile"

OVERVIEW = (
    "every campaign: id, recipients, deliveries, bounces, unique opens, opens, unique clicks, clicks,"
    " unsubscribes; by id"
)
TREND = "every month of sending: month, campaigns, deliveries, unique opens, unique clicks; by month"

APPLE, SCANNER = "apple_proxy", "scanner_agent"
APPLE_AGENT, SCANNER_NAME = "Mozilla/5.0", "barracuda"


@dataclass(frozen=True)
class Place:
    """Where a contender finds one campaign: its id, its events file, and when it was sent in UTC (seconds
    since 1970, and the month as 2026-09).
    """

    id: str
    path: str
    sent_at: int
    month: str


@dataclass(frozen=True)
class Given:
    """What is told to every contender: the installation's folder, the reference and all campaigns, by id."""

    home: str
    reference: Place
    campaigns: list[Place]
