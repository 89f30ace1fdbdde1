"""One throwaway installation with the sample campaigns, and the people whose screens are pictured.

A real server, a real SMTP server on loopback, and Chromium; the address shown is an invented one, which
only this Chromium resolves. Nothing here outlives the run.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright

from lib import config, wiring, words
from lib.model import COMMAND_LINE
from lib.shares import analysts
from lib.store import schema
from tests.serving import Served, Sink, serve, smtp_sink

HERE = Path(__file__).resolve().parent
OF_THE_HELP = HERE.parent / "help" / "pictures"
CHROMIUM = "/usr/bin/chromium"
BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
LOCALES = {"en": "en-GB", "fr": "fr-FR"}
ADDRESS = "http://reports.agency.example"
ANA, BEN = "ana@agency.example", "ben@agency.example"
ANALYSTS = {ANA: "Ana Duarte", BEN: "Ben Okoro"}
SIGN_IN = "tall ships sail slowly"
KEY = "a key of at least thirty-two characters"
REFUSED = "rosa@client.example"
PATIENCE = 90_000
"""Milliseconds."""
DRAWN = 1500
"""Milliseconds in which charts and tables draw themselves in after they are there."""
COLOURS = 256
FRAME = "#d0d7de"
AROUND = 12
"""Pixels of the page that stay around what is pictured."""


@dataclass(frozen=True)
class Studio:
    """A running server, its mails, and browsers for whoever needs one."""

    language: str
    served: Served
    sink: Sink
    chromium: Browser

    def t(self, key: str, **holes: object) -> str:
        return words.t(self.language, key, **holes)

    def analyst(self, address: str = ANA) -> Page:
        """A page on which this analyst is signed in."""
        page = self._context(user_agent=BROWSER).new_page()
        page.goto(ADDRESS)
        page.get_by_role("textbox", name=self.t("signin.address")).fill(address)
        page.get_by_role("textbox", name=self.t("signin.password")).fill(SIGN_IN)
        page.get_by_role("button", name=self.t("signin.button")).click()
        page.locator(".js-plotly-plot").first.wait_for()
        page.goto(f"{ADDRESS}/language-{self.language}")
        page.get_by_role("heading", name=self.t("navigation.overview")).wait_for()
        return page

    def viewer(self) -> Page:
        """A page of somebody who has an ordinary browser."""
        return self._context(user_agent=BROWSER).new_page()

    def machine(self) -> Page:
        """A page of a browser that says it has no screen, as mail scanners do."""
        return self._context().new_page()

    def _context(self, **options: Any) -> BrowserContext:
        context = self.chromium.new_context(
            locale=LOCALES[self.language],
            timezone_id="Europe/Paris",
            viewport={"width": 1200, "height": 1000},
            **options,
        )
        context.set_default_timeout(PATIENCE)
        return context

    def link(self, address: str) -> str:
        """What the mail to this viewer opens."""
        return self._found(rf"{re.escape(ADDRESS)}/v/[\w-]{{43}}", address, 0)

    def password(self, address: str) -> str:
        """What stands in the mail to this viewer."""
        label = re.escape(self.t("mail.letter.password_label"))
        return self._found(rf"{label}\s+(\S+)", address, 1)

    def _found(self, pattern: str, address: str, group: int) -> str:
        body = self.sink.to(address)[-1].get_body(("plain",))
        found = re.search(pattern, str(body.get_content()) if body else "")
        if found is None:
            raise LookupError(f"{pattern} in the mail to {address}")
        return found[group]


@contextmanager
def opened(playwright: Playwright, language: str, **settings: str) -> Iterator[Studio]:
    """A studio in this language, with two analysts, until the block ends."""
    with tempfile.TemporaryDirectory() as folder, smtp_sink() as sink:
        sink.refuses[REFUSED] = "550 5.1.1 No such user here"
        given = {
            "VITRINE_BASE_URL": ADDRESS,
            "VITRINE_SECRET_KEY": KEY,
            "VITRINE_SMTP": sink.url,
            "VITRINE_MAIL_FROM": "Reports <reports@agency.example>",
            "VITRINE_TIMEZONE": "Europe/Paris",
        }
        _hire(Path(folder))
        with serve(Path(folder), **(given | settings)) as served:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=_arguments(served))
            try:
                yield Studio(language, served, sink, chromium)
            finally:
                chromium.close()


def _hire(folder: Path) -> None:
    """Both analysts; the first is an admin."""
    parts = wiring.build(config.load({"VITRINE_DATA": str(folder), "VITRINE_SECRET_KEY": KEY}))
    schema.migrate(parts.records)
    for address, name in ANALYSTS.items():
        admin, now = address == ANA, wiring.now()
        analysts.add(parts.records, name, address, SIGN_IN, admin=admin, now=now, by=COMMAND_LINE)
    parts.records.dispose()


def _arguments(served: Served) -> list[str]:
    command = [str(part) for part in served.process.args]  # type: ignore[union-attr]  # it was given a list
    port = command[command.index("--server.port") + 1]
    name = ADDRESS.rpartition("/")[2]
    return [
        "--no-sandbox",
        "--disable-background-networking",
        f"--host-resolver-rules=MAP {name} 127.0.0.1:{port}",
    ]


def take(page: Page, path: Path, *places: Locator, tallest: int = 1200, around: int = AROUND) -> None:
    """Picture what `places` cover together, with a little of the page around; without any, the screen."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(DRAWN)
    screen = page.viewport_size or {"width": 0, "height": 0}
    boxes = [box for place in places if (box := place.bounding_box())]
    left = max(0, min((box["x"] for box in boxes), default=0) - around)
    top = max(0, min((box["y"] for box in boxes), default=0) - around)
    right = max((box["x"] + box["width"] + around for box in boxes), default=screen["width"])
    bottom = max((box["y"] + box["height"] + around for box in boxes), default=screen["height"])
    width, height = min(right, screen["width"]) - left, min(bottom, screen["height"], top + tallest) - top
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, clip={"x": left, "y": top, "width": width, "height": height})
    _shrink(path)


def _shrink(path: Path) -> None:
    """A line around it, for most pages are white too; and a palette, for a screen has few colours."""
    with Image.open(path) as picture:
        framed = ImageOps.expand(picture.convert("RGB"), border=1, fill=FRAME)
    few = framed.quantize(COLOURS, kmeans=2, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    sys.stdout.write(
        f"{path.relative_to(HERE.parent)} {few.width}x{few.height} {path.stat().st_size // 1024} KB\n"
    )
