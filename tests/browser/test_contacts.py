"""Addresses from a Google account and from a file, in real Chromium, while a draft is on the share page.

The real server and a stand-in of Google's authorization server and People API on loopback.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.shares import analysts
from lib.words import t
from tests.canaries import CAMPAIGN, Cage, cage
from tests.chromium import CHROMIUM, PATIENCE, Page, expect, sync_api
from tests.google_stand_in import CONTACTS, EXHAUSTED, ID, OTHERS, SECRET, StandIn, google, label, person
from tests.serving import Served, serve

MESSAGE = "Dear all, here are the figures"
OTHER_CONTACTS = "/v1/otherContacts"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("contacts"),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium here"),
]


@dataclass(frozen=True)
class Place:
    """A server, the Google that it knows, and its records."""

    cage: Cage
    served: Served
    google: StandIn


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with cage(tmp_path_factory.mktemp("contacts")) as made, google() as known:
        settings = {
            "VITRINE_GOOGLE_CLIENT_ID": ID,
            "VITRINE_GOOGLE_CLIENT_SECRET": SECRET,
            "VITRINE_GOOGLE_ADDRESS": known.url,
        }
        with serve(made.data, VITRINE_SAMPLES="off", **settings) as served:
            known.redirect_uris.add(f"{served.url}/google/callback")
            yield Place(made, served, known)


@pytest.fixture(autouse=True)
def _fresh_google(place: Place) -> None:
    known = place.google
    known.page, known.lifetime, known.refreshed = 1000, 3599, 0
    known.troubles.clear()
    known.asked.clear()
    known.revoked.clear()
    known.groups = [label("c1", "Clients"), label("myContacts", "myContacts", "SYSTEM_CONTACT_GROUP")]
    known.connections = [
        person("Vera Lind", "vera@client.example", "vera@home.example", groups=("c1",)),
        person("Ann Lee", "ann@client.example", groups=("c1",)),
        person("Bo Berg", "bo@elsewhere.example"),
    ]
    known.others = [person("", "once@written.example")]


@contextmanager
def share_page(
    chromium: sync_api.Browser, place: Place, language: str = "en", **options: object
) -> Iterator[Page]:
    """Signed in, with a draft: one chip and a typed message."""
    analysts.set_language(place.cage.parts.records, place.cage.analyst, language)
    context = chromium.new_context(
        **({"locale": "en-GB", "viewport": {"width": 1280, "height": 1000}} | options)
    )
    context.set_default_timeout(PATIENCE)
    context.add_cookies(
        [
            {"name": name, "value": value, "url": place.served.url}
            for name, value in place.cage.sign_in().items()
        ]
    )
    page = context.new_page()
    page.goto(f"{place.served.url}/share?campaign={CAMPAIGN.id}")
    page.get_by_label(t(language, "share.viewers")).first.fill("first@client.example,")
    expect(chips(page)).to_have_count(1, timeout=PATIENCE)
    page.get_by_role("textbox", name=t(language, "share.message")).fill(MESSAGE)
    yield page
    context.close()


def chips(page: Page) -> sync_api.Locator:
    return page.locator(".chips .chip .text")


def row(dialog: sync_api.Locator, address: str) -> sync_api.Locator:
    """An address as the screen shows it, with a sign that cannot be seen so that it is no link."""
    return dialog.get_by_text(re.compile(re.escape(address).replace("@", "@.?")))


def open_dialog(page: Page, language: str = "en") -> sync_api.Locator:
    page.get_by_role("button", name=t(language, "contacts.google")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def link(
    page: Page, dialog: sync_api.Locator, *untick: str, answer: str = "Continue", language: str = "en"
) -> None:
    """Through the page of consent in its own window, which closes itself."""
    with page.expect_popup() as opened:
        dialog.get_by_role("button", name=t(language, "google.link")).click()
    window = opened.value
    for scope in untick:
        window.locator(f"input[value='{scope}']").uncheck()
    with window.expect_event("close"):
        window.get_by_role("button", name=answer).click()


def the_draft_is_still_there(page: Page, *addresses: str) -> None:
    expect(chips(page)).to_have_text(["first@client.example", *addresses], timeout=PATIENCE)
    expect(page.get_by_role("textbox", name=re.compile("message", re.I)).first).to_have_value(MESSAGE)


def forget(place: Place) -> None:
    """No link, and nothing in the server's memory."""
    place.google.take_everything_back()
    from lib import contacts, wiring  # noqa: PLC0415
    from lib.model import COMMAND_LINE  # noqa: PLC0415

    parts = place.cage.parts
    if contacts.find(parts.records, place.cage.analyst):
        contacts.unlink(parts.records, parts.vault, None, place.cage.analyst, wiring.now(), by=COMMAND_LINE)


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png")


