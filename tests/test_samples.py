"""The sample campaigns in data/samples: made by a generator, believable, and about nobody."""

import csv
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import sqlalchemy as sa

from lib import reports
from lib.importers import samples
from lib.model import Form, Kind, Scope
from lib.store.analytics import Analytics
from lib.store.events import Events

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
GENERATED = ("campaigns.csv", "events.csv", "html/*.html")
RESERVED = re.compile(r"(^|\.)(example|test|example\.(com|org|net))$")
FOR_DOCUMENTATION = [ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]

RE_ENGAGEMENT, ACCIDENT, TRADE, AB_TEST = "c10", "c06", "c08", "c04"

Event = dict[str, str]


@cache
def campaigns() -> dict[str, dict[str, str]]:
    with (SAMPLES / "campaigns.csv").open(encoding="utf-8", newline="") as file:
        return {row["campaign"]: row for row in csv.DictReader(file)}


@cache
def events(campaign: str = "") -> list[Event]:
    if campaign:
        return [event for event in events() if event["campaign"] == campaign]
    with (SAMPLES / "events.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def people(campaign: str, kind: Kind, which: Callable[[Event], bool] = lambda _: True) -> set[str]:
    return {event["recipient"] for event in events(campaign) if event["kind"] == kind and which(event)}


def by_a_person(event: Event) -> bool:
    """The samples give the network address of machines only."""
    return not event["ip"] and event["machine"] != "true"


def rate(campaign: str, kind: Kind, which: Callable[[Event], bool] = lambda _: True) -> float:
    reached = people(campaign, Kind.SENT) - people(campaign, Kind.BOUNCED)
    doing = people(campaign, kind, which)
    if kind is Kind.OPENED:  # a click implies an open
        doing |= people(campaign, Kind.CLICKED, which)
    return len(doing) / len(reached)


def at(event: Event) -> datetime:
    return datetime.fromisoformat(event["at"])


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attributes if name in ("href", "src")]


def mail(campaign: str) -> Links:
    return Links((SAMPLES / "html" / campaigns()[campaign]["html"]).read_text(encoding="utf-8"))


CAMPAIGNS = pytest.mark.parametrize("campaign", campaigns())
ORDINARY = pytest.mark.parametrize("campaign", sorted(campaigns().keys() - {RE_ENGAGEMENT, ACCIDENT}))


# --- the files -----------------------------------------------------------------------------------


def test_the_generator_makes_the_same_bytes_again() -> None:
    made = subprocess.run(
        [sys.executable, SAMPLES / "make.py", "--check"], check=False, capture_output=True, text=True
    )
    assert (made.returncode, made.stderr) == (0, "")


def test_a_changed_sample_is_noticed(tmp_path: Path) -> None:
    copy = tmp_path / "samples"
    copy.mkdir()
    (copy / "make.py").write_bytes((SAMPLES / "make.py").read_bytes())
    (copy / "generator").symlink_to(SAMPLES / "generator")
    subprocess.run([sys.executable, copy / "make.py"], check=True)
    (copy / "campaigns.csv").write_text("changed")
    made = subprocess.run(
        [sys.executable, copy / "make.py", "--check"], check=False, capture_output=True, text=True
    )
    assert (made.returncode, made.stderr) == (1, "campaigns.csv is not what the generator makes\n")


def test_the_samples_are_small() -> None:
    assert sum(path.stat().st_size for name in GENERATED for path in SAMPLES.glob(name)) < 3_000_000


def test_lines_end_as_on_unix() -> None:
    assert not any(b"\r" in path.read_bytes() for name in GENERATED for path in SAMPLES.glob(name))


def test_no_column_is_empty_everywhere() -> None:
    assert all(any(event[column] for event in events()) for column in events()[0])


# --- about nobody --------------------------------------------------------------------------------


