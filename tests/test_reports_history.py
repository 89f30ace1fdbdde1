"""A campaign against its own history: with which campaigns it is compared, and when nothing is said."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from lib.model import COMMAND_LINE, Campaign, Covers, Event, Form, Kind, Reported, Scope
from lib.reports import as_json, benchmarks, history, report
from tests.shelf import EVERYTHING, NOW, shelf

TUESDAY = datetime(2026, 3, 3, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
SIZE = 1000


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def claimed(number: int, at: datetime, opens: int, size: int = SIZE, **words) -> tuple:
    """A campaign of which the sender's own counts are known."""
    words = {"audience": "Readers", "title": f"Letter {number}"} | words
    campaign = Campaign("vitrine", f"c{number}", sent_at=at, zone="UTC", **words)
    counts = {
        "recipients": size,
        "deliveries": size,
        "unique_opens": opens,
        "unique_clicks": opens // 10,
        "bounces": 0,
    }
    return campaign, *(Reported(campaign.id, name, float(n), str(n)) for name, n in counts.items())


def weekly(*opens: int, last: datetime = TUESDAY) -> list:
    """Campaigns a week apart, each with its openers; the last of them at `last`."""
    return [
        item
        for number, count in enumerate(opens)
        for item in claimed(number, last - WEEK * (len(opens) - 1 - number), count)
    ]


LIKE_THIRTY = (300, 310, 290, 305, 295, 320, 280, 300)


def judged(library, number: int, scope: Scope = EVERYTHING, form: Form = Form.ALL):
    section = report(library.analytics, scope, f"vitrine-c{number}", form).sections["history"]
    return section, section.rows.set_index("metric") if section.table is not None else None


@pytest.mark.parametrize(("opens", "verdict"), [(300, "usual"), (500, "high"), (120, "low")])
def test_a_rate_is_usual_high_or_low_beside_the_interval_of_the_earlier_campaigns(library_of, opens, verdict):
    library_of.bring(*weekly(*LIKE_THIRTY, opens))
    section, rows = judged(library_of, 8)
    rate = rows.loc["open_rate"]
    assert rate["verdict"] == verdict
    assert 0.25 < rate["low"] < 0.3 < rate["high"] < 0.35
    assert {"usual": 0.3 < rate["position"] < 0.7, "high": rate["position"] > 0.99}.get(
        verdict, rate["position"] < 0.01
    )
    assert (section.facts["campaigns"], section.facts["conditions"]) == (8, "size weekday hour")


def test_fewer_than_five_earlier_campaigns_give_no_verdict(library_of):
    """X5"""
    library_of.bring(*weekly(300, 310, 290, 305, 500))
    section, rows = judged(library_of, 4)
    assert rows is None and section.missing == "missing.history"
    assert section.facts["campaigns"] == 4


def test_later_campaigns_and_those_of_others_are_not_compared(library_of):
    items = weekly(*LIKE_THIRTY, 300)
    others = [
        *claimed(20, TUESDAY + WEEK, 900),
        *claimed(21, TUESDAY - WEEK, 900, audience="Clients"),
        *claimed(22, TUESDAY - WEEK, 900, audience=None),
    ]
    library_of.bring(*items, *others)
    assert judged(library_of, 8)[0].facts["campaigns"] == 8


def test_samples_are_compared_with_samples_only(library_of):
    library_of.bring(*weekly(*LIKE_THIRTY), sample=True)
    library_of.bring(*claimed(8, TUESDAY + WEEK, 300))
    assert judged(library_of, 8)[0].facts["campaigns"] == 0


