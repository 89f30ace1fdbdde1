"""Ticks in a list that is too long for the screen: what is ticked stays so where it is not drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from lib.shares import shares
from lib.ui.guarded import analyst_callback
from lib.ui.i18n import t


@dataclass
class Ticks:
    """What is ticked, also where it is not on the screen. `round` renews the boxes after a bulk tick."""

    chosen: dict[str, None] = field(default_factory=dict)
    round: int = 0

    def tick(self, one: str, ticked: bool) -> None:
        if ticked:
            self.chosen[one] = None
        else:
            self.chosen.pop(one, None)


def box(ticks: Ticks, one: str, label: str, key: str) -> None:
    """One of them, with its tick; `label` is Markdown."""
    name = f"pick-{key}-{ticks.round}-{one}"
    ticked = st.checkbox(label, one in ticks.chosen, key=name, on_change=_tick, args=(ticks, one, name))
    ticks.tick(one, ticked)


def all_or_none(ticks: Ticks, found: Sequence[str], key: str) -> None:
    """The buttons that tick those found, if one action takes so many, and that leave nobody ticked."""
    if 0 < len(found) <= shares.AT_ONCE:
        st.button(
            t("contacts.choose_all", count=len(found)),
            type="tertiary", icon=":material/done_all:", key=f"all-{key}",
            on_click=_choose, args=(ticks, found),
        )  # fmt: skip
    if ticks.chosen:
        st.button(
            t("contacts.choose_none", count=len(ticks.chosen)),
            type="tertiary", icon=":material/remove_done:", key=f"none-{key}",
            on_click=_choose, args=(ticks, ()),
        )  # fmt: skip


@analyst_callback
def _tick(ticks: Ticks, one: str, name: str) -> None:
    """Before anything is drawn, so that what counts the ticks above the list counts this one too."""
    ticks.tick(one, st.session_state[name])


@analyst_callback
def _choose(ticks: Ticks, found: Sequence[str]) -> None:
    """Tick each; of nobody: no tick stays."""
    if not found:
        ticks.chosen.clear()
    for one in found:
        ticks.chosen[one] = None
    ticks.round += 1
