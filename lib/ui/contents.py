"""What the viewers will see: which campaigns, which sections, whose addresses, and how much was sold."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from lib.model import Form, Scope
from lib.reports import SECTION_NAMES
from lib.ui import cache, counting, places, sheet
from lib.ui.i18n import plain, t
from lib.ui.sheet import Shared, Sheet

OFFERED = 500  # campaigns in the list to choose from, the newest; the others are selected on the overview
NAMED = 6  # campaigns that the head of the page names one by one


@dataclass(frozen=True)
class Contents:
    """What was chosen. `audience`: its sender and its name, when new campaigns of it are to be offered."""

    campaigns: tuple[Shared, ...]
    audience: tuple[str, str] | None
    sections: tuple[str, ...] | None
    people: bool
    revenue: bool
    history: bool
    form: Form
    """The count with which the report opens."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Of the campaigns."""
        return tuple(one.id for one in self.campaigns)

    @property
    def titles(self) -> tuple[str, ...]:
        """Of the campaigns."""
        return tuple(one.title for one in self.campaigns)

    @property
    def scope(self) -> Scope:
        """What a viewer of this share may see."""
        shown = self.sections, self.people, self.revenue
        return Scope(self.ids, *shown, raw_links=False, history=self.history)


def choose(scope: Scope, laid: Sheet) -> Contents:
    """Draw what is shared, the choices behind one click, and in a line what they come to."""
    with st.container(border=True):
        head = st.container()
        with st.expander(t("contents.title"), icon=":material/tune:", type="compact"):
            campaigns = sheet.campaigns(scope, _campaigns(scope, laid))
            audience = _audience(campaigns, laid)
            sections = _sections(laid)
            people, revenue, history = _switches(laid)
            form = _form(laid)
        chosen = Contents(campaigns, audience, sections, people, revenue, history, form)
    with head:
        named(chosen.campaigns)
        st.caption(f":material/visibility: {summary(chosen)}")
    return chosen


def named(campaigns: Sequence[Shared]) -> None:
    """The campaigns by name: one with all that is known of it, several in a list."""
    if len(campaigns) == 1:
        _one(campaigns[0])
        return
    for one in campaigns[:NAMED]:
        st.markdown(f"**{plain(one.title)}** :gray[:small[{_facts(one)}]]")
    if len(campaigns) > NAMED:
        st.caption(t("contents.more", count=len(campaigns) - NAMED))


def summary(chosen: Contents) -> str:
    """What the viewers will see, in one line of Markdown."""
    parts = [t("contents.campaigns", count=len(chosen.campaigns))] if len(chosen.campaigns) > 1 else []
    if chosen.audience:
        parts.append(t("contents.and_new", audience=plain(chosen.audience[1])))
    parts.append(_sections_in_words(chosen.sections))
    parts.append(t("contents.people_shown" if chosen.people else "contents.people_hidden"))
    parts.append(t("contents.revenue_shown" if chosen.revenue else "contents.revenue_hidden"))
    if not chosen.history:
        parts.append(t("contents.history_hidden"))
    parts.append(t(f"contents.opens_{chosen.form}"))
    return " · ".join(parts)


def _one(campaign: Shared) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(width="content", gap="xxsmall"):
            st.markdown(f"**{plain(campaign.title)}**")
            if campaign.subject and campaign.subject != campaign.title:
                st.markdown(t("share.subject", subject=plain(campaign.subject)))
            st.caption(_facts(campaign))
        places.link("campaign", t("share.report"), {"id": campaign.id}, icon=":material/bar_chart:")


def _facts(campaign: Shared) -> str:
    return " · ".join(plain(part) for part in (campaign.sent, campaign.audience) if part)


def _campaigns(scope: Scope, laid: Sheet) -> tuple[str, ...]:
    frame = cache.campaigns(scope)
    names = frame["title"].where(frame["title"].astype(bool), frame["subject"])
    titles = dict(zip(frame["id"], names, strict=True))
    options = list(dict.fromkeys([*laid.campaigns, *frame["id"].head(OFFERED)]))
    chosen = st.multiselect(
        t("contents.choose"),
        options,
        default=laid.campaigns,
        format_func=lambda one: str(titles.get(one) or one),
        key=f"campaigns-{laid.key}",
        placeholder=t("contents.choose_hint"),
        select_all=False,
        help=t("contents.choose_help", count=OFFERED) if len(frame) > OFFERED else None,
    )
    if chosen and tuple(chosen) != laid.campaigns:
        sheet.follow(tuple(chosen))
    return tuple(chosen)


def _audience(campaigns: Sequence[Shared], laid: Sheet) -> tuple[str, str] | None:
    """The audience that all these campaigns were sent to, when its new ones are wanted too."""
    audiences = {(one.sender, one.audience) for one in campaigns}
    if len(audiences) != 1 or not campaigns[0].audience:
        return None
    (audience,) = audiences
    wanted = st.toggle(
        t("contents.follow", audience=plain(audience[1])),
        value=laid.start.follows,
        key=f"follows-{laid.key}",
        help=t("contents.follow_help"),
    )
    return audience if wanted else None


def _sections(laid: Sheet) -> tuple[str, ...] | None:
    """The sections that were ticked; None for all of them, also of those that later versions add."""
    ticked = st.pills(
        t("contents.sections"),
        SECTION_NAMES,
        selection_mode="multi",
        default=SECTION_NAMES if laid.start.sections is None else laid.start.sections,
        format_func=lambda name: t(f"report.section.{name}"),
        key=f"sections-{laid.key}",
        help=t("contents.sections_help"),
    )
    chosen = tuple(name for name in SECTION_NAMES if name in (ticked or ()))
    return None if chosen == SECTION_NAMES else chosen


def _switches(laid: Sheet) -> tuple[bool, bool, bool]:
    """People, revenue, history."""
    with st.container(horizontal=True):
        people = st.toggle(t("contents.people"), value=laid.start.people, key=f"people-{laid.key}")
        revenue = st.toggle(t("contents.revenue"), value=laid.start.revenue, key=f"revenue-{laid.key}")
        history = st.toggle(
            t("contents.history"),
            value=laid.start.history,
            key=f"history-{laid.key}",
            help=t("contents.history_help"),
        )
    st.caption(t("contents.hiding"))
    return people, revenue, history


def _form(laid: Sheet) -> Form:
    """The count with which the report opens; what was on the screen when Share was pressed."""
    key = f"form-{laid.key}"
    return counting.pick(t("contents.opens"), laid.start.form, key, t("contents.opens_help"))


def _sections_in_words(sections: tuple[str, ...] | None) -> str:
    if sections is None:
        return t("contents.whole")
    return t("contents.some", count=len(sections)) if sections else t("contents.figures_only")
