"""The main path, as people walk it: import, campaigns, report, share, mail, password, report, manage.

Real Chromium, the real server, a real SMTP server; once in English on a wide window, once in French on a
phone.
"""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from lib.words import t
from tests.chromium import PATIENCE, Page, expect, sync_api
from tests.serving import Served, Sink, serve, smtp_sink
from tests.test_commands import HEADER
from tests.test_commands import SPRING as CLAIMED
from tests.worlds import write_events

ANALYST = ("Ana Analyst", "ana@agency.example", "tall ships sail slowly")
VIEWERS = ("vera@client.example", "viktor@client.example")
MESSAGE = "Dear all,\nthe spring figures. <b>Have a look</b>"
ADDRESS_OF_A_RECIPIENT = "ann@mail.example"

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("main path")]


@dataclass(frozen=True)
class Reader:
    """Who walks, and on what."""

    language: str
    locale: str
    width: int
    height: int


ENGLISH_WIDE = Reader("en", "en-GB", 1400, 950)
FRENCH_PHONE = Reader("fr", "fr-FR", 390, 844)


@contextmanager
def profile(chromium: sync_api.Browser, reader: Reader, url: str) -> Iterator[Page]:
    """A clean browser profile. Fails at its end when the page asked another origin for anything (L5)."""
    context = chromium.new_context(
        locale=reader.locale, viewport={"width": reader.width, "height": reader.height}
    )
    context.set_default_timeout(PATIENCE)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    yield context.new_page()
    context.close()
    strangers = [
        one for one in asked if not one.startswith((url, url.replace("http", "ws"), "data:", "blob:"))
    ]
    assert strangers == []


@pytest.mark.parametrize("reader", [ENGLISH_WIDE, FRENCH_PHONE], ids=["english wide", "french phone"])
def test_from_an_export_to_a_clients_screen_and_back(
    reader: Reader, chromium: sync_api.Browser, tmp_path: Path
) -> None:
    with smtp_sink() as sink, _server(tmp_path, sink) as served:
        walk = Walk(reader, served, sink, tmp_path)
        with profile(chromium, reader, served.url) as analyst:
            walk.becomes_the_first_admin(analyst)
            walk.imports(analyst)
            walk.finds_the_campaign_and_reads_its_report(analyst)
            walk.shares_it(analyst)
            first, second = walk.reads_the_mails()
            with (
                profile(chromium, reader, served.url) as vera,
                profile(chromium, reader, served.url) as viktor,
            ):
                walk.opens_the_report(vera, first)
                walk.opens_the_report(viktor, second)
                walk.takes_access_away(analyst, VIEWERS[0])
                walk.has_lost_the_report(vera, first)
                walk.still_reads_and_signs_out(viktor, second)
            walk.changes_the_password_and_mails_it(analyst, VIEWERS[1], second)
            walk.signs_out(analyst)
        assert not [mail for mail in sink.mails if "<b>Have" in _part(mail, "html")]
        _no_secret_was_logged(served, first, second)


@contextmanager
def _server(tmp_path: Path, sink: Sink) -> Iterator[Served]:
    settings = {
        "VITRINE_SMTP": sink.url,
        "VITRINE_MAIL_FROM": "Reports <reports@agency.example>",
        "VITRINE_SAMPLES": "off",
        "VITRINE_BRAND": "Agency",
        "VITRINE_UNDO_SECONDS": "1",
    }
    with serve(tmp_path / "data", **settings) as served:
        yield served


@dataclass(frozen=True)
class Way:
    """What a viewer's mail holds."""

    link: str
    password: str


