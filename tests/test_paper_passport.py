"""The passport of a figure: its formula with the report's numbers, other denominators, source, difference."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import words
from lib.model import Form
from lib.paper.passport import difference, differs, equation, passport
from lib.reports import METRICS, CampaignView, Figure, Report

NOON = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
VIEW = CampaignView(
    *("vitrine-spring", "spring", "vitrine", "Spring", None, None, None, None, None, None, None),
    zone="UTC",
    currency="EUR",
    sample=False,
    has_events=True,
    imported_at=NOON,
)
COUNTS = {
    "recipients": 13_421,
    "deliveries": 13_290,
    "bounces": 131,
    "hard_bounces": 100,
    "soft_bounces": 31,
    "unique_opens": 4_000,
    "unique_opens_people": 3_000,
    "unique_clicks": 469,
    "unique_clicks_people": 412,
    "clicks": 700,
    "clicks_people": 643,
    "unsubscribes": 40,
}


def figure(name: str, computed: float | None, reported: float | None = None, claimed: str = "") -> Figure:
    return Figure(name, reported if computed is None else computed, computed, reported, claimed)


def report(**figures: Figure) -> Report:
    """Of COUNTS, all computed; the rates follow from them."""
    known = {name: figure(name, COUNTS.get(name)) for name in METRICS}
    for name, metric in METRICS.items():
        if hasattr(metric, "part"):
            part, whole = COUNTS.get(metric.part.name), COUNTS.get(metric.whole.name)
            known[name] = figure(name, part / whole if part is not None and whole else None)
    return Report(VIEW, Form.ALL, known | figures, {}, {})


def test_a_rate_is_told_with_the_numbers_of_this_report():
    told = passport(report(), Form.PEOPLE, "click_rate", "en")
    assert told.formula == "3.10% = 412 of 13,290 deliveries"
    assert told.other_form.startswith("With machines: 3.53% = 469 of 13,290 deliveries · 57 recipients")
    assert told.source == "Computed from events; last import 23 Nov 2026, 14:02 UTC."


def test_clicks_say_how_many_machines_made():
    assert passport(report(), Form.PEOPLE, "clicks", "en").other_form.endswith("57 machine clicks left out")


def test_every_other_denominator_stands_beside_a_rate_each_with_its_name():
    told = dict(passport(report(), Form.ALL, "unsubscribe_rate", "en").bases)
    assert told["Unsubscribes per recipient"] == "0.30% = 40 of 13,421 recipients"
    opener = told["Unsubscribes per opener (Mailchimp’s custom reports)"]
    assert opener == "1.00% = 40 of 4,000 recipients who opened"


def test_in_people_only_the_other_denominators_are_people_too():
    told = passport(report(), Form.PEOPLE, "click_rate", "en").bases[1]
    assert told[1] == "13.73% = 412 of 3,000 recipients who opened"


def test_deliveries_are_told_as_what_did_not_bounce_only_where_that_is_so():
    assert equation(report(), "deliveries", "en") == "13,290 = 13,421 recipients − 131 bounces"
    other = report(bounces=figure("bounces", 130))
    assert equation(other, "deliveries", "en") == "13,290"


def test_a_claimed_rate_that_is_no_quotient_of_the_parts_is_not_told_as_one():
    claimed = figure("open_rate", None, 0.45, "45%")
    told = passport(report(open_rate=claimed), Form.ALL, "open_rate", "en")
    assert told.formula == "45%"
    assert told.source.startswith("As the sender says, word for word: “45%”.")


def test_an_unknown_figure_says_what_it_needs_and_is_no_zero():
    told = passport(report(), Form.ALL, "complaint_rate", "en")
    assert told.formula == ""
    assert told.source.startswith("Not known: the imports do not hold all of the complaints")


def test_where_the_sender_says_otherwise_both_stand_with_the_difference():
    apart = figure("click_rate", 0.031, 0.035, "3.50%")
    told = passport(report(click_rate=apart), Form.ALL, "click_rate", "en").reported
    assert told == "The sender says 3.50%; computed here: −0.40 percentage points (−11.43%)."
    same = figure("clicks", 700, 700, "700")
    told = passport(report(clicks=same), Form.ALL, "clicks", "en").reported
    assert told == "The sender says the same: 700."


def test_a_difference_from_nothing_has_no_per_cent():
    assert difference(figure("clicks", 5, 0), "en") == "+5"


@given(ours=st.integers(0, 10**7), theirs=st.integers(0, 10**7))
def test_a_difference_has_the_sign_of_ours_minus_theirs(ours, theirs):
    told = difference(figure("opens", ours, theirs), "en")
    assert told[0] == ("+" if ours > theirs else "−") if ours != theirs else told[0] == "0"
    assert differs(figure("opens", ours, theirs), "en") == (ours != theirs)


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("name", [name for name in METRICS if not name.endswith("_people")])
def test_every_figure_has_a_passport_in_every_language_known_or_not(name, form, language):
    for one in (report(), Report(VIEW, Form.ALL, {n: figure(n, None) for n in METRICS}, {}, {})):
        told = passport(one, form, name, language)
        assert told.heading and told.meaning
        assert "nan" not in " ".join((told.formula, told.source, told.other_form))


def test_rules_are_named_only_where_machines_were_looked_for():
    assert "version" in passport(report(), Form.ALL, "open_rate", "en").rules
    assert passport(report(), Form.ALL, "bounce_rate", "en").rules == ""
    without = replace(report(), campaign=replace(VIEW, has_events=False))
    assert passport(without, Form.ALL, "open_rate", "en").rules == ""
