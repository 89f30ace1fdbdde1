"""What a viewer reads is measured in a real browser: how long, which sections, what is taken along.

Real Chromium with its own idea of which tab is looked at: Playwright would tell every page that it has focus.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lib import wiring
from lib.shares import shares
from lib.shares.shares import ViewerLine
from lib.words import t
from tests.canaries import CAMPAIGN, OTHER, Cage, cage
from tests.chromium import PATIENCE, Page, expect
from tests.installation import PASSWORD
from tests.serving import Served, serve

BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("visits")]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cage]:
    with cage(tmp_path_factory.mktemp("installation")) as made:
        yield made


@pytest.fixture(scope="module")
def server(filled: Cage) -> Iterator[Served]:
    with serve(filled.data, VITRINE_SAMPLES="off") as served:
        yield served


@contextmanager
def reader(chromium: Any, **options: Any) -> Iterator[Any]:
    given = {"viewport": {"width": 1200, "height": 800}, "user_agent": BROWSER, "locale": "en-GB"} | options
    context = chromium.new_context(**given)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def sees_for_itself(context: Any, page: Page) -> Page:
    """From here on the page has focus only while it is the tab in front."""
    context.new_cdp_session(page).send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    return page


def unlocks(page: Page, server: Served, viewer: Any) -> None:
    page.goto(f"{server.url}/v/{viewer.link.rpartition('/')[2]}")
    page.get_by_label(t("en", "entry.password"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=t("en", "entry.open")).click()
    expect(page.get_by_role("heading", name="Canary Title")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)


def reads(page: Page, section: str, seconds: float) -> None:
    """As a person does: scrolls there, and moves the pointer now and then."""
    page.locator(f".st-key-section-{section}").scroll_into_view_if_needed()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        page.mouse.move(300 + (time.monotonic() * 10) % 50, 400)
        page.wait_for_timeout(400)


def line_of(filled: Cage, viewer: Any) -> ViewerLine:
    share = next(iter(shares.shares_of(filled.parts.records, None, wiring.now())))
    found = shares.viewers_of(filled.parts.records, share.id, wiring.now())
    return next(line for line in found if line.id == viewer.id)


def comes_true(what: Any, patience: float = 20) -> bool:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.3)
    return bool(what())


def test_the_records_tell_how_long_which_sections_and_what_was_taken_along(
    filled: Cage, server: Served, chromium: Any
) -> None:
    viewer = filled.invite("vera@client.example")[0]
    with reader(chromium, viewport={"width": 1200, "height": 500}, accept_downloads=True) as context:
        page = context.new_page()
        unlocks(page, server, viewer)
        opened = time.monotonic()
        reads(page, "links", 12)
        with page.expect_download() as download:
            page.get_by_role("button", name=t("en", "files.whole")).click()
            page.get_by_role("menuitem", name=t("en", "files.whole_csv")).click()
        assert download.value.suggested_filename == "canary-title.csv"
        assert comes_true(lambda: line_of(filled, viewer).seconds >= 8)
        stayed = time.monotonic() - opened
        line = line_of(filled, viewer)
    read = dict(line.sections)
    assert line.first_visit_at is not None
    assert (line.visits, line.exports) == (1, 1)
    assert (line.fetches, line.checks, line.openings) == (1, 0, 1)
    assert 8 <= line.seconds <= stayed + 2
    assert 7 <= read["links"] <= line.seconds
    assert read.get("figures", 0) < read["links"]
    assert set(read) <= {"figures", "first_day", "links", "active_recipients"}


def test_a_tab_in_the_background_is_read_by_nobody(filled: Cage, server: Served, chromium: Any) -> None:
    viewer = filled.invite("viktor@client.example")[0]
    with reader(chromium) as context:
        page = context.new_page()
        unlocks(page, server, viewer)
        sees_for_itself(context, page)
        page.bring_to_front()
        reads(page, "links", 3)
        other = sees_for_itself(context, context.new_page())
        other.bring_to_front()
        assert comes_true(lambda: not page.evaluate("document.hasFocus()"))
        assert comes_true(lambda: line_of(filled, viewer).seconds > 0), "it tells once when it is left"
        left = line_of(filled, viewer).seconds
        other.wait_for_timeout(15_000)
        assert line_of(filled, viewer).seconds == left
        page.bring_to_front()
        reads(page, "links", 12)
        assert comes_true(lambda: line_of(filled, viewer).seconds > left), "in front again it is read again"


def test_the_address_names_one_of_several_campaigns_and_the_end_is_near(
    filled: Cage, server: Served, chromium: Any
) -> None:
    today = wiring.now().date()
    viewer = filled.invite(
        "vito@client.example", campaigns=(CAMPAIGN.id, OTHER.id), expires_on=today, zone="UTC"
    )[0]
    with reader(chromium) as context:
        page = context.new_page()
        page.goto(f"{server.url}/v/{viewer.link.rpartition('/')[2]}")
        assert page.title() == t("en", "entry.title")
        page.get_by_label(t("en", "entry.password"), exact=True).fill(PASSWORD)
        page.get_by_role("button", name=t("en", "entry.open")).click()
        expect(page.get_by_text(t("en", "days.last"))).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text("Canary message")).to_be_visible()
        for campaign in (OTHER, CAMPAIGN):
            page.goto(f"{server.url}/shared?campaign={campaign.id}")
            expect(page.get_by_role("heading", name=campaign.title)).to_be_visible(timeout=PATIENCE)
        expect(page).to_have_title("Vitrine")
        page.get_by_role("combobox", name=t("en", "shared.campaign", count=2)).click()
        page.get_by_role("option", name="Canary Other").click()
        expect(page.get_by_role("heading", name="Canary Other")).to_be_visible(timeout=PATIENCE)
        assert page.url.endswith(f"?campaign={OTHER.id}")
