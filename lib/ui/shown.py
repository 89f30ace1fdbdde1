"""What a share shows, in words: on its page, and where two analysts changed the same."""

from collections.abc import Callable
from datetime import date
from typing import Any

import streamlit as st

from lib.reports import SECTION_NAMES
from lib.shares.shares import ShareLine, StaleShare
from lib.ui import cache, session, spans
from lib.ui.i18n import LANGUAGE_NAMES, plain, t

FIELDS = ("campaigns", "audience", "sections", "people", "revenue", "history", "form", "message", "language")


def draw(share: ShareLine) -> None:
    """Each field with its value, in as many columns as there is room for."""
    with st.grid(4, min_column_width=230, gap="small") as grid:
        for field in FIELDS:
            with grid.cell().container(gap="xxsmall"):
                st.caption(t(f"shown.{field}"))
                st.markdown(words(field, value(share, field)))


def value(share: ShareLine, field: str) -> Any:
    """What a field of a share holds, as `contents.change` takes it."""
    if field == "audience":
        return (share.audience_sender, share.audience) if share.audience else None
    return getattr(share, field)


def words(field: str, held: Any) -> str:
    """The value of a field in words of Markdown."""
    return WORDS[field](held)


def changes(refusal: StaleShare) -> None:
    """Field by field: what was seen, what it is now; and who changed it when."""
    who = plain(refusal.by) if refusal.by else t("stale.command_line")
    st.markdown(t("stale.who", name=who, at=spans.moment(refusal.at)))
    for one in refusal.differences:
        with st.container(border=True, gap="xxsmall"):
            st.caption(t(f"shown.{one.field}"))
            st.markdown(t("stale.seen", value=words(one.field, one.seen)))
            st.markdown(t("stale.now", value=words(one.field, one.now)))


def titles() -> dict[str, str]:
    """How each campaign is called, by its id, the newest first."""
    frame = cache.campaigns(session.EVERYTHING)
    rows = zip(frame["id"], frame["title"], frame["subject"], strict=True)
    return {str(one): str(title or subject or one) for one, title, subject in rows}


def sections(names: tuple[str, ...] | None) -> tuple[str, ...]:
    """The sections that are shown, in the order of the report; None stands for all."""
    return tuple(name for name in SECTION_NAMES if names is None or name in names)


def _campaigns(ids: tuple[str, ...]) -> str:
    known = titles()
    return " · ".join(plain(known.get(one, t("shares.no_campaign"))) for one in ids)


def _audience(audience: tuple[str, str] | None) -> str:
    return t("shown.follows", name=plain(audience[1])) if audience else t("shown.follows_none")


def _sections(names: tuple[str, ...] | None) -> str:
    there = sections(names)
    return " · ".join(t(f"report.section.{name}") for name in there) or t("shown.no_sections")


def _yes_or_no(held: bool) -> str:
    return t("shown.yes" if held else "shown.no")


def _last_day(held: date | None) -> str:
    return spans.day(held) if held else t("span.endless")


WORDS: dict[str, Callable[[Any], str]] = {
    "campaigns": _campaigns,
    "audience": _audience,
    "sections": _sections,
    "people": _yes_or_no,
    "revenue": _yes_or_no,
    "history": _yes_or_no,
    "form": lambda held: t(f"report.{held}"),
    "message": lambda held: plain(held) or t("shown.no_message"),
    "language": lambda held: LANGUAGE_NAMES.get(held, held),
    "expires_on": _last_day,
    "state": lambda held: t(f"state.{held}"),
}
