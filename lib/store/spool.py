"""The rows of a running import on disk: any number of events in bounded memory, one campaign readable at
a time.
"""

# ruff: noqa: S608 - the SQL is made of closed names and of paths and campaign ids that were checked

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from lib.model import Event
from lib.store.events import PEOPLE, Events, quoted, reading

BATCH = 50_000
SORTED_GROUP = 20_000
"""Rows per group of the sorted spool: reading one campaign skips the groups of the others."""

RECIPIENT_TOKENS = ("mc_cid", "mc_eid", "ml_subscriber", "ml_subscriber_hash")
"""Parameters that senders add to a link for each recipient; the link is the same without them."""

NOTHING = "SELECT 0 AS id, 0 AS ordinal WHERE FALSE"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

STORED = {  # the columns of an events file beside id, ordinal and import
    "message": pa.int64(),
    "kind": pa.string(),
    "happened_at": pa.timestamp("us"),
    "subtype": pa.string(),
    "reason": pa.string(),
    "url": pa.string(),
    "link": pa.string(),
    "link_position": pa.int32(),
    "domain": pa.string(),
    "ip": pa.string(),
    "user_agent": pa.string(),
    "client": pa.string(),
    "device": pa.string(),
    "country": pa.string(),
    "region": pa.string(),
    "variant": pa.string(),
    "machine": pa.bool_(),
    "machine_reason": pa.string(),
    "implied": pa.bool_(),
    "revenue": pa.float64(),
    "currency": pa.string(),
    "order_id": pa.string(),
    "product": pa.string(),
}
SPOOLED = pa.schema(
    {
        "row": pa.int64(),
        "file": pa.string(),
        "campaign": pa.string(),
        "id": pa.int64(),
        "native": pa.bool_(),
        "address": pa.string(),
        **STORED,
    }
)
PLAIN = [name for name in STORED if name in Event.__slots__ and name != "kind"]
"""The columns that are filled as the event says."""


