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


def told_apart(
    campaign: npt.NDArray[np.int32],
    ids: Numbers,
    native: npt.NDArray[np.bool_],
    file: npt.NDArray[np.integer],
    row: Numbers,
) -> Alike:
    """An event with an id of the sender's own is the same wherever it stands; others are told apart by
    counting within each file, in the order of the rows: two opens in one second are two opens.
    """
    ordinals, kept = np.zeros(len(ids), np.int32), np.ones(len(ids), bool)
    order = np.argsort(ids, kind="stable")
    same = ids[order[1:]] == ids[order[:-1]]
    if not same.any():
        return Alike(ordinals, kept)
    alike = np.sort(order[np.append(same, False) | np.append(False, same)])
    turn, firsts = _in_turn(alike, row, campaign, ids, file)
    number = np.arange(len(turn)) - np.flatnonzero(firsts)[np.cumsum(firsts) - 1]
    ordinals[turn] = np.where(native[turn], 0, number)
    turn, firsts = _in_turn(alike, row, campaign, ids, ordinals)
    kept[turn] = firsts
    return Alike(ordinals, kept)


def _in_turn(
    alike: Numbers, row: Numbers, *keys: npt.NDArray[np.integer]
) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """The alike by `keys`, in the order of the rows, and which are the first with theirs."""
    turn = alike[np.lexsort((alike, row[alike], *(key[alike] for key in keys)))]
    firsts = np.zeros(len(turn), bool)
    firsts[0] = True
    for key in keys:
        firsts[1:] |= key[turn[1:]] != key[turn[:-1]]
    return turn, firsts


def _texts(given: dict[str, pa.Array], name: str) -> Any:
    return given[name].dictionary_decode() if name in given else NO_WORD


def _joined(words: list[Any]) -> pa.StringArray:
    return pc.binary_join_element_wise(*words, "\x1f", null_handling="replace", null_replacement=NO_WORD)
