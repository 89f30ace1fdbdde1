"""A campaign against its own history in words: each sentence in both languages, without a hole left open."""

import pandas as pd
import pytest

from lib.model import Form
from lib.paper.sections.history import row_in_words, sentences
from lib.reports import Section
from lib.reports.sections.history import COLUMNS
from lib.words import LANGUAGES

SPACE = "\u00a0"


def section(verdict="high", low=0.31, high=0.382, industry=None, **facts) -> Section:
    table = pd.DataFrame([("open_rate", 0.412, low, high, verdict, 0.97, 12)], columns=list(COLUMNS))
    known = {"campaigns": 12, "conditions": "size weekday hour", "coming": False, "hours": None} | facts
    more = {} if industry is None else {"industry": pd.DataFrame(industry)}
    return Section("history", table, facts=known, more=more)


def row(**given):
    return next(section(**given).rows.itertuples())


def average(industry="Retail", published="2019-10", before_proxy=True) -> dict:
    return {
        "metric": "open_rate",
        "value": 0.412,
        "average": 0.2271,
        "industry": industry,
        "published": published,
        "source": "",
        "before_proxy": before_proxy,
    }


def test_a_row_says_the_rate_the_verdict_and_the_interval():
    assert row_in_words(row(), "en") == "Open rate 41.20%: high (31.0–38.2%)"
    french = row_in_words(row(verdict="low"), "fr").replace(SPACE, " ")
    assert french == "Taux d’ouverture 41,20 % : bas (31,0–38,2 %)"


@pytest.mark.parametrize("verdict", ["usual", "high", "low"])
def test_a_small_rate_keeps_two_decimals(verdict):
    assert "(0.03–0.41%)" in row_in_words(row(verdict=verdict, low=0.0003, high=0.0041), "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", ["coming", "few", "over", "unknown"])
def test_a_withheld_verdict_shows_no_interval(language, verdict):
    told = row_in_words(row(verdict=verdict, low=float("nan"), high=float("nan")), language)
    assert "nan" not in told and "–" not in told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("conditions", ["size weekday hour", "size weekday", "size part_of_week", "size", ""])
def test_the_number_of_campaigns_and_what_they_have_in_common_are_said(language, conditions):
    first, _range = sentences(section(conditions=conditions), language)
    assert "12" in first and "{" not in first


def test_figures_at_an_age_name_the_age_and_unfinished_ones_say_so():
    assert "end 1 day 6 hours after the sending" in sentences(section(coming=True, hours=30), "en")[-1]
    (only,) = sentences(section("coming", float("nan"), float("nan"), coming=True), "en")
    assert "less than seven days" in only


@pytest.mark.parametrize(
    ("campaigns", "words"), [(0, "There is no earlier"), (1, "only 1 earlier"), (3, "only 3 earlier")]
)  # fmt: skip
def test_too_few_earlier_campaigns_are_counted(campaigns, words):
    found = section("few", float("nan"), float("nan"), campaigns=campaigns)
    assert words in sentences(found, "en")[0]


def test_campaigns_of_which_no_rate_is_known_are_not_counted_as_compared():
    found = section("few", float("nan"), float("nan"), campaigns=40)
    (only,) = sentences(Section("history", found.rows.assign(campaigns=3), facts=found.facts), "en")
    assert "only 3 earlier" in only


@pytest.mark.parametrize("verdict", ["over", "unknown"])
def test_where_no_rate_can_be_judged_enough_campaigns_are_not_called_few(verdict):
    told = sentences(section(verdict, float("nan"), float("nan")), "en")
    assert told[0].startswith("Compared with 12 earlier") and "few" not in " ".join(told)


def test_among_people_averages_that_count_machines_are_said_to():
    found = section(industry=[average()])
    assert "machines included" in sentences(found, "en", Form.PEOPLE)[-1]
    assert "machines included" not in " ".join(sentences(found, "en"))


def test_an_average_has_its_year_and_says_when_it_predates_the_proxy_of_apple():
    told = sentences(section(industry=[average()]), "en")
    assert "Industry (Retail, 2019): Open rate 22.71%." in told
    assert "predate Apple’s proxy" in told[-1]
    newer = sentences(section(industry=[average(published="2023", before_proxy=False)]), "en")
    assert "Industry (Retail, 2023): Open rate 22.71%." in newer
    assert not [sentence for sentence in newer if "predate" in sentence]


def test_an_average_of_the_sender_is_said_to_be_the_senders():
    told = sentences(section(industry=[average(industry="", published="", before_proxy=False)]), "fr")
    assert told[-1].replace(SPACE, " ") == "Secteur, selon le service d’envoi : Taux d’ouverture 22,71 %."
