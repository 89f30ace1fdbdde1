"""What an admin allows for all shares: how long they last by default, and how long at most."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa

from lib.model import Actor
from lib.shares.refusal import ShareRefused
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import workspace

NAME = "sharing"  # its row in the table `workspace`
LONGEST = 3660
"""Days that may be set at all: ten years."""


@dataclass(frozen=True)
class Policy:
    """`days`: the default of a new share. `most`: days that a share may last at most; 0: also without end."""

    days: int = 90
    most: int = 0

    def last(self, today: date) -> date | None:
        """The last day that may be chosen today; None: any, and no end."""
        return today + timedelta(days=self.most) if self.most else None

    def usual(self, today: date) -> date:
        """The last day that is proposed today."""
        return today + timedelta(days=min(self.days, self.most or self.days))


def load(records: sa.Engine) -> Policy:
    """The policy as it stands."""
    with reading(records) as db:
        text = db.execute(sa.select(workspace.c.value).where(workspace.c.name == NAME)).scalar()
    return Policy(**orjson.loads(text)) if text else Policy()


def save(records: sa.Engine, policy: Policy, now: datetime, *, by: Actor) -> None:
    """Raises ShareRefused (fields days, most). Shares that exist keep their last day."""
    for field, least in (("days", 1), ("most", 0)):
        if not least <= getattr(policy, field) <= LONGEST:
            raise ShareRefused(field, "refusal.policy.days", least=least, most=LONGEST)
    if policy.most and policy.days > policy.most:
        raise ShareRefused("days", "refusal.policy.order", most=policy.most)
    with records.begin() as db:
        audit.hold(db)  # two admins save one after the other
        db.execute(workspace.delete().where(workspace.c.name == NAME))
        db.execute(workspace.insert().values(name=NAME, value=orjson.dumps(asdict(policy)).decode()))
        audit.append(db, now, "settings.changed", by, days=policy.days, most=policy.most)


def refuse_beyond(policy: Policy, expires_on: date | None, zone: str, now: datetime) -> None:
    """Raises ShareRefused for a last day, or no end, that the policy does not allow."""
    last = policy.last(now.astimezone(ZoneInfo(zone)).date())
    if last is not None and (expires_on is None or expires_on > last):
        raise ShareRefused("expires_on", "refusal.policy.beyond", count=policy.most)
