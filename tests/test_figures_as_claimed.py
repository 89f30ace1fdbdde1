"""Every figure that a list of campaigns claims is shown exactly as claimed, on the project's own small lists.

tests/test_mailchimp_real.py says the same of a large real export, where there is one.
"""

import csv
import re
from pathlib import Path

import pytest

from lib import wiring
from lib.importers import bring_in
from lib.model import Scope
from lib.paper import numbers
from lib.reports import as_json, campaigns, report

HERE = Path(__file__).parent / "importers"
LISTS = sorted(path.name for path in HERE.glob("campaigns_*.csv"))

COUNTS = {
    "Total Recipients": "recipients",
    "Successful Deliveries": "deliveries",
    "Soft Bounces": "soft_bounces",
    "Hard Bounces": "hard_bounces",
    "Total Bounces": "bounces",
    "Times Forwarded": "forwards",
    "Forwarded Opens": "forward_opens",
    "Unique Opens": "unique_opens",
    "Total Opens": "opens",
    "Unique Clicks": "unique_clicks",
    "Total Clicks": "clicks",
    "Unsubscribes": "unsubscribes",
    "Abuse Complaints": "complaints",
    "Total Orders": "orders",
}
RATES = {"Open Rate": "open_rate", "Click Rate": "click_rate"}
DESCRIBING = {"Title", "Subject", "List", "Audience", "Send Date", "Send Weekday", "Folder Id", "Unique Id"}


def claimed(line, names):
    return {ours: line[theirs] for theirs, ours in names.items()}


def lines_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return {f"mailchimp-{line['Unique Id']}": line for line in csv.DictReader(file)}


@pytest.fixture(params=LISTS)
def lines(request, workspace):
    bring_in(workspace.analytics, HERE / request.param, by="ann@agency.example", now=wiring.now())
    return lines_of(HERE / request.param)


def test_the_lists_hold_a_campaign_with_more_openers_than_deliveries():
    assert len(LISTS) == 3
    for name in LISTS:
        assert [line["Open Rate"] for line in lines_of(HERE / name).values()] == ["30.00%", "120.00%"]


def test_every_report_shows_every_figure_as_claimed(workspace, lines):
    for campaign, line in lines.items():
        figures = report(workspace.analytics, Scope(), campaign).figures
        shown = {name: numbers.show_figure(figures[name], "en") for name in (COUNTS | RATES).values()}
        assert shown == claimed(line, COUNTS | RATES)
        assert figures["revenue"].value == float(line["Total Revenue"])


def test_every_report_holds_every_claim_word_for_word(workspace, lines):
    for campaign, line in lines.items():
        claims = report(workspace.analytics, Scope(), campaign).claimed
        assert sorted(claims.values()) == sorted(line[name] for name in line.keys() - DESCRIBING)


def test_the_overview_shows_every_figure_as_claimed(workspace, lines):
    table = campaigns(workspace.analytics, Scope()).set_index("id")
    assert set(table.index) == set(lines)
    for campaign, row in table.iterrows():
        shown = {name: numbers.show(name, row[name], "en") for name in (COUNTS | RATES).values()}
        assert shown == claimed(lines[campaign], COUNTS | RATES)


def test_a_french_screen_shows_the_same_digits(workspace, lines):
    for campaign, line in lines.items():
        figures = report(workspace.analytics, Scope(), campaign).figures
        shown = {name: numbers.show_figure(figures[name], "fr") for name in RATES.values()}
        assert {name: re.sub(r"\s", "", text).replace(",", ".") for name, text in shown.items()} == claimed(
            line, RATES
        )


def test_the_json_holds_the_claimed_numbers(workspace, lines):
    for campaign, line in lines.items():
        metrics = as_json(report(workspace.analytics, Scope(), campaign))["metrics"]
        assert {name: f"{100 * metrics[name]:.2f}%" for name in RATES.values()} == claimed(line, RATES)
        assert {name: str(metrics[name]) for name in COUNTS.values()} == claimed(line, COUNTS)
