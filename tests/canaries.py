"""For tests: an installation whose every word about clients, readers and analysts holds «canary».

Whoever may see nothing must receive no byte of them, in whatever way it is asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lib import wiring
from lib.config import load
from lib.model import COMMAND_LINE, Covers, Kind
from lib.reports import rollup
from lib.shares import analysts, entry, sessions
from lib.shares.shares import Invited
from lib.store import library
from lib.store.library import Job
from lib.wiring import App
from tests import worlds
from tests.installation import PASSWORD, share
from tests.worlds import event

CANARY = b"canary"
CAMPAIGN = replace(
    worlds.CAMPAIGN,
    native_id="hidden",
    title="Canary Title",
    subject="Canary subject",
    from_name="Canary Sender",
    from_email="news@canary-client.example",
    audience="Canary audience",
)
OTHER = replace(CAMPAIGN, native_id="other", title="Canary Other")
READER = "reader@canary.example"
ANALYST = ("Canary Analyst", "analyst@canary-agency.example", "tall ships sail slowly")
EVENTS = tuple(
    event(READER, kind, minutes, campaign.id, **more)
    for campaign in (CAMPAIGN, OTHER)
    for kind, minutes, more in (
        (Kind.SENT, 0, {}),
        (Kind.DELIVERED, 1, {}),
        (Kind.OPENED, 5, {"client": "Canary Mail", "country": "IE"}),
        (Kind.CLICKED, 6, {"url": "https://canary-shop.example/tea", "link_position": 1}),
    )
)


@dataclass(frozen=True)
class Cage:
    """The installation, as another process would open it beside its server."""

    parts: App
    data: Path
    analyst: int

    def invite(self, *addresses: str, **draft: object) -> tuple[Invited, ...]:
        """A share of CAMPAIGN; the password is PASSWORD."""
        given = {"campaigns": (CAMPAIGN.id,), "message": "Canary message", "analyst_id": self.analyst}
        return share(self.parts, *addresses, **(given | draft))

    def let_in(self, viewer: Invited) -> dict[str, str]:
        """The cookies of a browser that has just opened the share."""
        token = viewer.link.rpartition("/")[2]
        opened = entry.unlock(self.parts.records, token, PASSWORD, "192.0.2.1", "", wiring.now())
        assert isinstance(opened, entry.Unlocked)
        return {"vitrine_viewer": opened.cookie}

    def sign_in(self) -> dict[str, str]:
        """The cookies of the analyst's browser."""
        ticket = sessions.ticket(self.parts.records, self.analyst, wiring.now())
        return {"vitrine_analyst": sessions.redeem(self.parts.records, ticket, wiring.now()) or ""}


@contextmanager
def cage(data: Path) -> Iterator[Cage]:
    """Two campaigns and an analyst in `data`."""
    environment = {
        "VITRINE_DATA": str(data),
        "VITRINE_SAMPLES": "off",
        "VITRINE_BASE_URL": "http://127.0.0.1:1",
    }
    parts = wiring.build(load(environment))
    wiring.migrate(parts)
    rows = worlds.rows((*_covered(), *EVENTS))
    job = Job("vitrine", "events", "canary.csv", "0" * 64, ANALYST[1])
    library.bring(parts.analytics, job, rows, rollup.make, lambda _: None, wiring.now())
    name, address, password = ANALYST
    analyst = analysts.add(parts.records, name, address, password, True, wiring.now(), by=COMMAND_LINE)
    parts.analytics.events.close()
    try:
        yield Cage(parts, data, analyst)
    finally:
        parts.records.dispose()


def _covered() -> tuple[object, ...]:
    return tuple(item for one in (CAMPAIGN, OTHER) for item in (one, Covers(one.id, frozenset(Kind))))


def sings(heard: bytes) -> bool:
    """A canary is in these bytes."""
    return CANARY in heard.lower()
