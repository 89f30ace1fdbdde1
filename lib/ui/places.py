"""The pages and their addresses, in one list; going from one to another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import Page

from lib.config import ROOT
from lib.ui.i18n import t


@dataclass(frozen=True)
class Place:
    """One page: its address, its file under pages/, its sign in the navigation."""

    name: str
    icon: str
    in_navigation: bool = True
    under_more: bool = False
    """In the second group of the navigation."""

    def page(self, title: str = "") -> Page:
        """The page for `st.navigation`, titled in the reader's language."""
        return st.Page(
            ROOT / "pages" / f"{self.name}.py",
            title=title or t(f"navigation.{self.name}"),
            icon=f":material/{self.icon}:",
            url_path=self.name,
            default=self.name == START,
            visibility="visible" if self.in_navigation else "hidden",
        )


START = "overview"
FOR_ANALYSTS = (
    Place("overview", "mail"),
    Place("shares", "group"),
    Place("imports", "upload_file"),
    Place("notices", "notifications"),
    Place("compare", "stacked_line_chart", under_more=True),
    Place("definitions", "menu_book", under_more=True),
    Place("audit", "history", under_more=True),
    Place("settings", "settings", under_more=True),
    Place("help", "help", under_more=True),
    Place("campaign", "bar_chart", in_navigation=False),
    Place("share", "person_add", in_navigation=False),
    Place("gallery", "collections", in_navigation=False),
)
FOR_VIEWERS = (Place("shared", "bar_chart", in_navigation=False),)
PLACES = {place.name: place for place in FOR_ANALYSTS + FOR_VIEWERS}


def go(name: str, query: Mapping[str, str | Sequence[str]] | None = None) -> NoReturn:
    """Leave this page for another, with `query` behind its address."""
    st.switch_page(ROOT / "pages" / f"{PLACES[name].name}.py", query_params=dict(query or {}))


def link(name: str, label: str, query: Mapping[str, str] | None = None, icon: str | None = None) -> None:
    """Draw a link to another page of Vitrine."""
    st.page_link(
        ROOT / "pages" / f"{PLACES[name].name}.py", label=label, icon=icon, query_params=dict(query or {})
    )