def test_linked_in_a_window_of_its_own_people_and_a_label_become_chips_and_the_draft_stays(chromium, place):
    forget(place)
    place.google.page = 1
    with share_page(chromium, place) as page:
        dialog = open_dialog(page)
        picture(page, "offer")
        link(page, dialog)
        dialog.get_by_text("Bo Berg").click()
        row(dialog, "vera@home.example").click()
        expect(dialog.get_by_role("button", name="Add 2 people")).to_be_enabled(timeout=PATIENCE)
        picture(page, "people")
        dialog.get_by_label(t("en", "contacts.label")).click()
        page.get_by_role("option", name="Clients (2)").click()
        dialog.get_by_role("button", name="Choose all 2").click()
        expect(dialog.get_by_role("button", name="Add 4 people")).to_be_enabled(timeout=PATIENCE)
        picture(page, "label")
        dialog.get_by_role("button", name="Add 4 people").click()
        expect(dialog).to_have_count(0)
        the_draft_is_still_there(
            page, "bo@elsewhere.example", "vera@home.example", "ann@client.example", "vera@client.example"
        )
        expect(page.get_by_role("button", name=re.compile("5"))).to_be_enabled(timeout=PATIENCE)
        picture(page, "chips")
    pages = [asked.get("pageToken", "") for path, asked in place.google.asked if path.endswith("connections")]
    assert len(pages) == len(set(pages)) == 3
    assert not [secret for secret in place.google.secrets() if secret in place.served.log]


def test_nothing_of_the_tokens_reaches_the_browser(chromium, place):
    forget(place)
    heard: list[str] = []
    with share_page(chromium, place) as page:
        page.context.on("response", lambda answer: heard.append(f"{answer.url} {answer.headers}"))
        page.on(
            "websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame)))
        )
        page.reload()
        dialog = open_dialog(page)
        link(page, dialog)
        expect(dialog.get_by_text("Ann Lee")).to_be_visible(timeout=PATIENCE)
        cookies = str(page.context.cookies())
    told = " ".join(heard) + cookies
    assert "Ann Lee" in told or "ann@client" in told
    assert not [secret for secret in place.google.secrets() if secret in told]


def test_search_finds_names_and_addresses_among_thousands_page_by_page(chromium, place):
    forget(place)
    place.google.connections = [person(f"Reader {n:04}", f"reader{n}@x.example") for n in range(2300)]
    place.google.others = []
    with share_page(chromium, place) as page:
        dialog = open_dialog(page)
        link(page, dialog)
        expect(dialog.get_by_text("2,300 people")).to_be_visible(timeout=PATIENCE)
        dialog.get_by_text("Reader 0001").click()
        dialog.get_by_role("button", name="Page 2", exact=True).click()
        dialog.get_by_text("Reader 0025").click()
        picture(page, "thousands")
        dialog.get_by_label(t("en", "contacts.search")).fill("reader2299@")
        dialog.get_by_text("Reader 2299").click()
        dialog.get_by_role("button", name="Add 3 people").click()
        the_draft_is_still_there(page, "reader1@x.example", "reader25@x.example", "reader2299@x.example")


def test_a_user_who_refuses_and_one_who_unticks_everything_are_told_and_can_try_again(chromium, place):
    forget(place)
    with share_page(chromium, place) as page:
        dialog = open_dialog(page)
        link(page, dialog, answer="Cancel")
        expect(dialog.get_by_text(t("en", "google.outcome.denied"))).to_be_visible(timeout=PATIENCE)
        link(page, dialog, CONTACTS, OTHERS)
        expect(dialog.get_by_text(t("en", "google.outcome.nothing"))).to_be_visible(timeout=PATIENCE)
        link(page, dialog, CONTACTS)
        expect(row(dialog, "once@written.example")).to_be_visible(timeout=PATIENCE)
        expect(dialog.get_by_text("Ann Lee")).to_have_count(0)
        the_draft_is_still_there(page)


