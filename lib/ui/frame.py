"""The frame around every page; the script that Streamlit runs on every turn.

It asks the records who this is and registers the pages for that person only. To a stranger every address
shows the sign-in page, so that a deep link survives signing in. The script always ends normally: after a
stop, fragments of the page before could still be run.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.navigation.page import Page

from lib.shares import analysts
from lib.shares.analysts import Analyst
from lib.shares.sessions import Admission
from lib.ui import account, closing, i18n, notices, once, session, setup, signin
from lib.ui.i18n import t
from lib.ui.places import FOR_ANALYSTS, FOR_VIEWERS, START, Place

Screen = Callable[[], None]
# Drawn here, because Streamlit lets browsers fetch the picture of a Material icon from elsewhere.
BARS = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="7" fill="#1f5f8b"/>'
    '<path d="M8 22v-5M14 22V11M20 22v-8M26 22V8" stroke="#fff" stroke-width="3.4" stroke-linecap="round"/>'
    "</svg>"
)
ICON = f"data:image/svg+xml;base64,{b64encode(BARS.encode()).decode()}"


def main() -> None:
    """Draw the page that was asked for, if it is this person's to see."""
    with session.run():
        _draw()


def _draw() -> None:
    analyst, viewer = session.find_analyst(), session.find_viewer()
    i18n.speak(_language(analyst, viewer))
    st.set_page_config(session.app().settings.brand, ICON, layout="wide")
    page = st.navigation(
        _pages(analyst, viewer), position="top" if analyst and not _at_a_viewers_page() else "hidden"
    )
    account.remember(page.url_path)
    once.drawer(page.url_path)  # what another page showed once is forgotten
    page.run()


def _language(analyst: Analyst | None, viewer: Admission | None) -> str | None:
    if viewer and (_at_a_viewers_page() or not analyst):
        return viewer.language
    return analyst.language if analyst else None


def _at_a_viewers_page() -> bool:
    address = (st.context.url or "").partition("?")[0].rstrip("/")
    return address.rpartition("/")[2] in {place.name for place in FOR_VIEWERS}


def _pages(analyst: Analyst | None, viewer: Admission | None) -> dict[str, list[Page]]:
    shared = [place.page() for place in FOR_VIEWERS] if viewer else _closed(FOR_VIEWERS, closing.door)
    if not analyst:
        return {"": _closed(FOR_ANALYSTS, _door) + shared}
    titles = {"notices": notices.title(analyst)}
    first = [place.page(titles.get(place.name, "")) for place in FOR_ANALYSTS if not place.under_more]
    more = [place.page() for place in FOR_ANALYSTS if place.under_more]
    return {"": first + shared, t("navigation.more"): more} | account.pages(analyst)


def _door() -> None:
    """Where an analyst comes in: the first of all makes the account."""
    (signin.page if analysts.anyone(session.app().records) else setup.page)()


def _closed(places: Sequence[Place], door: Screen) -> list[Page]:
    """The addresses of `places`, each showing `door`."""
    return [
        st.Page(
            door,
            title=t("signin.title"),
            url_path=place.name,
            default=place.name == START,
            visibility="hidden",
        )
        for place in places
    ]


if __name__ == "__main__":
    main()
