"""The share page: whom, with which password and words, until when; and what came of it."""

import secrets
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage

import streamlit as st

from lib import wiring
from lib.mail import letters
from lib.model import Scope
from lib.shares import shares
from lib.shares.invitations import LONGEST_MESSAGE
from lib.shares.refusal import ShareRefused
from lib.shares.shares import State
from lib.ui import (
    cache,
    chips,
    handover,
    new_password,
    numbers,
    once,
    places,
    session,
    share_dialogs,
    spans,
    viewers,
)
from lib.ui.guarded import analyst_fragment
from lib.ui.i18n import language, plain, t

PAGE = "share"
SHEET = "share-sheet"  # the key of st.session_state
LINK_SHOWN = "https://…/v/…"


@dataclass(frozen=True)
class Shared:
    """The campaign that is to be shared."""

    id: str
    title: str
    subject: str
    audience: str
    sent: str


@dataclass(frozen=True)
class Sheet:
    """One sheet of the form; a new one is empty and has a new key, and each key makes one share (M7)."""

    campaign: str
    key: str


@dataclass(frozen=True)
class Filled:
    """What stands in the form."""

    chosen: chips.Chosen
    password: str
    message: str
    language: str
    mail_password: bool
    expires_on: date | None


def campaign(scope: Scope) -> Shared | None:
    """The campaign that the address names; None when it names none within `scope`."""
    frame = cache.campaigns(scope)
    found = frame[frame["id"] == st.query_params.get("campaign", "")]
    if found.empty:
        return None
    row = found.iloc[0]
    subject, audience = (str(row[name] or "") for name in ("subject", "audience"))
    sent = numbers.moment(row["sent_at"], language(), row["zone"])
    return Shared(row["id"], row["title"] or subject or row["id"], subject, audience, sent)


def draw(campaign: Shared) -> None:
    """The page for one campaign: what is shared, the form or what came of it, and its shares so far."""
    once.say(PAGE)
    _header(campaign)
    kept = once.drawer(PAGE).kept.get(campaign.id)
    if kept:
        _result(kept)
    else:
        _form(campaign)
    _so_far(campaign)


def _header(campaign: Shared) -> None:
    box = st.container(border=True)
    with box.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(width="content", gap="xxsmall"):
            st.markdown(f"**{plain(campaign.title)}**")
            if campaign.subject and campaign.subject != campaign.title:
                st.markdown(t("share.subject", subject=plain(campaign.subject)))
            st.caption(" · ".join(plain(part) for part in (campaign.sent, campaign.audience) if part))
        places.link("campaign", t("share.report"), {"id": campaign.id}, icon=":material/bar_chart:")


# --- the form -------------------------------------------------------------------------------------


@analyst_fragment
def _form(campaign: Shared) -> None:
    sheet = _sheet(campaign)
    left, right = st.columns([3, 2], gap="large")
    with left:
        filled = _fields(campaign, sheet)
        reason = _missing(campaign, filled)
        pressed = st.button(
            t("share.button", count=len(filled.chosen.good))
            if filled.chosen.good
            else t("share.button_nobody"),
            type="primary",
            icon=":material/send:",
            disabled=bool(reason),
            key=f"share-{sheet.key}",
        )
        st.caption(reason or t("share.button_hint"))
        if pressed and not reason:
            _share(campaign, sheet, filled)
    with right:
        _preview(campaign, filled)


def _sheet(campaign: Shared) -> Sheet:
    """The sheet being filled in. Its key is hexadecimal: a component's key must not hold `__`."""
    sheet = st.session_state.get(SHEET)
    if not isinstance(sheet, Sheet) or sheet.campaign != campaign.id:
        sheet = st.session_state[SHEET] = Sheet(campaign.id, secrets.token_hex(16))
    return sheet


def _fields(campaign: Shared, sheet: Sheet) -> Filled:
    chosen = chips.address_chips(t("share.viewers"), key=f"viewers-{sheet.key}", taken=_readers(campaign))
    password = new_password.field(t("share.password"), key=sheet.key, context=_context(campaign, chosen))
    mailed = st.toggle(
        t("share.mail_password"), value=True, key=f"mail-{sheet.key}", help=t("share.mail_password_help")
    )
    message = st.text_area(
        t("share.message"),
        max_chars=LONGEST_MESSAGE,
        placeholder=t("share.message_placeholder"),
        key=f"message-{sheet.key}",
        height=110,
    )
    spoken = spans.language_field(t("share.language"), key=f"language-{sheet.key}", default=language())
    expires_on = spans.last_day_field(key=sheet.key)
    return Filled(chosen, password, message or "", spoken, mailed, expires_on)


