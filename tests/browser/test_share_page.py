"""The share page in real Chromium: several campaigns, notes, preview, taking back, the roads of a password.

A real server and a real SMTP server on loopback; the mails wait for some seconds after sharing.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from lib import wiring
from lib.importers import bring_in
from lib.shares import shares
from lib.words import t
from tests import installation, screens
from tests.chromium import CHROMIUM, Page, drawn, expect, sync_api
from tests.serving import Served, Sink, serve, smtp_sink
from tests.worlds import SPRING, write_events

PATIENCE = 90_000
"""Milliseconds; the machines that run this are shared."""
UNDO = 3
"""Seconds in which everything can be taken back."""
SOME_UNDO = 15
"""The same where the seconds are watched."""
LONG_UNDO = 60
"""The same where a test takes back, so that it is never too late on a busy machine."""
KEY = "a key of at least thirty-two characters"
DESCRIBED = """campaign,title,subject,audience,sent_at,zone,currency
spring,Spring letter,Spring is here,Readers,2026-03-03T08:00:00Z,Europe/Paris,EUR
summer,Summer letter,Summer is here,Readers,2026-06-03T08:00:00Z,Europe/Paris,EUR
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium here"),
    pytest.mark.xdist_group("share page"),
]


class Desk:
    """An analyst at the share page of a running server."""

    def __init__(self, page: Page, served: Served, sink: Sink) -> None:
        self.page, self.served, self.sink = page, served, sink

    def opens(self, *campaigns: str) -> None:
        query = "&".join(f"campaign=vitrine-{one}" for one in campaigns or ("spring",))
        self.page.goto(f"{self.served.url}/share?{query}")
        expect(self.chips).to_be_visible(timeout=PATIENCE)

    @property
    def chips(self) -> sync_api.Locator:
        return self.page.get_by_role("combobox", name=t("en", "share.viewers")).or_(
            self.page.get_by_role("textbox", name=t("en", "share.viewers"))
        )

    def invites(self, *addresses: str) -> None:
        for address in addresses:
            self.chips.fill(f"{address},")
        expect(self.send(len(addresses))).to_be_enabled(timeout=PATIENCE)

    def send(self, count: int) -> sync_api.Locator:
        return self.page.get_by_role("button", name=t("en", "share.send", count=count))

    def sends(self, count: int) -> None:
        self.send(count).click()
        expect(self.page.get_by_text(t("en", "share.done", count=count))).to_be_visible(timeout=PATIENCE)

    def takes_back(self) -> None:
        self.page.get_by_role("button", name=t("en", "sending.button")).click()
        expect(self.page.get_by_test_id("stToast")).to_contain_text("Taken back", timeout=PATIENCE)


@contextmanager
def office(chromium: sync_api.Browser, folder: Path, undo: int = UNDO, **options: object) -> Iterator[Desk]:
    """A server with two campaigns, and an analyst who is signed in."""
    with installation.install(folder / "data") as parts:
        bring_in(parts.analytics, _letters(folder), by="test", now=wiring.now())
        cookies = screens.analyst_cookie(parts, screens.add_analyst(parts))
    with smtp_sink() as sink, _server(folder / "data", sink, undo) as served:
        context = chromium.new_context(locale="en-GB", **options)
        context.set_default_timeout(PATIENCE)
        context.add_cookies(
            [{"name": name, "value": value, "url": served.url} for name, value in cookies.items()]
        )
        yield Desk(context.new_page(), served, sink)
        context.close()


@contextmanager
def _server(data: Path, sink: Sink, undo: int) -> Iterator[Served]:
    settings = {
        "VITRINE_SMTP": sink.url,
        "VITRINE_MAIL_FROM": "Reports <reports@agency.example>",
        "VITRINE_SAMPLES": "off",
        "VITRINE_SECRET_KEY": KEY,
        "VITRINE_UNDO_SECONDS": str(undo),
    }
    with serve(data, **settings) as served:
        yield served


def _letters(folder: Path) -> Path:
    """Two campaigns of one audience, with the same events."""
    letters = folder / "letters"
    letters.mkdir()
    (letters / "campaigns.csv").write_text(DESCRIBED, encoding="utf-8")
    for name in ("spring", "summer"):
        write_events(letters / f"{name}.csv", SPRING, name)
    return letters


@pytest.fixture
def desk(chromium: sync_api.Browser, tmp_path: Path) -> Iterator[Desk]:
    with office(chromium, tmp_path) as made:
        yield made


@pytest.fixture
def patient_desk(chromium: sync_api.Browser, tmp_path: Path) -> Iterator[Desk]:
    """The mails wait for long."""
    with office(chromium, tmp_path, LONG_UNDO) as made:
        yield made


