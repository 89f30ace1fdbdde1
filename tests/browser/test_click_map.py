"""X1: the click map in real Chromium. Whatever a mail tries, nothing of it runs, leads or asks a server."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib import wiring
from lib.config import load
from lib.model import COMMAND_LINE, Covers, Kind
from lib.reports import rollup
from lib.shares import analysts
from lib.store import library
from lib.store.library import Job
from lib.store.tables import campaigns
from lib.web import mails
from lib.words import t
from tests import hostile_mail, worlds
from tests.canaries import Cage
from tests.chromium import CHROMIUM, PATIENCE, expect
from tests.hostile_mail import LINKS, PIECES, SINK
from tests.installation import NOW
from tests.serving import Served, serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium here"),
    pytest.mark.xdist_group("click map"),
]

CAMPAIGN = replace(worlds.CAMPAIGN, native_id="map", title="A map", html=LINKS)
TEA, STORY = "https://shop.example/tea", "https://shop.example/story"
WHOLE = {
    "everything": hostile_mail.EVERYTHING,
    "nested": hostile_mail.NESTED,
    "broken": hostile_mail.BROKEN.replace("\udcff", ""),
    "large": hostile_mail.large(),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cage]:
    """One campaign with clicks, and one without for each piece of the corpus."""
    data = tmp_path_factory.mktemp("mails")
    environment = {
        "VITRINE_DATA": str(data),
        "VITRINE_SAMPLES": "off",
        "VITRINE_BASE_URL": "http://127.0.0.1:1",
    }
    parts = wiring.build(load(environment))
    wiring.migrate(parts)
    clicks = [
        worlds.event(f"p{number}", Kind.CLICKED, 5, CAMPAIGN.id, url=url, link_position=place)
        for url, place, people in ((TEA, 1, 6), (STORY, 2, 3), (TEA, 3, 3))
        for number in range(people)
    ]
    sent = [worlds.event(f"p{number}", Kind.SENT, 0, CAMPAIGN.id) for number in range(20)]
    rows = worlds.rows((CAMPAIGN, Covers(CAMPAIGN.id, frozenset(Kind)), *sent, *clicks))
    job = Job("vitrine", "events", "map.csv", "2" * 64, "ana@agency.example")
    library.bring(parts.analytics, job, rows, rollup.make, lambda _: None, wiring.now())
    mail = {f"piece-{number}": hostile_mail.mail(piece) for number, piece in enumerate(PIECES)}
    given = {"sender": "vitrine", "title": "Hostile", "updated_at": NOW}
    with parts.records.begin() as db:
        for name, html in (mail | WHOLE).items():
            db.execute(campaigns.insert().values(id=name, native_id=name, html=html, **given))
    analyst = analysts.add(
        parts.records,
        "Ana",
        "ana@agency.example",
        "tall ships sail slowly",
        True,
        wiring.now(),
        by=COMMAND_LINE,
    )
    parts.analytics.events.close()
    yield Cage(parts, data, analyst)
    parts.records.dispose()


@pytest.fixture(scope="module")
def server(filled: Cage) -> Iterator[Served]:
    with serve(filled.data, VITRINE_SAMPLES="off") as served:
        yield served


class Watched:
    """A page, and what it asked of servers other than ours, said or sang."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.asked: list[tuple[str, str]] = []
        self.sung: list[str] = []
        page.context.on("request", self._ask)
        page.on("dialog", lambda dialog: self.sung.append(dialog.message) or dialog.dismiss())
        page.on("popup", lambda popup: self.sung.append(popup.url))

    def _ask(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.asked.append((request.resource_type, request.url))

    def opens(self, address: str) -> None:
        self.page.goto(f"{self.url}{address}", wait_until="load")
        self.page.mouse.move(60, 20)
        self.page.wait_for_timeout(30)
        assert "canary" not in self.page.title(), address
        assert self.page.url == f"{self.url}{address}", "the mail led elsewhere"
        assert self.sung == []


@contextmanager
def watched(chromium: Any, filled: Cage, server: Served, cookies: dict[str, str] | None = None, **more: Any):
    context = chromium.new_context(**({"locale": "en-GB", "viewport": {"width": 1400, "height": 950}} | more))
    context.set_default_timeout(PATIENCE)
    held = cookies or filled.sign_in()
    context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in held.items()])
    try:
        yield Watched(context.new_page(), server.url)
    finally:
        context.close()


def every_mail() -> list[str]:
    return [*(f"piece-{number}" for number in range(len(PIECES))), *WHOLE]


