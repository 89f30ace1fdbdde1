"""What can be done with a share and its viewers, each in a dialog that says first what will happen."""

from collections.abc import Callable, Collection, Sequence

import streamlit as st

from lib import wiring
from lib.shares import shares
from lib.shares.invitations import LONGEST_MESSAGE
from lib.shares.refusal import ShareRefused
from lib.shares.shares import Invited, ShareLine, State, ViewerLine
from lib.ui import chips, new_password, once, session, spans
from lib.ui.guarded import analyst_dialog
from lib.ui.i18n import plain, t

PAGE = "shares"
ENDED = (State.REVOKED, State.EXPIRED)
ROADS = {"dialog.by_mail": True, "dialog.by_hand": False}  # how a new password travels

Lines = Sequence[ViewerLine]


@analyst_dialog("dialog.add", width="medium")
def add_viewers(share: ShareLine, lines: Lines) -> None:
    """More viewers for a share. Nobody knows its first password any more, so they get one of their own."""
    taken = [line.address for line in lines if line.state is not State.REVOKED]
    chosen = chips.address_chips(t("share.viewers"), key=f"add-viewers-{share.id}-{len(lines)}", taken=taken)
    context = (*share.titles, *chosen.good[: shares.AT_ONCE])
    password = new_password.field(t("share.password"), key=f"add-{share.id}", context=context)
    st.caption(t("dialog.add_why"))
    message = st.text_area(
        t("share.message"), value=share.message, max_chars=LONGEST_MESSAGE, key=f"add-message-{share.id}"
    )
    mailed = _by_mail(f"add-{share.id}")
    reason = _no_viewers(chosen) or new_password.refusal(password, context)
    label = t("dialog.add_button", count=len(chosen.good)) if chosen.good else t("dialog.add")
    if _confirmed(label, f"add-go-{share.id}", reason):
        _hand_over(share, mailed, lambda: _added(share, chosen.good, password, message or "", mailed))


@analyst_dialog("dialog.again")
def invite_again(share: ShareLine, line: ViewerLine, _lines: Lines) -> None:
    """A revoked viewer gets a new link and a new password."""
    st.markdown(t("dialog.again_text", address=plain(line.address)))
    password = new_password.field(
        t("share.password"), key=f"again-{line.id}", context=(*share.titles, line.address)
    )
    mailed = _by_mail(f"again-{line.id}")
    reason = new_password.refusal(password, (*share.titles, line.address))
    if _confirmed(t("dialog.again_button"), f"again-go-{line.id}", reason):
        _hand_over(share, mailed, lambda: _added(share, (line.address,), password, share.message, mailed))


@analyst_dialog("dialog.revoke")
def revoke(_share: ShareLine, line: ViewerLine, lines: Lines) -> None:
    """One viewer is shut out, the others stay."""
    others = sum(other.id != line.id and other.state not in ENDED for other in lines)
    st.markdown(t("dialog.revoke_text", address=plain(line.address)))
    st.markdown(t("dialog.revoke_others", count=others) if others else t("dialog.revoke_last"))
    if _confirmed(t("dialog.revoke_button"), f"revoke-{line.id}"):
        _do(
            lambda: shares.revoke(session.app().records, line.id, wiring.now()),
            t("dialog.revoked", address=plain(line.address)),
            shut_out=(line.id,),
        )


@analyst_dialog("dialog.password")
def change_one_password(share: ShareLine, line: ViewerLine, _lines: Lines) -> None:
    """A new password for one viewer."""
    st.markdown(t("dialog.password_one", address=plain(line.address)))
    _new_password(share, [line], f"one-{line.id}")


@analyst_dialog("dialog.password")
def change_every_password(share: ShareLine, lines: Lines) -> None:
    """A new password for every viewer of a share."""
    reached = [line for line in lines if line.state not in ENDED]
    st.markdown(t("dialog.password_all", count=len(reached)))
    _new_password(share, reached, f"all-{share.id}")


@analyst_dialog("dialog.extend")
def extend(share: ShareLine, _lines: Lines) -> None:
    """Another last day."""
    st.caption(spans.until(share))
    chosen = spans.last_day_field(
        key=f"extend-{share.id}-{share.version}", value=share.expires_on, endless=share.expires_on is None
    )
    if _confirmed(t("dialog.extend_button"), f"extend-go-{share.id}"):
        _do(
            lambda: shares.extend(session.app().records, share.id, chosen, wiring.now(), share.version),
            t("dialog.extended"),
        )


