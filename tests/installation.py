"""For tests: an installation in a folder of its own, with a share and its viewers, without a server."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from lib import web, wiring
from lib.config import Secret, Settings
from lib.model import COMMAND_LINE
from lib.shares import shares
from lib.shares.shares import Draft, Invited
from lib.store import schema
from lib.store.tables import campaigns
from lib.wiring import App

BASE_URL = "http://localhost:8501"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


def settings(data: Path, **changes: Any) -> Settings:
    given: dict[str, Any] = {
        "data": data,
        "base_url": BASE_URL,
        "records": Secret(f"sqlite:///{data / 'records.sqlite'}"),
        "events": f"duckdb:{data / 'events'}",
        "secret_key": Secret("a key of at least thirty-two characters"),
        "samples": False,
        "worker": "separate",
    }
    return Settings(**(given | changes))


@contextmanager
def install(data: Path, **changes: Any) -> Iterator[App]:
    """An App with empty records; `changes` are settings."""
    data.mkdir(parents=True, exist_ok=True)
    parts = wiring.build(settings(data, **changes))
    schema.migrate(parts.records)
    try:
        yield parts
    finally:
        parts.records.dispose()


def browser(parts: App, **options: Any) -> TestClient:
    """A browser before our routes, without Streamlit behind them."""
    app = Starlette(routes=web.routes(parts), middleware=web.middleware(parts))
    return TestClient(app, base_url=parts.settings.base_url, follow_redirects=False, **options)


def campaign(parts: App, name: str = "vitrine-spring", title: str = "Spring letter") -> str:
    """A campaign of which only the name is known."""
    row = {"id": name, "sender": "vitrine", "native_id": name, "title": title, "updated_at": NOW}
    with parts.records.begin() as db:
        db.execute(campaigns.insert().values(row))
    return name


def share(parts: App, *addresses: str, at: datetime | None = None, **draft: Any) -> tuple[Invited, ...]:
    """A share of one campaign to `addresses`, all with PASSWORD."""
    given = {"analyst_id": None, "campaigns": ("vitrine-spring",), "viewers": addresses, "password": PASSWORD}
    made = shares.create(
        parts.records,
        parts.vault,
        parts.settings,
        Draft(**(given | draft)),
        at or wiring.now(),
        by=COMMAND_LINE,
    )
    return made.viewers


def path(viewer: Invited) -> str:
    return viewer.link.removeprefix(BASE_URL)


def nonce(page: str) -> str:
    """The hidden field of the entry's form."""
    return re.search(r'name="nonce" value="([^"]+)"', page)[1]  # type: ignore[index]


def unlock(client: TestClient, address: str, password: str = PASSWORD, **options: Any) -> Any:
    """What a person does: open the link, type the password, press the button."""
    fields = {"nonce": nonce(client.get(address).text), "password": password}
    return client.post(address, data=fields, **options)
