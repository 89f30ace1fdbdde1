"""A field in which addresses become chips: the browser helps while one types, lib.shares.addresses judges."""

from collections.abc import Collection, Iterable
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


@dataclass(frozen=True)
class Chosen:
    """What stands in the field: the addresses that can be used, and what cannot, with the reason in words."""

    good: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def address_chips(label: str, *, key: str, taken: Collection[str] = ()) -> Chosen:
    """Draw the field, to be used inside a fragment: each chip runs it again.

    `taken` are addresses that are refused because they are invited already. A new `key` is an empty field.
    """
    chosen = judge(_told(key), taken)
    result = _component()(
        key=key,
        data={
            "words": {"label": label} | _words(),
            "language": i18n.language(),
            "entries": _told(key),
            "refused": dict(chosen.refused),
        },
        default={"entries": []},
        on_entries_change=_nothing,
    )
    return judge(_texts(result.entries), taken)


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
    return {word: i18n.t(f"chips.{word}", address="{address}", count="{count}") for word in WORDS}


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


def _texts(entries: object) -> list[str]:
    """A browser may send anything: only texts of bearable length pass."""
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries[:MOST] if isinstance(entry, str) and 0 < len(entry) <= LONGEST]


def _nothing() -> None:
    return None
