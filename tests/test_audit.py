"""The audit log as people read it: found, told in sentences, exported, checked from the command line."""

import ast
import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from lib import wiring
from lib.commands import main
from lib.model import COMMAND_LINE, SYSTEM, Actor
from lib.shares import analysts, audit, sessions, shares
from lib.shares.audit import GROUPS, Filter
from lib.store import audit as log
from lib.store import records as store_records
from lib.words import LANGUAGES, catalogue
from tests import installation, sharing
from tests.screens import analyst_cookie
from tests.sharing import HERE, NOW, seconds

ANN = Actor("analyst", "ann@agency.example", "203.0.113.0/24")
SECRET = "a bright analyst"


@pytest.fixture
def house(tmp_path, monkeypatch):
    sharing.light_hashes(monkeypatch)
    monkeypatch.setattr(analysts, "COST", 4)
    made = sharing.house(tmp_path)
    yield made
    made.records.dispose()


@pytest.fixture
def asked(house):
    """How often the records were asked."""
    statements = []
    sa.event.listen(house.records, "before_cursor_execute", lambda *given: statements.append(given[2]))
    return statements


def write(records, kind, by=ANN, at=NOW, **details):
    with records.begin() as db:
        return log.append(db, at, kind, by, **details)


def said(records, language="en", **wanted):
    return [line.said(language) for line in audit.lines(records, Filter(**wanted), 100)]


# --- found ---------------------------------------------------------------------------------------------


def test_the_newest_stands_first_and_a_page_begins_where_the_last_one_ended(db):
    for number in range(7):
        write(db, "settings.changed", at=seconds(number))
    first = audit.lines(db, Filter(), 3)
    second = audit.lines(db, Filter(), 3, first[-1].id)
    assert [line.id for line in first + second] == [7, 6, 5, 4, 3, 2]
    assert audit.count(db, Filter()) == 7


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"kinds": ("share.off", "share.on")}, [4, 3]),
        ({"actor": "ann@agency.example"}, [3, 1]),
        ({"actor": "system"}, [5]),
        ({"share_id": 9}, [2]),
        ({"viewer_id": 77}, [5]),
        ({"since": seconds(3)}, [5, 4, 3]),
        ({"until": seconds(3)}, [2, 1]),
        ({"text": "BOB@agency"}, [4, 2]),
        ({"text": "203.0.113"}, [3, 1]),
        ({"text": "550 no such"}, [5]),
        ({"text": "100%"}, []),
        ({"kinds": ("share.off",), "actor": "bob@agency.example"}, []),
    ],
)
def test_a_filter_finds_what_it_names_and_nothing_else(db, wanted, found):
    bob = Actor("analyst", "bob@agency.example")
    write(db, "settings.changed", at=seconds(1))
    write(db, "share.changed", bob, at=seconds(2), share_id=9)
    write(db, "share.off", at=seconds(3))
    write(db, "share.on", bob, at=seconds(4))
    write(db, "mail.refused", SYSTEM, at=seconds(5), viewer_id=77, answer="550 no such user")
    assert [line.id for line in audit.lines(db, Filter(**wanted), 100)] == found
    assert audit.count(db, Filter(**wanted)) == len(found)


def test_a_search_looks_into_the_addresses_of_viewers_and_the_titles_of_campaigns(house):
    (vera,) = house.share("vera@client.example")
    house.share("max@client.example", campaigns=("summer",))
    share = house.share_of(vera)
    assert {line.share_id for line in audit.lines(house.records, Filter(text="spring GARD"), 100)} == {share}
    found = audit.lines(house.records, Filter(text="vera@"), 100)
    assert {line.viewer for line in found if line.viewer_id} == {"vera@client.example"}


def test_names_are_looked_up_for_all_rows_at_once(house, asked):
    house.share(*(f"viewer{number}@client.example" for number in range(20)))
    house.share("max@client.example", campaigns=("spring", "summer"))
    asked.clear()
    few = len(audit.lines(house.records, Filter(), 2))
    for_few = len(asked)
    asked.clear()
    many = len(audit.lines(house.records, Filter(), 100))
    assert (few, len(asked)) == (2, for_few)
    assert many > 20


