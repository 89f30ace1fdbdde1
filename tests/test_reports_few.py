"""Where recipients are hidden, nobody is alone in a row: groups of fewer than five are shown together."""

from dataclasses import replace

import pytest

from lib.model import Campaign, Form, Reported, Scope
from lib.reports import few, report
from lib.reports.export import report_csv
from tests.shelf import SPRING, Shelf, covering, event, shelf

HIDDEN = Scope(people=False, raw_links=False)
SHARED = Scope(raw_links=False)
TEA, STORY, JAM, CAKE = (f"https://shop.example/{name}" for name in ("tea", "story", "jam", "cake"))


@pytest.fixture
def library(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def clicks(url: str, *names: str, machine: bool = False, **more: object):
    return [event(name, "clicked", 600, url=url, machine=machine, **more) for name in names]


def people(count: int, start: int = 0) -> list[str]:
    return [f"p{number}" for number in range(start, start + count)]


def links(library: Shelf, scope: Scope, form: Form = Form.ALL) -> dict[str, tuple[float, float]]:
    """url -> clicks, unique clicks"""
    table = report(library.analytics, scope, SPRING.id, form).sections["links"].table
    return {row.url: (row.clicks, row.unique_clicks) for row in table.itertuples()}


def bring(library: Shelf, *events) -> None:
    library.bring(SPRING, covering(), *events)


def test_groups_of_fewer_than_five_are_one_row_with_each_recipient_counted_once(library):
    """X5"""
    bring(library, *clicks(TEA, *people(7)), *clicks(STORY, "p0", "p1", "p2"), *clicks(JAM, "p2", "p8", "p9"))
    assert links(library, HIDDEN) == {TEA: (7, 7), "*": (6, 5)}
    assert links(library, SHARED) == {TEA: (7, 7), STORY: (3, 3), JAM: (3, 3)}


def test_a_group_that_would_be_alone_takes_the_next_smallest_with_it(library):
    """X5: else total minus rows would be that group"""
    bring(library, *clicks(TEA, *people(9)), *clicks(STORY, *people(6)), *clicks(JAM, "p1", "p2"))
    assert links(library, HIDDEN) == {TEA: (9, 9), "*": (8, 6)}


def test_the_same_few_people_behind_many_links_are_still_few(library):
    """X5"""
    bring(
        library,
        *clicks(TEA, *people(9)),
        *clicks(STORY, "p0", "p1"),
        *clicks(JAM, "p0", "p1"),
        *clicks(CAKE, "p0", "p1"),
    )
    assert links(library, HIDDEN) == {"*": (15, 9)}


def test_groups_that_are_large_enough_stay_as_they_are(library):
    bring(library, *clicks(TEA, *people(5)), *clicks(STORY, *people(6)))
    assert links(library, HIDDEN) == {TEA: (5, 5), STORY: (6, 6)}


def test_both_forms_show_the_same_rows_so_that_none_can_be_subtracted(library):
    """X5: six click on the story, four of them machines: no row may say that two were people"""
    bring(
        library,
        *clicks(TEA, *people(9)),
        *clicks(STORY, *people(2)),
        *clicks(STORY, *people(4, start=20), machine=True),
        *clicks(JAM, *people(5, start=30)),
    )
    assert links(library, HIDDEN) == {TEA: (9, 9), "*": (11, 11)}
    assert links(library, HIDDEN, Form.PEOPLE) == {TEA: (9, 9), "*": (7, 7)}


def test_a_group_counts_as_the_smaller_of_its_forms_that_is_not_nothing():
    assert few.size({"recipients": 0, "unique_clicks": 9, "unique_clicks_people": 3}) == 3
    assert few.size({"recipients": 0, "unique_clicks": 9, "unique_clicks_people": 0}) == 9
    assert few.size({"recipients": 40, "unique_clicks": 2, "unique_clicks_people": 1}) == 40
    assert few.size({}) == 0


@pytest.mark.parametrize("dimension", ["domain", "country", "client", "device", "variant", "region"])
def test_every_dimension_that_tells_groups_apart_merges_them(library, dimension):
    """X5"""
    place = {"domain": None, "region": "region"}.get(dimension, dimension)

    def opens(value: str, count: int, start: int):
        more = {place: value} if place else {}
        at = f"@{value}.example" if dimension == "domain" else "@mail.example"
        return [event(f"{name}{at}", "opened", 600, **more) for name in people(count, start)]

    bring(
        library,
        *opens("large", 8, 0),
        *opens("rare", 2, 10),
        *opens("scarce", 1, 20),
        *opens("middle", 6, 30),
    )
    whole = {"large": 8, "rare": 2, "scarce": 1, "middle": 6}
    shown = {"domain": "{}.example", "region": "/{}"}.get(dimension, "{}")
    named = {shown.format(key): count for key, count in whole.items()}
    large = next(iter(named))
    assert library.by(dimension, "unique_opens") == named
    assert library.by(dimension, "unique_opens", scope=HIDDEN) == {"*": 9, large: 8}


def test_the_hours_of_the_first_day_stay(library):
    bring(library, event("ann", "opened", 10), event("bob", "opened", 4000))
    assert library.by("hour", "opens", scope=HIDDEN) == {0: 1, 1: 1}


def test_links_that_differ_by_a_recipients_token_only_are_one_link_with_each_recipient_once(library):
    """X5"""
    bring(
        library,
        *(one for name in people(6) for one in clicks(f"{TEA}?utm_source=x&_kx={name}secret", name)),
        *clicks(f"{TEA}?utm_source=x&_kx=second", "p0"),
    )
    assert links(library, SHARED) == {f"{TEA}?utm_source=x": (7, 6)}
    assert len(links(library, Scope())) == 7
    assert all("_kx=" in url for url in links(library, Scope()))


def test_the_export_has_the_same_rows_as_the_screen(library):
    """X5"""
    bring(
        library,
        *clicks(TEA, *people(7)),
        *clicks(f"{STORY}?email=p1@mail.example", "p1"),
        *clicks(JAM, *people(9)),
    )
    text = report_csv(report(library.analytics, HIDDEN, SPRING.id), "en")
    assert STORY not in text
    assert "p1@mail.example" not in text
    assert ",*,8,7," in text


# --- links that are known as reported only ------------------------------------------------------------


def reported(library: Shelf, recipients: int, **figures: tuple[int, int | None]) -> None:
    claims = [Reported(SPRING.id, "recipients", recipients, str(recipients))]
    for name, (total, unique) in figures.items():
        url = f"https://shop.example/{name.replace('__', '?mc_eid=')}"
        claims.append(Reported(SPRING.id, "clicks", total, str(total), "link", url))
        if unique is not None:
            claims.append(Reported(SPRING.id, "unique_clicks", unique, str(unique), "link", url))
    library.bring(replace(SPRING, title="Spring"), *claims)


def test_reported_links_that_become_equal_are_added_up_to_no_more_than_all_recipients(library):
    """X5"""
    reported(library, 12, tea__1=(9, 8), tea__2=(7, 6), jam=(3, 2))
    assert links(library, SHARED) == {TEA: (16, 12), JAM: (3, 2)}
    assert len(links(library, Scope())) == 3


def test_reported_groups_of_few_are_merged_too_and_unknown_ones_count_as_few(library):
    """X5"""
    reported(library, 99, tea=(40, 30), story=(20, 10), jam=(3, 2), cake=(8, None))
    found = links(library, HIDDEN)
    assert set(found) == {TEA, "*"}
    assert found["*"][0] == 31
    assert found["*"][1] != found["*"][1]  # with one unknown the sum is unknown


def test_a_campaign_without_a_single_group_has_none_to_merge(library):
    library.bring(Campaign("vitrine", "spring", title="Spring"), covering("sent"), event("ann", "sent", 0))
    assert report(library.analytics, HIDDEN, SPRING.id).sections["links"].table is None
    assert few.merged({}, len, "*") == frozenset()
