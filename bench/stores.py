"""Installations full of invented campaigns, made at most once, and files of events to be brought in.

The store is written through the product's own layout and its own steps (rollup, claims, manifest), only the
reading of a file is left out: an event's id is a number of its own, where an import would hash what it says.
"""

import csv
import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from bench.happenings import events_of
from bench.mailings import SEED, VERSION, Mailing, mailings
from bench.people import KEY
from lib.model import Campaign, Event, Kind
from lib.reports import rollup
from lib.store import records, schema
from lib.store.analytics import Analytics
from lib.store.claims import Claim, fields_of
from lib.store.events import PEOPLE, Events, quoted
from lib.store.records import reading
from lib.store.settlement import Change, Roll, Settlement, insert
from lib.store.spool import STORED
from lib.store.tables import campaigns, claims, files, imports

DATA = Path(__file__).resolve().parent / "data"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COVERED = tuple(sorted(map(str, Kind)))

Progress = Callable[[str], None]


def _unwatched(_line: str) -> None:
    """Nobody looks on."""


def home(events: int, seed: int = SEED) -> Path:
    """The data folder (VITRINE_DATA) of the installation with about so many events; its secret key is
    bench.people.SECRET.
    """
    return DATA / f"v{VERSION}-seed{seed}" / f"events-{events}"


def opened(folder: Path) -> Analytics:
    """The two stores of an installation's data folder, at the newest schema."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = records.connect(f"sqlite:///{folder / 'records.sqlite'}")
    schema.migrate(engine)
    return Analytics(engine, Events(folder / "events", KEY))


def store(events: int, seed: int = SEED, told: Progress = _unwatched) -> Analytics:
    """The store with about so many events; what is there already is not made again, not even by another
    process at the same time.
    """
    folder = home(events, seed)
    with alone(folder):
        analytics = opened(folder)
        fill(analytics, mailings(events, seed), told)
        rollup.remake_stale(analytics, NOW)
    return analytics


def fill(
    analytics: Analytics, plan: list[Mailing], told: Progress = _unwatched, roll: Roll = rollup.make
) -> None:
    """Bring in what is missing of the plan, each mailing as an import of its own."""
    with reading(analytics.records) as db:
        known = set(db.scalars(sa.select(campaigns.c.id)))
    for mailing in plan:
        if mailing.id not in known:
            _bring(analytics, mailing, roll)
            told(f"{mailing.native_id} of {len(plan)} campaigns")


def events_in(analytics: Analytics) -> int:
    """How many events the store holds."""
    with reading(analytics.records) as db:
        return int(db.scalar(sa.select(sa.func.sum(files.c.rows))) or 0)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else makes or fills this folder meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "making.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- one mailing ----------------------------------------------------------------------------------


def _bring(analytics: Analytics, mailing: Mailing, roll: Roll) -> None:
    import_id = begun(analytics.records, mailing.native_id)
    place = analytics.events.place(mailing.id, f"{import_id}.parquet")
    rows = _write(analytics.events, mailing, import_id, analytics.events.path(place))
    held = {"import_id": import_id, "campaign_id": mailing.id, "path": place, "rows": rows, "covers": COVERED}
    said = [mailing.campaign]
    settle(analytics, import_id, said, {mailing.id: held}, roll)


def begun(engine: sa.Engine, name: str) -> int:
    row = {"state": "running", "file_name": f"{name}.csv", "sha256": "0" * 64, "created_at": NOW}
    with engine.begin() as db:
        key = db.execute(imports.insert().values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def settle(
    analytics: Analytics,
    import_id: int,
    said: list[Campaign],
    adds: dict[str, dict[str, Any]],
    roll: Roll,
) -> None:
    """Make an import visible as the library does: what it says of its campaigns, and its files."""
    claimed = {
        one.id: Claim(import_id, f"{import_id:06d}-{number}", fields_of(one), [])
        for number, one in enumerate(said)
    }
    change = Change(import_id, list(claimed), adds, says=lambda campaign: [claimed[campaign]])
    with Settlement(analytics, change, roll, NOW) as ready, analytics.records.begin() as db:
        ready.write(db)
        insert(db, claims, [_claim_row(campaign, claim) for campaign, claim in claimed.items()])
        insert(db, files, adds.values())
        read = sum(row["rows"] for row in adds.values())
        ended = {"state": "live", "ended_at": NOW, "read": read, "imported": read}
        db.execute(imports.update().where(imports.c.id == import_id).values(ended))


def _claim_row(campaign: str, claim: Claim) -> dict[str, Any]:
    return {
        "import_id": claim.import_id,
        "campaign_id": campaign,
        "fingerprint": claim.fingerprint,
        "campaign": claim.fields,
        "figures": claim.figures,
    }


def _write(events: Events, mailing: Mailing, import_id: int, target: Path) -> int:
    """Write a mailing's events and people as an import would; gives the number of events."""
    table = _numbered(events_of(mailing), mailing)
    target.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f'"{name}"' for name in STORED)
    with events.cursor() as cursor:
        cursor.register("mine", table)
        cursor.execute(
            f"COPY (SELECT id, CAST(0 AS INTEGER) AS ordinal, {import_id} AS import, {columns} FROM mine"
            f" ORDER BY kind, happened_at NULLS FIRST, id) TO {quoted(str(target))}"
            " (FORMAT parquet, COMPRESSION zstd)"
        )
        cursor.execute(
            "COPY (SELECT message, MIN(address) AS address, MIN(domain) AS domain FROM mine GROUP BY message"
            f" ORDER BY message) TO {quoted(str(target.with_suffix(PEOPLE)))}"
            " (FORMAT parquet, COMPRESSION zstd)"
        )
        cursor.unregister("mine")
    return int(table.num_rows)


