"""The pictures of the help, in one language: docs/help/pictures/."""

from pathlib import Path

import story
from playwright.sync_api import Locator, Page
from studio import ADDRESS, OF_THE_HELP, Studio, take


def before_sending(studio: Studio, page: Page) -> None:
    """The share page, filled in."""
    story.fills_in(studio, page)
    take(
        page, _place(studio, "share"), page.get_by_test_id("stMainBlockContainer").locator("h1"), *_form(page)
    )


def _form(page: Page) -> list[Locator]:
    columns = page.get_by_test_id("stColumn")
    return [columns.first, columns.nth(1)]


def of_the_viewers(studio: Studio, vera: Page) -> None:
    """The page that asks for the password, and the report as Vera reads it."""
    page = studio.viewer()
    page.goto(studio.link(story.VERA))
    page.set_viewport_size({"width": 560, "height": 520})
    take(page, _place(studio, "entry"))
    page.context.close()
    vera.set_viewport_size({"width": 1000, "height": 1280})
    vera.get_by_test_id("stMain").evaluate("(place) => place.scrollTo(0, 0)")
    take(vera, _place(studio, "viewer"))


def of_the_share(studio: Studio, page: Page) -> None:
    """Adding a viewer, changing passwords, the viewers of whom one is revoked."""
    page.set_viewport_size({"width": 1000, "height": 1500})
    story.share(studio, page)
    page.get_by_role("button", name=studio.t("viewers.add")).click()
    panel = page.locator("[class*=st-key-adding-]")
    story.adds(studio, panel, "quentin@client.example")
    panel.get_by_role("button", name=studio.t("dialog.add_button", count=1)).wait_for()
    take(page, _place(studio, "add"), panel, around=0)
    page.get_by_role("button", name=studio.t("dialog.add_close")).click()
    page.get_by_role("button", name=studio.t("viewers.change_all")).click()
    dialog = story.opens(page)
    dialog.get_by_text(studio.t("dialog.for_some")).click()
    for address in (story.VERA, story.VIKTOR):
        dialog.get_by_test_id("stCheckbox").filter(has_text=address.partition("@")[0]).click()
    dialog.get_by_role("button", name=studio.t("dialog.password_button", count=2)).wait_for()
    take(page, _place(studio, "password"), dialog, around=0)
    story.closes(page)
    story.revokes(studio, page, story.PAUL)
    page.set_viewport_size({"width": 900, "height": 1900})
    rows = page.locator("[class*=st-key-viewer-]")
    take(page, _place(studio, "revoke"), rows.first, rows.last, tallest=1500)


def of_the_log(studio: Studio, page: Page) -> None:
    """The audit log, its chain checked."""
    page.set_viewport_size({"width": 1100, "height": 1000})
    page.goto(f"{ADDRESS}/audit")
    page.get_by_role("button", name=studio.t("audit.check")).click()
    page.get_by_test_id("stAlert").wait_for()
    take(page, _place(studio, "audit"), tallest=940)


def _place(studio: Studio, name: str) -> Path:
    return OF_THE_HELP / studio.language / f"{name}.png"
