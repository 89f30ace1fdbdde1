"""Rows of anything, a page at a time, with a field to search them once there are many."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from lib.ui.i18n import t

A_PAGE = 25  # rows drawn at once
SEARCHED = 8  # from so many rows on there is a field to search them
Line = TypeVar("Line")


def searched(lines: Sequence[Line], key: str, text: Callable[[Line], str]) -> Sequence[Line]:
    """The lines that hold what was typed; `text` is what a search looks in. Few lines have no field."""
    if len(lines) <= SEARCHED:
        return lines
    wanted = st.text_input(
        t("viewers.search"),
        key=f"search-{key}",
        icon=":material/search:",
        label_visibility="collapsed",
        placeholder=t("viewers.search"),
        live=True,
        width=320,
    )
    sought = (wanted or "").casefold().strip()
    return [line for line in lines if sought in text(line).casefold()]


def paged(lines: Sequence[Line], key: str, draw: Callable[[Line], None]) -> None:
    """Draw the lines of one page, and below them the way to the other pages."""
    pages(lines, key, lambda page: _each(page, draw))


def pages(lines: Sequence[Line], key: str, draw: Callable[[Sequence[Line]], None]) -> None:
    """The same, where all lines of a page are asked for at once."""
    rows = st.container(gap="xsmall")
    count = -(-len(lines) // A_PAGE)
    page = st.pagination(count, key=f"page-{key}-{count}") if count > 1 else 1
    with rows:
        if not lines:
            st.caption(t("viewers.nothing_found"))
        draw(lines[(page - 1) * A_PAGE : page * A_PAGE])


def _each(page: Sequence[Line], draw: Callable[[Line], None]) -> None:
    for line in page:
        draw(line)
