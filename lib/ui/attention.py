"""What of the report a viewer really reads: the browser measures, `lib.shares.visits` sets the bounds."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from lib import reports, wiring
from lib.shares import visits
from lib.ui import session
from lib.ui.guarded import viewer_fragment

EVERY = 10  # seconds between two reports of an open page
IDLE = 60  # seconds without a key, a touch or the pointer after which nobody is taken to read
SCRIPT = Path(__file__).with_name("attention.js")


@viewer_fragment
def watch() -> None:
    """Let the page tell what is read. It tells only while somebody uses it, so it counts as use (S2)."""
    told = _component()(
        key="attention",
        data={
            "sections": [visits.FIGURES, *reports.SECTION_NAMES],
            "whole": visits.WHOLE,
            "every": EVERY,
            "idle": IDLE,
        },
        height=1,
        on_read_change=_nothing,
    )
    if isinstance(told.read, Mapping):
        visits.attend(session.app().records, session.viewer(), told.read, wiring.now())


@cache
def _component() -> Any:
    return st.components.v2.component("vitrine_attention", html="<span></span>", js=SCRIPT.read_text("utf-8"))


def _nothing() -> None:
    """What was told is read from the component."""
