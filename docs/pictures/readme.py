"""The README's pictures: docs/pictures/, in English."""

import story
from playwright.sync_api import Page
from studio import ADDRESS, HERE, Studio, take

SCREEN = {"width": 1400, "height": 1180}


def of_the_campaigns(page: Page) -> None:
    """The overview and a report."""
    page.set_viewport_size(SCREEN)
    page.goto(ADDRESS)
    page.locator(".js-plotly-plot").first.wait_for()
    take(page, HERE / "campaigns.png")
    page.goto(f"{ADDRESS}/campaign?id={story.CAMPAIGN}")
    page.locator(".js-plotly-plot").first.wait_for()
    take(page, HERE / "report.png")


def of_the_form(page: Page) -> None:
    """The share page, as it is filled in."""
    page.set_viewport_size({"width": 1400, "height": 1300})
    take(page, HERE / "share.png", tallest=1300)


def of_the_viewers(studio: Studio, page: Page) -> None:
    """The page of a share whose viewers are in different states."""
    page.set_viewport_size({"width": 1400, "height": 1400})
    story.share(studio, page)
    rows = page.locator("[class*=st-key-viewer-]")
    take(page, HERE / "shares.png", page.get_by_test_id("stHeader"), rows.last, tallest=1400)
