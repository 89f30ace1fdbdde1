"""Every count, in every dimension, against SQL written by hand over the raw events."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lib.importers import bring_in
from lib.model import Event, Kind
from lib.reports.metrics import COUNTS, METRICS
from lib.reports.rollup import ANYWHERE, FEW, MERGED, OTHER
from lib.reports.rules import RULES, WINDOWS
from lib.store.tables import campaigns
from tests import worlds
from tests.check_queries import AS_THEY_ARE, DIMENSIONS, Checked
from tests.shelf import NOW, SENT_AT, SPRING, Shelf, covering, event, shelf

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"

PAGES = {  # the page that each link leads to
    "https://a.example/x?utm_source=letter&id=1": "https://a.example/x?id=1",
    "https://a.example/x?id=1&utm_medium=email": "https://a.example/x?id=1",
    "https://a.example/x?id=2": "https://a.example/x?id=2",
    "https://b.example/": "https://b.example/",
}
AGENTS = (
    *(None, None, "Mozilla/5.0", "Outlook 16", "Mozilla/5.0 (Linux; Android 13; CUBOT X50) Chrome/120"),
    *("Barracuda", "via GoogleImageProxy", "python-requests/2.31", "Slackbot 1.0"),
)
NAMES = [f"r{number}@{domain}" for number in range(7) for domain in ("mail.example", "post.example")]


def _events(kinds: list[str], most: int) -> st.SearchStrategy[list[Event]]:
    seconds = st.none() | st.integers(0, 12) | st.integers(0, 400) | st.integers(-3600, 40 * 3600)
    return st.lists(
        st.builds(
            event,
            st.sampled_from(NAMES),
            st.sampled_from(kinds),
            seconds,
            subtype=st.sampled_from([None, "hard", "soft"]),
            url=st.sampled_from([None, *PAGES]),
            link_position=st.sampled_from([None, 1, 2]),
            ip=st.sampled_from([None, "192.0.2.1", "192.0.2.2"]),
            user_agent=st.sampled_from(AGENTS),
            machine=st.sampled_from([None, None, None, True, False]),
            country=st.sampled_from([None, "FR", "DE"]),
            region=st.sampled_from([None, "Bretagne", "Hessen"]),
            device=st.sampled_from([None, "mobile"]),
            client=st.sampled_from([None, "Outlook"]),
            variant=st.sampled_from([None, None, "a", "b"]),
            reason=st.sampled_from([None, "full"]),
            order=st.sampled_from([None, "1", "2"]),
            product=st.sampled_from([None, "Tea", "Pot"]),
            revenue=st.sampled_from([None, 0.1, 12.34]),
        ),
        max_size=most,
    )


@st.composite
def anything(draw: st.DrawFn) -> list[Event]:
    """Any events; in half of the worlds a queue of recipients clicks from one address."""
    some = draw(_events([str(kind) for kind in Kind], 40))
    if draw(st.booleans()):
        gap, late = draw(st.sampled_from([0, 1, 6, 7, 33, 34])), draw(st.sampled_from([0, 6, 30, 61, 200]))
        for place, name in enumerate(NAMES[: draw(st.integers(8, len(NAMES)))]):
            some.append(event(name, "delivered", place * gap))
            some.append(event(name, "clicked", place * gap + late, url="https://b.example/", ip="192.0.2.9"))
    return some


ANY = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
)


class Rolled:
    """The rollup of a campaign as a table: (dimension, key) -> counts."""

    def __init__(self, library: Shelf, campaign: str = SPRING.id) -> None:
        events = library.analytics.events
        with library.analytics.records.connect() as db:
            self.place = db.scalar(
                campaigns.select().where(campaigns.c.id == campaign).with_only_columns(campaigns.c.rollup)
            )
        self.files = sorted(
            path
            for path in (events.folder / campaign).glob("*.parquet")
            if path.name.count(".") == 1 and path.name[0].isdigit()
        )
        self.rows = {
            (row["dimension"], row["key"]): row for row in pq.read_table(events.path(self.place)).to_pylist()
        }
        self.messages = pq.read_table(events.messages(self.place))

    def by(self, dimension: str, metric: str) -> dict[object, float]:
        return {
            float(key) if dimension == "hour" and key else key: float(row[metric])
            for (name, key), row in self.rows.items()
            if name == dimension and row[metric]
        }

    def knows(self, dimension: str) -> bool:
        return any(name == dimension for name, _key in self.rows)

    def whole(self, metric: str) -> float:
        return self.by("", metric).get(None, 0.0)


@contextmanager
def world(events: list[Event]) -> Iterator[Rolled]:
    with tempfile.TemporaryDirectory() as folder, shelf(Path(folder)) as library:
        library.bring(SPRING, covering(), *events)
        yield Rolled(library)


def check(rolled: Rolled, pages: dict[str, str], began=SENT_AT) -> Checked:
    by_hand = Checked(rolled.files, pages, began)
    for dimension in DIMENSIONS:
        expected = {metric: by_hand.by(dimension, metric) for metric in COUNTS}
        if dimension and not rolled.knows(dimension):  # of no event it is known: there is nothing to show
            assert not any(set(found) - {None} for found in expected.values()), dimension
            continue
        for metric, found in expected.items():
            assert rolled.by(dimension, metric) == pytest.approx(found), (dimension, metric)
    return by_hand


def check_windows(rolled: Rolled, pages: dict[str, str], began=SENT_AT) -> None:
    for window in WINDOWS:
        by_hand = Checked(rolled.files, pages, began, (window, window, window))
        for metric in COUNTS:
            assert rolled.by("window", metric).get(str(window), 0) == pytest.approx(by_hand.whole(metric)), (
                window,
                metric,
            )


def check_moments(rolled: Rolled, by_hand: Checked) -> None:
    whole = rolled.rows.get(("", None), {})
    for verb, name in (("opened", "opens"), ("clicked", "clicks")):
        for form, end in (("all", ""), ("people", "_people")):
            table = f"{name}_{form}"
            last = by_hand.one(f"SELECT MAX(happened_at) FROM {table}")
            assert whole.get(f"last_{verb}_at{end}") == last
            firsts = [
                row["at"]
                for row in by_hand.rows(
                    "SELECT EPOCH(MIN(happened_at) - MIN(began)) AS at"
                    f" FROM {table} GROUP BY message ORDER BY 1 NULLS LAST"
                )
            ]
            middle = firsts[(len(firsts) - 1) // 2] if firsts else None
            expected = None if middle is None or middle < 0 else pytest.approx(middle)
            assert whole.get(f"half_{name}{end}") == expected


def check_messages(rolled: Rolled, by_hand: Checked) -> None:
    told = {row["message"]: row for row in rolled.messages.to_pylist()}
    assert len(told) == rolled.messages.num_rows == by_hand.one("SELECT COUNT(DISTINCT message) FROM e")
    for table, name, verb in (
        ("opens_all", "opens", "opened"),
        ("opens_people", "opens", "opened"),
        ("clicks_all", "clicks", "clicked"),
        ("clicks_people", "clicks", "clicked"),
    ):
        end = "_people" if table.endswith("people") else ""
        found = {
            row["message"]: row
            for row in by_hand.rows(
                "SELECT message, COUNT(*) AS n, MIN(happened_at) AS a, MAX(happened_at) AS z"
                f" FROM {table} GROUP BY 1"
            )
        }
        for message, row in told.items():
            expected = found.get(message, {"n": 0, "a": None, "z": None})
            assert row[f"{name}{end}"] == expected["n"]
            assert (row[f"first_{verb}_at{end}"], row[f"last_{verb}_at{end}"]) == (
                expected["a"],
                expected["z"],
            )
    for flag, kind in (("sent", "sent"), ("unsubscribed", "unsubscribed"), ("complained", "complained")):
        found = {
            row["message"]: row["a"]
            for row in by_hand.rows(
                f"SELECT message, MIN(happened_at) AS a FROM e WHERE kind = '{kind}' GROUP BY 1"
            )
        }
        assert {message for message, row in told.items() if row[flag]} == set(found)
        if flag != "sent":
            assert all(told[message][f"{flag}_at"] == at for message, at in found.items())
    back = {row["message"]: row for row in by_hand.rows("SELECT * FROM back")}
    for message, row in told.items():
        bounce = back.get(message)
        kind = None if bounce is None else "hard" if bounce["subtype"] == "hard" else "soft"
        reason = None if bounce is None else (bounce["happened_at"], bounce["reason"])
        assert row["bounce"] == kind
        assert (None if bounce is None else (row["bounced_at"], row["bounce_reason"])) == reason
    reasons = (
        "SELECT DISTINCT ON (message) message, reason FROM e WHERE kind = 'unsubscribed'"
        " AND reason IS NOT NULL ORDER BY message, happened_at NULLS LAST, reason"
    )
    assert {m: row["unsubscribe_reason"] for m, row in told.items() if row["unsubscribe_reason"]} == {
        row["message"]: row["reason"] for row in by_hand.rows(reasons)
    }
    orders = by_hand.rows(
        "SELECT message, COUNT(DISTINCT order_id) + COUNT(*) FILTER (WHERE order_id IS NULL) AS n,"
        " SUM(revenue::DECIMAL(18, 4))::DOUBLE AS money FROM e WHERE kind = 'ordered' GROUP BY 1"
    )
    bought = {row["message"]: (row["n"], row["money"] or 0) for row in orders}
    for message, row in told.items():
        assert (row["orders"], row["revenue"]) == pytest.approx(bought.get(message, (0, 0)))


@ANY
@given(anything())
def test_every_count_is_what_a_query_by_hand_says_of_the_raw_events(events):
    with world(events) as rolled:
        if not events:
            return
        by_hand = check(rolled, PAGES)
        check_windows(rolled, PAGES)
        check_moments(rolled, by_hand)
        check_messages(rolled, by_hand)


@ANY
@given(anything())
def test_merged_groups_are_counted_as_exactly_as_the_others(events):
    """The row of the merged counts a message once, whichever of the merged groups it was in."""
    with world(events) as rolled:
        if not events:
            return
        by_hand = Checked(rolled.files, PAGES, SENT_AT)
        for dimension in filter(rolled.knows, MERGED):
            base = "page" if dimension == "link" else dimension
            shown = {key for name, key in rolled.rows if name == f"{FEW}{dimension}"} - {OTHER}
            for metric in COUNTS:
                merged = rolled.by(f"{FEW}{dimension}", metric)
                if dimension != "link":  # two links are told apart by their tracking parameters
                    expected = {key: value for key, value in by_hand.by(base, metric).items() if key in shown}
                    assert {key: value for key, value in merged.items() if key != OTHER} == pytest.approx(
                        expected
                    )
                if COUNTS[metric].of in ("events", "money") and dimension != "link":
                    assert sum(merged.values()) == pytest.approx(sum(by_hand.by(base, metric).values()))
                whole = rolled.whole(metric)
                if COUNTS[metric].of == "messages":
                    assert merged.get(OTHER, 0) <= whole


@ANY
@given(anything())
def test_parts_sum_to_wholes_and_uniques_never_exceed_totals(events):
    with world(events) as rolled:
        totals = {metric: rolled.whole(metric) for metric in COUNTS}
        for name in ("opens", "clicks", "opens_people", "clicks_people"):
            assert totals[f"unique_{name}"] <= totals[name]
            for dimension in filter(rolled.knows, ("hour", *ANYWHERE - {"product"})):
                assert sum(rolled.by(dimension, name).values()) == totals[name]  # None is a key there
            assert sum(rolled.messages.column(name).to_pylist()) == totals[name]
            assert (
                sum(one > 0 for one in rolled.messages.column(name).to_pylist()) == totals[f"unique_{name}"]
            )
        for name, value in totals.items():
            if f"{name}_people" in totals:
                assert totals[f"{name}_people"] <= value
        clicks = [one for one in events if one.kind is Kind.CLICKED]
        clicks_with_link = sum(bool(one.url) for one in clicks)
        for dimension in ("link", "bare_link", "page"):
            assert sum(rolled.by(dimension, "clicks").values()) == clicks_with_link
        assert sum(rolled.by("placement", "clicks").values()) == sum(
            bool(one.url and one.link_position) for one in clicks
        )
        if rolled.knows("product"):
            assert sum(rolled.by("product", "revenue").values()) == pytest.approx(totals["revenue"])
        set_apart = sum(rolled.by("machine_reason", "clicks").values())
        assert set_apart + totals["clicks_people"] == totals["clicks"]


@ANY
@given(anything())
def test_a_wider_window_never_leaves_more_to_people(events):
    with world(events) as rolled:
        for metric in ("clicks_people", "unique_clicks_people", "opens_people", "unique_opens_people"):
            found = [rolled.by("window", metric).get(str(window), 0) for window in WINDOWS]
            assert found == sorted(found, reverse=True)
        for metric in COUNTS:
            if not metric.endswith("_people"):
                assert set(rolled.by("window", metric).values()) <= {rolled.whole(metric)}


def test_no_window_of_the_rules_lies_outside_the_band():
    """So the band holds what the rules say, or begins where one of them is narrower still."""
    assert max(rule.window or 0 for rule in RULES.values()) <= max(WINDOWS)
    assert tuple(rule.window for rule in RULES.values() if rule.window) == AS_THEY_ARE


def test_the_tiny_world_is_what_the_queries_say(tmp_path):
    with shelf(tmp_path) as library:
        library.bring(*(item for row in worlds.spring_rows() for item in row.items))
        rolled = Rolled(library, worlds.CAMPAIGN.id)
        pages = {worlds.SHOP: worlds.SHOP, worlds.STORY: worlds.STORY}
        by_hand = check(rolled, pages, worlds.SENT_AT)
        check_windows(rolled, pages, worlds.SENT_AT)
        check_moments(rolled, by_hand)
        check_messages(rolled, by_hand)


def test_a_campaign_in_two_files_that_overlap_is_what_the_queries_say(tmp_path):
    with shelf(tmp_path) as library:
        events = list(worlds.SPRING)
        library.bring(worlds.CAMPAIGN, covering(campaign=worlds.CAMPAIGN.id), *events[:20])
        library.bring(*events[15:], name="more.csv")
        pages = {worlds.SHOP: worlds.SHOP, worlds.STORY: worlds.STORY}
        check_messages(Rolled(library, worlds.CAMPAIGN.id), check(Rolled(library, worlds.CAMPAIGN.id), pages))


@pytest.mark.slow
def test_the_samples_are_what_the_queries_say(tmp_path):
    with shelf(tmp_path) as library:
        bring_in(library.analytics, SAMPLES, by="ann", now=NOW)
        with library.analytics.records.connect() as db:
            known = db.execute(
                campaigns.select().with_only_columns(campaigns.c.id, campaigns.c.sent_at)
            ).all()
        for campaign, sent_at in known:
            rolled = Rolled(library, campaign)
            links = {key for name, key in rolled.rows if name == "link"}
            pages = {link: link.partition("?utm_")[0] for link in links}
            by_hand = check(rolled, pages, sent_at)
            check_windows(rolled, pages, sent_at)
            check_moments(rolled, by_hand)
            check_messages(rolled, by_hand)


def test_every_count_that_events_tell_has_a_query_by_hand():
    told = {name for name, metric in METRICS.items() if metric.needs and metric.format != "rate"}
    assert told <= set(COUNTS)
    with world([event("r0@mail.example", "sent", 0)]) as rolled:
        by_hand = Checked(rolled.files, PAGES, SENT_AT)
        assert {name: by_hand.whole(name) for name in COUNTS if by_hand.whole(name)} == {
            "recipients": 1,
            "deliveries": 1,
        }
