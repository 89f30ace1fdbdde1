"""Takes all pictures anew, from the sample campaigns: `.venv/bin/python docs/pictures/take.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import story  # noqa: E402 - the line above makes the rooms that it needs importable
import studio  # noqa: E402
import topics  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402


def main() -> None:
    with sync_playwright() as playwright:
        for language in sys.argv[1:] or ("en", "fr"):
            with studio.opened(playwright, language) as place:
                page = place.analyst()
                topics.before_sending(place, page)
                story.sends(place, page)
                place.sink.wait(4, patience=90)
                vera = place.viewer()
                story.reads(place, vera)
                story.come_and_fail(place)
                topics.of_the_share(place, page)
                topics.of_the_log(place, page)
                topics.of_the_viewers(place, vera)


if __name__ == "__main__":
    main()
