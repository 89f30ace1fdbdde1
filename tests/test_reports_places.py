"""Locations, domains, devices: from events, as reported, and as a reader without people may see them."""

import math

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lib.model import Campaign, Form, Reported, Scope
from lib.paper.sections import CHARTS, TABLES
from lib.reports import FEWEST, OTHER, report
from tests.shelf import EVERYTHING, SENT_AT, SPRING, covering, event, shelf

NOBODY = Scope(people=False, raw_links=False)
PROXY = "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def asked(library_of, name, scope=EVERYTHING, form=Form.ALL):
    return report(library_of.analytics, scope, SPRING.id, form).sections[name]


def by(section, key, *names):
    table = section.rows.astype(object).where(section.rows.notna(), None)
    return {row[key]: tuple(row[name] for name in names) for row in table.to_dict("records")}


def opened_in(country, *names, region=None):
    return [event(name, "opened", 60, country=country, region=region) for name in names]


def test_a_country_counts_its_unique_openers_and_all_their_opens(library_of):
    twice = [event("ann", "opened", second, country="IE") for second in (5, 9)]
    library_of.bring(SPRING, covering(), *twice, *opened_in("FR", "bob"), event("ann", "clicked", 9))
    found = by(asked(library_of, "locations"), "country", "unique_opens", "opens", "clicks", "share")
    assert found["IE"] == (1, 2, 0, 0.5)
    assert found["FR"] == (1, 1, 0, 0.5)


def test_what_has_no_place_is_a_row_of_its_own_and_the_last(library_of):
    library_of.bring(SPRING, covering(), *opened_in("IE", "ann"), *opened_in(None, "bob", "cid"))
    assert asked(library_of, "locations").rows["country"].tolist()[0] == "IE"
    assert by(asked(library_of, "locations"), "country", "unique_opens")[None] == (2,)
    assert asked(library_of, "locations").rows["country"].isna().tolist() == [False, True]


@pytest.mark.parametrize("user_agent", [PROXY, "YahooMailProxy; https://help.yahoo.com", "Mozilla/5.0"])
def test_the_place_of_an_image_proxy_is_nobodys(library_of, user_agent):
    library_of.bring(
        SPRING,
        covering(),
        *opened_in("IE", "ann"),
        event("bob", "opened", 5, country="US", region="California", user_agent=user_agent),
    )
    assert "US" not in by(asked(library_of, "locations"), "country", "opens")


def test_regions_know_the_rest_of_their_country(library_of):
    library_of.bring(
        SPRING, covering(), *opened_in("IE", "ann", "bob", region="Munster"), *opened_in("IE", "cid")
    )
    regions = asked(library_of, "locations").more["regions"]
    found = {(row.country, row.region): row.unique_opens for row in regions.itertuples()}
    assert found[("IE", "Munster")] == 2
    assert found[("IE", "")] == 1
    words = TABLES["locations.regions"].in_words(regions, "fr")
    assert "Reste du pays" in words["region"].tolist()
    assert set(words["country"]) == {"Irlande"}


def test_without_a_country_it_is_said_what_would_fill_the_section(library_of):
    library_of.bring(SPRING, covering(), *opened_in(None, "ann"))
    found = asked(library_of, "locations")
    assert found.table is None and found.missing == "missing.locations"


def test_places_that_only_a_sender_reports_are_shown_as_such(library_of):
    library_of.bring(
        SPRING,
        Reported(SPRING.id, "unique_opens", 7, "7", "location", "IE/Munster"),
        Reported(SPRING.id, "unique_opens", 3, "3", "location", "IE/"),
        Reported(SPRING.id, "unique_opens", 2, "2", "location", "FR"),
        Reported(SPRING.id, "unique_opens", 20, "20", "location", "GB"),
    )
    found = asked(library_of, "locations")
    assert by(found, "country", "unique_opens") == {"GB": (20,), "IE": (10,), "FR": (2,)}
    assert found.note == "locations.reported"
    hidden = asked(library_of, "locations", NOBODY)
    assert by(hidden, "country", "unique_opens") == {"GB": (20,), OTHER: (12,)}


PLACES = [
    "IE/Munster",
    "IE/Ulster",
    "IE/",
    "FR/Bretagne",
    "FR/Corse",
    "FR/",
    "US/Ohio",
    "BE/Namur",
    "/Ohio",
    "",
]


@given(st.dictionaries(st.sampled_from(PLACES), st.integers(1, 12), min_size=1))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@example({"FR/Bretagne": 30, "FR/Corse": 20, "FR/": 4, "BE/Namur": 10, "US/Ohio": 3})
@example({"FR/Bretagne": 30, "IE/Munster": 2, "": 10, "/Ohio": 2})
@example({"IE/Munster": 1, "IE/Ulster": 4, "/Ohio": 5})
def test_no_row_of_countries_minus_its_regions_tells_of_few_people(tmp_path_factory, sizes):
    """X5: neither a country, nor those that are shown as one, nor what has no country"""
    with shelf(tmp_path_factory.mktemp("places")) as library:
        opens = [
            event(
                f"r{number}-{place.replace('/', '-')}",
                "opened",
                60,
                country=country or None,
                region=region or None,
            )
            for place, size in sizes.items()
            for country, _, region in [place.partition("/")]
            for number in range(size)
        ]
        library.bring(SPRING, covering(), *opens)
        found = asked(library, "locations", NOBODY)
        regions = found.more.get("regions")
        if found.table is None or regions is None:
            return
        countries = by(found, "country", "unique_opens")
        told = dict.fromkeys(countries, 0)
        for country, unique in regions[["country", "unique_opens"]].itertuples(index=False):
            if country != OTHER:
                told[country if country in countries else OTHER] += unique
        for country, (unique,) in countries.items():
            assert unique - told[country] == 0 or unique - told[country] >= FEWEST, country
        assert regions["unique_opens"].sum() == sum(sizes.values())