def test_what_concerns_one_viewer_is_told_alone(house):
    vera, max_ = house.share("vera@client.example", "max@client.example")
    shares.revoke(house.records, vera.id, NOW, by=ANN)
    told = audit.of_viewer(house.records, vera.id)
    assert told[0].kind == "viewer.revoked"
    assert {line.viewer_id for line in told} == {vera.id}
    assert "viewer.revoked" not in {line.kind for line in audit.of_viewer(house.records, max_.id)}


# --- told ----------------------------------------------------------------------------------------------


def test_plain_sentences_say_who_did_what_to_whom(house):
    (bob,) = house.share("bob@client.example")
    house.unlock(bob)
    shares.revoke(house.records, bob.id, seconds(1), by=ANN)
    told = said(house.records)
    assert told[0] == "ann@agency.example revoked the access of bob@client.example to “Spring Gardening”"
    assert "bob@client.example opened “Spring Gardening” from 198.51.100.0/24" in told
    french = said(house.records, "fr")
    assert french[0] == (
        "ann@agency.example a retiré l’accès à bob@client.example\u00a0: «\u00a0Spring Gardening\u00a0»"
    )


def test_a_share_of_several_campaigns_names_one_and_counts_the_others(house):
    house.share("bob@client.example", campaigns=("spring", "summer"))
    told = audit.lines(house.records, Filter(kinds=("share.created",)), 1)[0]
    assert told.share("en") == "“Spring Gardening” and 1 more"
    assert told.share("fr") == "«\u00a0Spring Gardening\u00a0» et 1 autre"


def test_names_are_written_as_the_screen_wants_them(house):
    (bob,) = house.share("bob@client.example")
    shares.revoke(house.records, bob.id, NOW, by=ANN)
    told = audit.lines(house.records, Filter(), 1)[0].said("en", lambda name: f"<{name}>")
    assert told == "<ann@agency.example> revoked the access of <bob@client.example> to “<Spring Gardening>”"


def test_a_new_last_day_says_from_when_to_when(house):
    (bob,) = house.share("bob@client.example", expires_on=NOW.date() + timedelta(days=3))
    shares.extend(house.records, house.share_of(bob), None, NOW, by=ANN)
    (line,) = audit.lines(house.records, Filter(kinds=("share.extended",)), 9)
    assert line.details_said("en") == ("26 Nov 2026 → no end",)


def test_a_failed_try_says_why_and_a_refused_mail_what_the_server_said(db):
    write(db, "visit.failed", Actor("visitor", network="203.0.113.0/24"), reason="revoked")
    write(db, "mail.refused", SYSTEM, address="x@client.example", answer="550 <b>no</b>")
    write(db, "mail.withdrawn", SYSTEM, address="x@client.example", answer="mail.answer.other_key")
    withdrawn, refused, failed = audit.lines(db, Filter(), 9)
    assert failed.details_said("en") == ("right password, but access was revoked",)
    assert refused.details_said("en", lambda name: f"<{name}>") == ("<550 <b>no</b>>",)
    assert withdrawn.details_said("en") == (catalogue("en")["mail.answer.other_key"],)
    assert refused.said("en") == "The e-mail to x@client.example was refused"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_sentence_even_when_its_row_holds_nothing(db, language):
    for kinds in GROUPS.values():
        for kind in kinds:
            write(db, kind, SYSTEM)
    told = said(db, language)
    assert len(told) == sum(map(len, GROUPS.values()))
    assert not [one for one in told if "{" in one or "None" in one]


def test_every_kind_that_the_code_writes_is_in_a_group():
    """So that no filter hides it and no page stumbles over it."""
    known = {kind for kinds in GROUPS.values() for kind in kinds}
    calls = [
        node
        for file in Path(audit.__file__).parents[1].rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("append", "log", "_log")
    ]
    texts = [arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)]
    written = {text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z]+\.[a-z_]+", text)}
    assert {"share.created", "visit.opened", "viewer.revoked"} <= written <= known


# --- taken along ---------------------------------------------------------------------------------------


def table(text):
    return list(csv.reader(io.StringIO(text)))