def _readers(campaign: Shared) -> list[str]:
    """Who can read this very report already; nobody is invited twice (M7)."""
    records, now = session.app().records, wiring.now()
    same = [
        share for share in shares.shares_of(records, campaign.id, now) if share.campaigns == (campaign.id,)
    ]
    return [
        line.address
        for share in same
        for line in shares.viewers_of(records, share.id, now)
        if line.state is State.ACTIVE
    ]


def _context(campaign: Shared, chosen: chips.Chosen) -> tuple[str, ...]:
    """What a password must not be built from (T3)."""
    return (campaign.title, session.app().settings.brand, *chosen.good[: shares.AT_ONCE])


def _missing(campaign: Shared, filled: Filled) -> str:
    """Why the form cannot be sent yet; empty when it can."""
    good, refused = filled.chosen.good, filled.chosen.refused
    reasons: tuple[tuple[object, str, dict[str, int]], ...] = (
        (not good and not refused, "share.nobody", {}),
        (refused, "share.wrong_addresses", {"count": len(refused)}),
        (len(good) > shares.AT_ONCE, "share.too_many", {"count": len(good), "most": shares.AT_ONCE}),
    )
    wrong = next((t(key, **holes) for there, key, holes in reasons if there), "")
    return wrong or new_password.refusal(filled.password, _context(campaign, filled.chosen))


def _preview(campaign: Shared, filled: Filled) -> None:
    with st.expander(t("share.preview"), expanded=True, icon=":material/mail:"):
        try:
            letter = _letter(campaign, filled)
        except letters.LetterRefused:
            st.caption(t("share.no_preview"))
            return
        st.markdown(f":gray[{t('share.preview_subject')}] {plain(letter['Subject'])}")
        body = letter.get_body(("plain",))
        st.code(body.get_content() if body else "", language=None, wrap_lines=True)
        st.caption(t("share.preview_hint"))


def _letter(campaign: Shared, filled: Filled) -> EmailMessage:
    settings = session.app().settings
    address = filled.chosen.good[0] if filled.chosen.good else "viewer@example.com"
    return letters.invitation(
        settings.mail_from,
        settings.brand,
        filled.language,
        address,
        LINK_SHOWN,
        t("share.password_hidden") if filled.mail_password else None,
        filled.message,
        (campaign.title,),
        filled.expires_on,
        spans.zone(),
        letters.Writer(session.analyst().name),
    )


def _share(campaign: Shared, sheet: Sheet, filled: Filled) -> None:
    """One call does it all or nothing. The drawer is at hand before, so no click can lose the links."""
    drawer = once.drawer(PAGE)
    parts = session.app()
    draft = shares.Draft(
        analyst_id=session.analyst().id,
        campaigns=(campaign.id,),
        viewers=filled.chosen.good,
        password=filled.password,
        message=filled.message,
        language=filled.language,
        expires_on=filled.expires_on,
        zone=spans.zone(),
        form_key=sheet.key,
        mail_password=filled.mail_password,
    )
    try:
        with st.spinner(t("share.working", count=len(draft.viewers))):
            made = shares.create(parts.records, parts.vault, parts.settings, draft, wiring.now())
            if not made.again or not drawer.kept:
                drawer.keep(
                    once.Handover(
                        campaign.id,
                        made.viewers,
                        draft.mail_password,
                        draft.language,
                        campaign.title,
                        made.share_id,
                    )
                )
    except ShareRefused as refusal:
        share_dialogs.say_refusal(refusal)
        return
    st.session_state.pop(SHEET, None)
    st.rerun()


# --- what came of it ------------------------------------------------------------------------------


def _result(made: once.Handover) -> None:
    st.success(
        t("share.done_text"), title=t("share.done", count=len(made.invited)), icon=":material/check_circle:"
    )
    if session.app().delivery.keeps:
        st.warning(t("share.no_smtp_text"), title=t("share.no_smtp"), icon=":material/outgoing_mail:")
    handover.draw(PAGE, made)
    viewers.mail_states(made.share_id, tuple(one.id for one in made.invited))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("share.another"), icon=":material/person_add:", key="share-another"):
            once.drawer(PAGE).forget()
            st.rerun()
        places.link("shares", t("share.manage"), {"share": str(made.share_id)}, icon=":material/group:")


def _so_far(campaign: Shared) -> None:
    """The shares of this campaign."""
    found = shares.shares_of(session.app().records, campaign.id, wiring.now())
    if found:
        st.subheader(t("share.so_far"), anchor=False)
        for share in found:
            viewers.share_row(share, with_titles=False)
