"""S1, S6, S7 of sessions and G2, G5, G6, G7 of guessing, as a browser sees them."""

import asyncio
import re
import statistics
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lib import wiring
from lib.config import Secret
from lib.mail import worker
from lib.model import COMMAND_LINE
from lib.shares import analysts, cookies, entry, sessions, shares
from lib.store import tables
from lib.store.tables import viewers
from tests.installation import PASSWORD, browser, campaign, install, nonce, path, share, unlock
from tests.serving import smtp_sink

HTTPS = "https://reports.example.com"
ANALYST_PASSWORD = "a long enough password"


@pytest.fixture
def parts(tmp_path):
    with install(tmp_path) as parts:
        campaign(parts)
        yield parts


def analyst(parts):
    return analysts.add(
        parts.records, "Ann", "ann@agency.example", ANALYST_PASSWORD, True, wiring.now(), by=COMMAND_LINE
    )


def signed_in(parts):
    """A browser in which an analyst has signed in."""
    visitor = browser(parts)
    ticket = sessions.ticket(parts.records, analyst(parts), wiring.now())
    assert visitor.post("/auth/session", content=ticket, headers={"x-vitrine": "1"}).status_code == 204
    return visitor


def test_an_opening_is_counted_once_the_answer_has_left(parts, monkeypatch):
    """G6"""
    viewer, happened = share(parts, "bob@client.example")[0], []
    monkeypatch.setattr(entry, "fetched", lambda *_: happened.append("counted"))

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        happened.append(message["type"])

    asked = {
        "type": "http",
        "method": "GET",
        "path": path(viewer),
        "query_string": b"",
        "client": ("192.0.2.1", 1),
    }
    headers = [(b"host", parts.settings.base_url.partition("://")[2].encode())]
    asyncio.run(browser(parts).app(asked | {"headers": headers}, receive, send))
    assert happened == ["http.response.start", "http.response.body", "counted"]


def test_the_cookie_of_a_viewer_is_out_of_reach_of_scripts_and_other_sites(tmp_path):
    """S1"""
    with install(tmp_path, base_url=HTTPS) as parts:
        campaign(parts)
        viewer = share(parts, "bob@client.example")[0]
        answer = unlock(browser(parts), viewer.link.removeprefix(HTTPS))
    name, _, rest = answer.headers["set-cookie"].partition("=")
    value, *attributes = re.split(r";\s*", rest)
    assert name == "__Host-vitrine_viewer"
    assert len(value) >= 43
    assert {each.lower() for each in attributes} == {"httponly", "path=/", "samesite=lax", "secure"}


def test_a_cookie_planted_before_the_password_is_replaced(parts):
    """S1"""
    viewer = share(parts, "bob@client.example")[0]
    visitor = browser(parts, cookies={cookies.viewer(False): "planted"})
    answer = unlock(visitor, path(viewer))
    assert cookies.viewer(False) in answer.headers["set-cookie"]
    assert "planted" not in answer.headers["set-cookie"]


def test_each_unlocking_is_a_session_of_its_own(parts):
    """S1"""
    viewer = share(parts, "bob@client.example")[0]
    first, second = (unlock(browser(parts), path(viewer)).headers["set-cookie"] for _ in range(2))
    assert first != second


def test_a_copied_cookie_opens_nothing_after_signing_out(parts):
    """S6"""
    viewer = share(parts, "bob@client.example")[0]
    visitor = browser(parts)
    unlock(visitor, path(viewer))
    copied = visitor.cookies[cookies.viewer(False)]
    assert sessions.find_viewer(parts.records, copied, wiring.now())
    answer = visitor.post("/auth/leave")
    assert answer.status_code == 303
    assert cookies.viewer(False) not in visitor.cookies
    assert answer.headers["cache-control"] == "no-store"
    assert sessions.find_viewer(parts.records, copied, wiring.now()) is None


def test_another_site_cannot_sign_a_viewer_out(parts):
    viewer = share(parts, "bob@client.example")[0]
    visitor = browser(parts)
    unlock(visitor, path(viewer))
    assert visitor.post("/auth/leave", headers={"origin": "https://evil.example"}).status_code == 403
    assert sessions.find_viewer(parts.records, visitor.cookies[cookies.viewer(False)], wiring.now())


def test_a_ticket_becomes_an_analysts_cookie_once(parts):
    """S7"""
    visitor = browser(parts)
    ticket = sessions.ticket(parts.records, analyst(parts), wiring.now())
    answers = [
        visitor.post("/auth/session", content=ticket, headers={"x-vitrine": "1"}).status_code
        for _ in range(2)
    ]
    assert answers == [204, 403]
    assert sessions.find_analyst(parts.records, visitor.cookies[cookies.analyst(False)], wiring.now())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-vitrine": "1", "sec-fetch-site": "cross-site"},
        {"x-vitrine": "1", "origin": "https://evil.example"},
    ],
)
def test_only_our_own_page_can_trade_a_ticket(parts, headers):
    """S7"""
    ticket = sessions.ticket(parts.records, analyst(parts), wiring.now())
    assert browser(parts).post("/auth/session", content=ticket, headers=headers).status_code == 403


