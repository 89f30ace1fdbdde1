"""Explore, at the end of an analyst's report: asked when it is opened, and nobody else's."""

import pytest
from streamlit.testing.v1 import AppTest

from lib import wiring
from lib.importers import bring_in
from lib.model import Scope
from lib.ui import explore, printing
from tests import worlds
from tests.screens import CLAIMS, PATIENCE, frame, hold, texts, with_spring

CAMPAIGN = "vitrine-spring"
NAME = f"explore-{CAMPAIGN}"


@pytest.fixture
def spring(workspace, tmp_path, monkeypatch):
    return with_spring(workspace, tmp_path / "spring", monkeypatch)


def opened(**query) -> AppTest:
    at = frame("campaign", id=CAMPAIGN, **query)
    at.session_state[f"{NAME}-open"] = True
    return without_trouble(at.run())


def without_trouble(at: AppTest) -> AppTest:
    assert not at.exception, at.exception
    return at


def choose(at: AppTest, field: str, value) -> AppTest:
    kind = at.multiselect if field == "metrics" else at.selectbox
    return without_trouble(kind(key=f"{NAME}-{field}").set_value(value).run())


def table(at: AppTest):
    """The last table of the page, as rows."""
    return list(at.dataframe[-1].value.itertuples(index=False, name=None))


def test_nothing_is_asked_before_it_is_opened(spring, monkeypatch):
    monkeypatch.setattr(explore, "_ask", lambda *_: pytest.fail("asked"))
    at = without_trouble(frame("campaign", id=CAMPAIGN).run())
    assert "Explore" in [box.label for box in at.expander]


def test_the_usual_figures_by_country_are_there_at_once(spring):
    at = opened()
    assert table(at) == [("France", 2, 1), ("Not known", 2, 0), ("Ireland", 1, 1)]
    assert f"Counted from {len(worlds.SPRING)} events of this campaign." in texts(at)


def test_a_filter_leaves_the_events_that_have_the_value_themselves(spring):
    at = choose(opened(), "0-filter", "device")
    at = choose(at, "0-key-device", 0)
    assert at.selectbox(key=f"{NAME}-0-key-device").options[0] == "Computer"
    assert table(at) == [("France", 1, 0), ("Ireland", 1, 0)]
    assert "A filter keeps the events" in texts(at)


def test_one_filter_after_the_other_can_be_added_three_at_most(spring):
    at = opened()
    for number, field in enumerate(("device", "country", "client")):
        at = choose(choose(at, f"{number}-filter", field), f"{number}-key-{field}", 0)
    assert f"{NAME}-3-filter" not in {box.key for box in at.selectbox}


def test_what_nothing_has_is_said(spring):
    at = choose(choose(opened(), "0-filter", "reason"), "0-key-reason", 0)
    assert "No event of this campaign has all of this." in texts(at)


def test_without_figures_one_is_asked_for(spring):
    assert "Choose at least one figure." in texts(choose(opened(), "metrics", []))


def test_the_whole_campaign_under_a_filter_is_one_row(spring):
    at = choose(choose(opened(), "by", ""), "0-filter", "hour")
    assert at.selectbox(key=f"{NAME}-0-key-hour").options == [
        "0 to 1 h",
        "1 to 2 h",
        "2 to 3 h",
        "26 to 27 h",
    ]
    assert table(choose(at, "0-key-hour", 1)) == [(2, 0)]


def test_every_dimension_can_be_asked_by_every_figure(spring):
    at = opened()
    box = at.multiselect(key=f"{NAME}-metrics")
    assert "Revenue" in box.options and "Unique opens" in box.options
    at = choose(at, "metrics", ["unique_opens", "clicks", "revenue", "orders", "bounces"])
    for by in (
        "hour",
        "link",
        "page",
        "placement",
        "product",
        "domain",
        "region",
        "client",
        "machine_reason",
    ):
        at = choose(at, "by", by)
        assert table(at), by


def test_it_counts_in_the_form_in_which_the_report_is_read(spring):
    assert ("Not known", 1, 0) in table(opened(opens="people"))


def test_it_speaks_french(spring):
    with spring.records.begin() as db:
        db.exec_driver_sql("UPDATE analysts SET language = 'fr'")
    at = opened()
    assert ("Irlande", 1, 1) in table(at)
    assert "Calculé à partir de" in texts(at)


def test_a_campaign_without_events_has_nothing_to_explore(spring, tmp_path):
    file = tmp_path / "claims.csv"
    file.write_text(CLAIMS, encoding="utf-8")
    bring_in(spring.analytics, file, by="test", now=wiring.now())
    at = without_trouble(frame("campaign", id="mailchimp-aaaa000001").run())
    assert at.title and "Explore" not in [box.label for box in at.expander]


def test_it_is_not_printed_with_the_report():
    """All of it stands in parts whose keys begin alike, by which the paper leaves it out."""
    assert explore._name("one", "open").startswith("explore-")
    hidden = printing.PAPER.partition("display: none !important")[0].rpartition("}")[2]
    assert "[class*=st-key-explore-]" in hidden


# --- nobody else's


def draw_within(scope_of_the_test):
    from lib.ui import report  # noqa: PLC0415 - AppTest runs the source of this function alone

    report.draw(scope_of_the_test, "vitrine-spring")


@pytest.mark.parametrize("people", [True, False])
def test_the_report_of_a_viewer_and_its_preview_have_no_such_part(spring, people):
    """X5: what a share hides cannot be told from the difference of two answers."""
    scope = Scope(campaigns=(CAMPAIGN,), people=people, raw_links=False)
    at = AppTest.from_function(draw_within, args=(scope,), default_timeout=PATIENCE)
    at.session_state[f"{NAME}-open"] = True
    without_trouble(at.run())
    assert "Explore" not in [box.label for box in at.expander]


def test_when_the_session_ends_the_table_goes(spring, monkeypatch):
    """S3"""
    at = opened()
    assert at.dataframe
    hold(monkeypatch, {})
    at.selectbox(key=f"{NAME}-by").set_value("domain").run()
    assert not at.dataframe and not at.multiselect
