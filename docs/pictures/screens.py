"""The other pictures of docs/sharing.md: docs/pictures/, in English."""

import re

import story
from playwright.sync_api import Page
from studio import ADDRESS, BEN, HERE, Studio, take

SPENT = "a-picture-needs-no-lock"
"""Set in an installation that is gone when the picture is taken."""
OTHER_CAMPAIGN = "Ten years: the birthday box"


def before_sending(studio: Studio, page: Page) -> None:
    """What the viewers will see, the preview, and how Google contacts are set up."""
    page.set_viewport_size({"width": 1200, "height": 1700})
    page.get_by_text(studio.t("contents.title")).click()
    page.get_by_text(studio.t("contents.hiding")).wait_for()
    main = page.get_by_test_id("stMainBlockContainer")
    take(
        page,
        HERE / "contents.png",
        main.locator("h1"),
        page.get_by_text(studio.t("contents.hiding")),
        around=20,
    )
    page.get_by_role("button", name=studio.t("preview.button_one")).click()
    dialog = story.opens(page)
    dialog.locator(".js-plotly-plot").first.wait_for()
    take(page, HERE / "preview.png", dialog, around=0, tallest=900)
    story.closes(page)
    page.get_by_role("button", name=studio.t("contacts.google")).click()
    dialog = story.opens(page)
    dialog.get_by_text("VITRINE_GOOGLE_CLIENT_ID").wait_for()
    take(page, HERE / "google.png", dialog, around=0)
    story.closes(page)


def while_they_wait(page: Page) -> None:
    """The half minute in which everything can be taken back."""
    page.set_viewport_size({"width": 1000, "height": 1000})
    band = page.locator("[class*=st-key-undo-band]")
    band.wait_for()
    take(page, HERE / "sending.png", page.get_by_test_id("stAlert").first, band)


def of_the_contacts(studio: Studio, page: Page) -> None:
    """Picking people from a linked account."""
    page.set_viewport_size({"width": 1200, "height": 1200})
    page.goto(f"{ADDRESS}/share?campaign={story.CAMPAIGN}")
    page.get_by_role("button", name=studio.t("contacts.google")).click()
    dialog = story.opens(page)
    with page.expect_popup() as opened:
        dialog.get_by_role("button", name=studio.t("google.link")).click()
    with opened.value.expect_event("close"):
        opened.value.get_by_role("button", name="Continue").click()
    for name in ("Vera Lind", "Nina Roux"):
        dialog.get_by_text(name).first.click()
    dialog.get_by_role("button", name=studio.t("contacts.add", count=2)).wait_for()
    take(page, HERE / "contacts.png", dialog, around=0)


def of_the_share(studio: Studio, page: Page) -> None:
    """Changing what the viewers see, and two analysts who do it at once."""
    page.set_viewport_size({"width": 1200, "height": 1400})
    story.share(studio, page)
    ben = studio.analyst(BEN)
    ben.set_viewport_size({"width": 1200, "height": 1700})
    story.share(studio, ben)
    page.get_by_role("button", name=studio.t("shown.change")).click()
    dialog = story.opens(page)
    dialog.get_by_role("combobox", name=studio.t("shown.campaigns"), exact=True).fill(OTHER_CAMPAIGN)
    page.get_by_role("option", name=OTHER_CAMPAIGN).first.click()
    page.keyboard.press("Tab")  # out of the list, which hides the rest of the dialog from readers
    dialog.get_by_role("heading").first.click()
    dialog.get_by_text(studio.t("dialog.sees_more_tick")).wait_for()
    take(page, HERE / "change.png", dialog, around=0)
    story.share(studio, page)
    for one, message in ((page, "These are the final figures."), (ben, "Figures of the launch.")):
        one.get_by_role("button", name=studio.t("shown.change")).click()
        box = story.opens(one).get_by_role("textbox", name=studio.t("shown.message"))
        box.fill(message)
        box.press("Control+Enter")
    _saves(studio, page)
    page.get_by_role("dialog").wait_for(state="detached")
    _saves(studio, ben)
    dialog = ben.get_by_role("dialog")
    dialog.get_by_text(studio.t("stale.title")).wait_for()
    take(ben, HERE / "difference.png", dialog, around=0, tallest=1700)
    ben.context.close()


def _saves(studio: Studio, page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name=studio.t("dialog.contents_button")).click()


def of_the_password(studio: Studio, page: Page) -> None:
    """A password that is passed on by hand, with the code to scan and the words to read aloud."""
    page.set_viewport_size({"width": 1100, "height": 1000})
    story.share(studio, page)
    dialog = story.chooses(studio, page, story.PAUL, "viewers.restore")
    field = dialog.get_by_role("textbox", name=studio.t("share.password"))
    field.fill(SPENT)
    field.press("Tab")
    dialog.get_by_text(studio.t("dialog.road_hand")).click()
    dialog.get_by_role("button", name=studio.t("dialog.again_button")).click()
    title = page.get_by_text(studio.t("handover.title"), exact=True)
    title.wait_for()
    done = page.get_by_role("button", name=studio.t("handover.done"))
    wide = page.get_by_test_id("stCode").first
    for name, button in (("aloud", "spell.button"), ("handover", "handover.qr")):
        page.get_by_role("button", name=studio.t(button)).click()
        shown = page.get_by_test_id("stPopoverBody")
        shown.wait_for()
        take(page, HERE / f"{name}.png", title, wide, done, shown, around=24)
        page.keyboard.press("Escape")
        shown.wait_for(state="detached")


def of_the_analyst(studio: Studio, page: Page) -> None:
    """Notices and settings."""
    page.set_viewport_size({"width": 1000, "height": 1000})
    page.goto(f"{ADDRESS}/notices")
    page.get_by_text(re.compile("550 5.1.1")).wait_for()
    main = page.get_by_test_id("stMainBlockContainer")
    take(page, HERE / "notices.png", main.locator("h1"), page.get_by_text(studio.t("notices.choose")))
    page.set_viewport_size({"width": 1000, "height": 2300})
    page.goto(f"{ADDRESS}/settings")
    page.get_by_role("button", name=studio.t("settings.mail.button")).wait_for()
    take(page, HERE / "settings.png", main.locator("h1"), main.locator(".st-key-section-mail"), tallest=2300)