@pytest.mark.parametrize("ticket", [b"", b"nonsense", b"\xff\xfe", b"x" * 100_000])
def test_what_is_no_ticket_opens_nothing(parts, ticket):
    """S7"""
    assert browser(parts).post("/auth/session", content=ticket, headers={"x-vitrine": "1"}).status_code == 403


def test_an_analyst_signs_out_for_real(parts):
    """S7"""
    visitor = signed_in(parts)
    copied = visitor.cookies[cookies.analyst(False)]
    assert visitor.delete("/auth/session", headers={"x-vitrine": "1"}).status_code == 204
    assert sessions.find_analyst(parts.records, copied, wiring.now()) is None


def closed_links(parts):
    """One viewer for each reason not to open, and one whose password is typed wrongly."""
    now = wiring.now()
    yesterday = (now - timedelta(days=1)).date()
    links = {"unknown": "/v/" + "u" * 43}
    for reason in ("wrong", "revoked", "expired", "suspended", "off"):
        viewer = share(parts, f"{reason}@client.example", campaigns=("vitrine-spring",))[0]
        links[reason] = path(viewer)
        with parts.records.begin() as db:
            share_id = db.execute(sa.select(viewers.c.share_id).where(viewers.c.id == viewer.id)).scalar_one()
            if reason == "suspended":
                db.execute(viewers.update().where(viewers.c.id == viewer.id).values(suspended_at=now))
            if reason == "expired":
                table = tables.shares
                db.execute(
                    table.update().where(table.c.id == share_id).values(expires_on=yesterday, expires_at=now)
                )
        if reason == "revoked":
            shares.revoke(parts.records, viewer.id, now, by=COMMAND_LINE)
        if reason == "off":
            shares.off(parts.records, share_id, now, by=COMMAND_LINE)
    return links


def test_whatever_does_not_open_answers_alike(parts):
    """G5"""
    answers = {}
    for reason, address in closed_links(parts).items():
        visitor = browser(parts)
        answer = unlock(visitor, address, "wrong" if reason in ("wrong", "unknown") else PASSWORD)
        body = answer.text.replace(nonce(answer.text), "")
        answers[reason] = (answer.status_code, sorted(answer.headers.items()), body)
    assert answers["unknown"][0] == 403
    assert all(answer == answers["unknown"] for answer in answers.values())


@pytest.mark.slow
def test_a_known_and_an_unknown_link_take_the_same_time(parts):
    """G6"""
    viewer = share(parts, "bob@client.example")[0]
    times = {"known": [], "unknown": []}
    for number in range(12):
        for reason, address in (("known", path(viewer)), ("unknown", "/v/" + f"{number:043d}")):
            visitor = browser(parts)
            fields = {"nonce": nonce(visitor.get(address).text), "password": "wrong"}
            with parts.records.begin() as db:
                db.execute(viewers.update().values(failures=0, wait_until=None))
                db.exec_driver_sql("DELETE FROM throttle")
            began = time.process_time()  # other jobs on this machine must not count
            assert visitor.post(address, data=fields).status_code == 403
            times[reason].append(time.process_time() - began)
    known, unknown = (statistics.median(times[reason]) for reason in ("known", "unknown"))
    assert abs(known - unknown) < 0.25 * known  # generous: shared machines; tests of lib.shares look closer


def test_too_many_tries_are_told_when_to_come_back(parts):
    """G2"""
    viewer = share(parts, "bob@client.example")[0]
    visitor = browser(parts)
    answers = [unlock(visitor, path(viewer), "wrong") for _ in range(8)]
    assert [answer.status_code for answer in answers[:5]] == [403] * 5
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


def test_asking_again_answers_alike_and_writes_to_the_invited_only(tmp_path):
    """G7"""
    with smtp_sink() as sink:
        mail = {"smtp": Secret(sink.url), "mail_from": "Reports <r@example.com>"}
        with install(tmp_path, **mail) as parts:
            campaign(parts)
            viewer = share(parts, "bob@client.example", at=wiring.now() - timedelta(hours=1))[0]
            worker.run_once(parts.records, parts.vault, parts.delivery, wiring.now())
            bodies = [
                ask(parts, path(viewer), address) for address in ("bob@client.example", "eve@evil.example")
            ]
            bodies.append(ask(parts, "/v/" + "u" * 43, "bob@client.example"))
            entry.answer_requests(parts.records, parts.vault, parts.settings, wiring.now())
            worker.run_once(parts.records, parts.vault, parts.delivery, wiring.now())
    assert len(set(bodies)) == 1
    assert "on its way" in bodies[0]
    assert [str(mail["To"]) for mail in sink.mails] == ["bob@client.example"] * 2


def ask(parts, address, who):
    visitor = browser(parts)
    fields = {"nonce": nonce(visitor.get(address).text), "address": who}
    answer = visitor.post(f"{address}?again=1", data=fields)
    assert answer.status_code == 200
    return answer.text.replace(fields["nonce"], "")
