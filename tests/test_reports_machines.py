"""Machine opens and clicks are marked with reasons, and left out of the people metrics only."""

from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from lib.model import Form
from lib.reports.facts import CONDITIONS
from lib.reports.rules import RULES
from lib.store.tables import campaigns
from tests.shelf import SPRING, covering, event, shelf

LINKS = ("https://a", "https://b", "https://c")


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def both(library_of, name):
    return library_of.figures()[name], library_of.figures()[f"{name}_people"]


def reasons(library_of):
    return library_of.by("machine_reason", "opens", "clicks")


def delivered(*names):
    return [event(name, "delivered", 0) for name in names]


def test_apples_proxy_opens_are_machines(library_of):
    library_of.bring(SPRING, covering(), event("ann", "opened", 60, user_agent="Mozilla/5.0"))
    assert both(library_of, "opens") == (1, 0)
    assert reasons(library_of) == {"apple_proxy": (1, 0)}


@pytest.mark.parametrize(
    "agent", ["Mozilla/5.0 (via ggpht.com GoogleImageProxy)", "YahooMailProxy; https://help"]
)
def test_image_proxies_open_for_people_but_tell_no_place(library_of, agent):
    library_of.bring(
        SPRING, covering(), event("ann", "opened", 60, user_agent=agent, country="US", device="desktop")
    )
    assert both(library_of, "opens") == (1, 1)
    assert library_of.by("country", "opens") == library_of.by("device", "opens") == {}


@pytest.mark.parametrize(
    "agent", ["Barracuda Sentinel", "proofpoint-scan", "Mimecast", "CiscoSecureEmail/1", "tmes scan"]
)
def test_scanners_that_name_themselves_are_machines(library_of, agent):
    library_of.bring(SPRING, covering(), event("ann", "clicked", 600, user_agent=agent))
    assert both(library_of, "clicks") == (1, 0)
    assert reasons(library_of)["scanner_agent"] == (1, 1)


@pytest.mark.parametrize(("seconds", "people"), [(4, 0), (5, 0), (6, 1)])
def test_a_click_within_five_seconds_of_the_delivery_is_a_machine(library_of, seconds, people):
    library_of.bring(SPRING, covering(), *delivered("ann"), event("ann", "clicked", seconds))
    assert both(library_of, "unique_clicks") == (1, people)


def test_without_a_delivery_the_sending_counts(library_of):
    library_of.bring(SPRING, covering(), event("ann", "sent", 0), event("ann", "clicked", 3))
    assert list(reasons(library_of)) == ["too_fast"]


def test_clicking_all_of_three_links_within_ten_seconds_is_a_machine(library_of):
    scan = [event("ann", "clicked", 600 + number * 5, url=link) for number, link in enumerate(LINKS)]
    library_of.bring(
        SPRING, covering(), *delivered("ann"), *scan, event("ann", "clicked", 9000, url=LINKS[0])
    )
    assert both(library_of, "clicks") == (4, 1)
    assert both(library_of, "unique_clicks") == (1, 1)


def test_clicking_two_links_quickly_is_no_machine(library_of):
    library_of.bring(SPRING, covering(), *(event("ann", "clicked", 600, url=link) for link in LINKS[:2]))
    assert both(library_of, "clicks") == (2, 2)


def test_clicking_three_of_four_links_quickly_is_no_machine(library_of):
    quick = [event("ann", "clicked", 600, url=link) for link in LINKS]
    library_of.bring(SPRING, covering(), *quick, event("bob", "clicked", 600, url="https://d"))
    assert both(library_of, "clicks") == (4, 4)


