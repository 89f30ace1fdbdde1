"""An installation whose reference campaign is shared, and sessions of its viewers."""

import secrets
import shutil
from pathlib import Path

import sqlalchemy as sa

from bench.mailings import mailings
from bench.page_servers import DATA
from bench.people import SECRET
from bench.stores import home, store
from lib import wiring
from lib.config import load
from lib.model import COMMAND_LINE
from lib.shares import cookies, sessions, shares
from lib.shares.shares import Draft
from lib.store import settlement
from lib.store.tables import viewers, workspace
from lib.wiring import App

EVENTS = 1_000_000
"""A report reads its own campaign's rollup only: more events would change nothing."""
PASSWORD = "heron walks at noon"
SETTINGS = {"VITRINE_SECRET_KEY": SECRET, "VITRINE_SAMPLES": "no", "VITRINE_WORKER": "separate"}
REFERENCE = mailings(EVENTS)[0].id


def installed() -> Path:
    """A copy of the bench's store, which shares may be added to."""
    made = home(EVENTS)
    copy = DATA / made.parent.name
    if not copy.exists():
        store(EVENTS).records.dispose()
        beside = copy.with_name(f"{copy.name}-copying")
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(made, beside)
        beside.rename(copy)
    return copy


def app(data: Path, url: str) -> App:
    """The services over this installation, beside its server."""
    return wiring.build(load(SETTINGS | {"VITRINE_DATA": str(data), "VITRINE_BASE_URL": url}))


def shared(parts: App) -> tuple[int, str]:
    """A new share of the reference campaign: the id of its viewer, whom no other has, and their link."""
    address = f"{secrets.token_hex(6)}@client.example"
    draft = Draft(analyst_id=None, campaigns=(REFERENCE,), viewers=(address,), password=PASSWORD)
    viewer = shares.create(
        parts.records, parts.vault, parts.settings, draft, wiring.now(), by=COMMAND_LINE
    ).viewers[0]
    return viewer.id, viewer.link


def changed(parts: App) -> None:
    """As after an import of other campaigns: whatever was made of the data has to be made again."""
    with parts.records.begin() as db:
        raised = str(settlement.version(db) + 1)
        db.execute(workspace.update().where(workspace.c.name == settlement.VERSION).values(value=raised))


def admitted(parts: App, viewer: int, count: int) -> list[str]:
    """The cookies of so many new sessions."""
    with parts.records.begin() as db:
        version = db.execute(sa.select(viewers.c.version).where(viewers.c.id == viewer)).scalar_one()
        opened = [sessions.open_viewer(db, viewer, version, wiring.now()) for _ in range(count)]
    return [f"{cookies.viewer(False)}={one.cookie}" for one in opened]


def file_of_reference(data: Path) -> Path:
    """The reference campaign's events."""
    folder = data / "events" / REFERENCE
    return next(path for path in folder.glob("*.parquet") if path.stem.isdecimal())
