"""Campaigns beside each other: curves from each sending on, the best and the worst."""

import math

import pytest

from lib.model import Campaign, Covers, Form, Kind, Reported, Scope
from lib.paper import side_by_side as paper
from lib.reports import side_by_side
from lib.reports.side_by_side import best_and_worst, within
from tests.shelf import EVERYTHING, SENT_AT, covering, event, shelf

HOUR = 3600
MAY = Campaign("vitrine", "may", title="May", sent_at=SENT_AT)
JUNE = Campaign("vitrine", "june", title="June", sent_at=SENT_AT)


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


@pytest.fixture
def two(library_of):
    """May: four sent, ann opens at once, bob in the third hour, a machine for cid; June: reported only."""
    names = ("ann", "bob", "cid", "dee")
    library_of.bring(
        MAY,
        covering(campaign=MAY.id),
        *(event(name, "sent", 0, campaign=MAY.id) for name in names),
        event("ann", "opened", 60, campaign=MAY.id),
        event("ann", "opened", 30 * HOUR, campaign=MAY.id),
        event("bob", "opened", 2 * HOUR + 5, campaign=MAY.id),
        event("cid", "opened", 5, campaign=MAY.id, machine=True, machine_reason="sender"),
        JUNE,
        Reported(JUNE.id, "open_rate", 0.2, "20 %"),
    )
    return library_of


def curve(found, campaign, name):
    own = found.curves[found.curves["campaign"] == campaign]
    return dict(zip(own["hours"], own[name], strict=True))


def test_a_curve_begins_at_nothing_and_rises_with_each_first_open(two):
    found = side_by_side(two.analytics, EVERYTHING, [MAY.id, JUNE.id])
    assert curve(found, MAY.id, "opened") == {0: 0, 1: 0.5, 2: 0.5, 3: 0.75, 31: 0.75}


def test_the_first_hour_of_a_curve_rises_from_the_sending_on(two):
    figure = paper.curves(side_by_side(two.analytics, EVERYTHING, [MAY.id]), "opened", "24", "en")
    line = figure.data[0]
    assert (line.x[0], line.y[0], line.x[1], line.y[1]) == (0, 0, 1, 50)
    assert line.line.shape is None, "steps would lie at 0 for the whole first hour"


def test_people_only_leaves_machines_out_of_a_curve(two):
    found = side_by_side(two.analytics, EVERYTHING, [MAY.id], Form.PEOPLE)
    assert curve(found, MAY.id, "opened")[31] == 0.5


def test_a_campaign_known_by_reports_only_is_in_the_figures_and_named_as_without_a_curve(two):
    found = side_by_side(two.analytics, EVERYTHING, [JUNE.id, MAY.id])
    assert found.figures["id"].tolist() == [JUNE.id, MAY.id]
    assert found.without("opened") == (JUNE.id,)
    assert found.figures["open_rate"].tolist() == [0.2, 0.75]


def test_a_campaign_outside_the_scope_is_left_out(two):
    found = side_by_side(two.analytics, Scope((JUNE.id,)), [MAY.id, JUNE.id, "unknown"])
    assert found.figures["id"].tolist() == [JUNE.id]
    assert found.curves.empty


def test_without_deliveries_there_is_no_share(library_of):
    library_of.bring(
        MAY, Covers(MAY.id, frozenset({Kind.OPENED})), event("ann", "opened", 5, campaign=MAY.id)
    )
    found = side_by_side(library_of.analytics, EVERYTHING, [MAY.id])
    assert all(math.isnan(share) for share in curve(found, MAY.id, "opened").values())
    assert found.without("opened") == (MAY.id,)


def test_a_curve_that_goes_on_is_level_to_the_end_of_the_span(two):
    curves = within(side_by_side(two.analytics, EVERYTHING, [MAY.id]).curves, 24)
    assert curves["hours"].tolist() == [0, 1, 2, 3, 24]
    assert curves["opened"].iloc[-1] == 0.75


def test_a_curve_is_not_drawn_beyond_what_is_known(two):
    curves = within(side_by_side(two.analytics, EVERYTHING, [MAY.id]).curves, 72)
    assert curves["hours"].max() == 31


def test_lower_is_better_for_bounces_and_nothing_is_best_of_one(two):
    figures = side_by_side(two.analytics, EVERYTHING, [MAY.id, JUNE.id]).figures
    ends = best_and_worst(figures.assign(bounce_rate=[0.1, 0.3]))
    assert ends["open_rate"] == ({MAY.id}, {JUNE.id})
    assert ends["bounce_rate"] == ({MAY.id}, {JUNE.id})
    assert ends["click_rate"] == (frozenset(), frozenset())


def test_equal_campaigns_are_neither_best_nor_worst(two):
    figures = side_by_side(two.analytics, EVERYTHING, [MAY.id, JUNE.id]).figures
    assert best_and_worst(figures.assign(open_rate=0.3))["open_rate"] == (frozenset(), frozenset())


def test_best_and_worst_are_told_in_words(two):
    figures = side_by_side(two.analytics, EVERYTHING, [MAY.id, JUNE.id]).figures
    assert paper.texts(figures, "en")["open_rate"].tolist() == ["75.00% ▲ best", "20.00% ▼ worst"]
    assert paper.texts(figures, "fr")["click_rate"].tolist()[1] == "–"


def test_campaigns_called_alike_are_told_apart_by_their_day(library_of):
    library_of.bring(
        Campaign("vitrine", "a", title="Letter", sent_at=SENT_AT),
        Campaign("vitrine", "b", title="Letter", sent_at=SENT_AT.replace(day=9)),
    )
    found = side_by_side(library_of.analytics, EVERYTHING, ["vitrine-a", "vitrine-b"])
    assert paper.names(found.figures, "en") == {
        "vitrine-a": "Letter (03/03/2026)",
        "vitrine-b": "Letter (09/03/2026)",
    }


def test_each_line_differs_by_more_than_its_colour(two):
    found = side_by_side(two.analytics, EVERYTHING, [MAY.id])
    figure = paper.curves(found, "opened", "24", "fr")
    assert figure.data[0].line.dash == "solid" and figure.data[0].line.color is None
    assert figure.layout.xaxis.title.text == "Heures depuis l’envoi"
    assert paper.curves(side_by_side(two.analytics, EVERYTHING, [JUNE.id]), "opened", "24", "fr") is None