def test_the_file_holds_every_row_asked_for_with_its_time_zone(house, monkeypatch):
    monkeypatch.setattr(audit, "AT_ONCE", 2)
    (bob,) = house.share("bob@client.example")
    shares.revoke(house.records, bob.id, NOW, by=ANN)
    head, *found = table("".join(audit.to_csv(house.records, Filter(), "en", "Asia/Kolkata")))
    assert len(found) == audit.count(house.records, Filter())
    newest = dict(zip(head, found[0], strict=True))
    assert (newest["Time"], newest["Time zone"]) == ("2026-11-23 17:30:00", "Asia/Kolkata")
    assert newest["What happened"].startswith("ann@agency.example revoked the access of bob@client.example")
    assert (newest["Kind"], newest["By"], newest["Network"]) == (
        "viewer.revoked",
        "ann@agency.example",
        "203.0.113.0/24",
    )
    assert [int(row[0]) for row in found] == sorted((int(row[0]) for row in found), reverse=True)


def test_a_name_in_the_file_is_no_formula(db):
    write(
        db, "export.taken", Actor("viewer", '=HYPERLINK("http://x.example")', "203.0.113.0/24"), file="=1+1"
    )
    head, row = table("".join(audit.to_csv(db, Filter(), "en", "UTC")))
    told = dict(zip(head, row, strict=True))
    assert told["By"].startswith("'=HYPERLINK")
    assert told["What happened"].startswith("'=HYPERLINK")


@pytest.fixture
def installed(tmp_path):
    with installation.install(tmp_path / "data") as parts:
        yield parts


def analysts_browser(parts):
    analyst = analysts.add(parts.records, "Ann", ANN.name, SECRET, False, NOW, by=COMMAND_LINE)
    visitor = installation.browser(parts)
    visitor.cookies.update(analyst_cookie(parts, analyst))
    return visitor


def test_the_route_gives_analysts_what_the_page_filters(installed):
    write(installed.records, "share.off", at=NOW)
    write(installed.records, "settings.changed", at=seconds(9))
    visitor = analysts_browser(installed)
    address = "/export/audit.csv?zone=Europe/Paris&groups=shares&until=2026-11-23T12:00:05%2B00:00"
    answer = visitor.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = table(answer.content.decode("utf-8-sig"))
    assert [row[1:3] for row in rows[1:]] == [["2026-11-23 13:00:00", "Europe/Paris"]]


def test_the_route_survives_whatever_stands_in_its_address(installed):
    visitor = analysts_browser(installed)
    for query in ("zone=Nowhere&share=x&since=x", f"share={'9' * 11}", "viewer=²&until=2026-01-01T00:00:00"):
        assert visitor.get(f"/export/audit.csv?{query}").status_code == 200, query


def test_taking_the_log_along_stands_in_the_log(installed):
    analysts_browser(installed).get("/export/audit.csv")
    newest = audit.lines(installed.records, Filter(), 1)[0]
    assert (newest.kind, newest.actor, newest.details) == ("export.taken", ANN.name, {"file": "audit.csv"})


def test_for_strangers_and_viewers_there_is_no_log(installed):
    """D5, L8"""
    installation.campaign(installed)
    (bob,) = installation.share(installed, "bob@client.example")
    viewer = installation.browser(installed)
    installation.unlock(viewer, installation.path(bob))
    for visitor in (installation.browser(installed), viewer):
        answer = visitor.get("/export/audit.csv")
        assert answer.status_code == 404
        assert "bob@client" not in answer.text


# --- analysts' own acts --------------------------------------------------------------------------------


def test_what_analysts_do_with_their_accounts_stands_in_the_log(house):
    """D5"""
    records = house.records
    eva = analysts.add(records, "Eva", "eva@agency.example", SECRET, True, NOW, by=COMMAND_LINE)
    bob = analysts.add(records, "Bob", "bob@agency.example", SECRET, False, NOW, by=ANN)
    analysts.check(records, "EVA@agency.example", "wrong", HERE, NOW)
    assert isinstance(analysts.check(records, "eva@agency.example", SECRET, HERE, NOW), analysts.Analyst)
    cookie = sessions.redeem(records, sessions.ticket(records, eva, NOW), NOW)
    sessions.end(records, cookie, NOW, "198.51.100.0/24")
    sessions.end(records, cookie, NOW)
    analysts.disable(records, bob, NOW, by=ANN)
    analysts.disable(records, bob, NOW, by=ANN)
    analysts.enable(records, bob, NOW, by=ANN)
    analysts.set_password(records, bob, "a brighter analyst", NOW, by=ANN)
    assert list(reversed(said(records))) == [
        "The command line added the analyst eva@agency.example",
        "ann@agency.example added the analyst bob@agency.example",
        "Somebody from 198.51.100.0/24 tried to sign in as eva@agency.example with a wrong password",
        "eva@agency.example signed in from 198.51.100.0/24",
        "eva@agency.example signed out",
        "ann@agency.example disabled the analyst bob@agency.example",
        "ann@agency.example enabled the analyst bob@agency.example again",
        "ann@agency.example changed the sign-in password of bob@agency.example",
    ]


