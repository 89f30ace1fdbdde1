"""What can be done for one viewer, each in a dialog that says first what will happen."""

import streamlit as st

from lib import wiring
from lib.shares import shares
from lib.shares.letterbox import HAND
from lib.shares.shares import Invited, ShareLine, ViewerLine
from lib.ui import adding, confirming, new_password, places, preview, session, share_dialogs
from lib.ui.confirming import Lines
from lib.ui.guarded import analyst_dialog
from lib.ui.i18n import plain, t


@analyst_dialog("dialog.mail_again")
def mail_again(share: ShareLine, line: ViewerLine, _lines: Lines) -> None:
    """The mail once more, with a new link and a new password: nobody knows the old ones."""
    st.markdown(t("dialog.mail_again_text", address=plain(line.address)))
    confirming.signed_out([line])
    road = confirming.road(share, f"mail-again-{line.id}", confirming.BY_MAIL)
    if confirming.confirmed(t("dialog.mail_again_button"), f"mail-again-go-{line.id}"):
        confirming.hand_over(share, road, lambda: _password(share, line, road))


def _password(share: ShareLine, line: ViewerLine, road: str) -> tuple[Invited, ...]:
    parts, by = session.app(), session.actor()
    return shares.set_password(
        parts.records, parts.vault, parts.settings, share.id, (line.id,), None, road, wiring.now(), by=by
    )


@analyst_dialog("dialog.once_more")
def once_more(_share: ShareLine, line: ViewerLine, _lines: Lines) -> None:
    """The very same mail, of which nobody knows whether it arrived."""
    st.markdown(t("dialog.once_more_text", address=plain(line.address)))
    st.warning(t("dialog.once_more_twice"), icon=":material/content_copy:")
    if confirming.confirmed(t("dialog.once_more_button"), f"once-more-{line.id}"):
        parts, by = session.app(), session.actor()
        confirming.do(
            lambda: shares.send_again(parts.records, parts.settings, line.id, wiring.now(), by=by),
            t("dialog.once_more_done", address=plain(line.address)),
        )


@analyst_dialog("dialog.new_link")
def new_link(share: ShareLine, line: ViewerLine, _lines: Lines) -> None:
    """A new link with the password from before; the old link opens nothing any more."""
    st.markdown(t("dialog.new_link_text", address=plain(line.address)))
    confirming.signed_out([line])
    road = confirming.road(share, f"link-{line.id}", confirming.OF_A_LINK, "dialog.road_of_link")
    if confirming.confirmed(t("dialog.new_link_button"), f"link-go-{line.id}"):
        confirming.hand_over(share, road, lambda: _link(share, line, road != HAND))


def _link(share: ShareLine, line: ViewerLine, mail: bool) -> tuple[Invited, ...]:
    parts, by = session.app(), session.actor()
    return shares.renew_links(
        parts.records, parts.vault, parts.settings, share.id, (line.id,), mail, wiring.now(), by=by
    )


@analyst_dialog("dialog.again")
def restore(share: ShareLine, line: ViewerLine, _lines: Lines) -> None:
    """A revoked viewer gets a new link and a new password."""
    st.markdown(t("dialog.again_text", address=plain(line.address)))
    context = (*share.titles, line.address)
    password = new_password.field(t("share.password"), key=f"again-{line.id}", context=context)
    road = confirming.road(share, f"again-{line.id}")
    reason = new_password.refusal(password, context)
    if confirming.confirmed(t("dialog.again_button"), f"again-go-{line.id}", reason):
        confirming.hand_over(
            share,
            road,
            lambda: adding.invite(share, (line.address,), password, share.message, road),
        )


@analyst_dialog("dialog.revoke")
def revoke(_share: ShareLine, line: ViewerLine, lines: Lines) -> None:
    """One viewer is shut out, the others stay."""
    others = sum(other.id != line.id and other.state not in confirming.ENDED for other in lines)
    st.markdown(t("dialog.revoke_text", address=plain(line.address)))
    st.markdown(t("dialog.revoke_others", count=others) if others else t("dialog.revoke_last"))
    if confirming.confirmed(t("dialog.revoke_button"), f"revoke-{line.id}"):
        confirming.do(
            lambda: shares.revoke(session.app().records, line.id, wiring.now(), by=session.actor()),
            t("dialog.revoked", address=plain(line.address)),
            shut_out=(line.id,),
        )


def extend(share: ShareLine, _line: ViewerLine, lines: Lines) -> None:
    """A last day is the share's: it holds for all its viewers."""
    share_dialogs.extend(share, lines)


def see(share: ShareLine, line: ViewerLine, _lines: Lines) -> None:
    """Exactly what this viewer gets."""
    preview.of_share(share, (line.address,))


def history(_share: ShareLine, line: ViewerLine, _lines: Lines) -> None:
    """All that ever happened with this viewer."""
    places.go("audit", {"viewer": str(line.id)})


def passed_on(_share: ShareLine, line: ViewerLine, _lines: Lines) -> None:
    """The analyst told the viewer the new password."""
    confirming.do(
        lambda: shares.passed_on(session.app().records, (line.id,), wiring.now(), by=session.actor()),
        t("dialog.passed_on", address=plain(line.address)),
    )