class Spool:
    """Takes events and claims in, in any order; `with Spool(...)` closes its files."""

    def __init__(self, events: Events, folder: Path) -> None:
        self.events = events
        self.folder = folder
        self.covers: dict[str, set[str]] = {}
        self.campaigns: dict[str, None] = {}
        """Every campaign met, in the order of its first meeting."""
        self.fingerprints: dict[str, int] = {}
        """Of each claim the row that made it first; a row that repeats it is a duplicate."""
        self._with_events: set[str] = set()
        self._batch: dict[str, list[Any]] = {name: [] for name in SPOOLED.names}
        self._writer = pq.ParquetWriter(folder / "events.parquet", SPOOLED, compression="lz4")
        self._claims = (folder / "claims.jsonl").open("w+b")
        self._places: dict[str, list[int]] = {}
        self._person = lru_cache(maxsize=100_000)(self._person_of)

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_error: object) -> None:
        self._writer.close()
        self._claims.close()

    @property
    def campaigns_with_events(self) -> list[str]:
        return [name for name in self.campaigns if name in self._with_events]

    @property
    def campaigns_with_files(self) -> list[str]:
        """The campaigns of which the import holds events, or says that it holds all of a kind: even none."""
        return [name for name in self.campaigns if name in self._with_events or name in self.covers]

    def add_event(self, row: int, file: str, event: Event) -> None:
        self.campaigns.setdefault(event.campaign)
        self._with_events.add(event.campaign)
        message, address, domain = self._person(event.recipient)
        at = None if event.at is None else (event.at - EPOCH) // MICROSECOND
        batch = self._batch
        batch["row"].append(row)
        batch["file"].append(file)
        batch["campaign"].append(event.campaign)
        batch["id"].append(_event_id(event, message, at))
        batch["native"].append(event.native_id is not None)
        batch["address"].append(address)
        batch["message"].append(message)
        batch["domain"].append(domain)
        batch["kind"].append(str(event.kind))
        batch["happened_at"].append(at)
        batch["order_id"].append(event.order)
        batch["link"].append(link_of(event.url))
        for name in PLAIN:
            batch[name].append(getattr(event, name))
        if len(batch["row"]) >= BATCH:
            self._flush()

    def add_claim(self, row: int, campaign: str, fields: dict[str, Any], figures: list[list[Any]]) -> None:
        """What a row says about a campaign; the same words in another row are kept once."""
        self.campaigns.setdefault(campaign)
        words = orjson.dumps([campaign, fields, figures])
        fingerprint = blake2b(words, digest_size=16).hexdigest()
        if fingerprint in self.fingerprints:
            return
        self.fingerprints[fingerprint] = row
        self._places.setdefault(campaign, []).append(self._claims.tell())
        self._claims.write(orjson.dumps([fingerprint, fields, figures]) + b"\n")

    def add_covers(self, campaign: str, kinds: frozenset[Any]) -> None:
        self.campaigns.setdefault(campaign)
        self.covers.setdefault(campaign, set()).update(map(str, kinds))

    def claims_of(self, campaign: str) -> Iterator[tuple[str, dict[str, Any], list[list[Any]]]]:
        """(fingerprint, fields, figures) of a campaign's claims, in the order of the rows."""
        for place in self._places.get(campaign, []):
            self._claims.seek(place)
            fingerprint, fields, figures = orjson.loads(self._claims.readline())
            yield fingerprint, fields, figures

    def finish(self) -> None:
        """Sort the events by campaign and number those that are alike within one file.

        Nothing can be added afterwards. An event with an id of the sender's own is the same wherever it
        stands; others are told apart by counting: two opens in one second are two opens.
        """
        self._flush()
        self._writer.close()
        with self.events.cursor() as cursor:
            cursor.execute(f"""COPY (
                SELECT * EXCLUDE (file, native),
                    ROW_NUMBER() OVER (PARTITION BY campaign, id, ordinal ORDER BY "row") = 1 AS kept
                FROM (SELECT *, CASE WHEN native THEN 0 ELSE ROW_NUMBER() OVER (
                    PARTITION BY campaign, file, id ORDER BY "row") - 1 END AS ordinal FROM {self._raw})
                ORDER BY campaign, kind, happened_at NULLS FIRST
                ) TO {quoted(str(self.folder / "sorted.parquet"))}
                (FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE {SORTED_GROUP})""")

    def write_files(self, campaign: str, import_id: int, target: Path) -> int:
        """Write a campaign's events and people; gives the number of events, repetitions left out."""
        target.parent.mkdir(parents=True, exist_ok=True)
        columns = ", ".join(f'"{name}"' for name in STORED)
        mine = f"FROM {self._sorted} WHERE campaign = {quoted(campaign)} AND kept"
        with self.events.cursor() as cursor:
            cursor.execute(
                f"COPY (SELECT id, CAST(ordinal AS INTEGER) AS ordinal, {import_id} AS import, {columns}"
                f" {mine}"
                f" ORDER BY kind, happened_at NULLS FIRST, id, ordinal) TO {quoted(str(target))}"
                " (FORMAT parquet, COMPRESSION zstd)"
            )
            cursor.execute(
                f"COPY (SELECT message, MIN(address) AS address, MIN(domain) AS domain {mine}"
                f" GROUP BY message ORDER BY message) TO {quoted(str(target.with_suffix(PEOPLE)))}"
                " (FORMAT parquet, COMPRESSION zstd)"
            )
        return int(pq.ParquetFile(target).metadata.num_rows)

    def new_rows(self, campaign: str, live: list[Path]) -> Any:
        """The rows with at least one event that the campaign's live files do not hold yet, as an array."""
        known = f"SELECT id, ordinal FROM {reading(live)}" if live else NOTHING
        sql = (
            f'SELECT DISTINCT "row" FROM {self._sorted} AS mine WHERE campaign = {quoted(campaign)} AND kept'
            f" AND NOT EXISTS (SELECT 1 FROM ({known}) AS known"
            " WHERE known.id = mine.id AND known.ordinal = mine.ordinal)"
        )
        with self.events.cursor() as cursor:
            return cursor.execute(sql).fetchnumpy()["row"]

    @property
    def _raw(self) -> str:
        return reading([self.folder / "events.parquet"])

    @property
    def _sorted(self) -> str:
        return reading([self.folder / "sorted.parquet"])

    def _flush(self) -> None:
        self._writer.write_table(pa.table(self._batch, schema=SPOOLED))
        for values in self._batch.values():
            values.clear()

    def _person_of(self, recipient: str) -> tuple[int, str, str | None]:
        address = recipient.strip()
        domain = address.rpartition("@")[2].lower() if "@" in address else None
        return self.events.message(address), address, domain or None


def _event_id(event: Event, message: int, at: int | None) -> int:
    """The same event always gets the same number, from whichever file it comes."""
    if event.native_id is not None:
        parts: tuple[object, ...] = ("native", event.native_id, event.kind)
    else:
        parts = (event.campaign, message, event.kind, at, event.url, event.ip, event.order, event.product)
    words = "\x1f".join("\x00" if part is None else str(part) for part in parts)
    return int.from_bytes(blake2b(words.encode(), digest_size=8).digest(), "big", signed=True)


@lru_cache(maxsize=10_000)
def link_of(url: str | None) -> str | None:
    """The link that a URL stands for: without the parameters that name its recipient."""
    if url is None or not any(token in url for token in RECIPIENT_TOKENS):
        return url
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    kept = urlencode([(name, value) for name, value in given if name not in RECIPIENT_TOKENS])
    return urlunsplit(parts._replace(query=kept))