@pytest.mark.parametrize(
    ("change", "conditions"),
    [
        ({}, "size weekday hour"),
        ({"hours": 6}, "size weekday"),
        ({"days": 1}, "size part_of_week"),
        ({"days": 5}, "size"),
        ({"size": 400}, ""),
    ],
)
def test_conditions_are_given_up_one_after_the_other_until_eight_campaigns_are_left(
    library_of, change, conditions
):
    change = dict(change)
    size = change.pop("size", SIZE)
    for number, opens in enumerate(LIKE_THIRTY):
        at = TUESDAY - WEEK * (number + 1) + (timedelta(**change) if number else timedelta())
        library_of.bring(*claimed(number, at, opens * size // SIZE, size), name=str(number))
    library_of.bring(*claimed(8, TUESDAY, 300))
    section, rows = judged(library_of, 8)
    assert section.facts["conditions"] == conditions
    assert rows.loc["open_rate", "campaigns"] == 8


def test_hours_are_alike_around_midnight_and_in_the_zone_of_each_campaign(library_of):
    night = datetime(2026, 3, 3, 23, tzinfo=UTC)
    for number, opens in enumerate(LIKE_THIRTY):  # 1:00 in Tokyo is 16:00 in UTC the day before
        at = night.replace(hour=13) - WEEK * (number + 1)
        campaign, *figures = claimed(number, at, opens)
        tokyo = Campaign(
            **{name: getattr(campaign, name) for name in Campaign.__slots__} | {"zone": "Asia/Tokyo"}
        )
        library_of.bring(tokyo, *figures, name=str(number))
    library_of.bring(*claimed(8, night, 300))
    assert judged(library_of, 8)[0].facts["conditions"] == "size weekday hour"


def test_a_rate_over_one_is_not_judged_and_no_part_of_what_is_usual(library_of):
    library_of.bring(*weekly(*LIKE_THIRTY, 1200, 1200))
    section, rows = judged(library_of, 9)
    assert rows.loc["open_rate", "verdict"] == "over"
    assert rows.loc["open_rate", "campaigns"] == 8
    assert section.facts["campaigns"] == 9


def test_a_rate_that_no_earlier_campaign_knows_is_not_judged(library_of):
    items = [one for one in weekly(*LIKE_THIRTY, 300) if getattr(one, "metric", "") != "bounces"]
    library_of.bring(*items, Reported("vitrine-c8", "bounces", 3.0, "3"))
    rows = judged(library_of, 8)[1]
    assert rows.loc["bounce_rate", "verdict"] == "few"
    assert rows.loc["open_rate", "verdict"] == "usual"


def test_claims_of_a_campaign_that_is_some_hours_old_are_not_called_low(library_of):
    library_of.bring(*weekly(*LIKE_THIRTY, 40, last=NOW - timedelta(hours=5)))
    section, rows = judged(library_of, 8)
    assert section.facts["coming"] and section.facts["hours"] is None
    assert set(rows["verdict"]) == {"coming"} and rows["low"].isna().all()


# --- at the same age ------------------------------------------------------------------------------


def played(number: int, at: datetime, openers: dict[float, int], size: int = 40) -> list:
    """A campaign with events: so many open so many hours after the sending."""
    campaign = Campaign("vitrine", f"c{number}", audience="Readers", sent_at=at, zone="UTC")
    events = [Event(campaign.id, f"r{n}@mail.example", Kind.SENT, at) for n in range(size)]
    people = iter(range(size))
    events += [
        Event(campaign.id, f"r{next(people)}@mail.example", Kind.OPENED, at + timedelta(hours=hours))
        for hours, count in openers.items()
        for _each in range(count)
    ]
    return [campaign, Covers(campaign.id, frozenset(Kind)), *events]


def account(last: dict[float, int]) -> list:
    """Eight campaigns that 10 of 40 open in the first hour and 10 more after two days, then one more."""
    earlier = [played(n, TUESDAY - WEEK * (8 - n), {0.5: 9 + n % 3, 50: 10}) for n in range(8)]
    return [item for items in (*earlier, played(8, TUESDAY, last)) for item in items]


def test_a_young_campaign_is_compared_with_the_earlier_ones_at_the_same_age(library_of):
    library_of.bring(*account({0.5: 10}))
    section, rows = judged(library_of, 8)
    rate = rows.loc["open_rate"]
    assert section.facts["coming"] and section.facts["hours"] == 1
    assert rate["value"] == 0.25 and rate["verdict"] == "usual"
    assert rate["high"] < 0.45  # the whole life of the earlier ones would say 0.5


def test_in_its_first_minutes_a_campaign_is_not_compared_with_nothing(library_of, monkeypatch):
    library_of.bring(*account({0.1: 10}))
    monkeypatch.setattr(history, "age", lambda *_given: timedelta(minutes=20))
    section, rows = judged(library_of, 8)
    assert section.facts["coming"] and section.facts["hours"] is None
    assert rows.loc["open_rate", "verdict"] == "coming"


def test_a_young_campaign_without_earlier_ones_is_told_to_be_coming_in(library_of):
    library_of.bring(*claimed(0, NOW - timedelta(hours=5), 300))
    assert judged(library_of, 0)[0].facts["coming"]


def test_a_campaign_whose_opens_have_all_come_in_is_compared_over_its_whole_life(library_of):
    later = played(9, TUESDAY + 2 * WEEK, {0.5: 10})
    library_of.bring(*account({0.5: 10}), *later)
    section, rows = judged(library_of, 8)
    assert not section.facts["coming"]
    assert rows.loc["open_rate", "verdict"] == "low"


# --- who sees what --------------------------------------------------------------------------------


def test_a_scope_without_history_has_no_such_section(library_of):
    """X5"""
    library_of.bring(*weekly(*LIKE_THIRTY, 300))
    found = report(library_of.analytics, Scope(("vitrine-c8",), history=False), "vitrine-c8")
    assert "history" not in found.sections


def test_a_viewer_learns_the_interval_and_the_number_but_no_campaign_outside_of_the_scope(library_of):
    """X5"""
    for number, opens in enumerate(LIKE_THIRTY):
        library_of.bring(
            *claimed(number, TUESDAY - WEEK * (number + 1), opens + number, 997), name=str(number)
        )
    library_of.bring(*claimed(8, TUESDAY, 300))
    found = report(library_of.analytics, Scope(("vitrine-c8",)), "vitrine-c8")
    rows = found.sections["history"].rows.set_index("metric")
    assert rows.loc["open_rate", "campaigns"] == 8
    told = repr(as_json(found))
    assert "Letter 8" in told and not [
        n for n in range(8) if f"Letter {n}" in told or f"vitrine-c{n}" in told
    ]
    numbers = {float(number) for number in re.findall(r"\d+\.\d+", told)}
    assert 0.3 in numbers
    assert not numbers & {(opens + number) / 997 for number, opens in enumerate(LIKE_THIRTY)}


def test_machines_are_left_out_of_both_sides_in_the_form_people(library_of):
    items = account({0.5: 4, 1: 6, 50: 10})
    machines = [
        Event(f"vitrine-c{n}", f"m{k}@mail.example", Kind.OPENED, TUESDAY - WEEK * (8 - n), machine=True)
        for n in range(9)
        for k in range(10)
    ]
    sent = [Event(one.campaign, one.recipient, Kind.SENT, one.at) for one in machines]
    library_of.bring(*items, *sent, *machines, *played(9, TUESDAY + 2 * WEEK, {1: 1}))
    everyone, people = (judged(library_of, 8, form=form)[1].loc["open_rate"] for form in Form)
    assert people["value"] < everyone["value"]
    assert people["high"] < everyone["value"] and people["low"] < everyone["low"]
    assert {people["verdict"], everyone["verdict"]} == {"usual"}


# --- industries -----------------------------------------------------------------------------------


def test_the_average_of_the_industry_stands_beside_the_rates_with_its_year(library_of):
    library_of.bring(*weekly(*LIKE_THIRTY, 300))
    records = library_of.analytics.records
    retail = benchmarks.Benchmark("Retail", "2019-10", "somebody", {"open_rate": 0.2271})
    benchmarks.bring(records, [retail], NOW, by=COMMAND_LINE)
    assert "industry" not in judged(library_of, 8)[0].more
    benchmarks.choose(records, "Retail", NOW, by=COMMAND_LINE)
    (row,) = judged(library_of, 8)[0].more["industry"].to_dict("records")
    assert (row["metric"], row["average"], row["published"]) == ("open_rate", 0.2271, "2019-10")
    assert row["before_proxy"]


def test_the_average_that_the_sender_claims_stands_there_too_even_without_any_history(library_of):
    library_of.bring(*claimed(1, TUESDAY, 300), Reported("vitrine-c1", "industry_open_rate", 0.21, "21%"))
    section, rows = judged(library_of, 1)
    assert rows.loc["open_rate", "verdict"] == "few"
    (row,) = section.more["industry"].to_dict("records")
    assert (row["average"], row["industry"], row["before_proxy"]) == (0.21, "", False)
