"""The command line: the same services that the pages call, for people and for scripts."""

import json
import re
from pathlib import Path

import pytest

from lib import config, wiring
from lib.commands import SOME_REJECTED, main
from lib.words import catalogue

HEADER = (
    'Title,Subject,List,"Send Date","Send Weekday","Total Recipients","Successful Deliveries","Soft Bounces",'
    '"Hard Bounces","Total Bounces","Times Forwarded","Forwarded Opens","Unique Opens","Open Rate",'
    '"Total Opens","Unique Clicks","Click Rate","Total Clicks",Unsubscribes,"Abuse Complaints",'
    '"Times Liked on Facebook","Folder Id","Unique Id","Total Orders","Total Gross Sales","Total Revenue"\n'
)
SPRING = (
    '"Spring letter","Buds, at last",Friends,"Mar 02, 2026 09:30 am",Monday,6,5,0,1,1,0,0,6,120.00%,9,2,'
    "40.00%,3,0,0,0,0,aaaa000001,0,0,0\n"
)
SUMMER = SPRING.replace("Spring", "Summer").replace("aaaa000001", "aaaa000002")
BROKEN = SPRING.replace("Mar 02, 2026", "Mar 42, 2026").replace("aaaa000001", "aaaa000003")


@pytest.fixture
def vitrine(tmp_path, monkeypatch, capsys):
    """Runs one command on an installation of its own: (exit code, stdout, stderr)."""
    monkeypatch.setenv("VITRINE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VITRINE_BASE_URL", "https://reports.example.com")

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return end.value.code, said.out, said.err

    yield run


@pytest.fixture
def export(tmp_path):
    file = tmp_path / "campaigns.csv"
    file.write_text(HEADER + SPRING + SUMMER)
    return file


def object_of(run):
    code, out, err = run
    assert (code, err) == (0, ""), err
    return json.loads(out)


def test_an_import_is_counted_whole_and_the_same_file_twice_changes_nothing(vitrine, export):
    first = object_of(vitrine("import", export, "--json"))
    again = object_of(vitrine("import", export, "--json"))
    counts = ("read", "imported", "duplicate", "rejected")
    assert [first[k] for k in counts] == [2, 2, 0, 0]
    assert [again[k] for k in counts] == [2, 0, 2, 0]


def test_rejected_rows_are_written_with_their_line_and_the_exit_code_says_so(vitrine, export):
    export.write_text(HEADER + SPRING + BROKEN)
    code, out, _ = vitrine("import", export, "--json")
    told = json.loads(out)
    assert (code, told["read"], told["imported"], told["rejected"]) == (SOME_REJECTED, 2, 1, 1)
    assert ",3," in Path(told["rejects_file"]).read_text().splitlines()[1]


