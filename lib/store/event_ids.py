"""The number of an event: the same event always gets the same, from whichever file it comes; and what tells
those events apart that are alike within one file.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.model import Event

Numbers = npt.NDArray[np.int64]

NO_WORD = "\x00"
"""In the words of which an event's number is made: not known."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(event: Event) -> int | None:
    """When it happened, since 1970."""
    return None if event.at is None else (event.at - EPOCH) // MICROSECOND


def of_event(event: Event, message: int) -> int:
    """The number of one event of this message."""
    if event.native_id is not None:
        parts: tuple[object, ...] = ("native", event.native_id, event.kind)
    else:
        at = microseconds(event)
        parts = (event.campaign, message, event.kind, at, event.url, event.ip, event.order, event.product)
    words = "\x1f".join(NO_WORD if part is None else str(part) for part in parts)
    return int.from_bytes(blake2b(words.encode(), digest_size=8).digest(), "big", signed=True)


def of_events(given: dict[str, pa.Array], messages: pa.Array) -> Numbers:
    """The same numbers for columns of events (lib.store.spool.Rows), of which `messages` belong to the
    distinct recipients.
    """
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


class Alike(NamedTuple):
    """Of the events of a campaign their ordinals, and which of them are kept: the others repeat one."""

    ordinals: npt.NDArray[np.int32]
    kept: npt.NDArray[np.bool_]


def told_apart(ids: Numbers, native: npt.NDArray[np.bool_], file: Numbers, row: Numbers) -> Alike | None:
    """An event with an id of the sender's own is the same wherever it stands; others are told apart by
    counting within each file, in the order of the rows: two opens in one second are two opens. None where
    no two ids are the same.
    """
    order = np.argsort(ids, kind="stable")
    same = ids[order[1:]] == ids[order[:-1]]
    if not same.any():
        return None
    alike = order[np.append(same, False) | np.append(False, same)]
    ordinals, kept = np.zeros(len(ids), np.int32), np.ones(len(ids), bool)
    turn, firsts = _in_turn(alike, row, file, ids)
    number = np.arange(len(turn)) - np.flatnonzero(firsts)[np.cumsum(firsts) - 1]
    ordinals[turn] = np.where(native[turn], 0, number)
    turn, firsts = _in_turn(alike, row, ordinals, ids)
    kept[turn] = firsts
    return Alike(ordinals, kept)


def _in_turn(
    alike: Numbers, row: Numbers, within: npt.NDArray[np.integer], ids: Numbers
) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """The alike by id and `within`, in the order of the rows, and which are the first of both."""
    alike = np.sort(alike)
    turn = alike[np.lexsort((alike, row[alike], within[alike], ids[alike]))]
    firsts = np.ones(len(turn), bool)
    firsts[1:] = (np.diff(ids[turn]) != 0) | (np.diff(within[turn]) != 0)
    return turn, firsts


def _texts(given: dict[str, pa.Array], name: str) -> Any:
    return given[name].dictionary_decode() if name in given else NO_WORD


def _joined(words: list[Any]) -> pa.StringArray:
    return pc.binary_join_element_wise(*words, "\x1f", null_handling="replace", null_replacement=NO_WORD)