class Walk:
    """The steps; each acts as a person and checks what a person sees."""

    def __init__(self, reader: Reader, served: Served, sink: Sink, folder: Path) -> None:
        self.reader, self.served, self.sink, self.folder = reader, served, sink, folder

    def t(self, key: str, **holes: object) -> str:
        return t(self.reader.language, key, **holes)

    def becomes_the_first_admin(self, page: Page) -> None:
        page.goto(self.served.url)
        name, address, password = ANALYST
        page.get_by_role("textbox", name=self.t("setup.name")).fill(name)
        page.get_by_role("textbox", name=self.t("setup.address")).fill(address)
        page.get_by_role("textbox", name=self.t("setup.password"), exact=True).fill(password)
        page.get_by_role("textbox", name=self.t("setup.repeated")).fill(password)
        page.get_by_role("button", name=self.t("setup.button")).click()
        expect(page.get_by_text(self.t("overview.nothing"))).to_be_visible(timeout=PATIENCE)
        _fits(page)

    def imports(self, page: Page) -> None:
        claimed = self.folder / "an export.csv"
        claimed.write_text(HEADER + CLAIMED, encoding="utf-8")
        events = _bundle(self.folder)
        page.get_by_role("link", name=self.t("overview.first_import")).click()
        page.locator("input[type=file]").set_input_files([claimed, events])
        page.get_by_role("button", name=self.t("imports.button"), exact=True).click()
        for read in (1, 33):
            rows = re.compile(rf"\b{read}\b.*=.*\b{read}\b.*\b0\b.*\b0\b")
            expect(page.get_by_text(rows).first).to_be_visible(timeout=PATIENCE)
        _fits(page)

    def finds_the_campaign_and_reads_its_report(self, page: Page) -> None:
        page.goto(self.served.url)
        page.get_by_role("searchbox", name=self.t("overview.search")).fill("spring")
        table = page.locator("[data-testid=stDataFrame]")
        expect(table.locator("td", has_text="Spring letter").first).to_be_attached(timeout=PATIENCE)
        page.goto(f"{self.served.url}/campaign?id=mailchimp-aaaa000001")
        claimed = {"en": "120.00%", "fr": "120,00\u202f%"}[self.reader.language]
        expect(
            page.get_by_text(re.compile(re.escape(claimed).replace("\u202f", r"\s"))).first
        ).to_be_visible()
        page.goto(f"{self.served.url}/campaign?id=vitrine-spring")
        self._sees_the_report(page)
        page.get_by_role("button", name=self.t("report.share")).click()
        page.wait_for_url("**/share?campaign=vitrine-spring")

    def shares_it(self, page: Page) -> None:
        chips = page.get_by_role("textbox", name=self.t("share.viewers"))
        chips.fill(VIEWERS[0])
        chips.press("Tab")
        chips.fill(f"{VIEWERS[1]},")
        page.get_by_role("textbox", name=self.t("share.message")).fill(MESSAGE)
        button = page.get_by_role("button", name=self.t("share.send", count=2))
        expect(button).to_be_enabled(timeout=PATIENCE)
        _fits(page)
        button.click()
        expect(page.get_by_text(self.t("share.done", count=2))).to_be_visible(timeout=PATIENCE)

    def reads_the_mails(self) -> tuple[Way, Way]:
        self.sink.wait(2)
        mails = [self.sink.to(address)[0] for address in VIEWERS]
        for mail in mails:
            assert "Have a look" in _part(mail, "plain")
            assert not any(other in mail.as_string() for other in VIEWERS if other != mail["To"])
            assert mail["Subject"].startswith(self.t("mail.invitation.subject.one", title="").strip())
        first, second = (self._way(mail) for mail in mails)
        assert first.link != second.link
        return first, second

    def _way(self, mail: EmailMessage) -> Way:
        text = _part(mail, "plain")
        link = re.search(rf"{re.escape(self.served.url)}/v/[\w-]{{43}}", text)
        password = re.search(rf"{re.escape(self.t('mail.letter.password_label'))}\s+(\S+)", text)
        assert link, text
        assert password, text
        return Way(link[0], password[1])

    def opens_the_report(self, page: Page, way: Way) -> None:
        page.goto(way.link)
        assert "Spring" not in page.content()
        _fits(page)
        self._types(page, "not the password")
        expect(page.get_by_text(self.t("entry.refused"))).to_be_visible()
        self._types(page, way.password)
        page.wait_for_url("**/shared")
        self._sees_the_report(page)
        page.reload()
        self._sees_the_report(page)
        page.goto(f"{self.served.url}/campaign?id=vitrine-spring")
        expect(page.get_by_role("button", name=self.t("signin.button"))).to_be_visible(timeout=PATIENCE)
        assert "Spring" not in page.content()
        page.goto(f"{self.served.url}/shared")
        self._sees_the_report(page)

    def _types(self, page: Page, password: str) -> None:
        page.get_by_label(self.t("entry.password"), exact=True).fill(password)
        page.get_by_role("button", name=self.t("entry.open")).click()

    def _sees_the_report(self, page: Page) -> None:
        expect(page.get_by_role("heading", name="Spring letter")).to_be_visible(timeout=PATIENCE)
        rate = {"en": "62.50%", "fr": "62,50"}[self.reader.language]
        expect(page.get_by_text(rate).first).to_be_visible(timeout=PATIENCE)
        expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
        page.locator("[data-testid=stDataFrame]").last.scroll_into_view_if_needed()
        table = page.locator("[data-testid=stDataFrame] td", has_text=ADDRESS_OF_A_RECIPIENT)
        expect(table.first).to_be_attached(timeout=PATIENCE)
        _fits(page)

    def takes_access_away(self, page: Page, address: str) -> None:
        page.get_by_role("link", name=self.t("share.manage")).click()
        page.wait_for_url("**/shares?share=*")
        expect(page.get_by_role("button", name=self.t("viewers.actions"))).to_have_count(2, timeout=PATIENCE)
        self._chooses(page, address, "viewers.revoke")
        page.get_by_role("dialog").get_by_role("button", name=self.t("dialog.revoke_button")).click()
        said = re.compile(re.escape(self.t("dialog.revoked", address="")).replace("@", ".?"))
        expect(page.get_by_test_id("stToast").filter(has_text=said)).to_be_visible(timeout=PATIENCE)
        revoked = page.get_by_text(re.compile(rf"{self.t('state.revoked')}$")).last
        expect(revoked).to_be_visible(timeout=PATIENCE)
        _fits(page)

    def _chooses(self, page: Page, address: str, action: str) -> None:
        behind = page.get_by_text(address, exact=True).first.locator("xpath=following::button")
        behind.filter(has_text=self.t("viewers.actions")).first.click()
        page.get_by_role("menuitem", name=self.t(action)).click()

    def has_lost_the_report(self, page: Page, way: Way) -> None:
        """S4: within 15 s, without a click"""
        expect(page.get_by_text(self.t("shared.ended"), exact=True)).to_be_visible(timeout=15_000)
        content = page.content()
        assert not [word for word in ("62.50", "62,50", ADDRESS_OF_A_RECIPIENT, "Spring") if word in content]
        page.goto(way.link)
        self._types(page, way.password)
        expect(page.get_by_text(self.t("entry.refused"))).to_be_visible()

    def still_reads_and_signs_out(self, page: Page, way: Way) -> None:
        """S5, S6, L3"""
        page.reload()
        self._sees_the_report(page)
        page.get_by_role("button", name=self.t("shared.sign_out")).click()
        page.wait_for_url("**/left")
        page.go_back()
        expect(page.get_by_role("heading", name="Spring letter")).to_have_count(0)
        page.goto(f"{self.served.url}/shared")
        expect(page.get_by_role("heading", name="Spring letter")).to_have_count(0)
        assert way.link.rsplit("/", 1)[1] not in page.url

    def changes_the_password_and_mails_it(self, page: Page, address: str, old: Way) -> None:
        self._chooses(page, address, "viewers.change_password")
        dialog = page.get_by_role("dialog")
        dialog.get_by_text(self.t("dialog.road_same")).click()
        dialog.get_by_role("button", name=self.t("dialog.password_button", count=1)).click()
        expect(page.get_by_text(self.t("dialog.done_mailed")).first).to_be_visible(timeout=PATIENCE)
        self.sink.wait(3)
        new = self._way(self.sink.to(address)[-1])
        assert (new.password, new.link) != (old.password, old.link)

    def signs_out(self, page: Page) -> None:
        if self.reader.width < 600:
            page.get_by_test_id("stExpandSidebarButton").click()
            page.get_by_role("link", name=self.t("account.sign_out")).click()
        else:
            page.get_by_role("button", name=ANALYST[0]).click()
            page.get_by_role("menuitem", name=self.t("account.sign_out")).click()
        expect(page.get_by_role("button", name=self.t("signin.button"))).to_be_visible(timeout=PATIENCE)
        page.goto(f"{self.served.url}/shares")
        expect(page.get_by_role("button", name=self.t("signin.button"))).to_be_visible(timeout=PATIENCE)
        assert VIEWERS[1] not in page.content()


def _fits(page: Page) -> None:
    """Nothing sticks out at the right edge."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


def _bundle(folder: Path) -> Path:
    """The tiny world of tests/worlds.py as a ZIP in Vitrine's own format."""
    described = "campaign,title,subject,audience,sent_at,zone,currency\n"
    described += "spring,Spring letter,Spring is here,Readers,2026-03-03T08:00:00Z,Europe/Paris,EUR\n"
    with zipfile.ZipFile(folder / "spring.zip", "w") as bundle:
        bundle.writestr("campaigns.csv", described)
        bundle.write(write_events(folder / "events.csv"), "events.csv")
    return folder / "spring.zip"


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body
    return str(body.get_content())


def _no_secret_was_logged(served: Served, *ways: Way) -> None:
    """L7: neither link nor password stands in what the server wrote."""
    for way in ways:
        assert way.password not in served.log
        assert way.link.rsplit("/", 1)[1] not in served.log
