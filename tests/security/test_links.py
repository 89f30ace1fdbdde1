"""L1 to L10: what a link does, and what leaks on its way."""

import logging
import re
import tomllib

import pytest
import sqlalchemy as sa
from starlette.requests import HTTPConnection

from lib import web
from lib.config import ROOT
from lib.mail import outbox
from lib.store.tables import audit, sessions, viewers, visits
from lib.web import client, headers, screens, start
from tests.installation import PASSWORD, browser, campaign, install, nonce, path, share, unlock

SCANNERS = ["Mozilla/5.0 (compatible; BarracudaCentral)", "Microsoft Office/16.0", "Googlebot/2.1", ""]
CANARIES = ("Canary campaign", "canary.client@example.org", "Canary message")
UNKNOWN = "/v/" + "u" * 43

HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}


@pytest.fixture
def parts(tmp_path):
    with install(tmp_path) as parts:
        campaign(parts, title=CANARIES[0])
        yield parts


@pytest.fixture
def viewer(parts):
    return share(parts, CANARIES[1], message=CANARIES[2])[0]


def stored(parts, viewer):
    with parts.records.begin() as db:
        return db.execute(sa.select(viewers).where(viewers.c.id == viewer.id)).one()


def test_opening_the_link_a_hundred_times_counts_and_changes_nothing_else(parts, viewer):
    """L1"""
    before = stored(parts, viewer)._asdict()
    scanner = browser(parts)
    for number in range(100):
        scanner.get(path(viewer), headers={"user-agent": SCANNERS[number % 4]})
        scanner.head(path(viewer))
        scanner.options(path(viewer))
    assert stored(parts, viewer)._asdict() == before | {"fetches": 300, "checks": 300}
    with parts.records.begin() as db:
        assert not db.execute(sa.select(audit).where(audit.c.kind.startswith("visit"))).all()
    assert unlock(browser(parts), path(viewer)).status_code == 303


def test_a_form_without_password_costs_the_viewer_nothing(parts, viewer):
    """L2"""
    scanner = browser(parts)
    for _ in range(20):
        assert unlock(scanner, path(viewer), "").status_code == 403
    assert stored(parts, viewer).failures == 0


@pytest.mark.parametrize(
    "how",
    [
        {"headers": {"origin": "https://evil.example"}},
        {"headers": {"sec-fetch-site": "cross-site"}},
        {"headers": {"sec-fetch-site": "same-site"}},
    ],
)
def test_another_site_cannot_post_the_password(parts, viewer, how):
    """L2"""
    assert unlock(browser(parts), path(viewer), **how).status_code == 403
    assert stored(parts, viewer).visits == 0


def test_a_form_that_was_not_drawn_for_this_browser_is_not_looked_at(parts, viewer):
    """L2"""
    stranger, page = browser(parts), browser(parts).get(path(viewer)).text
    for fields in ({"password": PASSWORD}, {"password": PASSWORD, "nonce": nonce(page)}):
        answer = stranger.post(path(viewer), data=fields)
        assert answer.status_code == 403
    assert stored(parts, viewer).failures == 0


def test_browsers_that_hide_the_origin_because_we_ask_for_no_referrer_may_enter(parts, viewer):
    """L2"""
    hidden = {"origin": "null", "sec-fetch-site": "same-origin"}
    assert unlock(browser(parts), path(viewer), headers=hidden).status_code == 303


def test_a_form_larger_than_ours_is_refused(parts, viewer):
    """L2"""
    assert unlock(browser(parts), path(viewer), "x" * 20_000).status_code == 403


def test_after_the_password_the_token_is_gone_from_the_address(parts, viewer):
    """L3"""
    answer = unlock(browser(parts), path(viewer))
    assert answer.status_code == 303
    assert answer.headers["location"] == "/shared"