def test_an_unknown_file_is_refused_on_stderr_with_nothing_on_stdout(vitrine, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("dear diary\n")
    code, out, err = vitrine("import", file, "--json")
    assert (code, out) == (1, "")
    assert "notes.txt" in err


def test_an_undone_import_takes_its_campaigns_along(vitrine, export):
    number = object_of(vitrine("import", export, "--json"))["import"]
    assert len(object_of(vitrine("campaigns", "--json"))["campaigns"]) == 2
    object_of(vitrine("undo", number, "--json"))
    assert object_of(vitrine("campaigns", "--json"))["campaigns"] == []
    assert vitrine("undo", number)[0] == 1


def test_the_report_gives_the_figures_by_their_names_and_rates_as_fractions(vitrine, export):
    vitrine("import", export)
    told = object_of(vitrine("report", "aaaa000001", "--json"))
    assert told["campaign"]["title"] == "Spring letter"
    assert told["metrics"]["open_rate"] == pytest.approx(1.2)
    assert told["metrics"]["unique_opens_people"] is None
    assert (told["claimed"]["open_rate"], told["claimed"]["facebook_likes"]) == ("120.00%", "0")


def test_sharing_prints_each_link_and_password_once(vitrine, export):
    vitrine("import", export)
    told = object_of(
        vitrine("share", "aaaa000001", "--to", "ann@client.example", "ben@client.example", "--json")
    )
    assert [v["address"] for v in told["viewers"]] == ["ann@client.example", "ben@client.example"]
    for viewer in told["viewers"]:
        assert re.fullmatch(r"https://reports\.example\.com/v/[\w-]{43}", viewer["link"])
        assert len(viewer["password"]) >= 16
    listed = vitrine("viewers", "--json")[1]
    assert not any(v["password"] in listed or v["link"] in listed for v in told["viewers"])


def test_a_wrong_address_shares_nothing(vitrine, export):
    vitrine("import", export)
    code, out, err = vitrine("share", "aaaa000001", "--to", "ann@client.example", "nobody", "--json")
    assert (code, out) == (1, "")
    assert "nobody" in err
    assert object_of(vitrine("viewers", "--json"))["viewers"] == []


def test_one_viewer_is_revoked_and_the_other_stays(vitrine, export):
    vitrine("import", export)
    told = object_of(
        vitrine("share", "aaaa000001", "--to", "ann@client.example", "ben@client.example", "--json")
    )
    object_of(vitrine("revoke", told["viewers"][0]["id"], "--json"))
    states = {v["address"]: v["state"] for v in object_of(vitrine("viewers", "--json"))["viewers"]}
    assert states == {"ann@client.example": "revoked", "ben@client.example": "active"}


def test_without_a_mail_server_the_worker_keeps_one_mail_per_viewer(vitrine, export, tmp_path):
    vitrine("import", export)
    vitrine("share", "aaaa000001", "--to", "ann@client.example", "ben@client.example", "--language", "fr")
    assert object_of(vitrine("worker", "--once", "--json"))["tried"] == 2
    assert len(list((tmp_path / "data" / "outbox").glob("*.eml"))) == 2


def test_analysts_are_added_listed_and_disabled_but_not_the_last_admin(vitrine):
    secret = ("--password", "a long enough pass", "--json")
    object_of(vitrine("analyst", "add", "ana@agency.example", "--admin", *secret))
    object_of(vitrine("analyst", "add", "bob@agency.example", *secret))
    told = object_of(vitrine("analyst", "disable", "bob@agency.example", "--json"))
    assert [(a["address"], a["disabled"]) for a in told["analysts"]] == [
        ("ana@agency.example", False),
        ("bob@agency.example", True),
    ]
    assert vitrine("analyst", "disable", "ana@agency.example")[0] == 1
    assert vitrine("analyst", "disable", "cid@agency.example")[0] == 1


def test_the_doctor_finds_nothing_to_mend_on_a_fresh_installation(vitrine):
    assert {c["setting"] for c in object_of(vitrine("doctor", "--json"))["checks"]} >= {"VITRINE_RECORDS"}


def test_the_doctor_names_a_mail_server_that_does_not_answer(vitrine, monkeypatch):
    monkeypatch.setenv("VITRINE_SMTP", "smtp+plain://127.0.0.1:9")
    monkeypatch.setenv("VITRINE_MAIL_FROM", "Reports <reports@agency.example>")
    code, out, _ = vitrine("doctor", "--json")
    problems = {c["setting"]: c["problem"] for c in json.loads(out)["checks"]}
    assert code == 1
    assert problems["VITRINE_SMTP"]


def test_an_unknown_setting_stops_every_command(vitrine, monkeypatch):
    monkeypatch.setenv("VITRINE_SMPT", "x")
    code, _, err = vitrine("campaigns")
    assert code == 1
    assert "VITRINE_SMTP" in err


def test_the_manual_names_every_command():
    manual = (config.ROOT / "docs" / "operating.md").read_text()
    names = {
        k.removeprefix("command.help.").replace("_", "-")
        for k in catalogue("en")
        if k.startswith("command.help.")
    }
    assert {name for name in names - {"json"} if f"`{name}" not in manual} == set()


def test_the_first_admin_comes_from_the_settings_when_they_name_one(vitrine, monkeypatch):
    monkeypatch.setenv("VITRINE_ADMIN_EMAIL", "ana@agency.example")
    monkeypatch.setenv("VITRINE_ADMIN_PASSWORD", "a long enough pass")
    told = object_of(vitrine("analyst", "list", "--json"))
    assert [(a["address"], a["admin"]) for a in told["analysts"]] == [("ana@agency.example", True)]
    assert wiring.app().settings.admin_email == "ana@agency.example"
