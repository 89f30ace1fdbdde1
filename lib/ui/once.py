"""What is shown once: links and passwords stay in the clear only until the page is left.

They lie in the memory of one browser session, in the drawer of one page. The frame says which page is open;
the drawer of any other page is emptied.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date

import streamlit as st

from lib.shares.shares import Invited

DRAWER = "once"  # the key of st.session_state


@dataclass(frozen=True)
class Handover:
    """Viewers with what opens the share, to be passed on by the analyst."""

    about: str
    """What it belongs to on its page: a campaign's or a share's id."""
    invited: tuple[Invited, ...]
    mailed: bool
    """The mails hold all that is needed; passing on is only a second road."""
    language: str
    title: str
    """Of the campaign, for the text to pass on."""
    share_id: int = 0


@dataclass
class Drawer:
    """Changed in place, never replaced: what was put in must survive a run that the next click interrupts."""

    page: str
    kept: dict[str, Handover] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    drafts: dict[str, str] = field(default_factory=dict)
    """Generated passwords that fill a field and are not set yet, by the field's key."""
    former_days: dict[str, date] = field(default_factory=dict)
    """The last day that a share had before it was extended here, by the share's id; the way back."""
    opened: dict[str, str] = field(default_factory=dict)
    """Panels of a page that are open, by name; a panel opened anew has another key for its fields."""
    results: list[Callable[[], None]] = field(default_factory=list)
    """What came of the last action of a page; each draws itself."""

    def keep(self, handover: Handover) -> None:
        self.kept, self.drafts = {handover.about: handover}, {}

    def forget(self) -> None:
        self.kept = {}

    def drop(self, viewer_ids: Collection[int]) -> None:
        """Forget what belonged to these viewers."""
        for about, handover in list(self.kept.items()):
            left = tuple(one for one in handover.invited if one.id not in viewer_ids)
            self.kept = {about: replace(handover, invited=left)} if left else {}


def drawer(page: str) -> Drawer:
    """The drawer of `page`, the page that is open now; what another page had kept is gone."""
    found = st.session_state.get(DRAWER)
    if not isinstance(found, Drawer) or found.page != page:
        found = st.session_state[DRAWER] = Drawer(page)
    return found


def open_drawer() -> Drawer:
    """The drawer of whichever page is open."""
    found = st.session_state.get(DRAWER)
    return found if isinstance(found, Drawer) else drawer("")


def say(page: str) -> None:
    """Say, once, what was done in the run before."""
    notices = drawer(page).notices
    while notices:
        st.toast(notices.pop(0), icon=":material/check_circle:")
