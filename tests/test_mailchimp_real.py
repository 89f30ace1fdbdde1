"""Real files: every figure that an export of 872 campaigns claims is shown exactly as claimed.

The files are nobody's to give away, so they lie outside the project, and these tests run only where they are.
"""

import csv
import json
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lib import commands, wiring
from lib.importers import ImportRefused, bring_in
from lib.model import Scope
from lib.paper import numbers
from lib.reports import as_json, campaigns, report
from lib.store import library
from tests.test_figures_as_claimed import COUNTS, RATES, claimed

DATASETS = Path(__file__).resolve().parents[2] / "shared" / "datasets"
SAMPLES = DATASETS.parent / "samples" / "mailchimp"
EXPORT = DATASETS / "mailchimp_campaigns_deepnews_2018_2019.csv"
ZONE = "America/Los_Angeles"

pytestmark = [
    pytest.mark.skipif(not EXPORT.exists(), reason="only where the real files are"),
    pytest.mark.xdist_group("real"),  # the reports are made once
]
MADE = {}


@pytest.fixture
def lines():
    with EXPORT.open(encoding="utf-8", newline="") as file:
        return {f"mailchimp-{line['Unique Id']}": line for line in csv.DictReader(file)}


@pytest.fixture
def analytics(workspace):
    bring_in(workspace.analytics, EXPORT, by="ann@agency.example", now=wiring.now(), zone=ZONE)
    return workspace.analytics


@pytest.fixture
def reports(analytics, lines):
    """Of each campaign the whole report; the same import gives the same each time."""
    if not MADE:
        MADE.update({campaign: report(analytics, Scope(), campaign) for campaign in lines})
    return MADE


def test_every_report_shows_every_figure_as_the_file_claims_it(reports, lines):
    assert len(lines) == 872
    for campaign, line in lines.items():
        found = reports[campaign]
        shown = {name: numbers.show_figure(found.figures[name], "en") for name in (COUNTS | RATES).values()}
        assert {name: text.replace(",", "") for name, text in shown.items()} == claimed(line, COUNTS | RATES)
        assert found.figures["revenue"].value == float(line["Total Revenue"])
        view = found.campaign
        assert [view.title, view.subject, view.audience] == [
            line[name].strip() or None for name in ("Title", "Subject", "List")
        ]


def test_every_report_holds_every_figure_of_the_file_word_for_word(reports, lines):
    figures = lines[next(iter(lines))].keys() - {
        *("Title", "Subject", "List", "Send Date", "Send Weekday", "Folder Id", "Unique Id")
    }
    for campaign, line in lines.items():
        claims = reports[campaign].claimed
        assert sorted(claims.values()) == sorted(line[name] for name in figures)


def test_the_overview_shows_every_figure_as_the_file_claims_it(analytics, lines):
    table = campaigns(analytics, Scope()).set_index("id")
    assert set(table.index) == set(lines)
    for campaign, row in table.iterrows():
        shown = {name: numbers.show(name, row[name], "en") for name in (COUNTS | RATES).values()}
        expected = claimed(lines[campaign], COUNTS | RATES)
        assert {name: text.replace(",", "") for name, text in shown.items()} == expected


def test_a_french_screen_shows_the_same_digits(reports, lines):
    for campaign, line in lines.items():
        figures = reports[campaign].figures
        shown = {name: numbers.show_figure(figures[name], "fr") for name in RATES.values()}
        assert {name: re.sub(r"\s", "", text).replace(",", ".") for name, text in shown.items()} == claimed(
            line, RATES
        )


def test_more_openers_than_deliveries_are_shown_as_they_were_claimed(analytics, lines):
    [campaign] = [campaign for campaign, line in lines.items() if line["Open Rate"] == "120.00%"]
    figure = report(analytics, Scope(), campaign).figures["open_rate"]
    assert (numbers.show_figure(figure, "en"), figure.value) == ("120.00%", 1.2)


def test_every_campaign_is_dated_as_the_file_dates_it(reports, lines):
    for campaign, line in lines.items():
        view = reports[campaign].campaign
        local = view.sent_at.astimezone(ZoneInfo(view.zone))
        assert local.replace(tzinfo=None) == datetime.strptime(line["Send Date"], "%b %d, %Y %I:%M %p")
        shown = numbers.moment(view.sent_at, "en", view.zone)
        assert re.fullmatch(
            rf"{local.day} {local:%b}t? {local:%Y, %H:%M} P[DS]T", shown
        )  # «Sept», in Britain


