"""Takes all pictures anew, from the sample campaigns: `.venv/bin/python docs/pictures/take.py`."""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import readme
import screens
import sections
import story
import studio
import topics
from playwright.sync_api import sync_playwright

from tests import google_stand_in


def main() -> None:
    """Each part has a server of its own; they mostly wait, so all run at once."""
    asked = sys.argv[1:] or list(PARTS)
    with ProcessPoolExecutor(len(asked)) as pool:
        for done in [pool.submit(PARTS[name]) for name in asked]:
            done.result()


def english() -> None:
    """The README, the help in English, and the screens of docs/sharing.md."""
    with sync_playwright() as playwright, studio.opened(playwright, "en") as place:
        page = place.analyst()
        readme.of_the_campaigns(page)
        topics.before_sending(place, page)
        readme.of_the_form(page)
        screens.before_sending(place, page)
        story.sends(place, page)
        screens.while_they_wait(page)
        vera = story.comes_true(place)
        topics.of_the_share(place, page)
        topics.of_the_log(place, page)
        topics.of_the_viewers(place, vera)
        readme.of_the_viewers(place, page)
        screens.of_the_analyst(place, page)


def french() -> None:
    """The help in French."""
    with sync_playwright() as playwright, studio.opened(playwright, "fr") as place:
        page = place.analyst()
        topics.before_sending(place, page)
        story.sends(place, page)
        vera = story.comes_true(place)
        topics.of_the_share(place, page)
        topics.of_the_log(place, page)
        topics.of_the_viewers(place, vera)


def dialogs() -> None:
    """Google contacts, from a stand-in that knows some invented people; then the dialogs of a share."""
    with google_stand_in.google() as known, sync_playwright() as playwright:
        known.groups = [google_stand_in.label("c1", "Clients")]
        known.connections = [
            google_stand_in.person("Vera Lind", "vera@client.example", groups=("c1",)),
            google_stand_in.person("Nina Roux", "nina@client.example", groups=("c1",)),
            google_stand_in.person("Viktor Hale", "viktor@client.example", groups=("c1",)),
            google_stand_in.person("Olga Brandt", "olga@printer.example"),
        ]
        known.others = [google_stand_in.person("", "press@magazine.example")]
        known.redirect_uris.add(f"{studio.ADDRESS}/google/callback")
        settings = {
            "VITRINE_GOOGLE_CLIENT_ID": google_stand_in.ID,
            "VITRINE_GOOGLE_CLIENT_SECRET": google_stand_in.SECRET,
            "VITRINE_GOOGLE_ADDRESS": known.url,
            "VITRINE_UNDO_SECONDS": "0",
        }
        with studio.opened(playwright, "en", **settings) as place:
            page = place.analyst()
            screens.of_the_contacts(place, page)
            story.fills_in(place, page)
            story.sends(place, page)
            story.share(place, page)
            story.revokes(place, page, story.PAUL)
            screens.of_the_share(place, page)
            screens.of_the_password(place, page)


def report() -> None:
    """Every section of the report, and campaigns side by side."""
    with sync_playwright() as playwright, studio.opened(playwright, "en") as place:
        page = place.analyst()
        sections.of_the_report(page)
        sections.of_the_comparison(page)


PARTS: dict[str, Callable[[], None]] = {
    "english": english,
    "french": french,
    "dialogs": dialogs,
    "report": report,
}


if __name__ == "__main__":
    main()
