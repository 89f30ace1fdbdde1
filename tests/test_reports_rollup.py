"""A rollup holds the same numbers as the events, counted one by one: on any campaign."""

import tempfile
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lib.model import Kind, Question, Scope
from lib.reports import METRICS, OTHER, Count, answer, rollup
from lib.reports.facts import PLACE, facts_sql
from lib.reports.metrics import COUNTS
from lib.store.events import reading
from lib.store.library import Uncounted
from tests.shelf import EVERYTHING, SENT_AT, SPRING, covering, event, shelf

AGENTS = (None, "Mozilla/5.0", "Outlook", "Barracuda", "GoogleImageProxy")
EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from(["ann", "bob", "cid", "dee@other.example"]),
        st.sampled_from([str(kind) for kind in Kind]),
        st.none() | st.integers(-3600, 40 * 3600) | st.integers(0, 20),
        subtype=st.sampled_from([None, "hard", "soft"]),
        url=st.sampled_from(["https://a", "https://b", "https://c"]),
        user_agent=st.sampled_from(AGENTS),
        machine=st.sampled_from([None, True, False]),
        country=st.sampled_from([None, "FR", "DE"]),
        variant=st.sampled_from([None, "a", "b"]),
        order=st.sampled_from([None, "1", "2"]),
        revenue=st.sampled_from([None, 0.1, 12.34]),
    ),
    max_size=25,
)
ANY_CAMPAIGN = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ),  # shrinking takes minutes: each example is a library
)


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def facts_of(source):
    """The facts over the texts of an event file, as they stand there."""
    return facts_sql(
        f"(SELECT 0 AS campaign, * REPLACE ({PLACE} AS region) FROM {source})",
        f"(SELECT 0 AS campaign, {SENT_AT.timestamp()} AS start, NULL AS currency)",
        f"(SELECT DISTINCT user_agent, user_agent AS name FROM {source})",
        overlapping=False,
    )


@ANY_CAMPAIGN
@given(EVENTS)
def test_every_number_is_what_its_sql_says_of_the_events(events):
    with tempfile.TemporaryDirectory() as folder, shelf(Path(folder)) as library_of:
        library_of.bring(SPRING, covering(), *events)
        store = library_of.analytics.events
        facts = facts_of(reading([store.path(f"{SPRING.id}/1.parquet")]))
        columns = ", ".join(count.sql for count in COUNTS.values())
        names = tuple(COUNTS)
        with store.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE facts AS {facts}")
            for by in ("hour", "link", "country", "machine_reason"):
                asked = cursor.execute(
                    f"SELECT {by}, {columns} FROM facts WHERE {by} IS NOT NULL GROUP BY {by}"
                )
                expected = {
                    key: tuple(map(float, values)) for key, *values in asked.fetchall() if any(values)
                }
                found = library_of.by(by, *names)
                assert {key: values for key, values in found.items() if key is not None} == expected
            whole = cursor.execute(f"SELECT {columns} FROM facts").fetchone()
        known = {name: value for name, value in zip(names, whole, strict=True) if name in METRICS}
        figures = library_of.figures()
        assert {name: figures[name] for name in known} == {
            name: float(value) for name, value in known.items()
        }


@ANY_CAMPAIGN
@given(EVENTS)
def test_a_part_is_never_more_than_its_whole(events):
    with tempfile.TemporaryDirectory() as folder, shelf(Path(folder)) as library_of:
        library_of.bring(SPRING, covering(), *events)
        figures = library_of.figures()
        assert figures["unique_opens"] <= figures["opens"]
        assert figures["unique_clicks"] <= figures["clicks"]
        assert figures["unique_clicks"] <= figures["unique_opens"]
        assert figures["unique_clicks_people"] <= figures["unique_opens_people"]
        assert figures["hard_bounces"] + figures["soft_bounces"] == figures["bounces"]
        assert figures["deliveries"] <= figures["recipients"]
        for name in METRICS:
            if f"{name}_people" in METRICS and isinstance(METRICS[name], Count):
                assert figures[f"{name}_people"] <= figures[name]


@ANY_CAMPAIGN
@given(EVENTS)
def test_the_hours_add_up_to_what_has_a_time(events):
    timed = [one for one in events if one.at is not None and one.at >= SENT_AT]
    with tempfile.TemporaryDirectory() as folder, shelf(Path(folder)) as library_of:
        library_of.bring(SPRING, covering(), *timed)
        figures, hours = (
            library_of.figures(),
            library_of.by("hour", "clicks", "first_clicks", "first_opens", "opens"),
        )
        sums = [sum(column) for column in zip(*hours.values(), strict=True)] or [0, 0, 0, 0]
        assert sums == [figures[name] for name in ("clicks", "unique_clicks", "unique_opens", "opens")]


