"""When a campaign was opened and clicked: its first day hour by hour, and its whole life."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.model import Form, Reported
from lib.paper import drawing
from lib.paper.sections.first_day import CHARTS as DAY_CHARTS
from lib.paper.sections.life import CHARTS, sentences
from lib.reports import curves, report
from tests.shelf import EVERYTHING, SENT_AT, SPRING, covering, event, shelf

HOUR = 3600
DAY = 24 * HOUR
FOUR = ("ann", "bob", "cid", "dee")
HALF = {"en": "Half of all who {}", "fr": "La moitié de ceux qui ont {}"}
DID = {"en": ("opened", "clicked"), "fr": ("ouvert", "cliqué")}


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def at_hour(hour, metric, value, minutes=0):
    key = (SENT_AT + timedelta(hours=hour, minutes=minutes)).isoformat()
    return Reported(SPRING.id, metric, value, f"{value}", scope="hour", key=key)


def told(library_of, language="en"):
    return list(sentences(report(library_of.analytics, EVERYTHING, SPRING.id), language))


# --- the first day


def test_a_second_open_counts_in_the_totals_and_not_among_the_first_ones(library_of):
    library_of.bring(covering(), SPRING, event("ann", "opened", 60), event("ann", "opened", 5 * HOUR + 1))
    section = library_of.section("first_day")
    assert section.rows.loc[[0, 5], ["first_opens", "opens"]].to_numpy().tolist() == [[1, 1], [0, 1]]
    assert section.facts == {"reported": False}
    assert section.note == ""


def test_where_only_the_senders_hours_are_known_they_stand_as_reported(library_of):
    library_of.bring(
        SPRING,
        at_hour(0, "unique_opens", 7),
        at_hour(0, "unique_clicks", 2),
        at_hour(23, "unique_opens", 1),
        at_hour(24, "unique_opens", 99),
    )
    section = library_of.section("first_day")
    assert section.facts == {"reported": True}
    assert section.note == "first_day.reported"
    assert section.rows["first_opens"].dropna().to_dict() == {0: 7, 23: 1}
    assert section.rows["first_clicks"].dropna().to_dict() == {0: 2}
    assert section.rows["opens"].isna().all()


def test_the_hour_of_the_clock_in_which_the_campaign_was_sent_is_the_first(library_of):
    sent = replace(SPRING, sent_at=SENT_AT + timedelta(minutes=30))
    library_of.bring(sent, at_hour(0, "unique_opens", 7), at_hour(1, "unique_opens", 3))
    assert library_of.section("first_day").rows["first_opens"].dropna().to_dict() == {0: 7, 1: 3}


def test_hours_before_the_sending_are_in_no_hour(library_of):
    library_of.bring(SPRING, at_hour(-1, "unique_opens", 7), at_hour(0, "unique_opens", 1))
    assert library_of.section("first_day").rows["first_opens"].dropna().to_dict() == {0: 1}


def test_the_senders_hours_without_machines_are_another_claim(library_of):
    library_of.bring(SPRING, at_hour(0, "unique_opens", 7))
    assert library_of.section("first_day", Form.PEOPLE).missing == "missing.first_day"
    library_of.bring(SPRING, at_hour(0, "unique_opens", 7), at_hour(0, "unique_opens_people", 4))
    section = library_of.section("first_day", Form.PEOPLE)
    assert section.rows["first_opens"].dropna().to_dict() == {0: 4}


def test_events_with_times_win_over_the_senders_hours(library_of):
    library_of.bring(SPRING, at_hour(0, "unique_opens", 7))
    library_of.bring(covering(), event("ann", "opened", 60))
    section = library_of.section("first_day")
    assert (section.rows["first_opens"].sum(), section.facts["reported"]) == (1, False)


def test_events_without_times_leave_the_senders_hours(library_of):
    library_of.bring(covering(), SPRING, event("ann", "opened"), at_hour(0, "unique_opens", 7))
    assert library_of.section("first_day").rows["first_opens"].dropna().to_dict() == {0: 7}


@pytest.fixture
def soon_after(library_of, monkeypatch):
    """Brings something in so many hours after the sending, and gives the first day."""

    def bring(hours, *items):
        monkeypatch.setattr("tests.shelf.NOW", SENT_AT + timedelta(hours=hours))
        library_of.bring(*items)
        return library_of.section("first_day").rows

    return bring


def test_hours_that_began_after_the_import_are_unknown_and_not_zero(soon_after):
    table = soon_after(5.5, covering(), SPRING, event("ann", "opened", 60))
    assert table["opens"].tolist()[:6] == [1, 0, 0, 0, 0, 0]
    assert table.loc[6:, ["first_opens", "first_clicks", "opens", "clicks"]].isna().all(axis=None)


def test_a_later_import_makes_the_hours_known(soon_after):
    soon_after(5.5, covering(), SPRING, event("ann", "opened", 60))
    table = soon_after(30, covering(), SPRING, event("bob", "opened", 20 * HOUR))
    assert table["opens"].tolist() == [1] + [0] * 19 + [1] + [0] * 3


def test_hours_that_a_sender_says_are_zero_before_they_came_are_unknown_too(soon_after):
    table = soon_after(2.5, SPRING, *(at_hour(hour, "unique_opens", 0 if hour else 7) for hour in range(24)))
    assert table["first_opens"].dropna().to_dict() == {0: 7, 1: 0, 2: 0}


def test_what_was_counted_stays_though_the_clocks_disagree(soon_after):
    table = soon_after(-2, covering(), SPRING, event("ann", "opened", 3 * HOUR + 1))
    assert table["opens"].dropna().to_dict() == {0: 0, 1: 0, 2: 0, 3: 1}


def test_the_chart_of_the_first_day_has_gaps_where_nothing_is_known_yet(soon_after, library_of):
    soon_after(5.5, covering(), SPRING, event("ann", "opened", 60))
    figure = DAY_CHARTS["first_day"](report(library_of.analytics, EVERYTHING, SPRING.id), "en")
    assert len(figure.data) == 4
    for trace in figure.data:
        assert np.isnan(np.asarray(trace.y, dtype=float)).tolist() == [False] * 6 + [True] * 18
        assert trace.type == "bar" or not trace.connectgaps
    assert drawing.svg(figure)


# --- the whole life


def test_the_curve_is_the_share_of_deliveries_reached_at_each_moment(library_of):
    library_of.bring(
        covering(),
        SPRING,
        *(event(name, "sent", 0) for name in ("ann", "bob", "cid", "dee")),
        event("ann", "opened", 60),
        event("ann", "opened", 50 * HOUR + 1),
        event("bob", "opened", 2 * HOUR + 1),
    )
    table = library_of.section("life").rows
    assert table[["hours", "opens", "opens_share"]].to_numpy().tolist() == [
        [0, 0, 0],
        [1, 1, 0.25],
        [2, 1, 0.25],
        [3, 2, 0.5],
        [51, 2, 0.5],
    ]
    assert table["clicks"].eq(0).all()


def test_what_no_import_covers_has_no_curve(library_of):
    library_of.bring(covering("opened"), SPRING, event("ann", "opened", 60))
    table = library_of.section("life").rows
    assert table["clicks"].isna().all()
    assert table["opens_share"].isna().all()  # deliveries are not known
    drawn = CHARTS["life"](report(library_of.analytics, EVERYTHING, SPRING.id), "en")
    assert [line.name for line in drawn.data] == ["Opened so far"]


def test_a_campaign_that_nobody_opened_has_nothing_to_show_and_misses_nothing(library_of):
    library_of.bring(covering(), SPRING, event("ann", "sent", 0))
    section = library_of.section("life")
    assert section.table is not None
    assert section.rows.empty


def test_opens_without_times_are_missing_times(library_of):
    library_of.bring(covering(), SPRING, event("ann", "opened"))
    assert library_of.section("life").missing == "missing.times"


def test_two_years_are_a_few_hundred_exact_rows(library_of):
    hours = sorted({*range(0, 17_520, 40), 17_519})
    library_of.bring(
        covering(),
        SPRING,
        *(event(f"p{hour}", "opened", hour * HOUR + 1) for hour in hours),
    )
    table = library_of.section("life").rows
    assert len(table) < 1000
    assert table["hours"].iloc[-1] == 17_520
    for moment, opens in zip(table["hours"], table["opens"], strict=True):
        assert opens == sum(hour + 1 <= moment for hour in hours)


@given(st.lists(st.integers(0, 900), min_size=1, max_size=60, unique=True))
@settings(max_examples=60, deadline=None)
def test_the_rows_left_out_lie_on_the_lines_between_the_others(hours):
    grid = curves.moments(max(hours) + 1)
    whole = np.searchsorted(np.sort(hours) + 1, grid, side="right")
    once_each = {"opens": np.ones(len(hours)), "clicks": np.full(len(hours), np.nan)}
    thin = curves.grown(np.sort(hours), once_each)
    assert np.interp(grid, thin["hours"], thin["opens"]) == pytest.approx(whole)
    assert thin["clicks"].isna().all()


@pytest.fixture
def halves(library_of):
    library_of.bring(
        covering(),
        SPRING,
        event("ann", "opened", 3 * HOUR + 12 * 60),
        event("bob", "opened", 30 * HOUR),
        event("cid", "opened", 10 * 60),
        event("dee", "opened"),
        event("fay", "opened", 2 * HOUR),
        event("gil", "opened", 20 * HOUR),
        *(event(name, "clicked", 4 * HOUR, url="https://x.example/") for name in FOUR),
    )
    return library_of


def test_half_of_the_opens_is_told_in_words(halves):
    assert told(halves)[0] == "Half of all who opened did so within 3 hours 12 minutes."
    french = [sentence.replace("\u00a0", " ") for sentence in told(halves, "fr")]
    assert french[0] == "La moitié de ceux qui ont ouvert l’ont fait en moins de 3 heures 12 minutes."


@pytest.mark.parametrize("language", ["en", "fr"])
def test_of_fewer_than_five_no_half_is_told(halves, language):
    opened, clicked = (HALF[language].format(did) for did in DID[language])
    four = "\n".join(told(halves, language))
    assert opened in four and clicked not in four
    assert four.count("90") == 1
    halves.bring(event("eve", "clicked", 5 * HOUR, url="https://x.example/"), name="more.csv")
    assert clicked in "\n".join(told(halves, language))


def test_one_open_without_a_time_is_told_in_the_singular(halves):
    assert told(halves)[-1].startswith("For 1 recipient the first open has no time")
    assert told(halves, "fr")[-1].startswith("Pour 1 destinataire, la première ouverture")


def test_several_opens_without_a_time_are_told_in_the_plural(halves):
    halves.bring(covering(), event("eve", "opened"))
    assert told(halves)[-1].startswith("For 2 recipients the first open has no time")
    assert told(halves, "fr")[-1].startswith("Pour 2 destinataires, la première ouverture n’a pas d’heure")


def test_nine_tenths_are_told_by_whole_hours(halves):
    assert told(halves)[1] == "At least 90% of them had after 1 day 7 hours."


def test_of_nothing_and_of_the_unknown_no_half_is_told(library_of):
    library_of.bring(covering("opened"), SPRING, event("ann", "opened", 60))
    assert not [sentence for sentence in told(library_of) if "clicked" in sentence]
    assert library_of.section("life").facts["half_clicks_seconds"] is None
