"""Exports and lists of rejects: for those who may read them, within their scope, safely named."""

import csv
import io
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from lib import reports, wiring
from lib.model import COMMAND_LINE, Campaign, Reject, Reported, Scope
from lib.paper import files as paper_files
from lib.paper import parcels, pdf, workbook
from lib.paper.files import MEDIA
from lib.paper.sections import CHARTS, TABLES, table_of
from lib.reports import rollup
from lib.shares import analysts, audit, sessions, visits
from lib.store import library, tables
from lib.store.library import Job
from lib.web import files
from lib.web.files import NOTHING_RUNS
from lib.words import t
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


def compared(visitor, kind, **query):
    return visitor.get(f"/export/compare.{kind}", params={"campaign": [CAMPAIGN.id, "vitrine-more"]} | query)


def test_an_analyst_takes_campaigns_side_by_side_along(parts):
    more = Campaign("vitrine", "more", title="=1+1", sent_at=CAMPAIGN.sent_at)
    rows = worlds.rows((more, Reported(more.id, "recipients", 10, "10")), "more.csv")
    job = Job("vitrine", "events", "more.zip", "1" * 64, "ann@agency.example")
    library.bring(parts.analytics, job, rows, rollup.make, lambda _: None, wiring.now())
    visitor = analyst_browser(parts)
    table = list(csv.DictReader(io.StringIO(compared(visitor, "csv").content.decode("utf-8-sig"))))
    assert [row["Campaign"] for row in table] == [CAMPAIGN.title, "'=1+1"]
    assert [row["Recipients"] for row in table][1] == "10"
    assert compared(visitor, "xlsx").content.startswith(b"PK")
    assert compared(visitor, "svg", curve="opened", span="24").content.startswith(b"<?xml")
    assert compared(visitor, "png", curve="opened", span="24").content.startswith(b"\x89PNG")
    for wrong in ({"curve": "elves", "span": "24"}, {"curve": "opened", "span": "-1"}, {}):
        assert compared(visitor, "svg", **wrong).status_code == 404
    assert compared(visitor, "exe").status_code == 404
    kinds = [line.kind for line in audit.lines(parts.records, audit.Filter(), 99)]
    assert kinds.count("export.taken") == 4


def test_a_viewer_takes_no_campaigns_side_by_side_along(parts):
    viewer = viewer_browser(parts)
    assert {compared(viewer, kind, curve="opened", span="24").status_code for kind in ("csv", "svg")} == {404}


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


EVERYTHING = Scope()
REPORT = f"/export/campaign/{CAMPAIGN.id}"


def every_file(parts) -> list[str]:
    """The addresses of all files that the spring campaign has."""
    found = reports.report(parts.analytics, Scope(), CAMPAIGN.id)
    tables = [name for name in TABLES if table_of(found, name) is not None]
    charts = [name for name in CHARTS if CHARTS[name](found, "en") is not None]
    assert tables
    assert charts
    return [
        *(f"{REPORT}.{kind}" for kind in ("csv", "xlsx", "pdf")),
        *(f"{REPORT}/{name}.{kind}" for name in tables for kind in ("csv", "xlsx")),
        *(f"{REPORT}/{name}.{kind}" for name in charts for kind in ("svg", "png")),
        "/export/campaigns.csv",
        "/export/campaigns.xlsx",
    ]


BEGINS = {"csv": b"\xef\xbb\xbf", "xlsx": b"PK", "pdf": b"%PDF", "svg": b"<?xml", "png": b"\x89PNG"}


def test_every_table_and_every_chart_leaves_in_each_of_its_kinds(parts):
    visitor = analyst_browser(parts)
    for address in every_file(parts):
        answer, kind = visitor.get(address), address.rpartition(".")[2]
        assert answer.status_code == 200, address
        assert answer.content.startswith(BEGINS[kind]), address
        assert answer.headers["content-type"] == MEDIA[kind], address
        assert answer.headers["content-disposition"].startswith('attachment; filename="'), address
        assert answer.headers["content-disposition"].endswith(f'.{kind}"'), address
        assert answer.headers["cache-control"] == "no-store", address


def test_a_drawing_that_is_opened_in_a_browser_runs_nothing(parts):
    """X1"""
    answer = analyst_browser(parts).get(f"{REPORT}/first_day.svg")
    assert answer.headers["content-security-policy"] == NOTHING_RUNS
    assert "<script" not in answer.text


def test_each_file_that_leaves_stands_in_the_log_once(parts):
    """D5"""
    visitor = analyst_browser(parts)
    addresses = {address.rpartition(".")[2]: address for address in every_file(parts)}.values()
    for address in addresses:
        assert visitor.head(address).status_code == visitor.get(address).status_code == 200, address
    kinds = [line.kind for line in audit.lines(parts.records, audit.Filter(), 999)]
    assert kinds.count("export.taken") == len(addresses)


