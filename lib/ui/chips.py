"""A field in which addresses become chips: the browser helps while one types, lib.shares.addresses judges."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from lib.shares import addresses
from lib.ui import i18n

ROOM = Path(__file__).parent
MOST = 1000  # entries taken from a browser; far more than one may invite at once
LONGEST = 400  # characters of one entry
WORDS = (
    "hint",
    "placeholder",
    "list",
    "remove",
    "added",
    "removed",
    "wrong",
    "sweep",
    "count_one",
    "count_other",
    "wrong_count_one",
    "wrong_count_other",
)
OFFERED = ("suggestions", "suggested_one", "suggested_other")


@dataclass(frozen=True)
class Chosen:
    """What stands in the field: the addresses that can be used, and what cannot, with the reason in words."""

    good: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Batch:
    """Addresses that the server puts in, until the browser says that it has taken them in."""

    number: int = 0
    given: tuple[str, ...] = ()
    """As the last run gave them: the same ones again are no new batch."""
    entries: tuple[str, ...] = ()


def address_chips(
    label: str,
    *,
    key: str,
    taken: Collection[str] = (),
    suggestions: Collection[str] = (),
    add: Sequence[str] = (),
) -> Chosen:
    """Draw the field, to be used inside a fragment: each chip runs it again.

    `taken` are addresses that are refused because they are invited already. `suggestions` are offered while
    one types, in their order. `add` become chips at once, each batch once. A new `key` is an empty field.
    """
    batch = _batch(key, tuple(add))
    entries = _merged(_told(key), batch)
    result = _component()(
        key=key,
        data={
            "words": {"label": label} | _words(),
            "language": i18n.language(),
            "entries": entries,
            "refused": dict(judge(entries, taken).refused),
            "added": {"batch": batch.number, "entries": batch.entries},
            "suggestions": list(suggestions),
            "taken": list(taken),
        },
        default={"entries": [], "batch": 0},
        on_entries_change=_nothing,
        on_batch_change=_nothing,
    )
    return judge(_merged(_texts(result.entries), batch), taken)


def _batch(key: str, add: tuple[str, ...]) -> _Batch:
    """What is to be put in now: `add`, and what the browser has not taken in yet."""
    name = f"batch-{key}"
    last = st.session_state.get(name, _Batch())
    waiting = () if _taken_in(key) >= last.number else last.entries
    if add and add != last.given:
        batch = _Batch(last.number + 1, add, (*waiting, *add))
    else:
        batch = _Batch(last.number, add, waiting)
    st.session_state[name] = batch
    return batch


def _merged(entries: list[str], batch: _Batch) -> list[str]:
    known = {entry.casefold() for entry in entries}
    return entries + [entry for entry in batch.entries if entry.casefold() not in known]


def judge(entries: Iterable[str], taken: Collection[str] = ()) -> Chosen:
    """Tell the addresses that can be used from the rest. The same one twice, ignoring case, counts once."""
    invited = {address.casefold() for address in taken}
    good: dict[str, str] = {}
    refused: dict[str, str] = {}
    for entry in entries:
        parsed = addresses.parse(entry)
        if parsed.bad or len(parsed.good) != 1:
            refused[entry] = i18n.t("chips.wrong")
        elif parsed.good[0].casefold() in invited:
            refused[entry] = i18n.t("chips.taken")
        else:
            good.setdefault(parsed.good[0].casefold(), parsed.good[0])
    return Chosen(tuple(good.values()), tuple(refused.items()))


def _words() -> dict[str, str]:
    """The field's sentences with their holes left open: the browser fills them."""
    words = {word: i18n.t(f"chips.{word}", address="{address}", count="{count}") for word in WORDS}
    return words | {word: i18n.t(f"suggestion.{word}", count="{count}") for word in OFFERED}


@cache
def _component() -> Any:
    return st.components.v2.component(
        "address_chips",
        html=(ROOM / "chips.html").read_text(encoding="utf-8"),
        css=(ROOM / "chips.css").read_text(encoding="utf-8"),
        js=(ROOM / "chips.js").read_text(encoding="utf-8"),
    )


def _told(key: str) -> list[str]:
    """What the browser last said, known before the field is drawn: a field drawn anew is not empty."""
    state = st.session_state.get(key)
    return _texts(state.get("entries")) if state else []


def _taken_in(key: str) -> int:
    """The last batch that the browser took in, by its own word."""
    state = st.session_state.get(key)
    number = state.get("batch") if state else 0
    return number if isinstance(number, int) else 0


def _texts(entries: object) -> list[str]:
    """A browser may send anything: only texts of bearable length pass."""
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries[:MOST] if isinstance(entry, str) and 0 < len(entry) <= LONGEST]


def _nothing() -> None:
    return None
