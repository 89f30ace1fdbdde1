"""The share page: the form, what came of it, and the shares of the same campaigns so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib import wiring
from lib.model import Scope
from lib.shares import shares
from lib.shares.invitations import LONGEST_MESSAGE
from lib.shares.letterbox import HAND, ROADS, SAME
from lib.shares.refusal import ShareRefused
from lib.shares.shares import ShareLine, State
from lib.ui import (
    cautions,
    chips,
    confirming,
    counting,
    handover,
    letter,
    new_password,
    once,
    places,
    preview,
    sending,
    session,
    share_list,
    sheet,
    spans,
    viewers,
)
from lib.ui import contacts as picking
from lib.ui import contents as showing
from lib.ui.contents import Contents
from lib.ui.guarded import analyst_fragment
from lib.ui.i18n import language, t
from lib.ui.sheet import Sheet

PAGE = "share"
FORM = ""  # a refusal of no field is said here, beside the button
Places = dict[str, DeltaGenerator]


@dataclass(frozen=True)
class Filled:
    """What stands in the form."""

    contents: Contents
    chosen: chips.Chosen
    password: str
    message: str
    language: str
    road: str
    expires_on: date | None


def asked(scope: Scope) -> tuple[str, ...]:
    """The campaigns that the address names, as far as they are within `scope`."""
    return tuple(one.id for one in sheet.campaigns(scope, st.query_params.get_all("campaign")))


def draw(scope: Scope, campaigns: tuple[str, ...]) -> None:
    """The page for these campaigns."""
    confirming.say(PAGE)
    kept = once.drawer(PAGE).kept.get(_about(campaigns))
    so_far = _shares_of(campaigns)
    for share in so_far:
        if _is_fresh(share) and not (kept and kept.share_id == share.id):
            sending.band(share.id)
    if kept:
        with st.container(border=True):
            showing.named(sheet.campaigns(scope, campaigns))
        _result(kept)
    else:
        sheet.current(campaigns, counting.asked())
        _form(scope)
    _so_far(so_far, len(campaigns))


# --- the form -------------------------------------------------------------------------------------


@analyst_fragment
def _form(scope: Scope) -> None:
    laid = sheet.laid()
    beside: Places = {"campaigns": st.container()}
    contents = showing.choose(scope, laid)
    left, right = st.columns([3, 2], gap="large")
    with left:
        filled = _fields(laid, contents, beside)
        _send(laid, filled, beside)
    with right:
        _previews(filled)


def _fields(laid: Sheet, contents: Contents, beside: Places) -> Filled:
    chosen = _viewers(laid, contents)
    notes = beside["viewers"] = st.container(gap="xxsmall")
    password = new_password.field(t("share.password"), key=laid.key, context=_context(contents, chosen))
    beside["password"] = st.container()
    road = _road(laid)
    message = st.text_area(
        t("share.message"),
        laid.start.message,
        max_chars=LONGEST_MESSAGE,
        placeholder=t("share.message_placeholder"),
        key=f"message-{laid.key}",
        height=110,
    )
    beside["message"] = st.container()
    spoken = spans.language_field(
        t("share.language"), key=f"language-{laid.key}", default=laid.start.language or language()
    )
    expires_on = spans.last_day_field(key=laid.key, value=laid.start.expires_on, endless=laid.start.endless)
    beside["expires_on"] = st.container()
    with notes:
        field, put = laid.viewers_key, sheet.put_viewers
        cautions.draw(chosen.good, expires_on, contents.ids, field=field, put=put)
    return Filled(contents, chosen, password, message or "", spoken, road, expires_on)


def _viewers(laid: Sheet, contents: Contents) -> chips.Chosen:
    """The field for the addresses; below it the ways to pick some, which are asked first."""
    return picking.field(laid.viewers_key, _readers(contents.ids), picker_key=f"contacts-{laid.key}")


def _road(laid: Sheet) -> str:
    """How the password travels. Where no mail leaves the server, there is one road only."""
    if session.app().delivery.keeps:
        return HAND
    chosen = st.radio(
        t("share.road"),
        ROADS,
        index=ROADS.index(laid.start.road),
        format_func=lambda road: t(f"share.road_{road}"),
        key=f"road-{laid.key}",
        help=t("share.road_help"),
    )
    return chosen or SAME


def _readers(campaigns: tuple[str, ...]) -> list[str]:
    """Who can read these very reports already; nobody is invited twice (M7)."""
    records, now = session.app().records, wiring.now()
    same = [share.id for share in _shares_of(campaigns[:1]) if set(share.campaigns) == set(campaigns)]
    return [
        line.address
        for lines in shares.viewers_of_many(records, same, now).values()
        for line in lines
        if line.state is State.ACTIVE
    ]


def _context(contents: Contents, chosen: chips.Chosen) -> tuple[str, ...]:
    """What a password must not be built from (T3)."""
    return (*contents.titles, session.app().settings.brand, *chosen.good[: shares.AT_ONCE])


def _send(laid: Sheet, filled: Filled, beside: Places) -> None:
    """The button, with the reason why it cannot be pressed yet or what it will do."""
    reason = _missing(filled)
    pressed = st.button(
        _label(len(filled.chosen.good)),
        type="primary",
        icon=":material/link:" if session.app().delivery.keeps else ":material/send:",
        disabled=bool(reason),
        key=f"share-{laid.key}",
    )
    beside[FORM] = st.container()
    st.caption(reason or _hint(filled.road))
    if pressed and not reason:
        _share(laid, filled, beside)


def _label(count: int) -> str:
    key = "share.create" if session.app().delivery.keeps else "share.send"
    return t(key, count=count) if count else t(f"{key}_nobody")


def _hint(road: str) -> str:
    if session.app().delivery.keeps:
        return t("share.hint_kept")
    seconds = session.app().settings.undo_seconds
    return (
        f"{t(f'share.hint_{road}')} {t('share.hint_undo', count=seconds)}"
        if seconds
        else t(f"share.hint_{road}")
    )


def _missing(filled: Filled) -> str:
    """Why the form cannot be sent yet; empty when it can."""
    if not filled.contents.campaigns:
        return t("share.no_campaign_chosen")
    return confirming.no_viewers(filled.chosen) or new_password.refusal(
        filled.password, _context(filled.contents, filled.chosen)
    )


def _previews(filled: Filled) -> None:
    shown, good = filled.contents, filled.chosen.good
    if st.button(
        t("preview.button_one" if good else "preview.button"),
        icon=":material/visibility:",
        key="preview",
        width="stretch",
        disabled=not shown.campaigns,
    ):
        page = preview.Page(
            shown.scope,
            shown.form,
            filled.language,
            filled.expires_on,
            spans.zone(),
            filled.message,
            session.analyst().name,
        )
        preview.of_draft(page, good)
    address = good[0] if good else ""
    letter.draw(address, shown.titles, filled.language, filled.road, filled.message, filled.expires_on)


def _share(laid: Sheet, filled: Filled, beside: Places) -> None:
    """One call does it all or nothing. The drawer is at hand before, so no click can lose the links."""
    drawer = once.drawer(PAGE)
    parts = session.app()
    draft = _draft(laid, filled)
    try:
        with st.spinner(t("share.working", count=len(draft.viewers))):
            made = shares.create(
                parts.records, parts.vault, parts.settings, draft, wiring.now(), by=session.actor()
            )
            if not made.again or not drawer.kept:
                drawer.keep(_handover(draft, filled.contents, made))
    except ShareRefused as refusal:
        with beside.get(refusal.field, beside[FORM]):
            confirming.say_refusal(refusal)
        return
    sheet.drop()
    st.rerun()


def _draft(laid: Sheet, filled: Filled) -> shares.Draft:
    return shares.Draft(
        analyst_id=session.analyst().id,
        campaigns=filled.contents.ids,
        viewers=filled.chosen.good,
        password=filled.password,
        message=filled.message,
        language=filled.language,
        expires_on=filled.expires_on,
        zone=spans.zone(),
        form_key=laid.key,
        sections=filled.contents.sections,
        people=filled.contents.people,
        revenue=filled.contents.revenue,
        history=filled.contents.history,
        form=filled.contents.form,
        road=filled.road,
        hold=timedelta(seconds=session.app().settings.undo_seconds),
        audience=filled.contents.audience,
    )


def _handover(draft: shares.Draft, contents: Contents, made: shares.Created) -> once.Handover:
    title = ", ".join(contents.titles)
    return once.Handover(
        _about(draft.campaigns), made.viewers, draft.road != HAND, draft.language, title, made.share_id
    )


def _about(campaigns: Sequence[str]) -> str:
    """What the drawer keeps the links of these campaigns under."""
    return " ".join(campaigns)


# --- what came of it ------------------------------------------------------------------------------


def _result(made: once.Handover) -> None:
    keeps = session.app().delivery.keeps
    st.success(
        t("share.done_text"), title=t("share.done", count=len(made.invited)), icon=":material/check_circle:"
    )
    waits = sending.band(made.share_id, then=st.rerun)
    if keeps:
        st.warning(t("share.no_smtp_text"), title=t("share.no_smtp"), icon=":material/outgoing_mail:")
    handover.draw(PAGE, made)
    if not waits:
        viewers.mail_states(made.share_id, tuple(one.id for one in made.invited))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("share.another"), icon=":material/person_add:", key="share-another"):
            once.drawer(PAGE).forget()
            st.rerun()
        places.link("shares", t("share.manage"), {"share": str(made.share_id)}, icon=":material/group:")


def _shares_of(campaigns: Sequence[str]) -> list[ShareLine]:
    """The shares of any of these campaigns, the newest first."""
    records, now = session.app().records, wiring.now()
    found = {share.id: share for one in campaigns for share in shares.shares_of(records, one, now)}
    return sorted(found.values(), key=lambda share: -share.id)


def _is_fresh(share: ShareLine) -> bool:
    """Whether it was made so recently that it may still be taken back."""
    return wiring.now() - share.created_at < timedelta(seconds=session.app().settings.undo_seconds)


def _so_far(found: Sequence[ShareLine], campaigns: int) -> None:
    if found:
        st.subheader(t("share.so_far", count=campaigns), anchor=False)
        share_list.draw_rows(found, PAGE, titled=False)
