"""The address chips in real Chromium: every way in, every way out, and what a screen reader is told."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium import CHROMIUM, expect, sync_api

PAGE = Path(__file__).with_name("chips_page.py")
ROOT = PAGE.parent.parent.parent

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium here"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(PAGE),
        *options,
        "--server.fileWatcherType",
        "none",
    ]
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(url: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(url, timeout=1).close()  # loopback, our own server
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(url)


@pytest.fixture
def page(chromium: sync_api.Browser, address: str) -> Iterator[sync_api.Page]:
    context = chromium.new_context(locale="en-GB", permissions=["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.goto(address)
    expect(field(opened)).to_be_visible(timeout=20_000)
    yield opened
    context.close()


def field(page: sync_api.Page) -> sync_api.Locator:
    return page.get_by_role("textbox", name="Add viewers")


def chips(page: sync_api.Page) -> sync_api.Locator:
    return page.get_by_role("list", name="Addresses chosen").get_by_role("listitem")


def paste(page: sync_api.Page, text: str) -> None:
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    field(page).focus()
    page.keyboard.press("Control+v")


@pytest.mark.parametrize("end", ["Tab", "Enter", ",", ";", " "])
def test_each_way_to_end_an_address_makes_a_chip_and_keeps_the_focus(page, end):
    field(page).press_sequentially("ann@x.org")
    page.keyboard.press(end)
    page.keyboard.type("bo@x.org")
    page.keyboard.press(end)
    expect(chips(page)).to_have_count(2)
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value("")
    expect(page.get_by_text("good: ann@x.org bo@x.org (2)")).to_be_visible()


def test_each_chip_runs_the_fragment_only(page):
    field(page).press_sequentially("ann@x.org,")
    expect(page.get_by_text("good: ann@x.org (1)")).to_be_visible()
    expect(page.get_by_text("page runs: 1", exact=True)).to_be_visible()


def test_tab_on_the_empty_field_leaves_it_and_shift_tab_goes_back(page):
    field(page).focus()
    page.keyboard.press("Tab")
    expect(field(page)).not_to_be_focused()
    field(page).focus()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("textbox", name="Before")).to_be_focused()


def test_shift_tab_and_a_click_elsewhere_keep_what_was_typed(page):
    field(page).press_sequentially("ann@x.org")
    page.keyboard.press("Shift+Tab")
    expect(chips(page)).to_have_count(1)
    field(page).press_sequentially("bo@x.org")
    page.get_by_text("page runs").click()
    expect(chips(page)).to_have_count(2)


def test_an_address_without_its_enter_is_shared_with_one_click(page):
    field(page).press_sequentially("ann@x.org")
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_text("shared with ann@x.org")).to_be_visible()
    expect(chips(page)).to_have_count(1)


def test_two_hundred_pasted_addresses_with_names_become_two_hundred_chips(page):
    paste(page, "\n".join(f'"User, Number {n}" <user{n}@x.org>;' for n in range(200)))
    expect(chips(page)).to_have_count(200)
    expect(page.get_by_text("user199@x.org (200)")).to_be_visible()
    expect(field(page)).to_be_focused()


def test_a_pasted_list_in_any_shape_gives_its_addresses(page):
    paste(page, 'Ann Lee <ann@x.org>, mailto:bo@x.org\r\ncy@x.org\tdee@x.org eve@x.org; "F" <f@x.org>.')
    addresses = ["ann@x.org", "bo@x.org", "cy@x.org", "dee@x.org", "eve@x.org", "f@x.org"]
    expect(page.get_by_text(f"good: {' '.join(addresses)} (6)")).to_be_visible()


def test_a_name_with_its_address_can_be_typed(page):
    field(page).press_sequentially('"Lee, Ann" <ann@x.org>,')
    expect(page.get_by_text("good: ann@x.org (1)")).to_be_visible()


def test_a_name_without_quotes_can_be_typed_before_its_address(page):
    field(page).press_sequentially("Ann Lee <ann@x.org> ")
    field(page).press_sequentially("Bo van den Berg bo@x.org ")
    expect(page.get_by_text("good: ann@x.org bo@x.org (2)")).to_be_visible()
    expect(page.get_by_text("refused:  (0)")).to_be_visible()
    expect(field(page)).to_have_value("")


def test_the_same_address_twice_is_one_chip_whatever_its_case(page):
    paste(page, "ann@x.org, Ann@X.org, ANN@x.org")
    expect(chips(page)).to_have_count(1)
    field(page).press_sequentially("aNN@x.org,")
    expect(chips(page)).to_have_count(1)


def test_a_wrong_address_is_marked_for_the_eye_and_the_ear(page):
    field(page).press_sequentially("nonsense,")
    expect(chips(page).first).to_have_class("chip wrong")
    expect(chips(page).first).to_contain_text("nonsense (not a valid address)")
    expect(field(page)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Remove nonsense (not a valid address)")).to_be_visible()
    expect(page.get_by_text("refused: nonsense = not a valid address (1)")).to_be_visible()
    line = chips(page).first.locator(".text").evaluate("node => getComputedStyle(node).textDecorationLine")
    assert line == "underline"


def test_what_only_the_server_knows_to_be_wrong_is_marked_too(page):
    field(page).press_sequentially("old@x.org,")
    expect(chips(page).first).to_contain_text("already invited")


def test_the_wrong_ones_of_a_long_list_go_with_one_press(page):
    paste(page, "ann@x.org, none, bo@x.org, nobody@")
    page.get_by_role("button", name="Remove the wrong ones").click()
    expect(page.get_by_text("good: ann@x.org bo@x.org (2)")).to_be_visible()
    expect(page.get_by_text("refused:  (0)")).to_be_visible()


def test_the_status_counts_politely(page):
    paste(page, "ann@x.org, bo@x.org, nonsense")
    status = page.get_by_role("status").filter(has_text="viewers")
    expect(status).to_contain_text("2 viewers · 1 address cannot be used")
    expect(status).to_have_attribute("aria-live", "polite")


def test_a_chip_is_removed_by_mouse(page):
    paste(page, "ann@x.org, bo@x.org")
    page.get_by_role("button", name="Remove ann@x.org").click()
    expect(page.get_by_text("good: bo@x.org (1)")).to_be_visible()
    expect(page.get_by_role("button", name="Remove bo@x.org")).to_be_focused()


def test_chips_are_removed_by_keys_and_the_focus_goes_on(page):
    paste(page, "ann@x.org, bo@x.org, cy@x.org")
    page.keyboard.press("Backspace")
    expect(page.get_by_role("button", name="Remove cy@x.org")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    expect(page.get_by_text("good: ann@x.org cy@x.org (2)")).to_be_visible()
    expect(page.get_by_role("button", name="Remove cy@x.org")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")  # on the last chip's button: it is pressed
    expect(page.get_by_text("good:  (0)")).to_be_visible()
    expect(field(page)).to_be_focused()


def test_the_arrow_keys_lead_back_to_the_field(page):
    paste(page, "ann@x.org, bo@x.org")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    expect(field(page)).to_be_focused()


def test_all_chips_are_one_stop_of_the_tab_key(page):
    paste(page, "ann@x.org, bo@x.org, cy@x.org")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Remove cy@x.org")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("textbox", name="Before")).to_be_focused()


def test_typing_an_r_or_a_c_is_no_shortcut_of_the_app(page):
    field(page).press_sequentially("rcr@x.org,")
    expect(page.get_by_text("good: rcr@x.org (1)")).to_be_visible()
    expect(page.get_by_text("page runs: 1", exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_french_in_light_and_dark(chromium, address, scheme):
    context = chromium.new_context(
        locale="fr-FR",
        viewport={"width": 390, "height": 800},
        color_scheme=scheme,
        has_touch=True,
        is_mobile=True,
    )
    phone = context.new_page()
    phone.goto(address)
    expect(field(phone)).to_be_visible(timeout=20_000)
    field(phone).press_sequentially(
        "a.very.long.address.of.somebody@a.very.long.name.of.a.company.example.org,bo@x.org,non,"
    )
    expect(phone.get_by_text("2 lecteurs · 1 adresse inutilisable")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    if folder := os.environ.get("PICTURES"):
        phone.screenshot(path=f"{folder}/chips-{scheme}.png")
    context.close()


# --- addresses used before, and addresses from the server -----------------------------------------


@pytest.fixture
def offering(chromium: sync_api.Browser, address: str) -> Iterator[sync_api.Page]:
    context = chromium.new_context(locale="en-GB", has_touch=True)
    opened = context.new_page()
    opened.goto(f"{address}/?offer=yes")
    expect(combobox(opened)).to_be_visible(timeout=20_000)
    yield opened
    context.close()


def combobox(page: sync_api.Page) -> sync_api.Locator:
    return page.get_by_role("combobox", name="Add viewers")


def options(page: sync_api.Page) -> sync_api.Locator:
    return page.get_by_role("listbox", name="Addresses used before").get_by_role("option")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("an", ["ann.lee@acme.example", "anna@lakes.example"]),
        ("le", ["ann.lee@acme.example", "lena@lakes.example"]),
        ("ACME", ["ann.lee@acme.example", "bo@acme.example"]),
        ("@lak", ["lena@lakes.example", "anna@lakes.example"]),
        ("lee ac", ["ann.lee@acme.example"]),
        ("ee", []),
        ("old", []),
    ],
)
def test_addresses_used_before_are_found_by_a_part_of_the_name_or_the_domain(offering, typed, offered):
    combobox(offering).press_sequentially(typed)
    expect(options(offering)).to_have_text(offered)
    expect(combobox(offering)).to_have_attribute("aria-expanded", str(bool(offered)).lower())


@pytest.mark.parametrize("key", ["Enter", "Tab"])
def test_the_highlighted_suggestion_is_taken_by_key_and_the_field_is_ready_for_the_next(offering, key):
    combobox(offering).press_sequentially("an")
    expect(options(offering)).to_have_count(2)
    offering.keyboard.press("ArrowDown")
    offering.keyboard.press("ArrowDown")
    expect(options(offering).nth(1)).to_have_attribute("aria-selected", "true")
    active = combobox(offering).get_attribute("aria-activedescendant")
    assert active == options(offering).nth(1).get_attribute("id")
    offering.keyboard.press(key)
    expect(offering.get_by_text("good: anna@lakes.example (1)")).to_be_visible()
    expect(combobox(offering)).to_be_focused()
    expect(combobox(offering)).to_have_value("")
    combobox(offering).press_sequentially("an")
    expect(options(offering)).to_have_text(["ann.lee@acme.example"])


def test_without_a_highlight_what_was_typed_counts_and_no_suggestion(offering):
    combobox(offering).press_sequentially("bo@acme.exam")
    expect(options(offering)).to_have_count(1)
    offering.keyboard.press("Enter")
    expect(offering.get_by_text("good: bo@acme.exam (1)")).to_be_visible()


def test_escape_closes_the_list_and_keeps_what_was_typed(offering):
    combobox(offering).press_sequentially("an")
    offering.keyboard.press("ArrowUp")
    expect(options(offering).nth(1)).to_have_attribute("aria-selected", "true")
    offering.keyboard.press("Escape")
    expect(options(offering)).to_have_count(0)
    expect(combobox(offering)).to_have_value("an")
    expect(combobox(offering)).to_have_attribute("aria-expanded", "false")
    assert combobox(offering).get_attribute("aria-activedescendant") is None


@pytest.mark.parametrize("way", ["click", "tap"])
def test_a_suggestion_is_taken_by_mouse_and_by_touch(offering, way):
    combobox(offering).press_sequentially("bo")
    getattr(options(offering).first, way)()
    expect(offering.get_by_text("good: bo@acme.example (1)")).to_be_visible()
    expect(offering.get_by_text("refused:  (0)")).to_be_visible()
    expect(combobox(offering)).to_be_focused()


def test_a_screen_reader_hears_how_many_suggestions_there_are(offering):
    combobox(offering).press_sequentially("an")
    heard = offering.get_by_role("status").filter(has_text="suggestions")
    expect(heard).to_have_text("2 suggestions. Arrow down leads to them.")
    expect(heard).to_have_attribute("aria-live", "polite")
    combobox(offering).press_sequentially("zz")
    expect(heard).to_have_count(0)


def test_what_the_server_puts_in_joins_the_chips_once_and_can_be_removed(offering):
    combobox(offering).press_sequentially("ann@x.org,Cy@x.org,")
    expect(offering.get_by_text("(2)")).to_be_visible()
    offering.get_by_role("button", name="Put in").click()
    expect(offering.get_by_text("good: ann@x.org Cy@x.org dee@x.org (3)")).to_be_visible()
    offering.get_by_role("button", name="Remove dee@x.org").click()
    expect(offering.get_by_text("good: ann@x.org Cy@x.org (2)")).to_be_visible()
    combobox(offering).press_sequentially("eve@x.org,")
    expect(offering.get_by_text("good: ann@x.org Cy@x.org eve@x.org (3)")).to_be_visible()
    offering.get_by_role("button", name="Put in").click()
    expect(offering.get_by_text("good: ann@x.org Cy@x.org eve@x.org dee@x.org (4)")).to_be_visible()
    expect(offering.get_by_text("page runs: 1", exact=True)).to_be_visible()


def test_the_list_lies_over_the_page_within_a_phones_width(chromium, address):
    context = chromium.new_context(locale="fr-FR", viewport={"width": 390, "height": 800}, is_mobile=True)
    phone = context.new_page()
    phone.goto(f"{address}/?offer=yes")
    field = phone.get_by_role("combobox")
    expect(field).to_be_visible(timeout=20_000)
    before = phone.get_by_text("good:").bounding_box()
    field.press_sequentially("lak")
    expect(phone.get_by_role("option")).to_have_count(2)
    assert phone.get_by_text("good:").bounding_box() == before
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    if folder := os.environ.get("PICTURES"):
        phone.screenshot(path=f"{folder}/suggestions.png")
    phone.get_by_role("option").last.click()  # it is on top of what lies below
    expect(phone.get_by_text("good: anna@lakes.example (1)")).to_be_visible()
    context.close()