def test_a_domain_has_its_counts_and_rates(library_of):
    library_of.bring(
        SPRING,
        covering(),
        *(event(f"{name}@a.example", "sent", 0) for name in ("ann", "bob", "cid")),
        event("dee@b.example", "sent", 0),
        event("cid@a.example", "bounced", 5, subtype="hard"),
        event("ann@a.example", "opened", 9),
        event("ann@a.example", "clicked", 9, url="https://x.example"),
    )
    names = ("recipients", "bounces", "bounce_rate", "deliveries", "open_rate", "click_rate", "share")
    found = by(asked(library_of, "domains"), "domain", *names)
    assert found["a.example"] == (3, 1, pytest.approx(1 / 3), 2, 0.5, 0.5, 0.75)
    assert found["b.example"] == (1, 0, 0, 1, 0, 0, 0.25)


def test_a_domain_that_only_bounced_has_no_open_rate(library_of):
    library_of.bring(
        SPRING,
        covering(),
        event("ann@a.example", "sent", 0),
        event("ann@a.example", "bounced", 5, subtype="hard"),
    )
    assert by(asked(library_of, "domains"), "domain", "open_rate") == {"a.example": (None,)}


def test_what_the_events_do_not_cover_is_unknown_in_a_domain(library_of):
    library_of.bring(SPRING, covering("opened"), event("ann@a.example", "opened", 5))
    found = by(asked(library_of, "domains"), "domain", "unique_opens", "recipients", "share")
    assert found == {"a.example": (1, None, None)}


def test_small_domains_are_one_where_people_are_hidden(library_of):
    sent = [event(f"r{n}@{'big' if n < 6 else f'small{n}'}.example", "sent", 0) for n in range(12)]
    library_of.bring(SPRING, covering(), *sent)
    assert by(asked(library_of, "domains", NOBODY), "domain", "recipients") == {
        "big.example": (6,),
        OTHER: (6,),
    }


def test_devices_and_programs_are_two_tables(library_of):
    library_of.bring(
        SPRING,
        covering(),
        event("ann", "opened", 5, device="desktop", client="Outlook"),
        event("bob", "opened", 5, device="mobile", client="Outlook"),
        event("cid", "opened", 5, user_agent=PROXY, client="Gmail"),
    )
    found = asked(library_of, "devices")
    assert by(found, "device", "unique_opens") == {"desktop": (1,), "mobile": (1,), None: (1,)}
    clients = found.more["clients"]
    assert dict(zip(clients["client"], clients["unique_opens"], strict=True)) == {"Outlook": 2, "Gmail": 1}
    assert TABLES["devices"].in_words(found.rows, "fr")["device"].tolist() == [
        "Ordinateur",
        "Téléphone",
        "Inconnu",
    ]


def test_the_form_people_leaves_machines_out_of_places(library_of):
    library_of.bring(
        SPRING,
        covering(),
        *opened_in("IE", "ann"),
        event("bob", "opened", 5, country="FR", machine=True, machine_reason="sender"),
    )
    assert set(by(asked(library_of, "locations", form=Form.PEOPLE), "country", "opens")) == {"IE"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_chart_is_drawn_in_both_languages(library_of, language):
    library_of.bring(
        Campaign("vitrine", "spring", title="Spring", sent_at=SENT_AT),
        covering(),
        event("ann@a.example", "sent", 0),
        event("ann@a.example", "opened", 5, country="MT", device="desktop", client="Outlook"),
    )
    found = report(library_of.analytics, EVERYTHING, SPRING.id)
    for name in ("locations", "domains", "devices", "devices.clients"):
        assert CHARTS[name](found, language) is not None
    malta = {"en": "Malta", "fr": "Malte"}[language]
    texts = [trace.text for trace in CHARTS["locations"](found, language).data]
    assert any(malta in str(text) for text in texts)


def test_a_chart_without_data_is_none(library_of):
    library_of.bring(SPRING)
    found = report(library_of.analytics, EVERYTHING, SPRING.id)
    assert [CHARTS[name](found, "en") for name in ("locations", "domains", "devices", "devices.clients")] == [
        None
    ] * 4


def test_shares_of_unique_opens_are_of_the_whole_campaign(library_of):
    both = [event("ann", "opened", second, country=country) for second, country in ((5, "IE"), (9, "FR"))]
    library_of.bring(SPRING, covering(), *both)
    shares = by(asked(library_of, "locations"), "country", "share")
    assert shares == {"FR": (1.0,), "IE": (1.0,)}
    assert not any(math.isnan(one) for (one,) in shares.values())