def test_no_mail_runs_a_script_or_asks_another_server(chromium, filled, server):
    """X1, L5: each piece of the corpus by itself, then all of it, nested, broken and large"""
    with watched(chromium, filled, server) as seen:
        for name in every_mail():
            seen.opens(f"/mail/campaign/{name}.html")
            assert seen.asked == [], name
            assert seen.page.locator("a").count() == seen.page.locator("a:not([href])").count(), name
            assert seen.page.locator("script, form, iframe, object, embed, svg, link, base").count() == 0, (
                name
            )


def test_with_pictures_only_pictures_are_asked_for_and_no_tracker_among_them(chromium, filled, server):
    """X1"""
    with watched(chromium, filled, server) as seen:
        for name in every_mail():
            seen.opens(f"/mail/campaign/{name}.html?images=1")
    assert {kind for kind, _ in seen.asked} == {"image"}
    addresses = {address for _, address in seen.asked}
    assert f"{SINK}/photo.jpg" in addresses
    assert not re.search("pixel|open.php|token", " ".join(addresses))


def test_the_headers_alone_would_hold_a_mail_that_nothing_was_taken_from(chromium, filled, server):
    """X1: the second wall, tried without the first"""
    policy = mails.POLICY.format(pictures="")
    reached: list[str] = []
    with watched(chromium, filled, server) as seen:
        context = seen.page.context
        context.route(f"{SINK}/**", lambda route: (reached.append(route.request.url), route.abort()))
        raw = iter([hostile_mail.mail(piece) for piece in hostile_mail.SCRIPTS])
        headers = {"content-security-policy": policy, "content-type": "text/html; charset=utf-8"}
        context.route("**/raw/*", lambda route: route.fulfill(body=next(raw), headers=headers))
        for number in range(len(hostile_mail.SCRIPTS)):
            seen.opens(f"/raw/{number}")
    assert reached == []


def test_the_map_stands_in_the_report_at_both_widths(chromium, filled, server):
    with watched(chromium, filled, server) as seen:
        seen.page.goto(f"{server.url}/campaign?id={CAMPAIGN.id}")
        _reads_the_map(seen, "en")
        frame = seen.page.locator(".st-key-click-map-frame iframe")
        assert frame.bounding_box()["width"] >= 600
        seen.page.get_by_role("radio", name=t("en", "click_map.phone")).or_(
            seen.page.get_by_role("button", name=t("en", "click_map.phone"))
        ).first.click()
        expect(frame).to_have_css("width", "375px")
        _reads_the_map(seen, "en")
        assert seen.asked == []


def test_pictures_are_loaded_when_the_reader_asks_and_not_before(chromium, filled, server):
    """X1"""
    with watched(chromium, filled, server) as seen:
        picture = f'<img src="{SINK}/photo.jpg" width="300" height="100" alt="A photo">'
        with filled.parts.records.begin() as db:
            db.execute(
                campaigns.update().where(campaigns.c.id == CAMPAIGN.id).values(html=f"{LINKS}{picture}")
            )
        seen.page.goto(f"{server.url}/campaign?id={CAMPAIGN.id}")
        _reads_the_map(seen, "en")
        assert seen.asked == []
        seen.page.get_by_text(t("en", "click_map.pictures")).click()
        inside = seen.page.frame_locator(".st-key-click-map-frame iframe")
        expect(inside.locator(f'img[src="{SINK}/photo.jpg"]')).to_be_attached()
    assert seen.asked == [("image", f"{SINK}/photo.jpg")]


def test_a_viewer_reads_the_map_in_french_on_a_dark_phone(chromium, filled, server):
    viewer = filled.invite("vera@client.example", campaigns=(CAMPAIGN.id,), language="fr")[0]
    phone = {"locale": "fr-FR", "viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    with watched(chromium, filled, server, filled.let_in(viewer), **phone) as seen:
        seen.page.goto(f"{server.url}/shared")
        _reads_the_map(seen, "fr")
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert seen.page.evaluate(wide) <= 0
        ground = seen.page.frame_locator(".st-key-click-map-frame iframe").locator("html")
        assert ground.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(255, 255, 255)"
        assert seen.asked == []


def _reads_the_map(seen: Watched, language: str) -> None:
    section = seen.page.locator(".st-key-section-click_map")
    section.scroll_into_view_if_needed()
    expect(section.get_by_text(t(language, "click_map.why"))).to_be_visible()
    bubbles = seen.page.frame_locator(".st-key-click-map-frame iframe").locator(".vitrine-bubble")
    expect(bubbles).to_have_count(3)
    shares = {"en": ["50.0%", "25.0%", "25.0%"], "fr": ["50,0\u00a0%", "25,0\u00a0%", "25,0\u00a0%"]}
    assert [one.replace("\u202f", "\u00a0") for one in bubbles.all_text_contents()] == shares[language]
    assert "unique" in (bubbles.first.get_attribute("title") or "")
