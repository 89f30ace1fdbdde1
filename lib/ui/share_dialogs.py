"""What can be done with a whole share, each in a dialog that says first what will happen."""

import streamlit as st

from lib import wiring
from lib.shares import shares
from lib.shares.letterbox import HAND
from lib.shares.shares import ShareLine
from lib.ui import confirming, differences, session, spans
from lib.ui.confirming import Lines
from lib.ui.guarded import analyst_dialog
from lib.ui.i18n import t


@analyst_dialog("dialog.extend")
def extend(share: ShareLine, _lines: Lines) -> None:
    """Another last day."""
    st.caption(spans.until(share))
    key = f"extend-{share.id}-{share.version}"
    chosen = spans.last_day_field(key=key, value=share.expires_on, endless=share.expires_on is None)

    def save(seen: ShareLine) -> None:
        records, now = session.app().records, wiring.now()
        shares.extend(records, share.id, chosen, now, by=session.actor(), seen=seen)

    differences.save(key, share, t("dialog.extend_button"), save, t("dialog.extended"))


@analyst_dialog("dialog.off")
def switch_off(share: ShareLine, lines: Lines) -> None:
    """Every link of a share dies at once."""
    st.markdown(t("dialog.off_text", count=share.viewers))
    st.markdown(t("dialog.off_back"))
    if confirming.confirmed(t("dialog.off_button"), f"off-{share.id}"):
        confirming.do(
            lambda: shares.off(session.app().records, share.id, wiring.now(), by=session.actor()),
            t("dialog.switched_off"),
            shut_out=tuple(line.id for line in lines),
        )


@analyst_dialog("dialog.on")
def switch_on(share: ShareLine, _lines: Lines) -> None:
    """The viewers of a share get new links; their passwords stay."""
    st.markdown(t("dialog.on_text", count=share.viewers))
    road = confirming.road(share, f"on-{share.id}", confirming.OF_A_LINK, "dialog.road_of_link")
    mailed = road != HAND
    if confirming.confirmed(t("dialog.on_button"), f"on-go-{share.id}"):
        parts, by = session.app(), session.actor()
        confirming.hand_over(
            share,
            road,
            lambda: shares.on(
                parts.records, parts.vault, parts.settings, share.id, mailed, wiring.now(), by=by, seen=share
            ),
        )