def test_every_address_and_link_is_at_a_domain_that_cannot_exist() -> None:
    domains = {event["recipient"].split("@")[1] for event in events()}
    domains |= {event["url"].split("/")[2] for event in events() if event["url"]}
    domains |= {
        row[name].split("@")[1] for row in campaigns().values() for name in ("from_email", "reply_to")
    }
    text = "".join(path.read_text(encoding="utf-8") for path in SAMPLES.glob("html/*.html"))
    domains |= set(re.findall(r"(?:https?://|@)([\w.-]+)", text))
    assert [domain for domain in domains if not RESERVED.search(domain)] == []


def test_network_addresses_are_those_kept_for_documentation() -> None:
    given = {event["ip"] for event in events() if event["ip"]}
    assert given
    assert all(any(ip_address(one) in net for net in FOR_DOCUMENTATION) for one in given)


@CAMPAIGNS
def test_a_mail_loads_nothing_from_elsewhere(campaign: str) -> None:
    assert not mail(campaign).tags & {"img", "script", "link", "iframe", "svg", "object"}


# --- what there is to see ------------------------------------------------------------------------


def test_there_are_about_a_dozen_campaigns_of_one_company_to_three_audiences_within_a_year() -> None:
    rows = campaigns().values()
    assert 10 <= len(rows) <= 14
    assert len({row["from_email"] for row in rows}) == 1
    assert len({row["audience"] for row in rows}) == 3
    days = [datetime.fromisoformat(row["sent_at"]) for row in rows]
    assert max(days) - min(days) < timedelta(days=366)


def test_nothing_happens_before_its_mailing_or_after_the_samples_end() -> None:
    assert all(at(event) < datetime(2026, 11, 23, tzinfo=UTC) for event in events())
    assert all(event["at"] >= campaigns()[event["campaign"]]["sent_at"] for event in events())


def test_events_stand_in_the_order_of_time() -> None:
    times = [event["at"] for event in events()]
    assert times == sorted(times)


def test_every_kind_of_event_occurs() -> None:
    assert {event["kind"] for event in events()} == set(Kind)


def test_both_kinds_of_bounce_occur_with_the_answer_of_the_server() -> None:
    bounces = [event for event in events() if event["kind"] == Kind.BOUNCED]
    assert {event["subtype"] for event in bounces} == {"hard", "soft"}
    assert all(re.match(r"[45]\d\d ", event["reason"]) for event in bounces)


def test_people_who_unsubscribe_give_reasons_in_words() -> None:
    reasons = {event["reason"] for event in events() if event["kind"] == Kind.UNSUBSCRIBED}
    assert "" not in reasons
    assert len(reasons) > 5


def test_an_order_has_a_number_of_its_own_a_product_a_revenue_and_a_currency() -> None:
    orders = [event for event in events() if event["kind"] == Kind.ORDERED]
    assert len({event["order"] for event in orders}) == len(orders)
    assert all(
        float(event["revenue"]) > 0 and event["currency"] == "EUR" and event["product"] for event in orders
    )


def test_what_was_deferred_is_delivered_later() -> None:
    deferred = {
        (event["campaign"], event["recipient"]): at(event)
        for event in events()
        if event["kind"] == "deferred"
    }
    delivered = {
        (event["campaign"], event["recipient"]): at(event)
        for event in events()
        if event["kind"] == "delivered"
    }
    assert all(delivered[message] > time for message, time in deferred.items())


@CAMPAIGNS
def test_a_message_is_sent_once_and_then_either_arrives_or_bounces(campaign: str) -> None:
    sent = [event["recipient"] for event in events(campaign) if event["kind"] == Kind.SENT]
    assert 400 <= len(sent) == len(set(sent)) <= 1200
    arrived, bounced = people(campaign, Kind.DELIVERED), people(campaign, Kind.BOUNCED)
    assert arrived | bounced == set(sent)
    assert not arrived & bounced