def test_the_rates_of_the_json_are_those_of_the_file_to_the_printed_digit(reports, lines):
    for campaign, line in lines.items():
        metrics = as_json(reports[campaign])["metrics"]
        assert {name: f"{100 * metrics[name]:.2f}%" for name in RATES.values()} == claimed(line, RATES)
        assert {name: str(metrics[name]) for name in COUNTS.values()} == claimed(line, COUNTS)


def test_the_command_line_tells_the_same(analytics, lines, capsys):
    for campaign in list(lines)[::200]:
        with pytest.raises(SystemExit) as ended:
            commands.main(["report", campaign.removeprefix("mailchimp-"), "--json"])
        metrics = json.loads(capsys.readouterr().out)["metrics"]
        assert ended.value.code == 0
        assert {name: f"{100 * metrics[name]:.2f}%" for name in RATES.values()} == claimed(
            lines[campaign], RATES
        )


def test_a_second_import_changes_nothing(analytics):
    before = campaigns(analytics, Scope()), library.data_version(analytics.records)
    again = bring_in(analytics, EXPORT, by="ann@agency.example", now=wiring.now(), zone=ZONE)
    assert (again.read, again.imported, again.duplicate, again.rejected) == (872, 0, 872, 0)
    assert before[0].equals(campaigns(analytics, Scope()))
    assert before[1] == library.data_version(analytics.records)


@pytest.mark.parametrize(
    "name", ["mailchimp_clicked_exports_deepnews_anon.csv", "mailchimp_clicks_by_url_deepnews.csv"]
)
def test_clicks_without_their_campaign_are_refused_with_a_sentence(workspace, name):
    with pytest.raises(ImportRefused) as refusal:
        bring_in(workspace.analytics, DATASETS / name, by="ann", now=wiring.now())
    assert refusal.value.reason == "unknown_file"
    assert name in refusal.value.sentence("en") and name in refusal.value.sentence("fr")


def shown(analytics, path, **more):
    """What the screen shows of the one campaign in a file, unknown figures left out."""
    outcome = bring_in(analytics, path, by="ann", now=wiring.now(), **more)
    assert outcome.rejected == 0
    figures = report(analytics, Scope(), outcome.campaigns[-1]).figures
    return {name: numbers.show_figure(one, "en") for name, one in figures.items() if one.value is not None}


def saved_by_excel(path, target):
    with path.open(encoding="utf-8", newline="") as file, target.open("w", encoding="utf-8-sig") as saved:
        rows = list(csv.reader(file))
        csv.writer(saved, delimiter=";").writerows(row + [""] * (3 - len(row)) for row in rows)
    return target


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report_single_campaign.csv", {"opens": "13", "open_rate": "100.0%", "bounce_rate": "0.0%"}),
        ("report_ab_test.csv", {"recipients": "3,501", "unique_opens": "266", "open_rate": "7.63%"}),
    ],
)
def test_a_report_shows_the_same_when_a_french_excel_saved_it(workspace, tmp_path, name, expected):
    first = shown(workspace.analytics, SAMPLES / name)
    assert first.items() >= expected.items()
    again = bring_in(
        workspace.analytics, saved_by_excel(SAMPLES / name, tmp_path / name), by="ann", now=wiring.now()
    )
    assert (again.imported, again.duplicate) == (0, 1)


@pytest.mark.parametrize(
    "name",
    [
        "campaigns_2018_with_google_analytics_columns.csv",
        "campaigns_header_2019_list.csv",
        "campaigns_header_audience.csv",
    ],
)
def test_each_header_of_the_list_shows_the_same_figures(workspace, name):
    found = shown(workspace.analytics, SAMPLES / name)
    assert (found["recipients"], found["open_rate"], found["click_rate"]) == ("137", "22.39%", "3.73%")


def test_the_skeleton_of_an_account_export_shows_its_four_recipients(workspace):
    found = shown(workspace.analytics, SAMPLES / "account_export_skeleton")
    assert (found["recipients"], found["deliveries"], found["open_rate"]) == ("4", "2", "50.00%")


def test_the_activity_of_the_export_api_joins_the_campaign_of_that_id(workspace):
    bring_in(workspace.analytics, SAMPLES / "campaigns_header_audience.csv", by="ann", now=wiring.now())
    activity = SAMPLES / "export_api_1.0_campaignSubscriberActivity.ndjson"
    found = shown(workspace.analytics, activity, title="17671f6028")
    assert (found["recipients"], found["opens"], found["open_rate"]) == ("110", "1", "27.78%")
