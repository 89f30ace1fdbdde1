"""Campaigns that are counted together have the counts that each has when it is counted alone."""

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.model import Campaign
from lib.reports import rollup
from lib.reports.rules import FEWEST_SHARING
from lib.store.library import Rolled, Uncounted
from tests.shelf import SENT_AT, SPRING, covering, event, shelf
from tests.test_reports_check_queries import ANY, anything

SUMMER = Campaign("vitrine", "summer", title="Summer", sent_at=SENT_AT + timedelta(hours=2), currency="EUR")
AUTUMN = "vitrine-autumn"
"""Nobody says when it was sent, nor in which currency its orders are."""

WHAT_THEY_SAID = {
    SPRING.id: (SPRING.sent_at, None),
    SUMMER.id: (SUMMER.sent_at, SUMMER.currency),
    AUTUMN: (None, None),
}


def of(campaign, events, **more):
    return [replace(one, campaign=campaign, **more) for one in events]


def lot(library):
    """Those of the three campaigns that have files."""
    folder = library.analytics.events.folder
    all_three = [
        Uncounted(name, sorted(folder.glob(f"{name}/[0-9].parquet")), *said)
        for name, said in WHAT_THEY_SAID.items()
    ]
    return [one for one in all_three if one.files]


def tables(library, made: Rolled):
    events = library.analytics.events
    return [pq.read_table(path).to_pylist() for path in (events.path(made.path), events.messages(made.path))]


def each_alone(library, uncounted):
    return [made for one in uncounted for made in rollup.make(library.analytics, [one])]


def assert_alike(library):
    uncounted = lot(library)
    together = rollup.make(library.analytics, uncounted) if uncounted else []
    alone = each_alone(library, uncounted)
    for one, other in zip(together, alone, strict=True):
        assert (one.started_at, one.currency) == (other.started_at, other.currency)
        # as texts: an amount that has no sum is unlike itself
        assert list(map(str, tables(library, one))) == list(map(str, tables(library, other)))
    return together


@pytest.mark.slow
@given(anything(), anything(), anything(), st.sampled_from([None, "EUR", "USD"]))
@ANY
def test_the_same_people_links_and_addresses_in_three_campaigns_are_counted_apart(one, two, three, currency):
    with tempfile.TemporaryDirectory() as folder, shelf(Path(folder)) as library:
        library.bring(SPRING, *of(SPRING.id, one))
        library.bring(SUMMER, *of(SUMMER.id, two, currency=currency), *of(AUTUMN, three))
        library.bring(*of(SUMMER.id, [*two[::2], *one]), *of(AUTUMN, three[1:]), name="once more")
        assert_alike(library)


@pytest.fixture
def library(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def test_a_senders_number_that_several_campaigns_use_is_an_event_in_each(library):
    said = [event("ann", "opened", 60, native_id="1"), event("bob", "clicked", 90, native_id="2")]
    for name in ("first", "again"):
        library.bring(*(one for campaign in WHAT_THEY_SAID for one in of(campaign, said)), name=name)
    counts = [made.counts for made in assert_alike(library)]
    assert [(one["opens"], one["clicks"]) for one in counts] == [(2, 1)] * 3


def test_links_that_a_person_clicked_are_all_links_in_one_campaign_and_some_in_another(library):
    """Who clicks every link within seconds is a machine; whether it is every link, each campaign says."""
    swift = [event("ann", "clicked", 600 + place, url=f"https://a.example/{place}") for place in range(4)]
    more = [event("bob", "clicked", 4000, url="https://a.example/9")]
    library.bring(SPRING, *of(SPRING.id, swift), *of(SUMMER.id, [*swift, *more]), *of(AUTUMN, more))
    counts = [made.counts for made in assert_alike(library)]
    assert [one["clicks"] for one in counts] == [4, 5, 1]
    assert [one["clicks_people"] for one in counts] == [0, 5, 1]


def test_a_queue_at_one_address_is_measured_within_each_campaign(library):
    """Ten recipients of one campaign are a crowd; five of each of two are none."""
    queue = [event(f"r{place}", "clicked", 600 + place, ip="192.0.2.9") for place in range(FEWEST_SHARING)]
    sent = [event(f"r{place}", "delivered", 590 + place) for place in range(FEWEST_SHARING)]
    half = FEWEST_SHARING // 2
    library.bring(
        *of(SPRING.id, sent + queue),
        *of(SUMMER.id, sent[:half] + queue[:half]),
        *of(AUTUMN, sent[half:] + queue[half:]),
    )
    reasons = [
        {row["key"] for row in tables(library, made)[0] if row["dimension"] == "machine_reason"}
        for made in assert_alike(library)
    ]
    assert "shared_address" in reasons[0]
    assert not any("shared_address" in found for found in reasons[1:])


def test_a_personal_token_in_one_campaign_is_no_token_in_another(library):
    """A part of an address that differs by recipient is cut; the same part alone at one recipient stays."""
    personal = [
        event(f"r{place}", "clicked", 600 + place, url=f"https://a.example/x?u=aZ3kQ9{place}bT")
        for place in range(6)
    ]
    library.bring(*of(SPRING.id, personal), *of(SUMMER.id, personal[:1]), *of(AUTUMN, personal[1:2]))
    assert_alike(library)


def test_amounts_in_several_currencies_have_no_sum_in_their_own_campaign_only(library):
    euros = event("ann", "ordered", 60, revenue=5.0, currency="EUR", order="1")
    dollars = event("bob", "ordered", 60, revenue=7.0, currency="USD", order="2")
    library.bring(*of(SPRING.id, [euros, dollars]), SUMMER, *of(SUMMER.id, [euros]), *of(AUTUMN, [dollars]))
    made = assert_alike(library)
    assert [one.currency for one in made] == [None, "EUR", "USD"]
    assert [str(one.counts["revenue"]) for one in made] == ["None", "5.0", "7.0"]


def test_a_campaign_of_which_nothing_happened_stands_among_others(library):
    opened = event("ann", "opened", 60)
    library.bring(*of(SPRING.id, [opened]), SUMMER, covering(campaign=SUMMER.id), *of(AUTUMN, [opened]))
    assert [made.counts["opens"] for made in assert_alike(library)] == [1, 0, 1]


def test_nothing_of_a_lot_stays_when_one_of_its_campaigns_cannot_be_read(library):
    library.bring(SPRING, event("ann", "opened", 60), *of(AUTUMN, [event("ann", "opened", 60)]))
    before = library.analytics.events.written()
    gone = Uncounted(SUMMER.id, [library.analytics.events.path(f"{SUMMER.id}/9.parquet")])
    with pytest.raises(Exception, match=r"9\.parquet"):
        rollup.make(library.analytics, [*lot(library), gone])
    assert sorted(library.analytics.events.written()) == sorted(before)