def test_several_campaigns_are_shared_together(desk: Desk) -> None:
    page = desk.page
    desk.opens("spring", "summer")
    desk.invites("vera@client.example")
    desk.sends(1)
    (mail,) = desk.sink.wait(1)
    assert "Spring letter" in _text(mail)
    assert "Summer letter" in _text(mail)
    _unlocks(page, _link(desk, mail), _password(mail))
    page.get_by_role("combobox", name=t("en", "shared.campaign", count=2)).click()
    expect(page.get_by_role("option")).to_have_count(2)


def test_a_campaign_can_be_added_on_the_page(desk: Desk) -> None:
    page = desk.page
    desk.opens("spring")
    page.get_by_text(t("en", "contents.title")).click()
    page.get_by_role("combobox", name=t("en", "contents.choose")).click()
    page.get_by_role("option", name="Summer letter").click()
    page.keyboard.press("Escape")
    page.wait_for_url("**/share?campaign=vitrine-spring&campaign=vitrine-summer")
    expect(page.get_by_text(t("en", "contents.campaigns", count=2)).first).to_be_visible()


def test_a_mistyped_address_is_mended_with_one_click(desk: Desk) -> None:
    desk.opens()
    desk.chips.fill("ann@gmial.com,")
    desk.chips.fill("bo@client.example,")
    mend = desk.page.get_by_role("button", name=re.compile("^.*ann@.?gmail.com instead"))
    mend.click(timeout=PATIENCE)
    expect(desk.page.get_by_text("ann@gmail.com", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(desk.page.get_by_text("ann@gmial.com", exact=True)).to_have_count(0)
    expect(desk.page.get_by_text("bo@client.example", exact=True).first).to_be_visible()
    expect(desk.send(2)).to_be_enabled(timeout=PATIENCE)


def test_the_preview_is_what_the_viewer_gets(desk: Desk) -> None:
    """The same words and figures, hidden parts hidden, in the viewer's language."""
    page = desk.page
    desk.opens("spring", "summer")
    page.get_by_text(t("en", "contents.title")).click()
    page.get_by_text(t("en", "contents.people"), exact=True).click()
    expect(page.get_by_role("switch", name=t("en", "contents.people"), exact=True)).not_to_be_checked()
    drawn(page)
    page.get_by_role("radio", name="Français").click()
    page.get_by_role("textbox", name=t("en", "share.message")).fill("Bonjour Vera")
    desk.invites("vera@client.example")
    page.get_by_role("button", name=t("en", "preview.button_one")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile(r"This is what vera@.?client\.example will see"))).to_be_visible()
    expect(dialog.get_by_role("button", name=t("fr", "files.whole"))).to_be_visible(timeout=PATIENCE)
    expect(dialog.get_by_text(re.compile("62,50")).first).to_be_visible(timeout=PATIENCE)
    drawn(page)
    expected = _all_words(dialog.locator(".st-key-preview-page"))
    dialog.get_by_role("button", name="Close").click()
    desk.sends(1)
    (mail,) = desk.sink.wait(1)
    _unlocks(page, _link(desk, mail), _password(mail, "fr"))
    expect(page.get_by_role("button", name=t("fr", "files.whole"))).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(re.compile("62,50")).first).to_be_visible(timeout=PATIENCE)
    drawn(page)
    assert _all_words(page.get_by_test_id("stMain")) == expected


def test_a_preview_counts_as_no_visit(patient_desk: Desk) -> None:
    page = patient_desk.page
    patient_desk.opens()
    patient_desk.invites("vera@client.example")
    page.get_by_role("button", name=t("en", "preview.button_one")).click()
    expect(page.get_by_role("dialog").locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    patient_desk.sends(1)
    with installation.install(patient_desk.served.data) as parts:
        (share,) = shares.shares_of(parts.records, None, wiring.now())
    assert share.visits == 0


def test_taken_back_in_time_nothing_was_sent_and_the_form_is_filled(patient_desk: Desk) -> None:
    page = patient_desk.page
    patient_desk.opens("spring", "summer")
    page.get_by_role("textbox", name=t("en", "share.message")).fill("Dear all")
    patient_desk.invites("ann@client.example", "bo@client.example")
    patient_desk.sends(2)
    patient_desk.takes_back()
    expect(page.get_by_text("ann@client.example", exact=True).first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("textbox", name=t("en", "share.message"))).to_have_value("Dear all")
    expect(patient_desk.send(2)).to_be_enabled(timeout=PATIENCE)
    assert page.url.endswith("/share?campaign=vitrine-spring&campaign=vitrine-summer")
    assert not patient_desk.sink.mails
    patient_desk.sends(2)


def test_a_reload_leaves_the_way_back(patient_desk: Desk) -> None:
    page = patient_desk.page
    patient_desk.opens()
    patient_desk.invites("ann@client.example")
    patient_desk.sends(1)
    page.reload()
    patient_desk.takes_back()
    expect(page.get_by_text("ann@client.example", exact=True).first).to_be_visible(timeout=PATIENCE)
    assert not patient_desk.sink.mails


def test_when_the_seconds_are_over_the_mails_leave_and_their_state_is_shown(
    chromium: sync_api.Browser, tmp_path: Path
) -> None:
    with office(chromium, tmp_path, SOME_UNDO) as desk:
        _watches_them_leave(desk)


def _watches_them_leave(desk: Desk) -> None:
    page = desk.page
    desk.opens()
    desk.invites("ann@client.example")
    desk.sends(1)
    expect(page.get_by_text(re.compile(r"\d seconds? left")).first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(t("en", "mail_state.accepted"))).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name=t("en", "sending.button"))).to_have_count(0)
    assert len(desk.sink.mails) == 1


