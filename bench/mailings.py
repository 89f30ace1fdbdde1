"""The plan of a world: which campaigns there are and how large; the same seed always gives the same plan."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from lib.model import Campaign

VERSION = 3
"""Raised when the same seed gives other events than before; data of another version is made anew."""

SEED = 7
REFERENCE = 60_000
"""Recipients of the reference campaign, which is the same in every world."""
EVENTS_EACH = 2.98
"""Events per recipient on average; how many there really are is told by the world that was made."""

AUDIENCES = ("Readers", "Customers", "Partners", "Members", "Press", "Trials")
POOL = 160_000
"""Addresses of one audience."""
BEGINNING = datetime(2024, 11, 1, 8, tzinfo=UTC)
MONTHS = 24
REFERENCE_SENT_AT = datetime(2026, 9, 15, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Mailing:
    """One campaign to be sent. Number 0 is the reference; `seed` and `number` alone decide what happens."""

    number: int
    recipients: int
    audience: int
    sent_at: datetime
    seed: int = SEED

    @property
    def native_id(self) -> str:
        return f"m{self.number:06d}" if self.number else "reference"

    @property
    def campaign(self) -> Campaign:
        """What campaigns.csv says of it."""
        return Campaign(
            sender="vitrine",
            native_id=self.native_id,
            title=f"Letter {self.number}" if self.number else "The reference",
            subject=f"News number {self.number}",
            from_name="The Shop",
            from_email="news@shop.example",
            audience=AUDIENCES[self.audience],
            sent_at=self.sent_at,
            zone="Europe/Paris",
            currency="EUR",
        )

    @property
    def id(self) -> str:
        """The campaign's id in Vitrine."""
        return self.campaign.id


def mailings(events: int, seed: int = SEED) -> list[Mailing]:
    """Mailings with about so many events in all, the reference first; the others have 500 to 150,000
    recipients and lie somewhere in two years.
    """
    plan = [Mailing(0, REFERENCE, 0, REFERENCE_SENT_AT, seed)]
    left = round(events / EVENTS_EACH) - REFERENCE
    rng = np.random.default_rng([seed, 1])
    while left > 0:
        size = int(np.clip(rng.lognormal(np.log(12_000), 0.9), 500, 150_000))
        audience = int(rng.integers(len(AUDIENCES)))
        hours = int(rng.integers(MONTHS * 30)) * 24 + int(rng.integers(10))
        plan.append(Mailing(len(plan), min(size, left), audience, BEGINNING + timedelta(hours=hours), seed))
        left -= size
    return plan


def letters(count: int, recipients: int, seed: int = SEED) -> list[Mailing]:
    """So many small mailings of one size, some hours after each other."""
    return [
        Mailing(number, recipients, number % len(AUDIENCES), BEGINNING + timedelta(hours=7 * number), seed)
        for number in range(1, count + 1)
    ]
