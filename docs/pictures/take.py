"""Takes the README's pictures anew, from the sample campaigns: `.venv/bin/python docs/pictures/take.py`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from tests.serving import serve  # noqa: E402 - the line above makes it importable

ADMIN = {"VITRINE_ADMIN_EMAIL": "ana@agency.example", "VITRINE_ADMIN_PASSWORD": "tall ships sail slowly"}
VIEWERS = "vera@client.example, viktor@client.example,"
CAMPAIGN = "vitrine-c13"


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder), **ADMIN) as served,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = chromium.new_page(locale="en-GB", viewport={"width": 1400, "height": 1180})
        page.set_default_timeout(60_000)
        _sign_in(page, served.url)
        _take(page, "campaigns")
        page.goto(f"{served.url}/campaign?id={CAMPAIGN}")
        page.locator(".js-plotly-plot").wait_for()
        _take(page, "report")
        page.goto(f"{served.url}/share?campaign={CAMPAIGN}")
        page.get_by_role("textbox", name="Add viewers").fill(VIEWERS)
        page.get_by_role("textbox", name="Add viewers").press("Tab")
        page.get_by_role("button", name="Share report with 2 viewers").wait_for()
        _take(page, "share")
        chromium.close()


def _sign_in(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("textbox", name="E-mail address").fill(ADMIN["VITRINE_ADMIN_EMAIL"])
    page.get_by_role("textbox", name="Password").fill(ADMIN["VITRINE_ADMIN_PASSWORD"])
    page.get_by_role("button", name="Sign in").click()
    page.locator(".js-plotly-plot").wait_for()


def _take(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.wait_for_timeout(3000)  # charts and tables draw themselves in after they are there
    page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main()
