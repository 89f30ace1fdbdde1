"""The rows of a running import on disk: any number of events in bounded memory, one campaign readable at
a time.
"""

# ruff: noqa: S608 - the SQL is made of closed names and paths

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from lib.model import Event, Item
from lib.store import event_files, event_ids
from lib.store.coded import TEXT
from lib.store.events import Events, reading
from lib.store.lots import Held
from lib.store.remembered import remembered
from lib.store.stack import Stack

BATCH = 50_000
RECIPIENT_TOKENS = ("mc_cid", "mc_eid", "ml_subscriber", "ml_subscriber_hash")
"""Parameters that senders add to a link for each recipient; the link is the same without them."""

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
        "file": TEXT,
        "campaign": TEXT,
        "id": pa.int64(),
        "native": pa.bool_(),
        "address": TEXT,
        **{name: TEXT if kind == pa.string() else kind for name, kind in STORED.items()},
    }
)
Numbers = npt.NDArray[np.int64]

PLAIN = [name for name in STORED if name in Event.__slots__ and name != "kind"]
"""The columns that are filled as the event says."""
TELLING_APART = ("id", "native", "file", "row")
"""The columns that tell alike events apart."""


@dataclass(frozen=True)
class Rows:
    """Some rows of one file at once. `count` is how many they are.

    `events` has a row for each of them that says one event, in order; the columns are `place` (which of the
    rows it is, counted from 0), `campaign` (its id), `recipient`, `kind`, and where the file has them the
    other columns of STORED but message, link and domain, and `native_id`. Texts are dictionaries without
    nulls and repetitions; times are UTC. `beside` holds by place what else they say: all of a row that has no
    event above, and what comes with the event of one that has.
    """

    file: str
    count: int
    events: pa.Table
    beside: tuple[tuple[int, tuple[Item, ...]], ...]


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
        self._batch: dict[str, list[Any]] = {name: [] for name in SPOOLED.names}
        self._stack = Stack(folder, SPOOLED)
        self._claims = (folder / "claims.jsonl").open("w+b")
        self._places: dict[str, list[int]] = {}

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_error: object) -> None:
        self._claims.close()

    @property
    def campaigns_with_events(self) -> list[str]:
        return [name for name in self.campaigns if self._stack.size(name)]

    @property
    def campaigns_with_files(self) -> list[str]:
        """The campaigns of which the import holds events, or says that it holds all of a kind: even none."""
        return [name for name in self.campaigns if self._stack.size(name) or name in self.covers]

    def add_event(self, row: int, file: str, event: Event) -> None:
        self.campaigns.setdefault(event.campaign)
        address = event.recipient.strip()
        message = self.events.message(address)
        batch = self._batch
        batch["row"].append(row)
        batch["file"].append(file)
        batch["campaign"].append(event.campaign)
        batch["id"].append(event_ids.of_event(event, message))
        batch["native"].append(event.native_id is not None)
        batch["address"].append(address)
        batch["message"].append(message)
        batch["domain"].append(_domain(address))
        batch["kind"].append(str(event.kind))
        batch["happened_at"].append(event_ids.microseconds(event))
        batch["order_id"].append(event.order)
        batch["link"].append(link_of(event.url))
        for name in PLAIN:
            batch[name].append(getattr(event, name))
        if len(batch["row"]) >= BATCH:
            self._flush()

    def add_events(self, first_row: int, file: str, events: pa.Table) -> None:
        """Events as Rows has them; `first_row` is the number of the row at place 0."""
        if not len(events):
            return
        given = {name: events[name].combine_chunks() for name in events.column_names}
        self.campaigns |= dict.fromkeys(given["campaign"].unique().to_pylist())
        people = given["recipient"].dictionary.to_pylist()
        messages = pa.array(map(self.events.message, people), pa.int64())
        columns = given | _derived(given, messages)
        columns["row"] = pc.add(given["place"], first_row)
        columns["file"] = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(events), np.int32)), [file])
        unknown = (pa.nulls(len(events), field.type) for field in SPOOLED)
        made = [columns.get(field.name, nulls) for field, nulls in zip(SPOOLED, unknown, strict=True)]
        self._stack.add(pa.table(made, schema=SPOOLED))

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
        """Nothing can be added afterwards."""
        self._flush()

    def size(self, campaign: str) -> int:
        """How many events it has, repetitions included."""
        return self._stack.size(campaign)

    def events_of(self, campaigns: Sequence[str], columns: Sequence[str]) -> Held:
        """Events of campaigns, repetitions left out, with their ordinals. Several threads may ask."""
        held = self._stack.rows(campaigns, list(dict.fromkeys((*columns, *TELLING_APART))))
        table, campaign = held.events, held.campaign
        ids, native, row = (table[name].to_numpy() for name in ("id", "native", "row"))
        file = table["file"].chunk(0).indices.to_numpy() if len(table) else row
        alike = event_ids.told_apart(campaign, ids, native, file, row)
        table = table.select(list(columns)).append_column("ordinal", pa.array(alike.ordinals))
        if alike.kept.all():
            return Held(table, held.starts)
        counts = np.bincount(campaign[alike.kept], minlength=len(campaigns))
        return Held(table.filter(pa.array(alike.kept)), np.cumsum([0, *counts]))

    def write_files(self, import_id: int, targets: dict[str, Path]) -> list[int]:
        """Write the events and people of some campaigns, of each into its own place; gives the number of
        events of each, repetitions left out. Several threads may ask for different campaigns.
        """
        held = self.events_of(list(targets), ["id", "address", *STORED])
        event_files.write(held, list(STORED), import_id, list(targets.values()))
        return [int(size) for size in np.diff(held.starts)]

    def rows_of(self, campaigns: Sequence[str]) -> Numbers:
        """The rows that say anything of these campaigns' events, repetitions left out; one with several of
        them may stand there several times.
        """
        found: Numbers = self.events_of(campaigns, ["row"]).events["row"].to_numpy()
        return found

    def new_rows(self, campaign: str, live: list[Path]) -> Numbers:
        """The same of a campaign's events that its live files do not hold yet."""
        mine = self.events_of([campaign], ["row", "id"]).events
        sql = (
            f'SELECT "row" FROM mine WHERE NOT EXISTS (SELECT 1 FROM {reading(live)} AS known'
            " WHERE known.id = mine.id AND known.ordinal = mine.ordinal)"
        )
        with self.events.cursor() as cursor:
            cursor.register("mine", mine)
            found: Numbers = np.asarray(cursor.execute(sql).fetchnumpy()["row"])
        return found

    def _flush(self) -> None:
        self._stack.add(pa.table(self._batch, schema=SPOOLED))
        for values in self._batch.values():
            values.clear()


