"""Clicks by page and by place: folded, ranked with Mailchimp's shares, and never telling a group of few."""

import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.model import Reported, Scope
from lib.paper.sections import CHARTS, TABLES
from lib.reports import folding, report, tokens
from tests.shelf import EVERYTHING, SPRING, Shelf, covering, event, shelf

HIDDEN = Scope(people=False, raw_links=False)
SHARED = Scope(raw_links=False)
TEA, JAM, PIE, CAKE = (f"https://shop.example/{name}" for name in ("tea", "jam", "pie", "cake"))


@pytest.fixture
def library(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def clicks(url: str, count: int, start: int = 0, place: int | None = None):
    names = [f"p{number}" for number in range(start, start + count)]
    return [event(name, "clicked", 600, url=url, link_position=place) for name in names]


def links(library: Shelf, scope: Scope = EVERYTHING):
    return report(library.analytics, scope, SPRING.id).sections["links"]


def by(table, *names: str) -> list[tuple]:
    return list(table[list(names)].itertuples(index=False, name=None))


def test_links_that_differ_by_tracking_only_are_one_page_and_each_recipient_is_counted_once(library):
    library.bring(
        SPRING,
        covering(),
        *[event(f"p{number}", "sent", 0) for number in range(10)],
        *clicks(f"{TEA}?utm_source=a", 3),
        *clicks(f"{TEA}?utm_source=b&mc_cid=1", 4),
        *clicks(JAM, 1),
    )
    found = links(library)
    assert by(found.more["pages"], "page", "clicks", "unique_clicks", "addresses") == [
        (TEA, 7, 4, 2),
        (JAM, 1, 1, 1),
    ]
    assert by(found.more["pages"], "click_share", "unique_click_share", "click_rate") == [
        (7 / 8, 4 / 5, 0.4),
        (1 / 8, 1 / 5, 0.1),
    ]
    assert [row[0] for row in by(found.more["addresses"], "page")] == [TEA, TEA, JAM]
    assert found.table["clicks"].tolist() == [4, 3, 1]


def test_addresses_are_shown_as_the_scope_may_see_them(library):
    library.bring(SPRING, covering(), *clicks(f"{TEA}?utm_source=a&_kx=secret", 6))
    assert "secret" in links(library).more["addresses"]["url"].iloc[0]
    assert links(library, SHARED).more["addresses"]["url"].tolist() == [f"{TEA}?utm_source=a"]


def test_without_any_tracking_there_are_no_other_addresses_to_show(library):
    library.bring(SPRING, covering(), *clicks(TEA, 6))
    assert set(links(library).more) == {"pages"}


def test_places_in_the_mail_are_told_where_events_name_them(library):
    library.bring(
        SPRING, covering(), *clicks(TEA, 6, place=1), *clicks(TEA, 2, place=4), *clicks(JAM, 1, place=2)
    )
    rows = by(links(library).more["placements"], "page", "position", "clicks", "click_share")
    assert rows == [(TEA, 1, 6, 6 / 9), (TEA, 4, 2, 2 / 9), (JAM, 2, 1, 1 / 9)]


def test_pages_are_kept_back_where_they_would_tell_a_link_of_few(library):
    """X5: tea has eleven clicks and one address of it nine; the other would have two"""
    library.bring(
        SPRING,
        covering(),
        *clicks(f"{TEA}?utm_content=1", 9),
        *clicks(f"{TEA}?utm_content=2", 2, 20),
        *clicks(JAM, 2, 30),
        *clicks(PIE, 3, 40),
    )
    assert by(links(library, HIDDEN).table, "url", "clicks") == [(f"{TEA}?utm_content=1", 9), ("*", 7)]
    assert links(library, HIDDEN).more == {}
    assert "pages" in links(library, SHARED).more


def test_pages_of_which_no_difference_tells_are_shown(library):
    library.bring(
        SPRING,
        covering(),
        *clicks(f"{TEA}?utm_source=a", 9),
        *clicks(f"{JAM}?utm_source=a", 2, 20),
        *clicks(PIE, 3, 30),
    )
    assert by(links(library, HIDDEN).more["pages"], "page", "clicks") == [(TEA, 9), ("*", 5)]


def test_places_are_kept_back_where_some_clicks_have_none(library):
    """X5: what is missing from the places of a page would tell who clicked without one"""
    library.bring(
        SPRING, covering(), *clicks(TEA, 9, place=1), *clicks(TEA, 2, 20), *clicks(JAM, 8, 30, place=2)
    )
    assert set(links(library, HIDDEN).more) == {"pages"}
    assert "placements" in links(library, SHARED).more


CLICKED = st.lists(
    st.tuples(
        st.sampled_from([TEA, JAM, PIE, CAKE]),
        st.sampled_from(["a", "b"]),
        st.integers(1, 9),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(CLICKED)
def test_no_table_can_be_subtracted_from_another(tmp_path_factory, clicked):
    """X5: each shown page is the sum of the shown links that lead there, and of its shown places"""
    with shelf(tmp_path_factory.mktemp("library")) as library:
        events = [
            one
            for number, (page, utm, count, place) in enumerate(clicked)
            for one in clicks(f"{page}?utm_content={utm}", count, number * 20, place)
        ]
        library.bring(SPRING, covering(), *events)
        found = links(library, HIDDEN)
    if "pages" not in found.more:
        return
    pages = dict(by(found.more["pages"], "page", "clicks"))
    for table, leads in ((found.table, "url"), (found.more.get("placements"), "page")):
        if table is None:
            continue
        sums = dict.fromkeys(pages, 0)
        for key, count in by(table, leads, "clicks"):
            folded = key if key == "*" else tokens.folded(key)
            group = folded if folded in pages else "*"
            sums[group] = sums.get(group, 0) + count
        hidden = [count for key, count in by(table, leads, "clicks") if key == "*"]
        whole = [page for page in pages if page != "*" and sums[page] != pages[page]]
        assert not whole or (len(whole) == 1 and hidden == [pages[whole[0]]])


def test_a_table_refines_another_when_each_group_is_whole_groups():
    assert folding.refines({1: "a", 2: "b", 3: "b"}, {1: "x", 2: "x", 3: "x"})
    assert not folding.refines({1: "a", 2: "b", 3: "b"}, {1: "x", 2: "x", 3: "y"})
    assert not folding.refines({1: "a"}, {1: "a", 2: "b"})


def test_reported_links_are_folded_too(library):
    figures = {f"{TEA}?utm_source=a": (9, 8), f"{TEA}?utm_source=b": (7, 6), JAM: (3, 2)}
    claims = [Reported(SPRING.id, "recipients", 12, "12"), Reported(SPRING.id, "deliveries", 10, "10")]
    for url, (total, unique) in figures.items():
        claims.append(Reported(SPRING.id, "clicks", total, str(total), "link", url))
        claims.append(Reported(SPRING.id, "unique_clicks", unique, str(unique), "link", url))
    library.bring(replace(SPRING, title="Spring"), *claims)
    rows = by(links(library).more["pages"], "page", "clicks", "unique_clicks", "click_rate")
    assert rows == [(TEA, 16, 12, 1.2), (JAM, 3, 2, 0.2)]
    assert "pages" in links(library, HIDDEN).more


def test_the_most_clicked_pages_are_charted_with_whole_numbers(library):
    events = [one for number in range(12) for one in clicks(f"https://shop.example/{number}", number + 1)]
    library.bring(SPRING, covering(), *events)
    whole = report(library.analytics, Scope(), SPRING.id)
    figure = CHARTS["links"](whole, "en")
    assert list(figure.data[0].x) == [12, 11, 10, 9, 8, 7, 6, 5, 4, 3]
    assert figure.layout.yaxis.ticktext[0] == "shop.example/11"


def test_the_long_tail_is_called_other_links_in_every_table(library):
    library.bring(
        SPRING, covering(), *clicks(TEA, 9, place=1), *clicks(JAM, 2, 20, 2), *clicks(PIE, 3, 30, 3)
    )
    found = links(library, HIDDEN)
    for name in ("pages", "placements"):
        words = TABLES[f"links.{name}"].in_words(found.more[name], "en")
        assert "Other links" in words["page"].tolist()
    assert math.isnan(found.more["placements"]["position"].iloc[-1])
