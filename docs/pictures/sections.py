"""The pictures of docs/report.md: every section of the report, from the samples, in English."""

from playwright.sync_api import Page
from studio import ADDRESS, HERE, take

BIRTHDAY = "vitrine-c12"
SECTIONS = {  # the campaign that shows most of it
    "overview": BIRTHDAY,
    "first_day": BIRTHDAY,
    "life": BIRTHDAY,
    "links": BIRTHDAY,
    "click_map": BIRTHDAY,
    "recipients": "vitrine-c06",
    "active_recipients": BIRTHDAY,
    "locations": "vitrine-c11",
    "domains": "vitrine-c06",
    "devices": BIRTHDAY,
    "commerce": BIRTHDAY,
    "variants": "vitrine-c04",
    "forwards": "vitrine-c07",
    "machines": "vitrine-c08",
    "history": BIRTHDAY,
}
TALL = 14000  # the page has a scroll bar of its own: in a tall window everything is drawn
WIDE = 1100


def of_the_report(page: Page) -> None:
    """Its head, and each section by itself."""
    page.set_viewport_size({"width": WIDE, "height": TALL})
    for campaign in dict.fromkeys(SECTIONS.values()):
        page.goto(f"{ADDRESS}/campaign?id={campaign}")
        page.locator(".st-key-section-first_day .js-plotly-plot").wait_for()
        for name in (name for name, best in SECTIONS.items() if best == campaign):
            section = page.locator(f".st-key-section-{name}")
            section.wait_for()
            take(page, HERE / "report" / f"{name}.png", section, around=6, tallest=1500)


def of_the_comparison(page: Page) -> None:
    """Three campaigns side by side."""
    page.set_viewport_size({"width": WIDE, "height": 1500})
    asked = "&".join(f"campaign=vitrine-{name}" for name in ("c02", "c06", "c12"))
    page.goto(f"{ADDRESS}/compare?{asked}")
    page.locator(".js-plotly-plot").first.wait_for()
    main = page.get_by_test_id("stMainBlockContainer")
    take(page, HERE / "report" / "compare.png", main, around=0, tallest=1500)
