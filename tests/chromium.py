"""For tests in a browser: real Chromium, as the system has it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright import sync_api

expect = sync_api.expect
Page = sync_api.Page

CHROMIUM = "/usr/bin/chromium"
PATIENCE = 30_000
"""Milliseconds; the machines that run this are shared."""


@contextmanager
def launched() -> Iterator[Any]:
    """A browser without profiles, until the block ends."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


def drawn(page: Any) -> None:
    """Wait until the run of the page that is going on has come to its end."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=PATIENCE)