def test_a_stranger_is_told_of_no_file(parts):
    """L8"""
    visitor = browser(parts)
    gone = visitor.get("/export/none.csv").text
    for address in (*every_file(parts), "/export/parcel/anything"):
        answer = visitor.get(address)
        assert (answer.status_code, answer.text) == (404, gone), address


def test_a_campaign_that_was_not_shared_has_no_file(parts):
    """L8"""
    campaign(parts, "vitrine-other", "Another")
    elsewhere = viewer_browser(parts, campaigns=("vitrine-other",))
    for address in every_file(parts)[:-2]:
        assert elsewhere.get(address).status_code == 404, address


@pytest.mark.parametrize(
    "end",
    ["/none.csv", "/notes.svg", "/first_day.pdf", "/links.exe", ".exe", "/..%2flinks.csv", "/links", "/.csv"],
)
def test_what_is_no_table_and_no_chart_is_not_there(parts, end):
    assert analyst_browser(parts).get(f"{REPORT}{end}").status_code == 404


def test_a_table_that_a_share_hides_is_not_there(parts):
    """L10"""
    visitor = viewer_browser(parts, people=False, revenue=False, sections=("links", "commerce"))
    assert visitor.get(f"{REPORT}/links.csv").status_code == 200
    for hidden in ("active_recipients", "first_day", "commerce", "recipients"):
        for kind in ("csv", "xlsx", "svg", "png"):
            assert visitor.get(f"{REPORT}/{hidden}.{kind}").status_code == 404, hidden


def test_a_table_has_headings_in_the_language_of_its_reader(parts):
    french = viewer_browser(parts, language="fr").get(f"{REPORT}/links.csv").text
    heading = next(csv.reader(io.StringIO(french.removeprefix("\ufeff"))))
    assert heading[0] == t("fr", "report.url")


# --- what was made on a page and waits --------------------------------------------------------------


def parcel(parts, session: str, scope: Scope = EVERYTHING) -> str:
    shelf = parcels.shelf(parts.settings.data)
    number = shelf.put(session, scope, "spring.pdf", MEDIA["pdf"], lambda to: to.write_bytes(b"%PDF spring"))
    return f"/export/parcel/{number}"


def session_of(parts, kind: str) -> str:
    with parts.records.begin() as db:
        number = db.scalar(sa.select(sa.func.max(tables.sessions.c.id)).where(tables.sessions.c.kind == kind))
    return f"{kind}-{number}"


def test_a_parcel_is_for_the_session_that_asked_for_it(parts):
    """X5"""
    one = analyst_browser(parts)
    address = parcel(parts, session_of(parts, "analyst"))
    answer = one.get(address)
    assert (answer.content, answer.headers["content-type"]) == (b"%PDF spring", "application/pdf")
    assert answer.headers["content-disposition"] == 'attachment; filename="spring.pdf"'
    for other in (browser(parts), viewer_browser(parts)):
        assert other.get(address).status_code == 404


def test_a_parcel_is_not_handed_out_once_its_share_has_changed(parts):
    """X5"""
    visitor = viewer_browser(parts)
    session = session_of(parts, "viewer")
    with parts.records.begin() as db:
        assert db.scalar(sa.select(tables.shares.c.people))
    scope = gate_scope(parts, visitor)
    address = parcel(parts, session, scope)
    assert visitor.get(address).status_code == 200
    with parts.records.begin() as db:
        db.execute(tables.shares.update().values(people=False))
    assert visitor.get(address).status_code == 404


def gate_scope(parts, visitor) -> Scope:
    cookie = dict(visitor.cookies)["vitrine_viewer"]
    found = sessions.find_viewer(parts.records, cookie, wiring.now())
    assert found
    return found.scope


def test_a_parcel_is_gone_after_its_time_and_when_there_are_too_many(parts, monkeypatch):
    """X5"""
    visitor = analyst_browser(parts)
    session = session_of(parts, "analyst")
    addresses = [parcel(parts, session) for _ in range(parcels.MOST_OF_ONE + 2)]
    assert [visitor.get(address).status_code for address in addresses] == [404, 404, 200, 200, 200]
    assert len(list((parts.settings.data / "parcels").iterdir())) == parcels.MOST_OF_ONE
    later = time.monotonic() + parcels.LIFE + 1
    monkeypatch.setattr(parcels.time, "monotonic", lambda: later)
    parcels.shelf(parts.settings.data).tidy()
    assert list((parts.settings.data / "parcels").iterdir()) == []


