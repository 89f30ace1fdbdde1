"""What one should look at before sending: quiet notes below the addresses; none stands in the way."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

import streamlit as st

from lib import wiring
from lib.shares import preflight
from lib.shares.preflight import Warning as Caution
from lib.ui import session, sheet, spans
from lib.ui.guarded import analyst_callback
from lib.ui.i18n import language, plain, t
from lib.ui.sheet import Sheet

AT_ONCE = 4  # notes shown; the others wait behind one click
ELSEWHERE = ("no_expiry",)  # said beside its own field
SIGNS = {"typo": "spellcheck", "revoked": "history", "role": "groups", "new_domain": "domain"}


def draw(laid: Sheet, viewers: Sequence[str], expires_on: date | None, campaigns: tuple[str, ...]) -> None:
    """The notes, those with something to mend first."""
    found = preflight.warnings(session.app().records, tuple(viewers), expires_on, wiring.now(), campaigns)
    notes = sorted(
        (one for one in found if one.kind not in ELSEWHERE), key=lambda one: list(SIGNS).index(one.kind)
    )
    for one in notes[:AT_ONCE]:
        _note(laid, one)
    if len(notes) > AT_ONCE:
        with st.expander(t("caution.more", count=len(notes) - AT_ONCE)):
            for one in notes[AT_ONCE:]:
                _note(laid, one)


def _note(laid: Sheet, caution: Caution) -> None:
    sentence = caution.said(language(), spans.zone(), plain)
    meant = caution.holes.get("meant")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        width: Literal["content", "stretch"] = "content" if meant else "stretch"
        st.caption(f":material/{SIGNS[caution.kind]}: {sentence}", width=width)
        if meant:
            st.button(
                t("caution.use", address=plain(meant)),
                type="tertiary",
                icon=":material/auto_fix_high:",
                key=f"mend-{laid.viewers_key}-{caution.address}",
                on_click=_mend,
                args=(laid.viewers_key, caution.address, str(meant)),
            )


@analyst_callback
def _mend(field: str, wrong: str, right: str) -> None:
    entries = st.session_state[field]["entries"]
    sheet.put_viewers([right if entry.casefold() == wrong.casefold() else entry for entry in entries])