@ANY_CAMPAIGN
@given(EVENTS, st.integers(0, 25))
def test_one_file_or_two_give_the_same_campaign(events, cut):
    with tempfile.TemporaryDirectory() as folder:
        for place in ("one", "two"):
            (Path(folder) / place).mkdir()
        with shelf(Path(folder) / "one") as one, shelf(Path(folder) / "two") as two:
            # A file may hold the same thing twice, and both count; the same in a second file is a repetition.
            events = list({(e.recipient, e.kind, e.at, e.url, e.order): e for e in events}.values())
            one.bring(SPRING, covering(), *events)
            two.bring(SPRING, covering(), *events[:cut])
            two.bring(*events[max(cut - 3, 0) :])  # overlapping
            assert one.figures() == pytest.approx(two.figures())


def test_the_long_tail_folds_into_one_row_with_exact_messages(library_of, monkeypatch):
    monkeypatch.setitem(rollup.KEYS, "domain", 2)
    many = [event(f"r{n}@big.example", "opened", n) for n in range(5)] + [
        event("a@mid.example", "opened", n) for n in (1, 2)
    ]
    tail = [event("x@one.example", "opened", 1), event("x@two.example", "opened", 2)]
    library_of.bring(SPRING, covering(), *many, *tail)
    assert library_of.by("domain", "unique_opens", "opens") == {
        "big.example": (5, 5),
        "mid.example": (1, 2),
        OTHER: (2, 2),
    }


def test_messages_add_up_over_campaigns_and_rates_are_of_the_sums(library_of):
    autumn = "vitrine-autumn"
    spring = [event(name, "sent", 0, country="FR") for name in ("ann", "bob")] + [
        event("ann", "opened", 9, country="FR")
    ]
    other = [event(name, "sent", 0, autumn, country="FR") for name in ("ann", "bob")]
    library_of.bring(covering(), covering(campaign=autumn), *spring, *other)
    assert library_of.by("country", "unique_opens", "open_rate") == {"FR": (1, 0.25)}
    assert library_of.by("country", "open_rate", scope=Scope((SPRING.id,))) == {"FR": 0.5}


def test_a_campaign_that_does_not_cover_a_metric_is_left_out_of_it(library_of):
    autumn = "vitrine-autumn"
    library_of.bring(covering("opened"), event("ann", "opened", 9, country="FR"))
    library_of.bring(covering("clicked", campaign=autumn), event("ann", "opened", 9, autumn, country="FR"))
    assert library_of.by("country", "opens") == {"FR": 1}


def test_without_a_dimension_the_answer_has_one_row_per_campaign(library_of):
    library_of.bring(SPRING, covering(), event("ann", "opened", 9))
    table = answer(library_of.analytics, EVERYTHING, Question(("opens", "clicks")))
    assert table.to_dict("records") == [{"campaign": SPRING.id, "opens": 1, "clicks": 0}]


@pytest.mark.parametrize("question", [Question(("opens",), "colour"), Question(("joy",), "hour")])
def test_a_metric_or_dimension_that_does_not_exist_is_an_error(library_of, question):
    with pytest.raises(KeyError):
        answer(library_of.analytics, EVERYTHING, question)


def test_regions_carry_their_country_and_reasons_their_words(library_of):
    library_of.bring(
        covering(),
        event("ann", "opened", 9, country="FR", region="Bretagne"),
        event("ann", "unsubscribed", 99, reason="Too many"),
    )
    assert library_of.by("region", "opens") == {"FR/Bretagne": 1}
    assert library_of.by("reason", "unsubscribes") == {"Too many": 1}


def test_every_event_of_a_message_belongs_to_the_variant_it_was_sent(library_of):
    library_of.bring(
        covering(),
        event("ann", "sent", 0, variant="a"),
        event("ann", "clicked", 90),
        event("bob", "sent", 0, variant="b"),
    )
    assert library_of.by("variant", "click_rate") == {"a": 1}
    assert library_of.by("variant", "deliveries", "unique_clicks") == {"a": (1, 1), "b": (1, 0)}


def test_the_fifty_most_active_recipients_are_kept(library_of):
    opens = defaultdict(int, {f"r{number}": number // 10 + 1 for number in range(60)})
    library_of.bring(
        covering(), *(event(name, "opened", n * 60) for name, times in opens.items() for n in range(times))
    )
    table = library_of.section("active_recipients").table
    assert len(table) == 50 and list(table["opens"]) == sorted(opens.values(), reverse=True)[:50]


def test_a_campaign_too_large_for_memory_is_counted_as_a_small_one(library_of, monkeypatch):
    kinds = ("sent", "delivered", "opened", "clicked", "bounced", "ordered")
    events = [
        event(f"r{number % 7}", kinds[number % 6], number, url=f"https://a/{number % 3}?uid={number}")
        for number in range(60)
    ]
    library_of.bring(SPRING, covering(), *events)
    store = library_of.analytics.events
    file = [store.path(f"{SPRING.id}/1.parquet")]
    (small,) = rollup.make(library_of.analytics, [Uncounted(SPRING.id, file)])
    monkeypatch.setattr(rollup, "MANY_ROWS", 10)
    (large,) = rollup.make(library_of.analytics, [Uncounted(SPRING.id, file)])
    assert (small.counts, small.started_at) == (large.counts, large.started_at)
    for place in (store.path, store.messages):
        tables = [pq.ParquetFile(place(made.path)).read() for made in (small, large)]
        assert tables[0].to_pylist() == tables[1].to_pylist()