@analyst_dialog("dialog.off")
def switch_off(share: ShareLine, lines: Lines) -> None:
    """Every link of a share dies at once."""
    st.markdown(t("dialog.off_text", count=share.viewers))
    st.markdown(t("dialog.off_back"))
    if _confirmed(t("dialog.off_button"), f"off-{share.id}"):
        _do(
            lambda: shares.off(session.app().records, share.id, wiring.now()),
            t("dialog.switched_off"),
            shut_out=tuple(line.id for line in lines),
        )


@analyst_dialog("dialog.on")
def switch_on(share: ShareLine, _lines: Lines) -> None:
    """The viewers of a share get new links; their passwords stay."""
    st.markdown(t("dialog.on_text", count=share.viewers))
    mailed = _by_mail(f"on-{share.id}")
    if _confirmed(t("dialog.on_button"), f"on-go-{share.id}"):
        parts = session.app()
        _hand_over(
            share,
            mailed,
            lambda: shares.on(parts.records, parts.vault, parts.settings, share.id, mailed, wiring.now()),
        )


# --- the parts they share -------------------------------------------------------------------------


def _new_password(share: ShareLine, reached: Lines, key: str) -> None:
    signed_in = sum(line.signed_in for line in reached)
    if signed_in:
        st.warning(t("dialog.signed_out", count=signed_in), icon=":material/logout:")
    else:
        st.caption(t("dialog.nobody_signed_out"))
    context = (*share.titles, *(line.address for line in reached[: shares.AT_ONCE]))
    password = new_password.field(t("dialog.new_password"), key=key, context=context)
    mailed = _by_mail(key)
    if _confirmed(t("dialog.password_button"), f"go-{key}", new_password.refusal(password, context)):
        ids = tuple(line.id for line in reached)
        parts = session.app()
        _hand_over(
            share,
            mailed,
            lambda: shares.set_password(
                parts.records, parts.vault, parts.settings, share.id, ids, password, mailed, wiring.now()
            ),
        )


def _added(
    share: ShareLine, addresses: tuple[str, ...], password: str, message: str, mailed: bool
) -> tuple[Invited, ...]:
    parts = session.app()
    return shares.add_viewers(
        parts.records,
        parts.vault,
        parts.settings,
        share.id,
        addresses,
        password,
        message,
        wiring.now(),
        mail_password=mailed,
    )


def _by_mail(key: str) -> bool:
    """Whether the new password is mailed, or the analyst passes it on."""
    chosen = st.radio(t("dialog.road"), list(ROADS), format_func=t, key=f"road-{key}")
    if chosen and ROADS[chosen] and session.app().delivery.keeps:
        st.caption(t("dialog.no_smtp"))
    return ROADS[chosen or "dialog.by_mail"]


def _no_viewers(chosen: chips.Chosen) -> str:
    if chosen.refused:
        return t("share.wrong_addresses", count=len(chosen.refused))
    if len(chosen.good) > shares.AT_ONCE:
        return t("share.too_many", count=len(chosen.good), most=shares.AT_ONCE)
    return "" if chosen.good else t("share.nobody")


def _confirmed(label: str, key: str, reason: str = "") -> bool:
    """The button that does it, with the reason why it cannot be pressed yet."""
    pressed = st.button(label, type="primary", key=key, disabled=bool(reason), width="stretch")
    if reason:
        st.caption(reason)
    return pressed and not reason


def _hand_over(share: ShareLine, mailed: bool, act: Callable[[], tuple[Invited, ...]]) -> None:
    """Do it, close the dialog and offer, once, what the viewers need.

    The drawer is at hand before: no click on the way can lose a link that was just made.
    """
    drawer = once.drawer(PAGE)
    sent = mailed and not session.app().delivery.keeps
    done = t("dialog.done_mailed") if sent else t("dialog.done_by_hand")
    title = share.titles[0] if share.titles else ""

    def acted() -> None:
        drawer.keep(once.Handover(str(share.id), act(), mailed, share.language, title, share.id))

    _do(acted, done)


def _do(act: Callable[[], None], done: str, shut_out: Collection[int] = ()) -> None:
    """Do it, close the dialog and say so; a refusal is said in it. Links of `shut_out` are forgotten."""
    drawer = once.drawer(PAGE)
    try:
        act()
        drawer.notices.append(done)
        drawer.drop(shut_out)
    except ShareRefused as refusal:
        say_refusal(refusal)
        return
    st.rerun()


def say_refusal(refusal: ShareRefused) -> None:
    """Why it was not done, in the reader's language."""
    holes = {name: plain(hole) if isinstance(hole, str) else hole for name, hole in refusal.holes.items()}
    st.error(t(refusal.reason, **holes), icon=":material/error:")
