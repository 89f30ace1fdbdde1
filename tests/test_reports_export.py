"""Exports: names as in docs/metrics.md, numbers as numbers, nothing that a spreadsheet would run (X2)."""

import csv
import io
from dataclasses import replace

import pytest

from lib.model import Form, Reported, Scope
from lib.reports import METRICS, campaigns, report
from lib.reports.export import campaigns_csv, report_csv
from lib.store.sheet import defused
from tests.shelf import EVERYTHING, SPRING, covering, event, shelf


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        made.bring(
            replace(SPRING, title='=HYPERLINK("http://evil")', subject='Tea, "fresh"\nand hot'),
            covering("sent", "bounced", "opened", "clicked"),
            *(event(name, "sent", 0) for name in ("ann", "bob")),
            event("@ann@mail.example", "clicked", 900, url="https://a"),
            Reported(SPRING.id, "open_rate", 1.2, "120.00%"),
            Reported(SPRING.id, "facebook_likes", 7, "=7"),
        )
        yield made


def cells(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "＝1", "\tx", "\rx", "\0x"])
def test_a_text_that_would_run_is_defused(text):
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Sale;=1+1", "Sale;'=1+1"),
        ('a;"=1+1"', 'a;"\'=1+1"'),
        ("a\n@x", "a\n'@x"),
        ("a; b-c, 1+1=2", "a; b-c, 1+1=2"),
    ],
)
def test_a_text_that_would_run_in_a_spreadsheet_with_semicolons_is_defused(text, written):
    assert defused(text) == written


@pytest.mark.parametrize("value", [-1, -0.5, 0, None, "plain", ""])
def test_numbers_and_plain_texts_stay_as_they_are(value):
    assert defused(value) == value


def test_the_overview_is_exported_by_the_names_of_the_metrics(library_of):
    heading, row = cells(campaigns_csv(campaigns(library_of.analytics, EVERYTHING), Form.ALL))
    assert set(METRICS) <= set(heading)
    line = dict(zip(heading, row, strict=True))
    assert line["title"] == '\'=HYPERLINK("http://evil")'
    assert line["subject"] == 'Tea, "fresh"\nand hot'
    assert (line["recipients"], line["click_rate"], line["complaints"]) == ("2", "0.5", "")
    assert line["sent_at"] == "2026-03-03T08:00:00+00:00"


def test_the_tags_of_a_campaign_are_for_analysts(library_of):
    """X5"""
    library_of.bring(replace(SPRING, tags=("churn", "vip")), name="tagged")

    def tags(scope):
        heading, row = cells(campaigns_csv(campaigns(library_of.analytics, scope), Form.ALL))
        return dict(zip(heading, row, strict=True))["tags"]

    assert tags(EVERYTHING) == "churn|vip"
    assert tags(replace(EVERYTHING, raw_links=False)) == ""


def test_an_empty_overview_has_its_heading(library_of):
    assert cells(campaigns_csv(campaigns(library_of.analytics, Scope(())), Form.ALL))[0][0] == "id"


@pytest.mark.parametrize(("language", "label"), [("en", "Open rate"), ("fr", "Taux d’ouverture")])
def test_a_report_is_exported_with_labels_claims_and_sections(library_of, language, label):
    lines = cells(report_csv(report(library_of.analytics, EVERYTHING, SPRING.id), language))
    assert ["open_rate", label, "0.5", "120.00%"] in lines
    assert ["links", "url", "clicks", "unique_clicks", "click_share", "unique_click_share"] in lines
    assert ["", "https://a", "1", "1", "1.0", "1.0"] in lines
    assert any(line[1:2] == ["'@ann@mail.example"] for line in lines)


@pytest.mark.parametrize("form", Form)
def test_an_export_says_whether_it_counts_all_or_people(library_of, form):
    lines = cells(report_csv(report(library_of.analytics, EVERYTHING, SPRING.id, form), "en"))
    assert ["form", form.value] in lines
    heading, row = cells(campaigns_csv(campaigns(library_of.analytics, EVERYTHING, form), form))
    assert (heading[-1], row[-1]) == ("form", form.value)


@pytest.mark.parametrize(
    ("language", "label"), [("en", "Likes on Facebook"), ("fr", "Mentions J’aime sur Facebook")]
)
def test_all_that_the_sender_claims_is_exported_word_for_word_and_defused(library_of, language, label):
    lines = cells(report_csv(report(library_of.analytics, EVERYTHING, SPRING.id), language))
    block = lines[lines.index(["claim", "label", "claimed"]) :]
    assert ["facebook_likes", label, "'=7"] in block
    assert [line[2] for line in block if line[:1] == ["open_rate"]] == ["120.00%"]


def test_lines_end_as_the_standard_says(library_of):
    assert "\r\n" in campaigns_csv(campaigns(library_of.analytics, EVERYTHING), Form.ALL)