def test_the_senders_flag_wins_over_the_rules(library_of):
    person = event("ann", "opened", 60, user_agent="Mozilla/5.0", machine=False)
    machine = event("bob", "opened", 60, user_agent="Outlook", machine=True)
    named = event("cid", "opened", 60, machine=True, machine_reason="bot_click")
    library_of.bring(SPRING, covering(), person, machine, named)
    assert both(library_of, "opens") == (3, 1)
    assert reasons(library_of) == {"sender/bot_click": (1, 0), "sender": (1, 0)}


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36",
        *("python-requests/2.31.0", "curl/8.4.0", "Wget/1.21", "Go-http-client/2.0", "axios/1.6"),
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    ],
)
def test_programs_that_name_themselves_are_machines(library_of, agent):
    library_of.bring(SPRING, covering(), event("ann", "clicked", 600, user_agent=agent))
    assert both(library_of, "clicks") == (1, 0)
    assert reasons(library_of) == {"headless_agent": (1, 1)}


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (Linux; Android 13; CUBOT X50) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36",
        "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)",
        *("okhttp/4.9.2", "Outlook-iOS/729.2.1", "Mail/3774.600.62 CFNetwork/1490.0.4 Darwin/23.2.0"),
        "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.6.0",
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17126; Pro)",
        *("The Bat! 10.5", "eMClient/9.2", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120"),
    ],
)
def test_phones_and_mail_clients_are_people(library_of, agent):
    opened = event("ann", "opened", 600, user_agent=agent)
    library_of.bring(SPRING, covering(), opened, event("ann", "clicked", 700, user_agent=agent))
    assert (both(library_of, "opens"), both(library_of, "clicks")) == ((1, 1), (1, 1))


def queue(number, gap=5, delay=30, ip="192.0.2.9"):
    """So many recipients click from one address, one after the other."""
    for place in range(number):
        yield event(f"r{place}", "delivered", place * gap)
        yield event(f"r{place}", "clicked", place * gap + delay, url=LINKS[0], ip=ip)


