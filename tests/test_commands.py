"""The command line: the same services that the pages call, for people and for scripts."""

import json
import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from lib import config, doctor, wiring
from lib.commands import LANGUAGE, SOME_REJECTED, main
from lib.model import COMMAND_LINE
from lib.shares import analysts, policy, shares
from lib.words import catalogue, t
from tests import worlds

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


def test_rejected_rows_are_explained_in_the_language_of_the_terminal(vitrine, export, monkeypatch):
    monkeypatch.setattr("lib.commands.LANGUAGE", "fr")
    export.write_text(HEADER + SPRING + BROKEN)
    told = json.loads(vitrine("import", export, "--json")[1])
    assert "n’est pas une date" in Path(told["rejects_file"]).read_text(encoding="utf-8")


def test_an_unknown_file_is_refused_on_stderr_with_nothing_on_stdout(vitrine, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("dear diary\n")
    code, out, err = vitrine("import", file, "--json")
    assert (code, out) == (1, "")
    assert "notes.txt" in err


def test_a_refused_file_keeps_none_of_the_others_out(vitrine, export, tmp_path):
    notes, more = tmp_path / "notes.txt", tmp_path / "more.csv"
    notes.write_text("dear diary\n")
    more.write_text(HEADER + SUMMER.replace("aaaa000002", "aaaa000004"))
    code, out, err = vitrine("import", export, notes, more, "--json")
    told = json.loads(out)
    assert (code, told["imported"], [one["imported"] for one in told["imports"]]) == (1, 3, [2, 1])
    (refused,) = told["refused"]
    assert refused["path"] == str(notes)
    assert refused["reason"] in err
    assert len(object_of(vitrine("campaigns", "--json"))["campaigns"]) == 3


def test_files_that_are_all_refused_leave_nothing_on_stdout_but_the_object(vitrine, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("dear diary\n")
    code, out, err = vitrine("import", tmp_path / "a.txt", tmp_path / "b.txt")
    assert (code, out, err.count("\n")) == (1, "", 2)
    told = json.loads(vitrine("import", tmp_path / "a.txt", tmp_path / "b.txt", "--json")[1])
    assert (told["imports"], told["import"], len(told["refused"])) == ([], None, 2)


def test_a_terminal_shows_how_far_an_import_is(vitrine, export, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    shown = vitrine("import", export)[2].split("\r\x1b[K")
    assert shown[1:] == [
        " 40%  campaigns.csv: 2 rows read",
        " 50%  campaigns.csv: counting campaign 1 of 2",
        " 95%  campaigns.csv: counting campaign 2 of 2",
        " 95%  campaigns.csv: comparing campaign 1 of 2 with what was here before",
        "100%  campaigns.csv: comparing campaign 2 of 2 with what was here before",
        "",
    ]


def test_a_missing_file_stops_an_import_before_anything_is_in(vitrine, export, tmp_path):
    code, out, err = vitrine("import", export, tmp_path / "gone.csv")
    assert (code, out) == (1, "")
    assert "gone.csv" in err
    assert object_of(vitrine("campaigns", "--json"))["campaigns"] == []


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


@pytest.fixture
def spring(vitrine, tmp_path):
    """The tiny world of the tests, whose campaign is «spring»."""
    vitrine("import", worlds.write_events(tmp_path / "events.csv"))
    return vitrine


def test_a_report_can_be_asked_for_some_figures_by_one_dimension(spring):
    told = object_of(spring("report", "spring", "--by", "country", "--json"))
    assert (told["campaign"], told["by"], told["where"]) == ("vitrine-spring", "country", [])
    opens = {row["country"]: row["unique_opens"] for row in told["rows"]}
    assert opens == {"IE": 1, "FR": 2, None: 2}


def test_filters_leave_the_events_that_have_the_key_themselves(spring):
    asked = ("--by", "country", "--where", "device=desktop", "--where", "client=Outlook", "--metric", "opens")
    told = object_of(spring("report", "spring", *asked, "--json"))
    assert told["rows"] == [{"country": "IE", "opens": 1}]
    assert told["where"] == [["device", "desktop"], ["client", "Outlook"]]
    code, out, _ = spring("report", "spring", *asked)
    assert (code, out) == (0, "country  opens\nIE       1\n")


def test_an_empty_key_is_what_is_not_known(spring):
    asked = ("report", "spring", "--where", "country=", "--metric", "unique_opens", "open_rate")
    told = object_of(spring(*asked, "--json", "--opens", "people"))
    assert told["rows"] == [{"campaign": "vitrine-spring", "unique_opens": 1, "open_rate": 1 / 8}]
    code, out, err = spring("report", "spring", "--where", "reason=")
    assert (code, out) == (1, "") and "country" in err


@pytest.mark.parametrize(
    ("asked", "alike"),
    [
        (("--by", "contry"), "country"),
        (("--where", "devise=mobile"), "device"),
        (("--metric", "uniqe_opens"), "unique_opens"),
        (("--by", "qqq"), "hour"),
        (("--metric", "first_opens"), "unique_opens"),
    ],
)
def test_what_does_not_exist_is_named_with_what_is_called_most_alike(spring, asked, alike):
    code, out, err = spring("report", "spring", *asked)
    assert (code, out) == (1, "")
    assert asked[1].partition("=")[0] in err and alike in err


def test_a_filter_without_a_key_sign_is_wrong_usage(spring):
    assert spring("report", "spring", "--where", "country")[0] == 2


def test_what_nothing_has_is_said_on_the_terminal_too(spring):
    code, out, _ = spring("report", "spring", "--by", "country", "--where", "device=fridge")
    assert (code, out.strip()) == (0, t(LANGUAGE, "command.nothing_there"))


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


@pytest.mark.parametrize(
    ("given", "last"),
    [((), "2026-11-30"), (("--expires", "2026-12-24"), "2026-12-24"), (("--expires", "never"), None)],
)
def test_a_share_lasts_as_asked_for_and_else_as_long_as_is_usual(vitrine, export, monkeypatch, given, last):
    monkeypatch.setenv("VITRINE_TIMEZONE", "Pacific/Auckland")
    monkeypatch.setattr(wiring, "now", lambda: datetime(2026, 11, 22, 12, tzinfo=UTC))  # there the 23rd
    vitrine("import", export)
    policy.save(wiring.app().records, policy.Policy(days=7), wiring.now(), by=COMMAND_LINE)
    object_of(vitrine("share", "aaaa000001", "--to", "ann@client.example", *given, "--json"))
    (line,) = shares.shares_of(wiring.app().records, None, wiring.now())
    assert line.expires_on == (last and date.fromisoformat(last))


@pytest.mark.parametrize(
    ("given", "shown"), [((), ("all", True)), (("--opens", "people", "--no-history"), ("people", False))]
)
def test_a_share_opens_with_the_count_asked_for_and_compares_unless_told_not_to(
    vitrine, export, given, shown
):
    vitrine("import", export)
    object_of(vitrine("share", "aaaa000001", "--to", "ann@client.example", *given, "--json"))
    (line,) = shares.shares_of(wiring.app().records, None, wiring.now())
    assert (line.form, line.history) == shown


def test_no_end_is_refused_where_shares_have_a_longest_duration(vitrine, export):
    vitrine("import", export)
    policy.save(wiring.app().records, policy.Policy(days=7, most=14), wiring.now(), by=COMMAND_LINE)
    code, out, err = vitrine("share", "aaaa000001", "--to", "ann@client.example", "--expires", "never")
    assert (code, out, err) == (1, "", t(LANGUAGE, "refusal.policy.beyond", count=14) + "\n")
    object_of(vitrine("share", "aaaa000001", "--to", "ann@client.example", "--json"))


def test_a_last_day_that_is_none_is_wrong_usage(vitrine, export):
    code, out, err = vitrine("share", "aaaa000001", "--to", "ann@client.example", "--expires", "soon")
    assert (code, out) == (2, "")
    assert "soon" in err


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


def viewer_of(vitrine, number):
    return next(v for v in object_of(vitrine("viewers", "--json"))["viewers"] if v["id"] == number)


def test_the_command_line_names_the_road_of_a_password(vitrine, export):
    vitrine("import", export)
    mails = {"same": ["invitation"], "second": ["invitation", "apart"], "hand": ["invitation"]}
    for road, kinds in mails.items():
        given = "aaaa000001", "--to", f"{road}@client.example", "--road", road
        (made,) = object_of(vitrine("share", *given, "--json"))["viewers"]
        told = viewer_of(vitrine, made["id"])
        assert [mail["kind"] for mail in told["mails"]] == kinds
        assert bool(told["pass_on_since"]) == (road == "hand")


def test_without_a_road_a_new_password_is_handed_over_and_the_old_flag_mails_it(vitrine, export):
    vitrine("import", export)
    told = object_of(vitrine("share", "aaaa000001", "--to", "ann@client.example", "--json"))
    by_hand = object_of(vitrine("set-password", told["share"], "--json"))["viewers"][0]
    assert by_hand["password"] and by_hand["link"]  # the mail with the first one had not left
    assert [mail["state"] for mail in viewer_of(vitrine, by_hand["id"])["mails"]] == ["refused"]
    mailed = object_of(vitrine("set-password", told["share"], "--mail", "--json"))["viewers"][0]
    assert mailed["link"]
    assert [mail["kind"] for mail in viewer_of(vitrine, mailed["id"])["mails"]] == ["password"]


def test_a_viewer_gets_a_new_link_from_the_command_line(vitrine, export):
    vitrine("import", export)
    (ann,) = object_of(vitrine("share", "aaaa000001", "--to", "ann@client.example", "--json"))["viewers"]
    (renewed,) = object_of(vitrine("renew-link", ann["id"], "--json"))["viewers"]
    assert renewed["link"] != ann["link"] and renewed["password"] == ""
    assert [mail["kind"] for mail in viewer_of(vitrine, ann["id"])["mails"]] == ["link"]
    code, _, err = vitrine("renew-link", ann["id"])
    assert code == 1 and "ann@client.example" in err
    assert vitrine("renew-link", 9999)[0] == 1


def test_an_unknown_mail_is_sent_again_from_the_command_line(vitrine, export):
    vitrine("import", export)
    (ann,) = object_of(vitrine("share", "aaaa000001", "--to", "ann@client.example", "--json"))["viewers"]
    assert vitrine("send-again", ann["id"])[0] == 1
    with wiring.app().records.begin() as db:
        db.execute(sa.text("UPDATE outbox SET state = 'unknown'"))
    assert object_of(vitrine("send-again", ann["id"], "--json"))["mail"] == "queued"


def test_revoking_twice_is_quiet_but_nobody_cannot_be_revoked(vitrine, export):
    vitrine("import", export)
    told = object_of(vitrine("share", "aaaa000001", "--to", "ann@client.example", "--json"))
    for _ in range(2):
        object_of(vitrine("revoke", told["viewers"][0]["id"], "--json"))
    code, out, err = vitrine("revoke", 9999)
    assert (code, out) == (1, "")
    assert err


@pytest.mark.parametrize("number", [0, 4711])
def test_the_viewers_of_an_unknown_share_are_refused(vitrine, number):
    code, out, err = vitrine("viewers", number, "--json")
    assert (code, out) == (1, "")
    assert err


def test_without_a_mail_server_the_worker_keeps_one_mail_per_viewer(vitrine, export, tmp_path):
    vitrine("import", export)
    vitrine("share", "aaaa000001", "--to", "ann@client.example", "ben@client.example", "--language", "fr")
    assert object_of(vitrine("worker", "--once", "--json")) == {"tried": 2, "states": {"kept": 2}}
    assert object_of(vitrine("worker", "--once", "--json")) == {"tried": 0, "states": {}}
    assert len(list((tmp_path / "data" / "outbox").glob("*.eml"))) == 2


def test_the_worker_says_when_a_mail_could_not_be_handed_over(vitrine, export, monkeypatch):
    vitrine("import", export)
    vitrine("share", "aaaa000001", "--to", "ann@client.example")
    vitrine("worker", "--once")
    with_a_server_that_does_not_answer(monkeypatch)
    vitrine("share", "aaaa000001", "--to", "ben@client.example", "cid@client.example")
    code, out, _ = vitrine("worker", "--once", "--json")
    assert (code, json.loads(out)) == (1, {"tried": 2, "states": {"waiting": 2}})


def with_a_server_that_does_not_answer(monkeypatch):
    wiring.app().records.dispose()
    wiring.app.cache_clear()
    monkeypatch.setenv("VITRINE_SMTP", "smtp+plain://127.0.0.1:9")
    monkeypatch.setenv("VITRINE_MAIL_FROM", "Reports <reports@agency.example>")


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


def test_an_analyst_gets_a_new_password_and_comes_back_after_being_disabled(vitrine):
    for name in ("ana", "bob"):
        secret = ("--password", "a long enough pass", "--admin")
        vitrine("analyst", "add", f"{name}@agency.example", *secret)
    vitrine("analyst", "disable", "bob@agency.example")
    told = object_of(vitrine("analyst", "enable", "bob@agency.example", "--json"))
    assert [a["disabled"] for a in told["analysts"]] == [False, False]
    object_of(
        vitrine("analyst", "set-password", "bob@agency.example", "--password", "ships sail slowly", "--json")
    )
    found = analysts.check(
        wiring.app().records, "bob@agency.example", "ships sail slowly", "net", wiring.now()
    )
    assert isinstance(found, analysts.Analyst)


@pytest.mark.parametrize("action", ["enable", "set-password"])
def test_an_analyst_who_does_not_exist_is_refused(vitrine, action):
    code, out, err = vitrine("analyst", action, "cid@agency.example")
    assert (code, out) == (1, "")
    assert "cid@agency.example" in err


def test_the_doctor_finds_nothing_to_mend_on_a_fresh_installation(vitrine):
    assert {c["setting"] for c in object_of(vitrine("doctor", "--json"))["checks"]} >= {"VITRINE_RECORDS"}


def test_the_doctor_names_a_mail_server_that_does_not_answer(vitrine, monkeypatch):
    with_a_server_that_does_not_answer(monkeypatch)
    assert to_mend(vitrine("doctor", "--json")) == {"VITRINE_SMTP"}


def to_mend(run):
    """The settings that the doctor wants mended."""
    code, out, err = run
    assert (code, err) == (1, ""), err
    return {check["setting"] for check in json.loads(out)["checks"] if check["problem"]}


NOWHERE = "postgresql+psycopg://me:canary@127.0.0.1:9/vitrine"


def test_the_doctor_diagnoses_records_that_cannot_be_reached(vitrine, monkeypatch):
    monkeypatch.setenv("VITRINE_RECORDS", NOWHERE)
    run = vitrine("doctor", "--json")
    assert to_mend(run) == {"VITRINE_RECORDS"}
    assert "canary" not in run[1]


def test_the_doctor_names_records_of_a_newer_version(vitrine):
    vitrine("doctor")
    with wiring.app().records.begin() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert to_mend(vitrine("doctor", "--json")) == {"VITRINE_RECORDS"}


def test_the_doctor_names_an_events_folder_that_cannot_be_made(vitrine, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VITRINE_EVENTS", f"duckdb:{tmp_path / 'file' / 'events'}")
    assert to_mend(vitrine("doctor", "--json")) == {"VITRINE_EVENTS"}


def test_the_doctor_names_a_sender_that_is_no_address(vitrine, monkeypatch):
    monkeypatch.setenv("VITRINE_MAIL_FROM", "Reports")
    assert to_mend(vitrine("doctor", "--json")) == {"VITRINE_MAIL_FROM"}


def test_the_doctor_names_a_first_admin_who_cannot_be_made(vitrine, monkeypatch):
    monkeypatch.setenv("VITRINE_ADMIN_EMAIL", "ana@agency.example")
    monkeypatch.setenv("VITRINE_ADMIN_PASSWORD", "short")
    assert to_mend(vitrine("doctor", "--json")) == {"VITRINE_ADMIN_EMAIL"}


def test_a_database_that_fails_is_one_sentence_without_a_password(vitrine, monkeypatch):
    monkeypatch.setenv("VITRINE_RECORDS", NOWHERE)
    code, out, err = vitrine("campaigns")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "VITRINE_RECORDS" in err
    assert "canary" not in err


def test_what_a_database_says_about_somebodys_data_is_not_repeated():
    problem = sa.exc.IntegrityError(
        "INSERT", {"address": "canary"}, Exception("Key (address)=(canary) exists")
    )
    assert doctor.in_words(problem) == "IntegrityError"


@pytest.mark.parametrize(
    "url",
    [
        "canary",
        "canary://me@db/vitrine",
        "mysql://me:canary@db/vitrine",
        "postgresql+canary://me:canary@db/vitrine",
        "postgresql+psycopg://me:canary@db:canary/vitrine",
        "postgresql+psycopg://me:pass@canary@db/vitrine",
        "postgresql+psycopg://me:pass@canary/canary@db/vitrine",
    ],
)
def test_records_that_no_engine_knows_are_refused_by_name_and_not_shown(vitrine, monkeypatch, url):
    monkeypatch.setenv("VITRINE_RECORDS", url)
    code, out, err = vitrine("campaigns")
    assert (code, out) == (1, "")
    assert err.startswith("VITRINE_RECORDS: ")
    assert "canary" not in err


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
