"""docs/metrics.md and the languages say of each metric what lib/reports/metrics.py says."""

import re
from pathlib import Path

import pytest

from lib import words
from lib.paper.passport import base_name
from lib.reports import METRICS, Rate
from lib.reports.metrics import ASKABLE
from lib.reports.rules import FEWEST_LINKS, FEWEST_SHARING, RULES, RULES_VERSION, SCANNERS, WINDOWS

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "metrics.md").read_text(encoding="utf-8")
TABLE = dict(
    re.findall(r"^\| `(\w+)` \| (.+?) \| .+? \|$", PAGE.split("## Other denominators")[0], re.MULTILINE)
)
ANCHORS = {line[3:].lower().replace(" ", "-") for line in PAGE.splitlines() if line.startswith("## ")}

PROMISED = (
    "recipients deliveries hard_bounces soft_bounces bounces bounce_rate unique_opens opens "
    "open_rate unique_clicks clicks click_rate click_to_open_rate unsubscribes unsubscribe_rate "
    "complaints complaint_rate forwards forward_opens orders revenue unique_opens_people "
    "opens_people open_rate_people unique_clicks_people clicks_people click_rate_people "
    "click_to_open_rate_people"
)


def test_the_metrics_are_those_that_others_rely_on():
    assert list(METRICS) == PROMISED.split()


def test_the_page_has_every_metric_with_its_formula():
    assert {name: metric.formula for name, metric in METRICS.items()} == TABLE


@pytest.mark.parametrize("name", METRICS)
def test_the_page_says_which_events_a_metric_needs(name):
    needs = ", ".join(METRICS[name].needs) or "as reported only"
    assert f"| {METRICS[name].formula} | {needs} |" in PAGE


@pytest.mark.parametrize("metric", ASKABLE.values(), ids=lambda metric: metric.name)
def test_the_source_of_a_metric_is_a_chapter_of_the_page(metric):
    page, _, anchor = metric.source.partition("#")
    assert page == "docs/metrics.md" and anchor in ANCHORS


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_a_label_in_every_language(language, name):
    assert words.t(language, f"metric.{name}")


def test_a_people_metric_divides_people_by_people_or_by_deliveries():
    assert METRICS["click_to_open_rate_people"].formula == "unique_clicks_people / unique_opens_people"
    assert METRICS["open_rate_people"].formula == "unique_opens_people / deliveries"


@pytest.mark.parametrize(
    "rate", [one for one in METRICS.values() if isinstance(one, Rate)], ids=lambda rate: rate.name
)
def test_the_page_and_the_languages_name_what_else_a_rate_is_divided_by(rate):
    chapter = PAGE.split("## Other denominators")[1].split("\n## ")[0]
    name = rate.name.removesuffix("_people")
    told = re.findall(rf"^\| `{name}` \| (\w+) \|", chapter, re.MULTILINE)
    bases = [base.name.removesuffix("_people") for base in rate.bases]
    assert told == bases
    for language in words.LANGUAGES:
        assert len({base_name(rate.name, base, language) for base in bases}) == len(bases)


def test_a_rate_of_people_is_divided_by_people_in_its_other_forms_too():
    bases = [base.name for base in METRICS["click_rate_people"].bases]
    assert bases == ["recipients", "unique_opens_people"]


RULES_ROWS = re.findall(r"^\| `(\w+)` \| (sender|ours) \| (–|\d+ s) \| (.+?) \|$", PAGE, re.MULTILINE)


def test_the_page_has_every_rule_with_its_window_in_the_order_of_decision():
    windows = {rule.reason: "–" if rule.window is None else f"{rule.window} s" for rule in RULES.values()}
    assert [row[:3] for row in RULES_ROWS] == [
        (rule.reason, rule.whose, windows[rule.reason]) for rule in RULES.values()
    ]


def test_the_page_says_the_numbers_of_the_rules():
    said = {reason: text for reason, _whose, _window, text in RULES_ROWS}
    for rule in RULES.values():
        assert rule.window is None or f"{rule.window} seconds" in said[rule.reason]
    assert f"at least {FEWEST_LINKS}" in said["all_links"]
    assert f"at least {FEWEST_SHARING} recipients" in said["shared_address"]
    assert all(name.lower() in said["scanner_agent"].lower() for name in SCANNERS)
    assert f"version {RULES_VERSION} of them" in PAGE
    assert "{}, {}\nor {} seconds".format(*WINDOWS) in PAGE


def test_the_sql_of_a_rate_has_no_zero_below():
    assert all("NULLIF" in metric.sql for metric in METRICS.values() if isinstance(metric, Rate))


@pytest.mark.parametrize("section", ["first_day", "times", "links", "active_recipients"])
def test_a_section_without_data_says_in_every_language_what_would_fill_it(section):
    assert all(words.t(language, f"missing.{section}") for language in words.LANGUAGES)