@CAMPAIGNS
def test_only_who_got_a_mail_does_something_with_it(campaign: str) -> None:
    kinds = set(Kind) - {Kind.SENT, Kind.DEFERRED, Kind.BOUNCED}
    doing = {event["recipient"] for event in events(campaign) if event["kind"] in kinds}
    assert doing <= people(campaign, Kind.DELIVERED)


def test_who_has_left_gets_nothing_more() -> None:
    left: dict[str, str] = {}
    for event in events():
        if event["kind"] in (Kind.UNSUBSCRIBED, Kind.COMPLAINED) or event["subtype"] == "hard":
            left[event["recipient"]] = event["campaign"]
        elif event["kind"] == Kind.SENT:
            assert event["recipient"] not in left


@CAMPAIGNS
def test_a_clicked_link_stands_at_its_place_in_the_mail(campaign: str) -> None:
    tracked = [link for link in mail(campaign).links if "utm_campaign=" in link]
    clicked = {(int(e["link_position"]), e["url"]) for e in events(campaign) if e["kind"] == Kind.CLICKED}
    assert clicked
    assert clicked <= set(enumerate(tracked, start=1))


def test_an_ab_test_is_split_in_two_halves_and_won_by_one() -> None:
    sent = Counter(event["variant"] for event in events(AB_TEST) if event["kind"] == Kind.SENT)
    assert set(sent) == {"A", "B"}
    assert abs(sent["A"] - sent["B"]) <= 1
    read = {
        v: len(people(AB_TEST, Kind.OPENED, lambda e, v=v: e["variant"] == v and by_a_person(e)))
        for v in sent
    }
    assert read["B"] > 1.15 * read["A"]


# --- machines ------------------------------------------------------------------------------------


@CAMPAIGNS
def test_people_rate_lower_than_all(campaign: str) -> None:
    assert rate(campaign, Kind.OPENED, by_a_person) < rate(campaign, Kind.OPENED)
    assert rate(campaign, Kind.CLICKED, by_a_person) < rate(campaign, Kind.CLICKED)


def test_apples_proxy_opens_within_the_hour_nearly_always_and_is_flagged_by_the_sender() -> None:
    arrived = {(e["campaign"], e["recipient"]): at(e) for e in events() if e["kind"] == Kind.DELIVERED}
    first: dict[tuple[str, str], datetime] = {}
    for event in events():
        if event["machine_reason"] == "apple_proxy":
            assert (event["kind"], event["machine"], event["user_agent"]) == ("opened", "true", "Mozilla/5.0")
            first.setdefault((event["campaign"], event["recipient"]), at(event))
    assert all(time - arrived[message] <= timedelta(hours=1) for message, time in first.items())


def test_googles_proxy_opens_for_people_and_is_not_flagged() -> None:
    through_google = [event for event in events() if "GoogleImageProxy" in event["user_agent"]]
    assert len(through_google) > 500
    assert {(event["kind"], event["machine"], event["country"]) for event in through_google} == {
        ("opened", "", "")
    }


def test_a_scanner_follows_all_links_within_seconds_and_only_some_are_flagged() -> None:
    arrived = {(e["campaign"], e["recipient"]): at(e) for e in events() if e["kind"] == Kind.DELIVERED}
    scans: dict[tuple[str, str], list[Event]] = {}
    for event in events():
        if event["ip"] and event["kind"] == Kind.CLICKED:
            scans.setdefault((event["campaign"], event["recipient"]), []).append(event)
    for message, clicks in scans.items():
        tracked = [link for link in mail(message[0]).links if "utm_campaign=" in link]
        assert [click["url"] for click in clicks] == tracked
        assert max(map(at, clicks)) - arrived[message] <= timedelta(seconds=5)
    assert {clicks[0]["machine"] for clicks in scans.values()} == {"true", ""}


# --- believable ----------------------------------------------------------------------------------


