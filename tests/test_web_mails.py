"""The mail of the click map: for those whose scope shows it, in a frame of our own pages, and harmless."""

import re

import pytest

from lib import web, wiring
from lib.model import COMMAND_LINE
from lib.reports import rollup
from lib.shares import analysts, sessions
from lib.store import library
from lib.store.library import Job
from lib.store.tables import campaigns, viewers
from tests import hostile_mail, worlds
from tests.installation import browser, campaign, install, path, share, unlock
from tests.worlds import CAMPAIGN, SHOP

ADDRESS = f"/mail/campaign/{CAMPAIGN.id}.html"


@pytest.fixture
def parts(tmp_path):
    with install(tmp_path) as parts:
        job = Job("vitrine", "events", "spring.zip", "0" * 64, "ann@agency.example")
        library.bring(parts.analytics, job, worlds.spring_rows(), rollup.make, lambda _: None, wiring.now())
        written(parts, f'<p>Dear reader</p><a href="{SHOP}">Tea</a>{hostile_mail.EVERYTHING}')
        yield parts


def written(parts, html: str) -> None:
    with parts.records.begin() as db:
        db.execute(campaigns.update().where(campaigns.c.id == CAMPAIGN.id).values(html=html))


def analyst_browser(parts):
    name, address = "Ann", "ann@agency.example"
    analyst = analysts.add(
        parts.records, name, address, "a long enough password", True, wiring.now(), by=COMMAND_LINE
    )
    visitor = browser(parts)
    ticket = sessions.ticket(parts.records, analyst, wiring.now())
    visitor.post("/auth/session", content=ticket, headers={"x-vitrine": "1"})
    return visitor


def viewer_browser(parts, **draft):
    viewer = share(parts, "bob@client.example", **({"campaigns": (CAMPAIGN.id,)} | draft))[0]
    visitor = browser(parts)
    assert unlock(visitor, path(viewer)).status_code == 303
    return visitor, viewer


def bubbles(answer) -> list[str]:
    return re.findall(r'class="vitrine-bubble"[^>]*>([^<]*)<', answer.text)


def test_a_stranger_is_told_of_no_mail(parts):
    """L8"""
    for address in (
        ADDRESS,
        f"{ADDRESS}?as=viewer",
        f"{ADDRESS}?images=1",
        "/mail/",
        "/mail/campaign/none.html",
    ):
        answer = browser(parts).get(address)
        assert answer.status_code == 404
        assert "Dear reader" not in answer.text
        assert answer.headers["x-frame-options"] == "DENY"


def test_an_analyst_and_a_viewer_of_the_section_see_the_mail_with_its_bubbles(parts):
    for visitor in (analyst_browser(parts), viewer_browser(parts)[0]):
        answer = visitor.get(ADDRESS)
        assert answer.status_code == 200
        assert "Dear reader" in answer.text
        assert bubbles(answer)[0] == "66.7%"


@pytest.mark.parametrize("draft", [{"sections": ("links",)}, {"campaigns": ("vitrine-other",)}])
def test_a_viewer_without_the_section_or_of_another_campaign_sees_no_mail(parts, draft):
    """X7"""
    campaign(parts, "vitrine-other", "Another")
    assert viewer_browser(parts, **draft)[0].get(ADDRESS).status_code == 404


def test_a_revoked_viewer_sees_no_mail_any_more(parts):
    """S3"""
    visitor, viewer = viewer_browser(parts)
    assert visitor.get(ADDRESS).status_code == 200
    with parts.records.begin() as db:
        db.execute(viewers.update().where(viewers.c.id == viewer.id).values(revoked_at=wiring.now()))
    assert visitor.get(ADDRESS).status_code == 404


def test_as_viewer_an_analyst_gets_what_the_viewer_would_and_nothing_without_one(parts):
    """X7"""
    analyst = analyst_browser(parts)
    assert analyst.get(f"{ADDRESS}?as=viewer").status_code == 404
    viewer = viewer_browser(parts, people=False)[0]
    both = browser(parts, cookies={**analyst.cookies, **viewer.cookies})
    assert set(bubbles(both.get(f"{ADDRESS}?as=viewer"))) == {"few"}
    assert bubbles(both.get(ADDRESS))[0] == "66.7%"


def test_a_preview_asks_as_one_who_may_not_see_recipients(parts):
    """X5"""
    assert set(bubbles(analyst_browser(parts).get(f"{ADDRESS}?people=0"))) == {"few"}


def test_nobody_sees_more_by_asking_for_more(parts):
    """X5, X7"""
    hidden = viewer_browser(parts, people=False)[0]
    assert set(bubbles(hidden.get(f"{ADDRESS}?people=1&raw_links=1"))) == {"few"}


def test_the_headers_forbid_all_that_the_mail_does_not_need(parts):
    """X1, L4"""
    visitor = analyst_browser(parts)
    headers = visitor.get(ADDRESS).headers
    policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    assert headers["content-security-policy"] == policy
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
    shown = visitor.get(f"{ADDRESS}?images=1").headers["content-security-policy"]
    assert shown == policy.replace("data:", "data: https: http:")


def test_pictures_of_the_web_stay_out_until_they_are_asked_for(parts):
    """X1"""
    visitor = analyst_browser(parts)
    assert f"{hostile_mail.SINK}/photo.jpg" not in visitor.get(ADDRESS).text
    assert f'src="{hostile_mail.SINK}/photo.jpg"' in visitor.get(f"{ADDRESS}?images=1").text


@pytest.mark.parametrize("query", ["", "?images=1"])
def test_no_token_of_a_recipient_leaves_to_anybody(parts, query):
    """X5"""
    for visitor in (analyst_browser(parts), viewer_browser(parts)[0]):
        assert hostile_mail.TOKEN not in visitor.get(f"{ADDRESS}{query}").text


def test_every_other_route_of_ours_still_may_not_be_framed(parts):
    """L4"""
    visitor = analyst_browser(parts)
    for route in web.routes(parts):
        address = re.sub(r"{[^}]*}", "1", route.path)
        assert visitor.get(address).headers["x-frame-options"] == "DENY", address
    for address in ("/", "/shared", f"{ADDRESS}/x", f"/x{ADDRESS}", "/mail/campaign/a/b.html"):
        assert visitor.get(address).headers["x-frame-options"] == "DENY", address


def test_the_form_and_the_language_are_those_that_are_asked_for(parts):
    visitor = analyst_browser(parts)
    answer = visitor.get(f"{ADDRESS}?opens=people&lang=fr")
    assert bubbles(answer)[0] == "66,7&nbsp;%"
    assert "clics uniques" in answer.text and '<html lang="fr">' in answer.text


def test_a_mail_that_is_too_large_says_so(parts):
    written(parts, "&" * 1_000_000)
    assert "too large" in analyst_browser(parts).get(ADDRESS).text
