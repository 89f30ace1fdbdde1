"""The figures of the sample campaigns, counted once more in plain Python, with no line of ours."""

import csv
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from lib.importers import bring_in
from lib.model import Form
from lib.reports import METRICS, report
from tests.shelf import EVERYTHING, shelf

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
SCANNERS = ("barracuda", "proofpoint", "mimecast", "ciscosecureemail", "tmes")
HOUR = timedelta(hours=1)
IMPORTED_AT = datetime(2026, 11, 23, tzinfo=UTC)
"""After the last of the samples: hours that an import could not know of are unknown."""


@cache
def table(name):
    with (SAMPLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def events(campaign):
    return [row | {"at": at(row["at"])} for row in table("events.csv") if row["campaign"] == campaign]


def at(text):
    return datetime.fromisoformat(text)


def who(rows, *kinds):
    return {row["recipient"] for row in rows if row["kind"] in kinds}


def firsts(rows, kind, name):
    found = {}
    for row in rows:
        if row["kind"] == kind:
            found[row[name]] = min(row["at"], found.get(row[name], row["at"]))
    return found


def machine_clicks(rows):
    """(recipient, time) of the clicks that came too fast, or on all links at once."""
    arrived = firsts(rows, "sent", "recipient") | firsts(rows, "delivered", "recipient")
    clicks = [row for row in rows if row["kind"] == "clicked"]
    fast = {
        (row["recipient"], row["at"])
        for row in clicks
        if row["recipient"] in arrived and row["at"] <= arrived[row["recipient"]] + timedelta(seconds=5)
    }
    links = {row["url"] for row in clicks}
    by_person = defaultdict(list)
    for row in clicks:
        by_person[row["recipient"]].append(row)
    for person, theirs in by_person.items():
        first = sorted(firsts(theirs, "clicked", "url").values())
        if len(first) >= 3 and len(first) == len(links) and first[-1] - first[0] <= timedelta(seconds=10):
            burst = (row["at"] for row in theirs if first[0] <= row["at"] <= first[0] + timedelta(seconds=10))
            fast |= {(person, moment) for moment in burst}
    return fast


def people_only(rows):
    machines = machine_clicks(rows)

    def is_machine(row):
        if row["kind"] not in ("opened", "clicked"):
            return False
        if row["machine"]:
            return row["machine"] == "true"
        if any(name in row["user_agent"].lower() for name in SCANNERS):
            return True
        if row["kind"] == "opened":
            return row["user_agent"] == "Mozilla/5.0"
        return (row["recipient"], row["at"]) in machines

    return [row for row in rows if not is_machine(row)]


def bounces(rows):
    """recipient: hard or soft, where the last word on the message is a bounce."""
    last = {}
    for row in sorted(rows, key=lambda row: row["at"]):
        if row["kind"] in ("bounced", "delivered"):
            last[row["recipient"]] = row
    return {person: row["subtype"] for person, row in last.items() if row["kind"] == "bounced"}


def active(rows, form):
    clickers, opens = who(rows, "clicked"), [row for row in rows if row["kind"] == "opened"]
    return {
        f"unique_opens{form}": len(who(opens, "opened") | clickers),
        f"opens{form}": len(opens) + len(clickers - who(opens, "opened")),
        f"unique_clicks{form}": len(clickers),
        f"clicks{form}": sum(row["kind"] == "clicked" for row in rows),
    }


def counted(campaign):
    rows = events(campaign)
    sent, back = who(rows, "sent"), bounces(rows)
    orders = [row for row in rows if row["kind"] == "ordered"]
    return {
        "recipients": len(sent),
        "deliveries": len(sent - set(back)),
        "bounces": len(back),
        "hard_bounces": sum(kind == "hard" for kind in back.values()),
        "soft_bounces": sum(kind != "hard" for kind in back.values()),
        "unsubscribes": len(who(rows, "unsubscribed")),
        "complaints": len(who(rows, "complained")),
        "forwards": sum(row["kind"] == "forwarded" for row in rows),
        "orders": len({(row["recipient"], row["order"]) for row in orders}),
        "revenue": sum(round(100 * float(row["revenue"])) for row in orders) / 100,
        **active(rows, ""),
        **active(people_only(rows), "_people"),
    }


@pytest.fixture(scope="module")
def library_of(tmp_path_factory):
    with shelf(tmp_path_factory.mktemp("samples")) as made:
        bring_in(made.analytics, SAMPLES, by="ann", now=IMPORTED_AT)
        yield made


CAMPAIGNS = pytest.mark.parametrize("campaign", [row["campaign"] for row in table("campaigns.csv")])


@CAMPAIGNS
def test_every_count_of_a_sample_is_what_one_counts_by_hand(library_of, campaign):
    figures = library_of.figures(campaign=f"vitrine-{campaign}")
    expected = counted(campaign)
    assert {name: figures[name] for name in expected} == expected


@CAMPAIGNS
def test_every_rate_of_a_sample_is_the_quotient_that_its_name_says(library_of, campaign):
    figures, by_hand = library_of.figures(campaign=f"vitrine-{campaign}"), counted(campaign)
    for part, rate, whole in (
        ("bounces", "bounce_rate", "recipients"),
        ("unique_opens", "open_rate", "deliveries"),
        ("unique_clicks", "click_rate", "deliveries"),
        ("unique_clicks", "click_to_open_rate", "unique_opens"),
        ("unsubscribes", "unsubscribe_rate", "deliveries"),
        ("complaints", "complaint_rate", "deliveries"),
        ("unique_opens_people", "open_rate_people", "deliveries"),
        ("unique_clicks_people", "click_rate_people", "deliveries"),
        ("unique_clicks_people", "click_to_open_rate_people", "unique_opens_people"),
    ):
        assert figures[rate] == pytest.approx(by_hand[part] / by_hand[whole], abs=1e-12)


@CAMPAIGNS
def test_the_form_people_shows_the_people_metrics_under_the_plain_names(library_of, campaign):
    figures, by_hand = library_of.figures(Form.PEOPLE, f"vitrine-{campaign}"), counted(campaign)
    for name in ("unique_opens", "opens", "unique_clicks", "clicks"):
        assert figures[name] == by_hand[f"{name}_people"]


@CAMPAIGNS
def test_the_clicks_of_hours_and_links_are_those_of_the_file(library_of, campaign):
    sections = report(library_of.analytics, EVERYTHING, f"vitrine-{campaign}").sections
    start = next(at(row["sent_at"]) for row in table("campaigns.csv") if row["campaign"] == campaign)
    clicks = [row for row in events(campaign) if row["kind"] == "clicked"]
    by_hour = Counter((row["at"] - start) // HOUR for row in clicks)
    assert list(sections["first_day"].table["clicks"]) == [by_hour[hour] for hour in range(24)]
    links = sections["links"].table
    assert dict(zip(links["url"], links["clicks"], strict=True)) == Counter(row["url"] for row in clicks)


def test_every_metric_that_events_tell_was_counted_by_hand():
    by_hand = set(counted(table("campaigns.csv")[0]["campaign"]))
    told = {name for name, metric in METRICS.items() if metric.needs and metric.format != "rate"}
    assert told == by_hand