def test_every_answer_has_the_headers_errors_included(parts, viewer):
    """L4"""
    visitor = browser(parts)
    paths = [route.path for route in web.routes(parts)]
    for address in [re.sub(r"{[^}]*}", "1", each) for each in paths] + [path(viewer), "/nothing/here", "/"]:
        for method in ("GET", "HEAD", "POST", "DELETE"):
            answer = visitor.request(method, address)
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, (method, address)
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_over_https_browsers_are_told_to_stay_there(tmp_path):
    """L4"""
    with install(tmp_path, base_url="https://reports.example.com") as parts:
        assert "max-age" in browser(parts).get("/healthz").headers["strict-transport-security"]


def test_nothing_is_asked_of_another_server():
    """L5: neither by setting nor by policy nor in our templates; a real browser checks it in tests/browser"""
    options = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert options["browser"]["gatherUsageStats"] is False
    assert options["client"]["allowedOrigins"] == []
    assert options["server"]["maxMessageSize"] <= 50
    for rules in (headers.policy(), screens.POLICY):
        assert "http" not in rules and "*" not in rules
    for template in screens.TEMPLATES.iterdir():
        assert not re.search(r"https?://|//[a-z]|@import|url\(", template.read_text(encoding="utf-8")), (
            template
        )


def test_the_link_in_the_mail_is_made_from_the_settings(parts, viewer):
    """L6"""
    with parts.records.begin() as db:
        sealed = db.execute(sa.select(outbox.outbox.c.sealed)).scalars().one()
    assert f"{parts.settings.base_url}/v/" in parts.vault.open(sealed)
    assert browser(parts).get(path(viewer), headers={"host": "evil.example"}).status_code == 400


def test_the_log_of_requests_shows_no_token(caplog):
    """L7"""
    start.keep_tokens_out_of_logs()
    start.keep_tokens_out_of_logs()
    logger = logging.getLogger("uvicorn.access")
    caplog.set_level(logging.WARNING, logger.name)  # a server of another test may have silenced it
    logger.addHandler(caplog.handler)
    try:
        line = '%s - "%s %s HTTP/%s" %d'
        logger.warning(line, "1.2.3.4:5", "POST", "/v/canarytoken?lang=fr&again=1", "1.1", 200)
        logger.warning(line, "1.2.3.4:5", "GET", "/v/canarytoken", "1.1", 200)
        logger.warning(
            line, "1.2.3.4:5", "GET", "/campaign?id=a&who=canary%40mail.example&sort=opens", "1.1", 200
        )
    finally:
        logger.removeHandler(caplog.handler)
    assert "canarytoken" not in caplog.text
    assert "/v/***?lang=fr&again=1" in caplog.text
    assert "canary%40" not in caplog.text and "?id=a&who=***&sort=opens" in caplog.text


def test_nothing_secret_is_logged_on_the_whole_way(parts, viewer, caplog):
    """L7"""
    caplog.set_level(logging.DEBUG)
    visitor = browser(parts)
    unlock(visitor, path(viewer), "wrong password")
    cookie = unlock(visitor, path(viewer)).headers["set-cookie"].partition("=")[2].partition(";")[0]
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    for secret in (path(viewer).removeprefix("/v/"), PASSWORD, "wrong password", cookie):
        assert secret not in ours


def test_an_error_of_the_database_names_no_value(parts):
    """L7, T5: what is logged of it must not hold what was to be written"""
    with pytest.raises(sa.exc.IntegrityError) as problem, parts.records.begin() as db:
        db.execute(viewers.insert().values(address=CANARIES[1], token_hash="canary hash"))
    assert "canary" not in str(problem.value)


PUBLIC = {"/healthz", "/readyz", "/robots.txt", "/v/{token}", "/left", "/auth/leave"}


def test_every_route_that_is_not_public_is_closed_to_a_stranger(parts, viewer):
    """L8"""
    stranger = browser(parts)
    for route in web.routes(parts):
        if route.path in PUBLIC:
            continue
        address = re.sub(r"{[^}]*}", "1", route.path)
        for method in sorted(route.methods or {"GET"}):
            answer = stranger.request(method, address, headers={"x-vitrine": "1"})
            closed = (404, 403) if route.path == "/auth/session" and method == "POST" else (404, 204)
            assert answer.status_code in closed, (method, address)
            assert "text/csv" not in answer.headers.get("content-type", "")