def _domain(address: str) -> str | None:
    domain = address.rpartition("@")[2].lower() if "@" in address else None
    return domain or None


def _derived(given: dict[str, pa.Array], messages: pa.Array) -> dict[str, pa.Array]:
    """What the spool keeps beside what was given; `messages` are those of the distinct recipients."""
    people = given["recipient"]
    implied, native = given.get("implied"), given.get("native_id")
    return {
        "id": pa.array(event_ids.of_events(given, messages)),
        "native": _false(len(people)) if native is None else native.is_valid(),
        "address": people,
        "message": messages.take(people.indices),
        "domain": _renamed(people, pc.replace_substring_regex(people.dictionary, "^.*@", "")),
        "implied": _false(len(people)) if implied is None else implied.fill_null(False),
    } | ({"link": _links(given["url"])} if "url" in given else {})


def _links(urls: pa.DictionaryArray) -> pa.DictionaryArray:
    return _renamed(urls, pa.array(map(link_of, urls.dictionary.to_pylist()), pa.string()))


def _renamed(column: pa.DictionaryArray, names: pa.StringArray) -> pa.DictionaryArray:
    """The column with other words in the place of its own; several may have the same."""
    distinct = names.dictionary_encode()
    return pa.DictionaryArray.from_arrays(distinct.indices.take(column.indices), distinct.dictionary)


def _false(count: int) -> pa.BooleanArray:
    return pa.array(np.zeros(count, bool))


@remembered(10_000)
def link_of(url: str | None) -> str | None:
    """The link that a URL stands for: without the parameters that name its recipient. What is no address
    stands for itself.
    """
    if url is None or not any(token in url for token in RECIPIENT_TOKENS):
        return url
    try:
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return url
    kept = urlencode([(name, value) for name, value in given if name not in RECIPIENT_TOKENS])
    return urlunsplit(parts._replace(query=kept))
