"""What senders really deliver at the edges: no times, no dates, twice the same, before the start, late."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.importers import bring_in
from lib.model import Campaign, Kind
from lib.reports import METRICS, Count, campaigns
from tests.shelf import EVERYTHING, NOW, SPRING, covering, event, shelf
from tests.test_reports_rollup import EVENTS

COUNTS = [name for name, metric in METRICS.items() if isinstance(metric, Count) and metric.needs]
MAY_FALL = {"deliveries", "hard_bounces", "soft_bounces", "bounces"}
"""A bounce takes a delivery away, and a later delivery the bounce; every other count only grows."""


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def written(tmp_path, *lines, campaigns_csv=""):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "events.csv").write_text("campaign,recipient,kind,at\n" + "\n".join(lines) + "\n")
    if campaigns_csv:
        (folder / "campaigns.csv").write_text(campaigns_csv)
    return folder


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVENTS, EVENTS.filter(bool), st.integers(0, 24))
def test_an_event_more_never_lowers_a_count(events, others, which):
    """But for bounces and deliveries, which speak of a message's last word; and for what a rule marks."""
    more = replace(others[which % len(others)], machine=False)
    with tempfile.TemporaryDirectory() as folder, shelf(Path(folder)) as library_of:
        library_of.bring(SPRING, covering(), *events)
        before = library_of.figures()
        library_of.bring(more, name="more.csv")
        after = library_of.figures()
    grown = [name for name in COUNTS if not name.endswith("_people") and name not in MAY_FALL]
    grown = [name for name in grown if name != "revenue" or (more.revenue or 0) >= 0]
    assert {name: (before[name], after[name]) for name in grown if after[name] < before[name]} == {}


def test_an_open_before_the_sending_counts_but_is_in_no_hour(library_of):
    library_of.bring(SPRING, covering(), event("ann", "opened", -60), event("ann", "opened", 60))
    assert library_of.figures()["opens"] == 2
    assert library_of.section("first_day").table["opens"].sum() == 1


def test_a_campaign_without_a_date_counts_hours_from_its_first_message(library_of):
    library_of.bring(
        replace(SPRING, sent_at=None),
        covering(),
        event("ann", "opened", 30),
        event("ann", "sent", 60),
        event("ann", "opened", 3700),
    )
    table = library_of.section("first_day").table
    assert (table["opens"].iloc[0], table["opens"].iloc[1]) == (0, 1)


def test_events_without_any_time_leave_the_campaign_undated(library_of):
    library_of.bring(Campaign("vitrine", "spring"), covering(), event("ann", "sent"), event("ann", "opened"))
    assert campaigns(library_of.analytics, EVERYTHING)["sent_at"].isna().all()
    assert library_of.figures()["open_rate"] == 1


def test_a_recipient_of_two_campaigns_is_one_message_of_each(library_of):
    autumn = "vitrine-autumn"
    library_of.bring(
        covering(),
        covering(campaign=autumn),
        event("ann", "sent", 0),
        event("ann", "opened", 60),
        event("ann", "sent", 0, autumn),
    )
    assert library_of.figures()["open_rate"] == 1
    assert library_of.figures(campaign=autumn)["open_rate"] == 0


def test_a_message_that_was_sent_twice_is_one_message(library_of):
    library_of.bring(covering(), event("ann", "sent", 0), event("ann", "sent", 0), event("ANN", "sent", 900))
    assert library_of.figures()["recipients"] == 1


def test_an_autoresponder_of_a_dead_address_opens_and_is_no_delivery(library_of):
    library_of.bring(
        covering(),
        *(event(name, "sent", 0) for name in ("ann", "bob")),
        event("ann", "bounced", 5, subtype="hard"),
        event("ann", "opened", 60),
        event("bob", "opened", 60),
    )
    figures = library_of.figures()
    assert (figures["deliveries"], figures["unique_opens"], figures["open_rate"]) == (1, 2, 2)


def test_who_unsubscribes_twice_has_unsubscribed_once(library_of):
    library_of.bring(covering(), event("ann", "unsubscribed", 60), event("ann", "unsubscribed", 600))
    assert library_of.figures()["unsubscribes"] == 1


def test_a_time_without_seconds_is_a_time(library_of, tmp_path):
    lines = ("c,ann@x.example,sent,2026-03-03T09:00Z", "c,ann@x.example,opened,2026-03-03 10:30")
    bring_in(library_of.analytics, written(tmp_path, *lines), by="ann", now=NOW)
    assert library_of.section("first_day", campaign="vitrine-c").table["opens"].iloc[1] == 1


@pytest.mark.parametrize(
    ("night", "sent_at", "hour"),
    [
        (
            "2026-03-29T01:30",
            datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
            1,
        ),  # 02:30 is skipped: 03:30 is 1 h later
        ("2026-10-25T01:30", datetime(2026, 10, 24, 23, 30, tzinfo=UTC), 3),  # 02:30 comes twice
    ],
)
def test_hours_are_hours_on_the_nights_that_change_the_clock(library_of, tmp_path, night, sent_at, hour):
    """Paris, sent at half past one, opened at half past three by the clock on the wall."""
    lines = (f"c,ann@x.example,sent,{night}", f"c,ann@x.example,opened,{night.replace('01:30', '03:30')}")
    folder = written(
        tmp_path, *lines, campaigns_csv=f"campaign,title,sent_at,zone\nc,C,{night},Europe/Paris\n"
    )
    bring_in(library_of.analytics, folder, by="ann", now=NOW, zone="Europe/Paris")
    assert campaigns(library_of.analytics, EVERYTHING).iloc[0]["sent_at"] == sent_at
    table = library_of.section("first_day", campaign="vitrine-c").table
    assert table["opens"].tolist().index(1) == hour


def test_every_kind_is_counted_by_some_metric():
    counted = {kind for metric in METRICS.values() for kind in metric.needs}
    assert set(Kind) - counted == {Kind.DELIVERED, Kind.DEFERRED}