def test_parcels_are_readable_by_their_owner_only_and_the_oldest_make_room(parts, monkeypatch):
    """X5"""
    assert (parcels.LIFE, parcels.MOST_OF_ONE, parcels.MOST, parcels.MOST_BYTES) == (600, 3, 24, 10**9)
    folder = parts.settings.data / "parcels"
    first = parcel(parts, "viewer-0").rpartition("/")[2]
    assert (folder / first).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    for number in range(1, parcels.MOST + 1):
        parcel(parts, f"viewer-{number}")
    assert len(list(folder.iterdir())) == parcels.MOST and not (folder / first).exists()
    monkeypatch.setattr(parcels, "MOST_BYTES", 3 * len(b"%PDF spring"))
    parcels.shelf(parts.settings.data).tidy()
    assert len(list(folder.iterdir())) == 3


def test_a_file_that_could_not_be_made_leaves_nothing_behind(parts):
    def breaks(to):
        to.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        parcels.shelf(parts.settings.data).put("analyst-1", Scope(), "x.pdf", MEDIA["pdf"], breaks)
    assert list((parts.settings.data / "parcels").iterdir()) == []


def test_while_others_are_being_made_a_long_file_is_asked_for_again(parts, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.01)
    visitor = analyst_browser(parts)
    with parcels.turn(1, "analyst-98"), parcels.turn(1, "analyst-99"):
        answer = visitor.get(f"{REPORT}.pdf")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert visitor.get(f"{REPORT}.pdf").status_code == 200


def test_one_session_never_takes_both_makers(parts, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.01)
    viewer, analyst = viewer_browser(parts), analyst_browser(parts)
    with parcels.turn(1, session_of(parts, "viewer")):
        assert viewer.get(f"{REPORT}.pdf").status_code == 503
        assert analyst.get(f"{REPORT}.pdf").status_code == 200
    assert viewer.get(f"{REPORT}.pdf").status_code == 200


def test_of_many_files_that_a_session_asks_for_at_once_one_waits_and_the_others_are_told_so():
    asked, done = Barrier(6), Event()
    refused: list[int] = []

    def ask(number: int) -> None:
        asked.wait()
        try:
            with parcels.turn(60, "viewer-1"):
                assert done.wait(60)
        except parcels.TooManyMakers:
            refused.append(number)
            if len(refused) == 4:
                done.set()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(ask, range(6)))
    assert len(refused) == 4
    with parcels.turn(0, "viewer-1"), parcels.turn(0, "viewer-2"):
        pass


def test_a_file_that_could_not_be_made_gives_its_turn_back():
    for _ in range(parcels.MAKERS + 1):
        with pytest.raises(OSError, match="disk full"), parcels.turn(0, "viewer-1"):
            raise OSError("disk full")


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


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """What was set, drawn or written meanwhile, by its maker."""
    found: list[str] = []
    for name in ("svg", "png"):
        monkeypatch.setitem(paper_files.DRAWN, name, noting(found, name, paper_files.DRAWN[name]))
    for place, name in ((pdf, "make"), (workbook, "xlsx"), (workbook, "csv"), (reports, "report")):
        monkeypatch.setattr(place, name, noting(found, name, getattr(place, name)))
    return found


def noting(found, name, real):
    def noted(*args, **named):
        found.append(name)
        return real(*args, **named)

    return noted


ONE_OF_EACH = (".pdf", ".xlsx", "/links.csv", "/links.xlsx", "/first_day.svg", "/first_day.png")


def test_after_the_last_file_of_a_session_nothing_more_is_made_for_it(parts, monkeypatch, made):
    """D5"""
    monkeypatch.setattr(visits, "MOST_EXPORTS", len(ONE_OF_EACH))
    visitor = viewer_browser(parts)
    assert {visitor.get(f"{REPORT}{end}").status_code for end in ONE_OF_EACH} == {200}
    assert {"make", "xlsx", "csv", "svg", "png", "report"} <= set(made)
    made.clear()
    for ask in (visitor.get, visitor.head):
        assert {ask(f"{REPORT}{end}").status_code for end in ONE_OF_EACH} == {429}
    assert made == []
    assert analyst_browser(parts).get(f"{REPORT}.pdf").status_code == 200


def test_asking_for_the_head_of_a_file_makes_none(parts, made):
    visitor = viewer_browser(parts)
    assert {visitor.head(f"{REPORT}{end}").status_code for end in ONE_OF_EACH} == {200}
    assert visitor.head(f"{REPORT}/elves.svg").status_code == 404
    assert set(made) <= {"report"}


@pytest.mark.parametrize("address", ["/rejects/999.csv", "/rejects/..%2fsecret.key", "/rejects/1"])
def test_no_address_of_rejects_leads_anywhere_else(parts, address):
    assert analyst_browser(parts).get(address).status_code == 404


def test_readiness_says_which_part_is_missing(parts):
    assert browser(parts).get("/readyz").json() == {"status": "ok", "records": True, "events": True}
