"""Automatic checks of a link are told from the openings of people. The rules: docs/visits.md."""

import pytest
import sqlalchemy as sa

from lib.store.tables import viewers
from lib.web import checks
from tests.installation import browser, campaign, install, path, share, unlock

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"{WINDOWS} Chrome/141.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Safari/605.1.15"
)
OLD_SAFARI = SAFARI.replace("Version/18.6", "Version/15.6")
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1"
)
CUBOT = (
    "Mozilla/5.0 (Linux; Android 10; CUBOT X20) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Mobile Safari/537.36"
)
BASE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-language": "fr-FR,fr;q=0.9"}
LOAD = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none"}
PERSON = BASE | LOAD | {"user-agent": CHROME}

MACHINES = {
    "Barracuda": {"user-agent": "Barracuda Sentinel (EE)"},
    "Barracuda in a browser's words": {"user-agent": "Mozilla/5.0 (compatible; BarracudaCentral) like Gecko"},
    "Outlook.com's preview": {
        "user-agent": f"{WINDOWS} BingPreview/1.0b",
    },
    "the new Outlook": {"user-agent": f"{CHROME} OneOutlook/1.2023.927.100"},
    "the new Outlook's own header": {"x-native-host": "OneOutlook/1.2023.927.100"},
    "Gmail": {
        "user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Gmail-content-sampling"
    },
    "a filter with an Edge of 2015": {
        "user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
    },
    "Office": {"user-agent": "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0; Pro)"},
    "a browser without a screen": {"user-agent": CHROME.replace("Chrome/", "HeadlessChrome/")},
    "Google's crawler": {
        "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    },
    "a crawler only ua-parser knows": {
        "user-agent": "Mozilla/5.0 (compatible; Qwantify/2.4w; +https://www.qwant.com/) like Gecko"
    },
    "a link preview": {"user-agent": "WhatsApp/2.23.20.0"},
    "a program": {"user-agent": "python-requests/2.32"},
    "half a browser": {"user-agent": "Mozilla/5.0"},
    "nobody": {"user-agent": ""},
    "a prefetch": {"sec-purpose": "prefetch;prerender"},
    "an old prefetch": {"purpose": "prefetch"},
    "Safari's preview of a page": {"x-purpose": "preview"},
    "an old Firefox's prefetch": {"x-moz": "prefetch"},
    "a crawler with its operator's address": {"from": "googlebot(at)googlebot.com"},
    "one that reads no language": {"accept-language": ""},
    "one that takes anything": {"accept": "*/*"},
    "a script on a page": {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
    "an image": {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
}


@pytest.fixture
def parts(tmp_path):
    with install(tmp_path) as parts:
        campaign(parts)
        yield parts


@pytest.fixture
def viewer(parts):
    return share(parts, "vera@client.example")[0]


def counted(parts, viewer):
    """(openings, automatic checks)."""
    with parts.records.begin() as db:
        row = db.execute(sa.select(viewers).where(viewers.c.id == viewer.id)).one()
    return row.fetches, row.checks


def opened(parts, viewer, told, method="GET"):
    visitor = browser(parts)
    visitor.headers.clear()
    visitor.headers["host"] = "localhost:8501"
    assert visitor.request(method, path(viewer), headers=told).status_code in (200, 204)
    return counted(parts, viewer)


@pytest.mark.parametrize("agent", [CHROME, FIREFOX, SAFARI, OLD_SAFARI, IPHONE, CUBOT])
def test_a_browser_in_a_persons_hands_is_no_check(parts, viewer, agent):
    assert opened(parts, viewer, PERSON | {"user-agent": agent}) == (1, 0)
    assert opened(parts, viewer, BASE | {"user-agent": agent}) == (2, 0), "without https browsers say less"


@pytest.mark.parametrize("told", MACHINES.values(), ids=MACHINES.keys())
def test_a_machine_that_looks_at_a_link_is_a_check(parts, viewer, told):
    assert opened(parts, viewer, PERSON | told) == (1, 1)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_whoever_asks_for_no_page_reads_none(parts, viewer, method):
    assert opened(parts, viewer, PERSON, method) == (1, 1)


@pytest.mark.parametrize(
    ("agent", "by_a_machine"), [(CHROME, True), (FIREFOX, True), (SAFARI, True), (OLD_SAFARI, False)]
)
def test_over_https_a_browser_says_what_it_loads_a_page_for(agent, by_a_machine):
    class Connection:
        headers = BASE | {"user-agent": agent}

    assert checks.is_a_machine(Connection(), "GET", True) is by_a_machine
    Connection.headers = Connection.headers | LOAD
    assert checks.is_a_machine(Connection(), "GET", True) is False


def test_a_link_that_nobody_has_is_answered_like_every_other_by_every_method(parts, viewer):
    """G5"""
    for method in ("HEAD", "OPTIONS"):
        known, unknown = (browser(parts).request(method, at) for at in (path(viewer), "/v/" + "u" * 43))
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert sorted(known.headers) == sorted(unknown.headers)


def test_a_check_takes_nothing_from_the_person_who_comes_after_it(parts, viewer):
    """L1"""
    for told in MACHINES.values():
        opened(parts, viewer, PERSON | told)
    assert unlock(browser(parts), path(viewer)).status_code == 303
