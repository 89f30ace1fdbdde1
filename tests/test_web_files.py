"""Exports and lists of rejects: for those who may read them, within their scope, safely named."""

import csv
import io

import pytest
from sqlalchemy.exc import OperationalError

from lib import wiring
from lib.model import COMMAND_LINE, Reject
from lib.reports import rollup
from lib.shares import analysts, audit, sessions, visits
from lib.store import library
from lib.store.library import Job
from tests import worlds
from tests.installation import browser, campaign, install, path, share, unlock
from tests.worlds import CAMPAIGN


@pytest.fixture
def parts(tmp_path):
    with install(tmp_path) as parts:
        job = Job("vitrine", "events", "spring.zip", "0" * 64, "ann@agency.example")
        library.bring(parts.analytics, job, worlds.spring_rows(), rollup.make, lambda _: None, wiring.now())
        yield parts


def analyst_browser(parts):
    analyst = analysts.add(
        parts.records,
        "Ann",
        "ann@agency.example",
        "a long enough password",
        True,
        wiring.now(),
        by=COMMAND_LINE,
    )
    visitor = browser(parts)
    ticket = sessions.ticket(parts.records, analyst, wiring.now())
    visitor.post("/auth/session", content=ticket, headers={"x-vitrine": "1"})
    return visitor


def viewer_browser(parts, **draft):
    viewer = share(parts, "bob@client.example", **({"campaigns": (CAMPAIGN.id,)} | draft))[0]
    visitor = browser(parts)
    assert unlock(visitor, path(viewer)).status_code == 303
    return visitor


def test_an_analyst_exports_all_campaigns(parts):
    answer = analyst_browser(parts).get("/export/campaigns.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="campaigns.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert "Spring letter" in answer.text


def test_a_report_is_named_after_its_campaign(parts):
    answer = analyst_browser(parts).get(f"/export/campaign/{CAMPAIGN.id}.csv?opens=people")
    assert answer.headers["content-disposition"] == 'attachment; filename="spring-letter.csv"'
    assert list(csv.reader(io.StringIO(answer.text)))


def test_a_viewer_exports_what_was_shared_and_nothing_else(parts):
    """L8"""
    visitor = viewer_browser(parts)
    assert visitor.get(f"/export/campaign/{CAMPAIGN.id}.csv").status_code == 200
    campaign(parts, "vitrine-other", "Another")
    elsewhere = viewer_browser(parts, campaigns=("vitrine-other",))
    assert elsewhere.get(f"/export/campaign/{CAMPAIGN.id}.csv").status_code == 404
    assert "Spring" not in elsewhere.get("/export/campaigns.csv").text


def test_an_analyst_can_see_what_a_viewer_would_get(parts):
    visitor = analyst_browser(parts)
    assert visitor.get(f"/export/campaign/{CAMPAIGN.id}.csv?as=viewer").status_code == 404


def test_a_viewers_export_is_answered_as_the_viewers_even_to_a_signed_in_analyst(parts):
    campaign(parts, "vitrine-other", "Another")
    analyst = analyst_browser(parts)
    viewer = viewer_browser(parts, campaigns=("vitrine-other",))
    both = browser(parts, cookies={**analyst.cookies, **viewer.cookies})
    assert both.get("/export/campaign/vitrine-other.csv?opens=all&as=viewer").status_code == 200
    assert both.get(f"/export/campaign/{CAMPAIGN.id}.csv?opens=all").status_code == 200
    assert both.get(f"/export/campaign/{CAMPAIGN.id}.csv?opens=all&as=viewer").status_code == 404


def test_the_form_that_was_asked_for_is_written_into_the_file(parts):
    visitor = analyst_browser(parts)
    for asked, form in (("?opens=people", "people"), ("?opens=all", "all"), ("", "all")):
        assert f"\r\nform,{form}\r\n" in visitor.get(f"/export/campaign/{CAMPAIGN.id}.csv{asked}").text
        assert visitor.get(f"/export/campaigns.csv{asked}").text.endswith(f",{form}\r\n")


def test_after_signing_out_the_export_does_not_exist(parts):
    """S6"""
    visitor = viewer_browser(parts)
    copied = dict(visitor.cookies)
    visitor.post("/auth/leave")
    for cookies in ({}, copied):
        assert browser(parts, cookies=cookies).get(f"/export/campaign/{CAMPAIGN.id}.csv").status_code == 404


def test_rejects_are_for_analysts(parts):
    rows = [
        *worlds.rows((CAMPAIGN,)),
        Reject("events.csv", 7, "reject.unknown_kind", (("column", "kind"), ("value", "sneezed")), "=1+1"),
    ]
    job = Job("vitrine", "events", "more.csv", "1" * 64, "ann@agency.example")
    outcome = library.bring(parts.analytics, job, rows, rollup.make, lambda _: None, wiring.now())
    address = f"/rejects/{outcome.id}.csv"
    answer = analyst_browser(parts).get(address)
    assert "events.csv" in answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="rejects-{outcome.id}.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert viewer_browser(parts).get(address).status_code == 404


def rejects_of(parts) -> str:
    rows = [*worlds.rows((CAMPAIGN,)), Reject("events.csv", 7, "reject.unknown_kind", (), "sneezed")]
    job = Job("vitrine", "events", "more.csv", "1" * 64, "ann@agency.example")
    outcome = library.bring(parts.analytics, job, rows, rollup.make, lambda _: None, wiring.now())
    return f"/rejects/{outcome.id}.csv"


def test_taking_rejects_along_stands_in_the_log(parts):
    """D5"""
    address = rejects_of(parts)
    visitor = analyst_browser(parts)
    assert visitor.head(address).status_code == visitor.get(address).status_code == 200
    taken = [line for line in audit.lines(parts.records, audit.Filter(), 9) if line.kind == "export.taken"]
    name = address.removeprefix("/").replace("/", "-")
    assert [(line.actor, line.details) for line in taken] == [("ann@agency.example", {"file": name})]


def test_what_cannot_be_written_down_is_not_handed_out(parts, monkeypatch):
    """D5"""
    addresses = (rejects_of(parts), "/export/audit.csv", "/export/campaigns.csv")
    visitor = analyst_browser(parts)

    def busy(*_, **__):
        raise OperationalError("", {}, Exception("database is locked"))

    monkeypatch.setattr(visits, "exported", busy)
    for address in addresses:
        answer = visitor.get(address)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), address
        assert "content-disposition" not in answer.headers


def test_one_session_of_a_viewer_cannot_flood_the_log_with_exports(parts, monkeypatch):
    """D5"""
    monkeypatch.setattr(visits, "MOST_EXPORTS", 2)
    visitor = viewer_browser(parts)
    address = f"/export/campaign/{CAMPAIGN.id}.csv"
    assert [visitor.get(address).status_code for _ in range(4)] == [200, 200, 429, 429]
    assert [line.kind for line in audit.lines(parts.records, audit.Filter(), 99)].count("export.taken") == 2


@pytest.mark.parametrize("address", ["/rejects/999.csv", "/rejects/..%2fsecret.key", "/rejects/1"])
def test_no_address_of_rejects_leads_anywhere_else(parts, address):
    assert analyst_browser(parts).get(address).status_code == 404


def test_readiness_says_which_part_is_missing(parts):
    assert browser(parts).get("/readyz").json() == {"status": "ok", "records": True, "events": True}
