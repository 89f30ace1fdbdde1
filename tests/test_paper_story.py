"""The sentences above a report: singular, plural, nothing and unknown, in English and in French."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.model import Form
from lib.paper import story
from lib.reports import METRICS, CampaignView, Figure, Report, Section

OLD = datetime(2019, 3, 5, 9, tzinfo=UTC)
NEW = datetime(2026, 3, 3, 9, tzinfo=UTC)
SPACE = "\u00a0"


def told(sent_at=OLD, form=Form.ALL, history=None, **known) -> Report:
    """A report in which only these figures are known; rates follow from their parts."""
    values = dict.fromkeys(METRICS) | known
    for name, (part, whole) in story.PARTS.items():
        if name != "revenue" and values[name] is None and values[part] is not None and values[whole]:
            values[name] = values[part] / values[whole]
    figures = {name: Figure(name, value, value, None, "") for name, value in values.items()}
    names = [field.name for field in dataclasses.fields(CampaignView)]
    view = CampaignView(**dict.fromkeys(names) | {"sent_at": sent_at, "zone": "UTC", "currency": "EUR"})
    sections = {} if history is None else {"history": history}
    return Report(view, form, figures, sections, {})


def past(coming=False, hours=None, **verdicts) -> Section:
    rows = [(name, 0.4, 0.31, 0.38, verdict) for name, verdict in verdicts.items()]
    table = pd.DataFrame(rows, columns=["metric", "value", "low", "high", "verdict"])
    return Section("history", table, facts={"coming": coming, "hours": hours})


def said(language: str, **known) -> str:
    return " ".join(story.sentences(told(**known), language)).replace(SPACE, " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("known", "english", "french"),
    [
        (
            {"deliveries": 746, "unique_opens": 448, "unique_clicks": 45},
            "Of the 746 people who received this e-mail, about 3 in 5 opened it and 45 clicked.",
            "Sur les 746 personnes qui ont reçu cet e-mail, environ 3 sur 5 l’ont ouvert et 45 ont cliqué.",
        ),
        (
            {"deliveries": 13_290, "unique_opens": 6645, "unique_clicks": 1},
            "Of the 13,290 people who received this e-mail, 1 in 2 opened it and 1 clicked.",
            "Sur les 13 290 personnes qui ont reçu cet e-mail, 1 sur 2 l’a ouvert et 1 a cliqué.",
        ),
        (
            {"deliveries": 8, "unique_opens": 1, "unique_clicks": 0},
            "Of the 8 people who received this e-mail, 1 opened it and nobody clicked.",
            "Sur les 8 personnes qui ont reçu cet e-mail, 1 l’a ouvert et aucune n’a cliqué.",
        ),
        (
            {"deliveries": 500, "unique_opens": 0, "unique_clicks": 0},
            "Of the 500 people who received this e-mail, nobody opened it and nobody clicked.",
            "Sur les 500 personnes qui ont reçu cet e-mail, aucune ne l’a ouvert et aucune n’a cliqué.",
        ),
        (
            {"deliveries": 3, "unique_opens": 3, "unique_clicks": 3},
            "Of the 3 people who received this e-mail, all opened it and all clicked.",
            "Sur les 3 personnes qui ont reçu cet e-mail, toutes l’ont ouvert et toutes ont cliqué.",
        ),
        (
            {"deliveries": 1, "unique_opens": 1, "unique_clicks": 0},
            "The one person who received this e-mail opened it and did not click.",
            "La seule personne qui a reçu cet e-mail l’a ouvert et n’a pas cliqué.",
        ),
        (
            {"deliveries": 1, "unique_opens": 0, "unique_clicks": 0},
            "The one person who received this e-mail did not open it and did not click.",
            "La seule personne qui a reçu cet e-mail ne l’a pas ouvert et n’a pas cliqué.",
        ),
        ({"deliveries": 0}, "Nobody received this e-mail, as far as is known.",
         "Personne n’a reçu cet e-mail, pour autant qu’on sache."),
        ({}, "No figure of this e-mail is known yet.", "Aucun chiffre de cet e-mail n’est encore connu."),
        (
            {"deliveries": 746},
            "746 people received this e-mail; how many opened it or clicked is not known.",
            "746 personnes ont reçu cet e-mail ; on ignore combien l’ont ouvert ou ont cliqué.",
        ),
        (
            {"deliveries": 746, "unique_opens": 7},
            "Of the 746 people who received this e-mail, 7 opened it; how many clicked is not known.",
            "Sur les 746 personnes qui ont reçu cet e-mail, 7 l’ont ouvert ; on ignore combien ont cliqué.",
        ),
        (
            {"deliveries": 746, "unique_clicks": 2},
            "Of the 746 people who received this e-mail, 2 clicked; how many opened it is not known.",
            "Sur les 746 personnes qui ont reçu cet e-mail, 2 ont cliqué ; on ignore combien l’ont ouvert.",
        ),
        (
            {"open_rate": 0.31, "click_rate": 0.02},
            "How many people received this e-mail is not known; its open rate is 31.00% and its click rate is"
            " 2.00%.",
            "On ignore combien de personnes ont reçu cet e-mail ; son taux d’ouverture est de 31,00 % et son"
            " taux de clics est de 2,00 %.",
        ),
        (
            {"unique_opens": 12},
            "How many people received this e-mail, and how many clicked, is not known; opened by: 12.",
            "On ignore combien de personnes ont reçu cet e-mail et combien ont cliqué ; nombre de celles qui"
            " l’ont ouvert : 12.",
        ),
    ],
)  # fmt: skip
def test_what_happened_is_said_in_whole_words(known, english, french):
    assert said("en", **known) == english
    assert said("fr", **known) == french


def test_more_openers_than_deliveries_are_said_not_to_fit():
    known = {"deliveries": 5, "unique_opens": 6, "unique_clicks": 2}
    assert said("en", **known).startswith("The figures do not fit together: 5 received")
    assert said("fr", **known).startswith("Les chiffres ne concordent pas : 5 personnes")


KNOWN = {"deliveries": 746, "unique_opens": 448, "unique_clicks": 45}


@pytest.mark.parametrize(
    ("verdict", "english", "french"),
    [
        ("high", "the open rate is higher than usual (31.0% to 38.0%).", "plus élevé que d’habitude"),
        ("low", "the open rate is lower than usual (31.0% to 38.0%).", "plus bas que d’habitude (de 31,0 %"),
        ("usual", "the open rate is as usual (31.0% to 38.0%).", "habituel (de 31,0 % à 38,0 %)."),
    ],
)  # fmt: skip
def test_the_verdict_comes_with_its_interval(verdict, english, french):
    history = past(open_rate=verdict)
    assert english in said("en", **KNOWN, history=history)
    assert french in said("fr", **KNOWN, history=history)


@pytest.mark.parametrize("verdict", ["coming", "few", "over", "unknown"])
def test_without_a_verdict_nothing_is_compared(verdict):
    assert "usual" not in said("en", **KNOWN, history=past(open_rate=verdict))
    assert "usual" not in said("en", **KNOWN)


def test_that_figures_still_come_in_is_said():
    assert "end less than seven days after the sending and may still rise" in said(
        "en", **KNOWN, history=past(coming=True, open_rate="coming")
    )
    assert "end 1 day 6 hours after the sending" in said(
        "en", **KNOWN, history=past(coming=True, hours=30, open_rate="usual")
    )


def test_that_machines_are_among_the_opens_is_said():
    assert "For 48 recipients only machines opened it" in said("en", **KNOWN, unique_opens_people=400)
    assert "seule une machine l’a ouvert" in said("fr", **KNOWN, unique_opens_people=447)
    assert "left out" in said("en", **KNOWN, form=Form.PEOPLE)
    assert "How many of the opens machines made is not known" in said("en", **KNOWN, sent_at=NEW)
    assert "machine" not in said("en", **KNOWN, unique_opens_people=448, sent_at=NEW)


def large(language="en", **known) -> list[tuple[str, str, str]]:
    return [
        (one.name, one.value.replace(SPACE, " "), one.words.replace("\u202f", " "))
        for one in story.figures(told(**known), language)
    ]


def test_three_figures_have_their_plain_words():
    known = {"deliveries": 13_290, "unique_opens": 412, "unique_clicks": 1}
    assert large(**known) == [
        ("open_rate", "3.10%", "412 of 13,290 opened it"),
        ("click_rate", "0.01%", "1 of 13,290 clicked"),
        ("click_to_open_rate", "0.24%", "1 of the 412 who opened it clicked"),
    ]
    assert large("fr", **known)[1][2] == "1 sur 13 290 a cliqué"


def test_the_third_figure_is_revenue_where_there_is_any_and_unsubscribes_where_nobody_clicked():
    assert large(**KNOWN, revenue=99.5, orders=1)[2] == ("revenue", "€99.50", "from 1 order")
    assert large(**KNOWN, revenue=0, orders=0)[2][0] == "click_to_open_rate"
    quiet = {"deliveries": 100, "unique_opens": 5, "unique_clicks": 0, "unsubscribes": 2}
    assert large(**quiet)[2] == ("unsubscribe_rate", "2.00%", "2 of 100 unsubscribed")


def test_an_unknown_figure_is_a_dash_and_said_to_be_unknown():
    assert [one[1:] for one in large()] == [("–", "not known")] * 3
    assert large(open_rate=0.3)[0][2] == "how many people that is, is not known"


counts = st.none() | st.integers(0, 3) | st.integers(0, 10**7)


def test_who_is_not_shown_the_history_hears_all_the_same_that_figures_still_come_in():
    young = told(**KNOWN)
    campaign = dataclasses.replace(young.campaign, imported_at=OLD + timedelta(hours=30))
    assert "may still rise" in " ".join(story.sentences(dataclasses.replace(young, campaign=campaign), "en"))
    late = dataclasses.replace(young.campaign, imported_at=OLD + timedelta(days=8))
    assert "may still rise" not in " ".join(story.sentences(dataclasses.replace(young, campaign=late), "en"))


rates = st.none() | st.floats(0, 2)
verdicts = st.sampled_from(["usual", "high", "low", "coming", "few", "over", "unknown"])
histories = st.none() | st.builds(
    past, coming=st.booleans(), hours=st.none() | st.integers(0, 170), open_rate=verdicts, click_rate=verdicts
)
reports = st.builds(
    told,
    sent_at=st.sampled_from([None, OLD, NEW]),
    form=st.sampled_from(Form),
    history=histories,
    **dict.fromkeys(("deliveries", "unique_opens", "unique_clicks", "unique_opens_people", "orders"), counts),
    unsubscribes=counts,
    revenue=st.none() | st.floats(0, 1e6),
    open_rate=rates,
    click_rate=rates,
)


@given(reports, st.sampled_from(["en", "fr"]))
def test_no_report_gives_a_broken_sentence(report, language):
    sentences = [*story.sentences(report, language)]
    texts = [
        *sentences,
        *(text for one in story.figures(report, language) for text in (one.value, one.words)),
    ]
    for text in texts:
        assert text.strip()
        assert not [sign for sign in ("{", "}", "None", "nan", "!", "→", "↑", "↓") if sign in text]
    for sentence in sentences:
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.endswith(".") and "  " not in sentence
    assert len(story.figures(report, language)) == 3