def test_an_expired_token_is_renewed_silently_and_a_revoked_one_asks_to_link_again(chromium, place):
    forget(place)
    with share_page(chromium, place) as page:
        dialog = open_dialog(page)
        link(page, dialog)
        expect(dialog.get_by_text("Ann Lee")).to_be_visible(timeout=PATIENCE)
        place.google.end_access_tokens()
        place.google.connections.append(person("Nora New", "nora@new.example"))
        dialog.get_by_role("button", name=t("en", "google.refresh")).click()
        expect(dialog.get_by_text("Nora New")).to_be_visible(timeout=PATIENCE)
        assert place.google.refreshed == 1
        place.google.take_everything_back()
        dialog.get_by_role("button", name=t("en", "google.refresh")).click()
        expect(dialog.get_by_text("Link your Google account again")).to_be_visible(timeout=PATIENCE)
        picture(page, "lost")
        link(page, dialog)
        expect(dialog.get_by_text("Ann Lee")).to_be_visible(timeout=PATIENCE)
        the_draft_is_still_there(page)


@pytest.mark.parametrize(
    ("trouble", "problem"),
    [((429, EXHAUSTED, {"retry-after": "60"}), "busy"), ((500, {}, {"retry-after": "0"}), "down")],
    ids=["rate limit", "500"],
)
def test_trouble_at_google_is_said_and_what_was_loaded_can_be_picked(chromium, place, trouble, problem):
    forget(place)
    place.google.troubles[OTHER_CONTACTS] = [trouble] * 3
    with share_page(chromium, place) as page:
        dialog = open_dialog(page)
        link(page, dialog)
        expect(dialog.get_by_text(t("en", f"google.problem.{problem}"))).to_be_visible(timeout=PATIENCE)
        picture(page, f"problem-{problem}")
        place.google.troubles.clear()
        dialog.get_by_role("button", name=t("en", "google.again")).click()
        expect(row(dialog, "once@written.example")).to_be_visible(timeout=PATIENCE)
        dialog.get_by_text("Ann Lee").click()
        dialog.get_by_role("button", name="Add 1 person").click()
        the_draft_is_still_there(page, "ann@client.example")


def test_unlinking_is_asked_once_more_and_ends_the_access_at_google(chromium, place):
    forget(place)
    with share_page(chromium, place) as page:
        dialog = open_dialog(page)
        link(page, dialog)
        dialog.get_by_role("button", name=t("en", "google.unlink"), exact=True).click()
        picture(page, "unlink")
        dialog.get_by_role("button", name=t("en", "google.unlink_now")).click()
        expect(dialog.get_by_text(t("en", "google.unlinked"))).to_be_visible(timeout=PATIENCE)
        expect(dialog.get_by_role("button", name=t("en", "google.link"))).to_be_visible()
        the_draft_is_still_there(page)
    assert len(place.google.revoked) == 1


def test_a_vcard_is_brought_in_and_its_people_are_picked(chromium, place, tmp_path):
    cards = tmp_path / "people.vcf"
    cards.write_text(
        "".join(
            f"BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nEMAIL:{address}\nEND:VCARD\n"
            for name, address in (
                ("Zoé Noël", "zoe@x.example"),
                ("Bad One", "nowhere"),
                ("Yan Yu", "yan@x.example"),
            )
        ),
        encoding="utf-8",
    )
    with share_page(chromium, place) as page:
        page.get_by_role("button", name=t("en", "contacts.file")).click()
        dialog = page.get_by_role("dialog")
        dialog.locator("input[type=file]").set_input_files(cards)
        dialog.get_by_text("Zoé Noël").click()
        dialog.get_by_text("1 line could not be used").click()
        expect(dialog.get_by_text(re.compile("Line 6.*nowhere"))).to_be_visible(timeout=PATIENCE)
        picture(page, "file")
        dialog.get_by_role("button", name="Add 1 person").click()
        the_draft_is_still_there(page, "zoe@x.example")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_french(chromium, place, scheme):
    forget(place)
    phone = {
        "locale": "fr-FR", "viewport": {"width": 390, "height": 844}, "color_scheme": scheme,
        "has_touch": True, "is_mobile": True,
    }  # fmt: skip
    with share_page(chromium, place, "fr", **phone) as page:
        dialog = open_dialog(page, "fr")
        picture(page, f"phone-{scheme}-offer")
        link(page, dialog, language="fr")
        expect(dialog.get_by_text("Vera Lind").first).to_be_visible(timeout=PATIENCE)
        picture(page, f"phone-{scheme}-people")
        dialog.get_by_text("Ann Lee").click()
        dialog.get_by_role("button", name="Ajouter 1 personne").click()
        the_draft_is_still_there(page, "ann@client.example")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
