"""New campaigns of an audience that a share follows: nobody sees them before an analyst says yes."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from lib import wiring
from lib.shares import contents
from lib.shares.contents import Pending
from lib.shares.refusal import ShareRefused
from lib.ui import confirming, once, session
from lib.ui.guarded import analyst_callback
from lib.ui.i18n import plain, t

Answer = Callable[..., None]


def all_pending() -> tuple[Pending, ...]:
    """Every campaign that waits for an answer, of all shares."""
    return contents.pending(session.app().records, wiring.now())


def cards(found: Sequence[Pending], page: str) -> None:
    """One card per campaign: who will see it, yes or no."""
    for one in found:
        key = f"{one.share.id}-{one.campaign_id}"
        with st.container(border=True, gap="xsmall"):
            st.markdown(
                ":material/campaign: "
                + t("pending.card", title=plain(one.title), audience=plain(one.share.audience or ""))
            )
            if one.addresses:
                who = confirming.names(one.addresses)
                st.markdown(t("pending.who", count=len(one.addresses), names=who))
            else:
                st.markdown(t("pending.nobody"))
            with st.container(horizontal=True):
                _button("pending.add", "check", f"add-{key}", one, page, _add)
                _button("pending.decline", "close", f"decline-{key}", one, page, _decline)


def _button(label: str, icon: str, key: str, one: Pending, page: str, act: Callable[..., None]) -> None:
    st.button(t(label), icon=f":material/{icon}:", key=f"pending-{key}", on_click=act, args=(one, page))


@analyst_callback
def _add(one: Pending, page: str) -> None:
    _answer(partial(contents.add_campaign, addresses=one.addresses), one, page, "pending.added")


@analyst_callback
def _decline(one: Pending, page: str) -> None:
    _answer(contents.decline, one, page, "pending.declined")


def _answer(act: Answer, one: Pending, page: str, said: str) -> None:
    drawer = once.drawer(page)
    try:
        act(session.app().records, one.share.id, one.campaign_id, wiring.now(), by=session.actor())
        drawer.notices.append(t(said, title=plain(one.title)))
    except ShareRefused as refusal:
        drawer.results.append(partial(confirming.say_refusal, refusal))