def test_a_second_mail_brings_the_password_apart(desk: Desk) -> None:
    desk.opens()
    desk.page.get_by_text(t("en", "share.road_second")).click()
    desk.invites("ann@client.example")
    password = desk.page.get_by_role("textbox", name=t("en", "share.password")).input_value()
    desk.sends(1)
    first, second = desk.sink.wait(2)
    assert "/v/" in _text(first)
    assert password not in first.as_string()
    assert _password(second) == password
    assert "/v/" not in second.as_string()


def test_by_hand_the_password_is_on_the_screen_and_in_no_mail(desk: Desk) -> None:
    page = desk.page
    desk.opens()
    page.get_by_text(t("en", "share.road_hand")).click()
    desk.invites("ann@client.example")
    password = page.get_by_role("textbox", name=t("en", "share.password")).input_value()
    desk.sends(1)
    expect(page.get_by_text(password, exact=True).first).to_be_visible(timeout=PATIENCE)
    (mail,) = desk.sink.wait(1)
    assert "/v/" in _text(mail)
    assert password not in mail.as_string()


def test_campaigns_selected_in_the_table_are_shared_together(desk: Desk) -> None:
    page = desk.page
    page.goto(desk.served.url)
    table = page.get_by_test_id("stDataFrame").first
    expect(table.locator("td", has_text="Spring letter").first).to_be_attached(timeout=PATIENCE)
    share = page.get_by_role("button", name=t("en", "overview.share"), exact=True)
    expect(share).to_be_disabled()
    table.scroll_into_view_if_needed()
    box = table.locator("canvas").first.bounding_box()
    assert box
    for row in (1, 2):
        page.mouse.click(box["x"] + 15, box["y"] + 35 + 38 * (row - 0.5))
        name = t("en", "overview.share_selected", count=row)
        expect(page.get_by_role("button", name=name)).to_be_enabled(timeout=PATIENCE)
    page.get_by_role("button", name=name).click()
    page.wait_for_url("**/share?campaign=vitrine-summer&campaign=vitrine-spring")


def test_the_page_fits_on_a_phone(chromium: sync_api.Browser, tmp_path: Path) -> None:
    with office(chromium, tmp_path, viewport={"width": 390, "height": 844}) as desk:
        desk.opens("spring", "summer")
        desk.page.get_by_text(t("en", "contents.title")).click()
        desk.invites("ann@gmial.com", "info@client.example")
        wide = desk.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0


def _words(place: sync_api.Locator) -> list[str]:
    """All words that can be read, and the cells of tables, in their order."""
    text = place.inner_text()
    cells = place.locator("[data-testid=stDataFrame] td").all_text_contents()
    return [*text.split(), *cells]


def _all_words(place: sync_api.Locator) -> list[str]:
    """The words when no more of them come: tables are filled after everything else."""
    before: list[str] = []
    while (found := _words(place)) != before:
        before = found
        place.page.wait_for_timeout(1500)
    return found


def _unlocks(page: Page, link: str, password: str) -> None:
    """Before the password the page speaks the browser's language."""
    page.goto(link)
    page.get_by_label(t("en", "entry.password"), exact=True).fill(password)
    page.get_by_role("button", name=t("en", "entry.open")).click()
    page.wait_for_url("**/shared")


def _link(desk: Desk, mail: EmailMessage) -> str:
    found = re.search(rf"{re.escape(desk.served.url)}/v/[\w-]{{43}}", _text(mail))
    assert found
    return found[0]


def _password(mail: EmailMessage, language: str = "en") -> str:
    found = re.search(rf"{re.escape(t(language, 'mail.letter.password_label'))}\s+(\S+)", _text(mail))
    assert found, _text(mail)
    return found[1]


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())