def test_a_flood_of_unknown_addresses_leaves_one_entry_an_hour_and_no_address(house):
    """D5, L7: what is typed as a name may be a password"""
    for minute in range(0, 125, 5):
        address = f"my secret {minute}"
        at = NOW + timedelta(minutes=minute)
        analysts.check(house.records, address, "wrong", f"10.0.{minute}.1", at)
    told = audit.lines(house.records, Filter(), 100)
    assert [line.kind for line in told] == ["analyst.failed"] * 3
    assert "secret" not in repr(told)
    assert told[0].said("en").startswith("Somebody from 10.0.")


def test_a_viewers_session_that_ends_is_no_analyst_signing_out(house):
    (bob,) = house.share("bob@client.example")
    sessions.end(house.records, house.cookie(bob), NOW)
    assert "analyst.signed_out" not in {line.kind for line in audit.lines(house.records, Filter(), 100)}


# --- the command ---------------------------------------------------------------------------------------


def verify(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["verify-audit", *arguments])
    return ended.value.code, capsys.readouterr().out


def test_the_command_counts_the_entries_of_an_unbroken_log(workspace, capsys):
    """D5"""
    write(workspace.records, "share.off")
    write(workspace.records, "share.on")
    wiring.prepare(workspace)
    assert verify(capsys) == (0, "The chain is unbroken: 2 entries.\n")
    told = json.loads(verify(capsys, "--json")[1])
    assert (told["entries"], told["unbroken"], told["compared"]) == (2, True, True)


def test_the_command_names_a_changed_entry_by_number_time_and_kind(workspace, capsys):
    """D5"""
    for number in range(3):
        write(workspace.records, "share.off", at=seconds(number))
    with workspace.records.begin() as db:
        db.exec_driver_sql("DROP TRIGGER audit_no_update")
        db.exec_driver_sql("UPDATE audit SET actor = 'x' WHERE id = 2")
    code, out = verify(capsys)
    assert code == 1
    assert out == (
        "Entry 2 is not as it was written (23 Nov 2026 12:00:01 UTC, share.off). "
        "The entries before it (1) are intact.\n"
    )
    told = json.loads(verify(capsys, "--json")[1])
    assert (told["entry"], told["kind"], told["reason"]) == (2, "share.off", "changed")


def test_the_command_and_the_doctor_tell_of_a_log_that_was_cut_off(workspace, capsys):
    """D5, D6"""
    for _ in range(3):
        write(workspace.records, "share.off")
    wiring.prepare(workspace)
    with workspace.records.begin() as db:
        db.exec_driver_sql("DROP TRIGGER audit_no_delete")
        db.exec_driver_sql("DELETE FROM audit WHERE id > 1")
    code, out = verify(capsys)
    assert code == 1
    assert out.startswith("The log ends with entry 1, but on ")
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    assert ended.value.code == 1
    assert "MEND  audit log  The log ends with entry 1" in capsys.readouterr().out


def test_a_start_without_trouble_is_quiet(workspace):
    """D6"""
    wiring.prepare(workspace)
    wiring.worker(workspace).run_once(wiring.now())
    wiring.prepare(workspace)
    with store_records.reading(workspace.records) as db:
        assert not db.execute(sa.text("SELECT * FROM audit")).all()
    assert workspace.epoch.read() is not None


def test_the_worker_keeps_the_head_of_the_log(workspace):
    """D6"""
    worker = wiring.worker(workspace)
    write(workspace.records, "share.off")
    worker.run_once(wiring.now())
    assert workspace.epoch.read().head.id == 1
