"""What one should look at before sending: notes below the addresses; none stands in the way."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Literal

import streamlit as st

from lib import wiring
from lib.shares import preflight
from lib.shares.preflight import Warning as Caution
from lib.ui import session, spans
from lib.ui.guarded import analyst_callback
from lib.ui.i18n import language, plain, t

AT_ONCE = 4  # notes shown; the others wait behind one click
ELSEWHERE = ("no_expiry",)  # said beside its own field
LOOKS = {  # those with something to mend first: only they are loud
    "typo": ":orange[:material/warning: {}]",
    "revoked": ":material/history: {}",
    "role": ":material/groups: {}",
    "new_domain": ":material/domain: {}",
}


def draw(
    viewers: Sequence[str],
    expires_on: date | None,
    campaigns: tuple[str, ...],
    *,
    field: str,
    put: Callable[[list[str]], object],
) -> None:
    """The notes, those with something to mend first.

    `field` is the key of the field for the addresses; `put` lets others stand in it, where one was mended.
    """
    found = preflight.warnings(session.app().records, tuple(viewers), expires_on, wiring.now(), campaigns)
    notes = sorted(
        (one for one in found if one.kind not in ELSEWHERE), key=lambda one: list(LOOKS).index(one.kind)
    )
    for one in notes[:AT_ONCE]:
        _note(one, field, put)
    if len(notes) > AT_ONCE:
        with st.expander(t("caution.more", count=len(notes) - AT_ONCE)):
            for one in notes[AT_ONCE:]:
                _note(one, field, put)


def _note(caution: Caution, field: str, put: Callable[[list[str]], object]) -> None:
    sentence = caution.said(language(), spans.zone(), plain)
    meant = caution.holes.get("meant")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        width: Literal["content", "stretch"] = "content" if meant else "stretch"
        st.caption(LOOKS[caution.kind].format(sentence), width=width)
        if meant:
            st.button(
                t("caution.use", address=plain(meant)),
                type="tertiary",
                icon=":material/auto_fix_high:",
                key=f"mend-{field}-{caution.address}",
                on_click=_mend,
                args=(field, caution.address, str(meant), put),
            )


@analyst_callback
def _mend(field: str, wrong: str, right: str, put: Callable[[list[str]], object]) -> None:
    entries = st.session_state[field]["entries"]
    put([right if entry.casefold() == wrong.casefold() else entry for entry in entries])
