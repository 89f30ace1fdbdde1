"""The rows of a running import on disk: any number of events in bounded memory, one campaign readable at
a time.
"""

# ruff: noqa: S608 - the SQL is made of closed names and of paths and campaign ids that were checked

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import duckdb
import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.model import Event, Item
from lib.store import event_files
from lib.store.events import PEOPLE, Events, quoted, reading

BATCH = 50_000
SORTED_GROUP = 20_000
"""Rows per group of the sorted spool: reading one campaign skips the groups of the others."""
OWN_GROUP = 1000
"""A campaign with as many rows in one batch has a group of its own there."""
SCATTERED = 4
"""How many times the spool may be read in all before sorting it is less work."""
MOST_AT_HAND = 500_000
"""Rows that are read into memory to write one campaign's files, some 150 MB; larger ones are DuckDB's."""
MOST_PEOPLE = 400_000
"""Recipients whose names are kept at hand, some 80 MB."""

RECIPIENT_TOKENS = ("mc_cid", "mc_eid", "ml_subscriber", "ml_subscriber_hash")
"""Parameters that senders add to a link for each recipient; the link is the same without them."""

NO_WORD = "\x00"
"""In the words of which an event's number is made: not known."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

TEXT = pa.dictionary(pa.int32(), pa.string())
"""Of the spool: most texts repeat."""

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
TEXTS = [field.name for field in SPOOLED if field.type == TEXT]
PLAIN = [name for name in STORED if name in Event.__slots__ and name != "kind"]
"""The columns that are filled as the event says."""


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
        self._with_events: set[str] = set()
        self._batch: dict[str, list[Any]] = {name: [] for name in SPOOLED.names}
        self._raw_path = folder / "events.parquet"
        self._writer = pq.ParquetWriter(
            self._raw_path, SPOOLED, compression="lz4", use_dictionary=TEXTS, write_statistics=["campaign"]
        )
        self._thread = ThreadPoolExecutor(1)
        """It writes one table while the next is made."""
        self._written: Future[None] | None = None
        self._rows = 0
        self._to_read = 0
        """Rows that would be read if each campaign were read once."""
        self._groups: dict[str, list[int]] = {}
        """Of each campaign the groups of the spool in which it stands."""
        self._sizes: list[int] = []
        """Rows of each group."""
        self._starts = np.zeros(1, np.int64)
        """Where each group starts, with the end of the last."""
        self._file: pq.ParquetFile | None = None
        """The finished spool, opened once: to read what stands where takes longer than to read a campaign."""
        self._reads, self._one_large = Lock(), Lock()
        """An open Parquet file is for one thread; two large campaigns at once need too much memory."""
        self._again: set[str] = set()
        """Campaigns in which an id occurs more than once."""
        self._claims = (folder / "claims.jsonl").open("w+b")
        self._places: dict[str, list[int]] = {}
        self._people: dict[str, int] = {}

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_error: object) -> None:
        with self._claims, self._file or nullcontext(), self._writer:  # each closes, whatever befalls another
            self._thread.shutdown()

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
        address = event.recipient.strip()
        (message,) = self._messages([address])
        at = None if event.at is None else (event.at - EPOCH) // MICROSECOND
        batch = self._batch
        batch["row"].append(row)
        batch["file"].append(file)
        batch["campaign"].append(event.campaign)
        batch["id"].append(_event_id(event, message, at))
        batch["native"].append(event.native_id is not None)
        batch["address"].append(address)
        batch["message"].append(message)
        batch["domain"].append(_domain(address))
        batch["kind"].append(str(event.kind))
        batch["happened_at"].append(at)
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
        campaigns = given["campaign"].unique().to_pylist()
        self.campaigns |= dict.fromkeys(campaigns)
        self._with_events.update(campaigns)
        messages = pa.array(self._messages(given["recipient"].dictionary.to_pylist()), pa.int64())
        columns = given | _derived(given, messages)
        columns["row"] = pc.add(given["place"], first_row)
        columns["file"] = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(events), np.int32)), [file])
        unknown = (pa.nulls(len(events), field.type) for field in SPOOLED)
        made = [columns.get(field.name, nulls) for field, nulls in zip(SPOOLED, unknown, strict=True)]
        self._write(pa.table(made, schema=SPOOLED))

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
        """Number those events that are alike within one file. Nothing can be added afterwards.

        An event with an id of the sender's own is the same wherever it stands; others are told apart by
        counting: two opens in one second are two opens.
        """
        self._flush()
        self._wait()
        self._writer.close()
        with self.events.cursor() as cursor:
            if is_scattered := self._to_read > SCATTERED * self._rows:
                self._sort(cursor)
            self._file = pq.ParquetFile(self._raw_path, read_dictionary=TEXTS)
            if is_scattered:
                self._find_groups(self._file)
            self._starts = np.concatenate(([0], np.cumsum(self._sizes, dtype=np.int64)))
            cursor.execute(f"""COPY (
                SELECT place, campaign, ordinal,
                    ROW_NUMBER() OVER (PARTITION BY campaign, id, ordinal ORDER BY "row", place) = 1 AS kept
                FROM (SELECT *, CASE WHEN native THEN 0 ELSE ROW_NUMBER() OVER (
                        PARTITION BY campaign, file, id ORDER BY "row", place) - 1 END AS ordinal
                    FROM (SELECT id, "row", file, campaign, native, file_row_number AS place FROM {self._raw}
                        WHERE id IN (SELECT id FROM {self._raw} GROUP BY id HAVING COUNT(*) > 1)))
                ORDER BY campaign, place
                ) TO {quoted(str(self._alike_path))}
                (FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE {SORTED_GROUP})""")
            found = cursor.execute(f"SELECT DISTINCT campaign FROM {reading([self._alike_path])}").fetchall()
            self._again = {campaign for (campaign,) in found}

    def write_files(self, campaign: str, import_id: int, target: Path) -> int:
        """Write a campaign's events and people; gives the number of events, repetitions left out. Several
        threads may ask for different campaigns.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._is_at_hand(campaign):
            rows = self._rows_of(campaign, ["id", "address", *STORED])
            event_files.write(rows, list(STORED), import_id, target)
        else:
            with self._one_large:
                self._copy_files(campaign, import_id, target)
        return int(pq.read_metadata(target).num_rows)

    def _is_at_hand(self, campaign: str) -> bool:
        """Whether the groups in which it stands are few enough to be read into memory."""
        return sum(self._sizes[group] for group in self._groups.get(campaign, [])) <= MOST_AT_HAND

    def _rows_of(self, campaign: str, columns: list[str]) -> pa.Table:
        """A campaign's events, repetitions left out, with their ordinals."""
        assert self._file is not None  # noqa: S101 - nobody asks before finish
        groups, starts = self._groups.get(campaign, []), self._starts
        with self._reads:
            table = self._file.read_row_groups(groups, ["campaign", *columns], use_threads=False)
        parts = [np.arange(starts[group], starts[group + 1]) for group in groups]
        places = np.concatenate([np.zeros(0, np.int64), *parts])
        mine = np.flatnonzero(pc.equal(table.column("campaign"), campaign).to_numpy())
        table, places = table if len(mine) == len(table) else table.take(pa.array(mine)), places[mine]
        ordinals = np.zeros(len(places), np.int32)
        if campaign in self._again:
            alike, found, kept = self._alike_of(campaign)
            ordinals[np.searchsorted(places, alike)] = found
            left = np.delete(np.arange(len(places)), np.searchsorted(places, alike[~kept]))
            table, ordinals = table.take(pa.array(left)), ordinals[left]
        return table.append_column("ordinal", pa.array(ordinals))

    def _alike_of(self, campaign: str) -> tuple[Any, Any, Any]:
        """The places, ordinals and whether they are kept of those events that are alike with others."""
        sql = f"FROM {reading([self._alike_path])} WHERE campaign = {quoted(campaign)}"
        with self.events.cursor() as cursor:
            found = cursor.execute(f"SELECT place, ordinal, kept {sql}").fetchnumpy()
        return found["place"], found["ordinal"], found["kept"].astype(bool)

    def _copy_files(self, campaign: str, import_id: int, target: Path) -> None:
        """The same for a campaign that is too large to be at hand."""
        columns = ", ".join(f'"{name}"' for name in STORED)
        mine = self._of(campaign)
        with self.events.cursor() as cursor:
            cursor.execute(
                f"COPY (SELECT id, CAST(ordinal AS INTEGER) AS ordinal, {import_id} AS import, {columns}"
                f" FROM ({mine})"
                f" ORDER BY kind, happened_at NULLS FIRST, id, ordinal) TO {quoted(str(target))}"
                " (FORMAT parquet, COMPRESSION zstd)"
            )
            cursor.execute(
                f"COPY (SELECT message, MIN(address) AS address, MIN(domain) AS domain FROM ({mine})"
                f" GROUP BY message ORDER BY message) TO {quoted(str(target.with_suffix(PEOPLE)))}"
                " (FORMAT parquet, COMPRESSION zstd)"
            )

    def new_rows(self, campaign: str, live: list[Path]) -> Any:
        """The rows with at least one event that the campaign's live files do not hold yet, as an array; one
        with several of them may stand there several times.
        """
        at_hand = self._rows_of(campaign, ["row", "id"]) if self._is_at_hand(campaign) else None
        if at_hand is not None and not live:
            return at_hand.column("row").to_numpy()
        known = (
            f" WHERE NOT EXISTS (SELECT 1 FROM (SELECT id, ordinal FROM {reading(live)}) AS known"
            " WHERE known.id = mine.id AND known.ordinal = mine.ordinal)"
        )
        with self.events.cursor() as cursor:
            mine = f"({self._of(campaign)})"
            if at_hand is not None:
                cursor.register("at_hand", at_hand)
                mine = "at_hand"
            sql = f'SELECT "row" FROM {mine} AS mine{known if live else ""}'
            return cursor.execute(sql).fetchnumpy()["row"]

    def _of(self, campaign: str) -> str:
        """The SELECT of a campaign's events, repetitions left out, with their ordinals."""
        of_campaign = f"campaign = {quoted(campaign)}"
        if campaign not in self._again:
            return f"SELECT *, 0 AS ordinal FROM {self._raw} WHERE {of_campaign}"
        alike = f"SELECT place, ordinal, kept FROM {reading([self._alike_path])} WHERE {of_campaign}"
        return (
            f"SELECT raw.*, COALESCE(alike.ordinal, 0) AS ordinal FROM {self._raw} AS raw"
            f" LEFT JOIN ({alike}) AS alike ON alike.place = raw.file_row_number"
            f" WHERE raw.{of_campaign} AND COALESCE(alike.kept, TRUE)"
        )

    @property
    def _raw(self) -> str:
        return f"read_parquet({quoted(str(self._raw_path))}, file_row_number = true)"

    @property
    def _alike_path(self) -> Path:
        return self.folder / "alike.parquet"

    def _sort(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Put the rows of each campaign together, so that one can be read without all others."""
        target = self.folder / "sorted.parquet"
        cursor.execute(
            f"COPY (SELECT * EXCLUDE (file_row_number) FROM {self._raw} ORDER BY campaign, file_row_number)"
            f" TO {quoted(str(target))} (FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE {SORTED_GROUP})"
        )
        self._raw_path.unlink()
        self._raw_path = target

    def _find_groups(self, file: pq.ParquetFile) -> None:
        """Which campaigns stand in which groups, once they are sorted."""
        self._groups.clear()
        self._sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        for group in range(file.num_row_groups):
            for campaign in file.read_row_group(group, ["campaign"])["campaign"].unique().to_pylist():
                self._groups.setdefault(campaign, []).append(group)

    def _flush(self) -> None:
        self._write(pa.table(self._batch, schema=SPOOLED))
        for values in self._batch.values():
            values.clear()

    def _write(self, table: pa.Table) -> None:
        self._wait()
        self._written = self._thread.submit(self._write_groups, table)

    def _wait(self) -> None:
        """Until the table before is written. Raises what went wrong with it."""
        if self._written is not None:
            self._written.result()

    def _write_groups(self, table: pa.Table) -> None:
        """Write rows ordered by campaign, those of a large one in a group of their own."""
        codes = table["campaign"].combine_chunks().indices.to_numpy()
        if len(codes) and (np.diff(codes) < 0).any():
            order = np.argsort(codes, kind="stable")
            table, codes = table.take(pa.array(order)), codes[order]
        for start, end, campaigns in _groups(codes):
            group = table.slice(start, end - start)
            self._writer.write_table(group, row_group_size=len(group))
            self._to_read += (end - start) * campaigns
            for campaign in group["campaign"].unique().to_pylist():
                self._groups.setdefault(campaign, []).append(len(self._sizes))
            self._sizes.append(len(group))
        self._rows += len(table)

    def _messages(self, addresses: list[str]) -> list[int]:
        known = self._people
        if len(known) > MOST_PEOPLE:
            known.clear()
        for address in set(addresses).difference(known):
            known[address] = self.events.message(address)
        return list(map(known.__getitem__, addresses))


def _groups(codes: npt.NDArray[np.int32]) -> Iterator[tuple[int, int, int]]:
    """(start, end, number of campaigns) of the groups in which rows ordered by campaign are written."""
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    start, campaigns = 0, 0
    for first, end in pairwise(edges):
        if end - first >= OWN_GROUP and start < first:
            yield start, first, campaigns
            start, campaigns = first, 0
        campaigns += 1
        if end - start >= OWN_GROUP and (end - first >= OWN_GROUP or end - start >= SORTED_GROUP):
            yield start, end, campaigns
            start, campaigns = end, 0
    if start < len(codes):
        yield start, len(codes), campaigns


def _domain(address: str) -> str | None:
    domain = address.rpartition("@")[2].lower() if "@" in address else None
    return domain or None


def _derived(given: dict[str, pa.Array], messages: pa.Array) -> dict[str, pa.Array]:
    """What the spool keeps beside what was given; `messages` are those of the distinct recipients."""
    people = given["recipient"]
    implied, native = given.get("implied"), given.get("native_id")
    return {
        "id": pa.array(_event_ids(given, messages)),
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


def _event_id(event: Event, message: int, at: int | None) -> int:
    """The same event always gets the same number, from whichever file it comes."""
    if event.native_id is not None:
        parts: tuple[object, ...] = ("native", event.native_id, event.kind)
    else:
        parts = (event.campaign, message, event.kind, at, event.url, event.ip, event.order, event.product)
    words = "\x1f".join(NO_WORD if part is None else str(part) for part in parts)
    return int.from_bytes(blake2b(words.encode(), digest_size=8).digest(), "big", signed=True)


def _event_ids(given: dict[str, pa.Array], messages: pa.Array) -> npt.NDArray[np.int64]:
    """The same numbers for a table of events, of which `messages` belong to the distinct recipients."""
    names = messages.cast(pa.string()).take(given["recipient"].indices)
    at = given["happened_at"].cast(pa.int64()).cast(pa.string()) if "happened_at" in given else NO_WORD
    words = [_texts(given, "campaign"), names, _texts(given, "kind"), at]
    words += [_texts(given, name) for name in ("url", "ip", "order_id", "product")]
    joined = _joined(words)
    if "native_id" in given:
        native = _joined(["native", _texts(given, "native_id"), _texts(given, "kind")])
        joined = pc.if_else(given["native_id"].is_valid(), native, joined)
    pieces = joined.cast(pa.binary()).to_numpy(zero_copy_only=False).tolist()
    digests = b"".join([blake2b(piece, digest_size=8).digest() for piece in pieces])
    return np.frombuffer(digests, ">i8").astype(np.int64)


def _texts(given: dict[str, pa.Array], name: str) -> Any:
    return given[name].dictionary_decode() if name in given else NO_WORD


def _joined(words: list[Any]) -> pa.StringArray:
    return pc.binary_join_element_wise(*words, "\x1f", null_handling="replace", null_replacement=NO_WORD)


@lru_cache(maxsize=10_000)
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