def _numbered(table: pa.Table, mailing: Mailing) -> pa.Table:
    """With a number of its own for each event."""
    rng = np.random.default_rng([mailing.seed, 4, mailing.number])
    ids = (rng.integers(0, 1 << 40, table.num_rows) << 22) | np.arange(table.num_rows) % (1 << 22)
    return table.append_column("id", pa.array(ids))


# --- files to be brought in -----------------------------------------------------------------------

WRITTEN = {  # the columns of events.csv, and of which column of ours each is made
    "campaign": "campaign",
    "recipient": "address",
    "kind": "kind",
    "at": "happened_at",
    **{name: name for name in STORED if name in Event.__slots__ and name != "kind"},
    "order": "order_id",
}
AS_TEXT = {
    "campaign": "native",
    "at": "strftime(happened_at, '%Y-%m-%dT%H:%M:%SZ')",
    "implied": "NULL",
}


def write_csv(folder: Path, plan: list[Mailing]) -> Path:
    """A folder in Vitrine's own format: campaigns.csv, and one events.csv over all mailings."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_campaigns(folder / "campaigns.csv", plan)
    names = ", ".join(f'{ours} AS "{name}"' for name, ours in (WRITTEN | AS_TEXT).items())
    with (folder / "events.csv").open("wb") as file, duckdb.connect() as cursor:
        for number, mailing in enumerate(plan):
            part = folder / "part.csv"
            cursor.register("mine", events_of(mailing))
            told = f"SELECT {names} FROM (SELECT *, {quoted(mailing.native_id)} AS native FROM mine)"
            cursor.execute(f"COPY ({told}) TO {quoted(str(part))} (FORMAT csv, HEADER {not number})")
            file.write(part.read_bytes())
            part.unlink()
    return folder


def _write_campaigns(path: Path, plan: list[Mailing]) -> None:
    names = [
        item.name for item in fields(Campaign) if item.name not in ("sender", "native_id", "html", "tags")
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["campaign", *names])
        for mailing in plan:
            told = [getattr(mailing.campaign, name) for name in names]
            cells = [value.isoformat() if isinstance(value, datetime) else value or "" for value in told]
            table.writerow([mailing.native_id, *cells])