def test_an_export_that_is_not_open_to_one_answers_like_one_that_does_not_exist(parts):
    """L8"""
    stranger = browser(parts)
    real = stranger.get("/export/campaign/vitrine-spring.csv")
    invented = stranger.get("/export/campaign/none.csv")
    assert (real.status_code, real.content) == (invented.status_code, invented.content)
    assert real.content == stranger.get("/export/whatever").content


def connection(peer, *forwarded):
    """From the port 1 unless `peer` is a pair."""
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    client = peer if isinstance(peer, tuple) else (peer, 1)
    return HTTPConnection({"type": "http", "headers": headers, "client": client})


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "seen"),
    [
        ("203.0.113.9", [], (), "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], (), "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1"], (), "127.0.0.1"),
        (("198.51.100.1", 0), ["198.51.100.1"], (), "127.0.0.1"),  # uvicorn put the claim there
        (("198.51.100.1", 4711), ["198.51.100.1:4711"], (), "127.0.0.1"),  # and here with its port
        (("198.51.100.1", 4711), ["198.51.100.1:4711"], ("127.0.0.1",), "198.51.100.1"),
        ("203.0.113.9", ["203.0.113.9"], (), "203.0.113.9"),  # to name oneself makes nobody this machine
        ("203.0.113.9", ["203.0.113.9, 6.6.6.6"], ("127.0.0.1",), "203.0.113.9"),
        ("10.0.0.2", ["198.51.100.1"], ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.2", ["6.6.6.6, 198.51.100.1", "10.0.0.3"], ("10.0.0.0/8",), "198.51.100.1"),
        ("::ffff:10.0.0.2", ["[2001:db8::1]:443"], ("10.0.0.2",), "2001:db8::1"),
        ("10.0.0.2", ["nonsense"], ("10.0.0.2",), "nonsense"),
    ],
)
def test_a_forwarded_address_is_believed_only_from_a_proxy_that_the_settings_name(
    peer, forwarded, trusted, seen
):
    """L9"""
    assert client.address(connection(peer, *forwarded), trusted) == seen


def test_a_spoofed_address_does_not_escape_the_limits(parts, viewer):
    """L9, G2"""
    attacker = browser(parts)
    answers = [
        unlock(attacker, path(viewer), "wrong", headers={"x-forwarded-for": f"198.51.{number}.1"}).status_code
        for number in range(8)
    ]
    assert answers[-1] == 429


def test_before_the_password_the_page_names_nothing_of_what_lies_behind(parts, viewer):
    """L10"""
    page = browser(parts).get(path(viewer)).text
    assert not any(canary in page for canary in CANARIES)
    assert "<title>A shared report</title>" in page
    assert "og:" not in page


def test_a_known_and_an_unknown_link_open_the_same_page(parts, viewer):
    """L10, G5"""
    known, unknown = browser(parts).get(path(viewer)), browser(parts).get(UNKNOWN)
    assert known.status_code == unknown.status_code == 200
    assert known.text.replace(nonce(known.text), "") == unknown.text.replace(nonce(unknown.text), "")


def test_the_page_works_without_a_script_is_small_and_speaks_both_languages(parts, viewer):
    english = browser(parts).get(path(viewer), headers={"accept-language": "de,en;q=0.5"})
    french = browser(parts).get(f"{path(viewer)}?lang=fr")
    assert "<script" not in english.text
    assert len(english.content) < 20_000
    assert 'lang="en"' in english.text
    assert "Mot de passe" in french.text
    assert 'autocomplete="current-password"' in french.text


def test_leaving_ends_the_session_and_says_so(parts, viewer):
    """S6"""
    visitor = browser(parts)
    unlock(visitor, path(viewer))
    answer = visitor.post("/auth/leave")
    assert answer.headers["location"] == "/left"
    assert "signed out" in visitor.get("/left").text
    with parts.records.begin() as db:
        assert db.execute(sa.select(sessions.c.ended_at)).scalar_one() is not None
        assert db.execute(sa.select(sa.func.count()).select_from(visits)).scalar_one() == 1
