"""A house for tests of sharing: records with two campaigns, and the services called as a page calls them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import sqlalchemy as sa
from argon2 import PasswordHasher

from lib.config import Settings
from lib.model import Actor
from lib.shares import entry, passwords, sessions, shares
from lib.shares.credentials import Invited
from lib.store import records as store_records
from lib.store import schema
from lib.store.tables import campaigns, outbox, viewers
from lib.store.vault import Vault

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PASSWORD = "heron walks at noon"
EVA = Actor("analyst", "eva@studio.example", "198.51.100.0/24")
"""Who acts, where a test does not care."""
HERE, THERE = "198.51.100.7", "203.0.113.9"
BROWSER = "Mozilla/5.0"


def seconds(number: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=number)


@dataclass(frozen=True)
class House:
    """One installation."""

    file: Path
    records: sa.Engine
    settings: Settings
    vault: Vault

    def share(self, *addresses: str, now: datetime = NOW, **draft: object) -> tuple[Invited, ...]:
        """Share the spring letter; the password is PASSWORD if no other is given."""
        return self.created(*addresses, now=now, **draft).viewers

    def created(self, *addresses: str, now: datetime = NOW, **draft: object) -> shares.Created:
        filled = {
            "analyst_id": None,
            "campaigns": ("spring",),
            "viewers": addresses,
            "password": PASSWORD,
        } | draft
        return shares.create(self.records, self.vault, self.settings, shares.Draft(**filled), now, by=EVA)

    def deliver(self) -> None:
        """All mails that wait are handed over."""
        with self.records.begin() as db:
            due = outbox.c.state.in_(("queued", "waiting"))
            db.execute(outbox.update().where(due).values(state="accepted", sealed=None))

    def unlock(self, viewer: Invited | str, password: str = PASSWORD, now: datetime = NOW, ip: str = HERE):
        return entry.unlock(self.records, token(viewer), password, ip, BROWSER, now)

    def cookie(self, viewer: Invited | str, password: str = PASSWORD, now: datetime = NOW) -> str:
        """Of a session just opened."""
        opened = self.unlock(viewer, password, now)
        assert isinstance(opened, entry.Unlocked), opened
        return opened.cookie

    def inside(self, cookie: str, now: datetime = NOW, touch: bool = True) -> sessions.Admission | None:
        return sessions.find_viewer(self.records, cookie, now, touch)

    def share_of(self, viewer: Invited) -> int:
        return self.viewer(viewer.id).share_id

    def viewer(self, viewer_id: int) -> sa.Row:
        with store_records.reading(self.records) as db:
            return db.execute(sa.select(viewers).where(viewers.c.id == viewer_id)).one()

    def line(self, viewer: Invited, now: datetime = NOW) -> shares.ViewerLine:
        lines = shares.viewers_of(self.records, self.share_of(viewer), now)
        return next(line for line in lines if line.id == viewer.id)

    def set_password(self, viewer: Invited, ids=None, password=None, road="hand", now: datetime = NOW):
        return shares.set_password(
            self.records, self.vault, self.settings, self.share_of(viewer), ids, password, road, now, by=EVA
        )

    def answer(self, now: datetime = NOW) -> int:
        return entry.answer_requests(self.records, self.vault, self.settings, now)

    def mails(self, kind: str | None = None) -> list[EmailMessage]:
        """What waits in the outbox, opened, in the order of its making."""
        with store_records.reading(self.records) as db:
            rows = db.execute(
                sa.select(outbox).where(outbox.c.sealed.is_not(None)).order_by(outbox.c.id)
            ).all()
        sealed = [row.sealed for row in rows if kind in (None, row.kind)]
        return [message_from_bytes(self.vault.open(mail).encode(), policy=policy.default) for mail in sealed]


def house(folder: Path) -> House:
    """A new one, with the campaigns `spring` and `summer`."""
    settings = Settings(folder, base_url="https://reports.example.com", brand="Atelier Nord")
    records = store_records.connect(f"sqlite:///{folder / 'records.sqlite'}")
    schema.migrate(records)
    rows = [
        {
            "id": name,
            "sender": "vitrine",
            "native_id": name,
            "title": f"{name.title()} Gardening",
            "updated_at": NOW,
        }
        for name in ("spring", "summer")
    ]
    with records.begin() as db:
        db.execute(campaigns.insert(), rows)
    return House(
        folder / "records.sqlite", records, settings, Vault("a key of at least thirty-two characters")
    )


def light_hashes(monkeypatch, kibibytes: int = 64) -> None:
    """Hash with little work, where a test counts tries and not the cost of one."""
    light = PasswordHasher(time_cost=3, memory_cost=kibibytes, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", light)
    monkeypatch.setattr(passwords, "NOBODYS", light.hash(passwords.generate()))


def token(viewer: Invited | str) -> str:
    return viewer if isinstance(viewer, str) else viewer.link.rpartition("/")[2]


def text_of(mail: EmailMessage) -> str:
    """The plain text."""
    return mail.get_body(("plain",)).get_content()


def link_in(mail: EmailMessage) -> str:
    return next(word for word in text_of(mail).split() if "/v/" in word)