@pytest.mark.parametrize(
    ("visitors", "people"),
    [
        (queue(10), 0),
        (queue(10, gap=20 / 3), 0),  # the last comes after 60 seconds to the dot
        (queue(10, gap=7), 10),  # after 63
        (queue(9), 9),
        (queue(10, delay=60), 0),
        (queue(10, delay=61), 10),  # an office that reads at leisure
        (queue(10, ip=None), 10),
    ],
)
def test_ten_recipients_at_one_address_within_a_minute_of_their_delivery_are_a_machine(
    library_of, visitors, people
):
    visitors = list(visitors)
    library_of.bring(SPRING, covering(), *visitors)
    assert both(library_of, "unique_clicks") == (len(visitors) // 2, people)
    assert set(reasons(library_of)) == (set() if people else {"shared_address"})


def test_at_a_shared_address_only_who_stands_in_the_queue_is_a_machine(library_of):
    """The address opens its doors later to one who reads at leisure, and to another click of its own."""
    late = [event("zoe", "delivered", 0), event("zoe", "clicked", 300, url=LINKS[0], ip="192.0.2.9")]
    again = event("r0", "clicked", 900, url=LINKS[0], ip="192.0.2.9")
    elsewhere = event("r1", "clicked", 45, url=LINKS[0], ip="192.0.2.1")
    library_of.bring(SPRING, covering(), *queue(10), *late, again, elsewhere)
    assert both(library_of, "clicks") == (13, 3)


def test_each_event_has_one_reason_the_first_that_applies(library_of):
    library_of.bring(SPRING, covering(), *queue(10, delay=4))
    assert reasons(library_of) == {"too_fast": (10, 10)}


def test_a_sender_who_says_person_wins_over_every_rule(library_of):
    fast = [replace(one, machine=False) for one in queue(10, delay=2)]
    library_of.bring(SPRING, covering(), *fast)
    assert both(library_of, "clicks") == (10, 10)
    assert reasons(library_of) == {}


def test_wider_windows_set_apart_what_comes_later(library_of):
    clicks = [event(name, "clicked", late) for name, late in (("ann", 10), ("bob", 60), ("cid", 200))]
    library_of.bring(SPRING, covering(), *delivered("ann", "bob", "cid"), *clicks)
    with library_of.analytics.records.connect() as db:
        place = db.scalar(sa.select(campaigns.c.rollup))
    rows = pq.ParquetFile(library_of.analytics.events.path(place)).read().to_pylist()
    assert {
        row["key"]: (row["clicks"], row["clicks_people"], row["unique_opens_people"])
        for row in rows
        if row["dimension"] == "window"
    } == {"10": (3, 2, 2), "60": (3, 1, 1), "300": (3, 0, 0)}
    assert both(library_of, "clicks") == (3, 3)


def test_every_rule_of_ours_has_its_condition():
    assert list(CONDITIONS) == [rule.reason for rule in RULES.values() if rule.whose == "ours"]


def test_a_persons_click_implies_that_a_person_opened(library_of):
    library_of.bring(
        SPRING, covering(), event("ann", "opened", 60, machine=True), event("ann", "clicked", 900)
    )
    assert both(library_of, "unique_opens") == (1, 1)
    assert both(library_of, "opens") == (1, 1)


def test_a_machines_click_implies_an_open_by_a_machine(library_of):
    library_of.bring(SPRING, covering(), event("ann", "clicked", 900, machine=True))
    assert both(library_of, "unique_opens") == (1, 0)


def test_the_people_form_shows_people_under_the_plain_names(library_of):
    library_of.bring(SPRING, covering(), event("ann", "sent", 0), event("ann", "opened", 60, machine=True))
    assert library_of.figures()["open_rate"] == 1
    assert library_of.figures(Form.PEOPLE)["open_rate"] == 0
    assert library_of.section("first_day", Form.PEOPLE).table["opens"].sum() == 0
    assert library_of.section("active_recipients", Form.PEOPLE).table.empty


# --- the section of the report --------------------------------------------------------------------------


def a_scanned_campaign(library_of):
    """Ann reads; a scanner opens bob's; cid clicks 7 seconds after the delivery."""
    library_of.bring(
        SPRING,
        covering(),
        *(event(name, "sent", 0) for name in ("ann", "bob", "cid")),
        *delivered("ann", "bob", "cid"),
        event("ann", "opened", 600),
        event("bob", "opened", 60, machine=True, machine_reason="our own robot <b>"),
        event("bob", "clicked", 3, url="https://a"),
        event("cid", "clicked", 7, url="https://a"),
    )


@pytest.mark.parametrize("form", list(Form))
def test_the_section_is_the_same_in_both_forms(library_of, form):
    a_scanned_campaign(library_of)
    section = library_of.section("machines", form)
    rates = section.rows.set_index("metric")
    assert rates.loc["click_rate", ["all", "people"]].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert rates.loc["open_rate", ["all", "people"]].tolist() == pytest.approx([1, 2 / 3])


def test_each_rule_is_told_with_whose_it_is_and_what_it_set_apart(library_of):
    a_scanned_campaign(library_of)
    rules = library_of.section("machines").more["rules"].set_index("reason")
    assert rules.loc["sender/our own robot <b>", ["whose", "opens", "clicks"]].tolist() == ["sender", 1, 0]
    assert rules.loc["too_fast", ["whose", "clicks"]].tolist() == ["ours", 1]


def test_a_reason_of_the_senders_that_is_called_like_a_rule_of_ours_stays_the_senders(library_of):
    library_of.bring(
        SPRING,
        covering(),
        event("ann", "opened", 60, machine=True, machine_reason="apple_proxy"),
        event("bob", "opened", 60, user_agent="Mozilla/5.0"),
    )
    rules = library_of.section("machines").more["rules"].set_index("reason")["whose"]
    assert rules.to_dict() == {"sender/apple_proxy": "sender", "apple_proxy": "ours"}


def test_a_longer_window_sets_more_clicks_apart_and_the_band_says_how_far_the_rate_moves(library_of):
    a_scanned_campaign(library_of)
    section = library_of.section("machines")
    windows = section.more["windows"].set_index("seconds")["click_rate"]
    assert windows.to_dict() == pytest.approx({0: 1 / 3, 10: 0, 60: 0, 300: 0})
    assert (section.facts["click_rate_low"], section.facts["click_rate_high"]) == pytest.approx((0, 1 / 3))


def test_where_no_machine_was_seen_the_section_says_that_both_counts_are_the_same(library_of):
    library_of.bring(SPRING, covering(), event("ann", "sent", 0), event("ann", "opened", 900))
    section = library_of.section("machines")
    assert (section.facts["opens"], section.facts["clicks"]) == (0, 0)
    assert (section.rows["all"].dropna() == section.rows["people"].dropna()).all()


def test_without_events_the_section_says_what_would_fill_it(library_of):
    library_of.bring(SPRING)
    assert library_of.section("machines").missing == "missing.machines"