@ORDINARY
def test_the_rates_are_those_of_a_good_small_sender(campaign: str) -> None:
    sent = len(people(campaign, Kind.SENT))
    assert 0.35 <= rate(campaign, Kind.OPENED) <= 0.60
    assert 0.18 <= rate(campaign, Kind.OPENED, by_a_person) <= 0.35
    assert 0.015 <= rate(campaign, Kind.CLICKED, by_a_person) <= 0.075
    assert 0.003 <= len(people(campaign, Kind.BOUNCED, lambda e: e["subtype"] == "hard")) / sent <= 0.01
    assert 0.005 <= len(people(campaign, Kind.BOUNCED, lambda e: e["subtype"] == "soft")) / sent <= 0.01
    assert 0.001 <= rate(campaign, Kind.UNSUBSCRIBED) <= 0.006


@CAMPAIGNS
def test_at_most_two_people_complain(campaign: str) -> None:
    assert len(people(campaign, Kind.COMPLAINED)) <= 2


def test_the_accident_is_to_be_seen_in_one_domain() -> None:
    hard = people(ACCIDENT, Kind.BOUNCED, lambda event: event["subtype"] == "hard")
    assert len(hard) / len(people(ACCIDENT, Kind.SENT)) > 0.05
    assert Counter(address.split("@")[1] for address in hard).most_common(1)[0][0] == "oldpost.example"


def test_the_re_engagement_reaches_hardly_any_person() -> None:
    assert rate(RE_ENGAGEMENT, Kind.OPENED, by_a_person) < 0.10


def test_most_clicks_of_the_trade_mailing_are_machines() -> None:
    clicks = [event for event in events(TRADE) if event["kind"] == Kind.CLICKED]
    assert sum(map(by_a_person, clicks)) < len(clicks) / 2


def test_half_of_the_people_open_within_some_hours_and_few_at_night() -> None:
    delays: list[timedelta] = []
    for campaign, row in campaigns().items():
        first: dict[str, datetime] = {}
        for event in events(campaign):
            if event["kind"] == Kind.OPENED and by_a_person(event):
                first.setdefault(event["recipient"], at(event))
        delays += [time - datetime.fromisoformat(row["sent_at"]) for time in first.values()]
    assert timedelta(hours=2) < sorted(delays)[len(delays) // 2] < timedelta(hours=6)
    opens = [at(event).hour for event in events() if event["kind"] == Kind.OPENED and by_a_person(event)]
    assert sum(1 <= hour <= 4 for hour in opens) < 0.04 * len(opens)


def test_links_nearer_the_top_are_clicked_more() -> None:
    places = Counter(e["link_position"] for e in events() if e["kind"] == Kind.CLICKED and by_a_person(e))
    assert places["1"] > places["2"] > places["3"] > places["5"]


def test_some_people_read_nearly_every_mailing() -> None:
    read = Counter(
        recipient for campaign in campaigns() for recipient in people(campaign, Kind.OPENED, by_a_person)
    )
    assert read.most_common(10)[-1][1] >= 8


# --- brought in ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_vitrine_counts_the_samples_as_this_file_does(db: sa.Engine, tmp_path: Path) -> None:
    analytics = Analytics(db, Events(tmp_path / "events", b"k" * 32))
    outcome = samples.load(analytics, SAMPLES, datetime(2026, 11, 23, tzinfo=UTC))
    assert outcome
    assert (outcome.read, outcome.imported) == (len(events()) + len(campaigns()),) * 2
    assert outcome.notes == ()
    shown = reports.campaigns(analytics, Scope(), Form.PEOPLE).set_index("id")
    assert len(shown) == len(campaigns())
    for campaign in campaigns():
        row = shown.loc[f"vitrine-{campaign}"]
        assert row["sample"]
        assert row["open_rate"] == pytest.approx(rate(campaign, Kind.OPENED, by_a_person))
        assert row["click_rate"] == pytest.approx(rate(campaign, Kind.CLICKED, by_a_person))
    analytics.events.close()
