"""Machine opens and clicks are marked with reasons, and left out of the people metrics only."""

import pytest

from lib.model import Form
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
    assert reasons(library_of) == {"bot_click": (1, 0), "sender": (1, 0)}


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
    assert rules.loc["our own robot <b>", ["whose", "opens", "clicks"]].tolist() == ["sender", 1, 0]
    assert rules.loc["too_fast", ["whose", "clicks"]].tolist() == ["ours", 1]


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
