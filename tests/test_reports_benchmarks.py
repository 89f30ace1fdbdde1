"""Industry averages: read from a file all or none, kept with their year, chosen and removed."""

import pytest
import sqlalchemy as sa

from lib.model import COMMAND_LINE, Actor
from lib.reports import benchmarks
from lib.reports.benchmarks import Benchmark, BenchmarksRefused
from lib.store.records import reading
from lib.store.tables import audit
from tests.shelf import NOW

HEADER = "industry,published,source,open_rate,click_rate\n"
OF_A_SENDER = (
    "published,industry,open_rate_pct,click_rate_pct,soft_bounce_pct,hard_bounce_pct,abuse_pct,"
    "unsubscribe_pct,coverage,source\n"
    '2018-03,"Tea, Coffee",22.71,2.5,0.2,0.1,0.01,,full,"a page, transcribed"\n'
)
ANN = Actor("analyst", "ann@agency.example")
RETAIL = Benchmark("Retail", "2019", "", {"open_rate": 0.2271})


def troubles(content: str) -> list[tuple[int, str, str]]:
    with pytest.raises(BenchmarksRefused) as refused:
        benchmarks.parsed(content.encode())
    return [(one.line, one.column, one.reason) for one in refused.value.troubles]


def kinds(records) -> list[str]:
    with records.connect() as db:
        return list(db.scalars(sa.select(audit.c.kind).order_by(audit.c.id)))


def test_percent_columns_of_a_sender_become_fractions_and_bounces_are_added_up():
    (one,) = benchmarks.parsed(OF_A_SENDER.encode())
    assert (one.industry, one.published, one.source) == ("Tea, Coffee", "2018-03", "a page, transcribed")
    assert one.rates == pytest.approx(
        {"open_rate": 0.2271, "click_rate": 0.025, "complaint_rate": 0.0001, "bounce_rate": 0.003}
    )


@pytest.mark.parametrize(
    "row",
    ["22.71,0.5", "0.2271,0.005", "22.71%,0.5 %", '"22,71","0,5"'],
)
def test_percent_and_fractions_are_told_apart_by_the_whole_file(row):
    (one,) = benchmarks.parsed((HEADER + "Retail,2019,," + row).encode())
    assert one.rates == pytest.approx({"open_rate": 0.2271, "click_rate": 0.005})


def test_a_file_of_a_french_spreadsheet_is_read():
    content = "industry;published;open rate (%)\r\nCafé;2019-10;22,71\r\n".encode("cp1252")
    (one,) = benchmarks.parsed(content)
    assert (one.industry, one.rates["open_rate"]) == ("Café", pytest.approx(0.2271))


def test_every_line_that_is_not_understood_is_named_with_its_field():
    rows = ["Retail,2019,,22,2", ",2019,,22,2", "Wine,soon,,22,2", "Wine,2019-13,,22,2", "Tea,2019,,many,2",
            "Tea,2019,,,", "Tea,2019,,-3,2", "Retail,2019,,21,2", "Ale,2019,,130,2"]  # fmt: skip
    assert troubles(HEADER + "\n".join(rows)) == [
        (3, "industry", "empty"),
        (4, "published", "date"),
        (5, "published", "date"),
        (6, "open_rate", "number"),
        (7, "open_rate", "no_rate"),
        (8, "open_rate", "number"),
        (9, "industry", "twice"),
        (10, "open_rate", "rate"),
    ]


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        ("", (1, "industry", "column")),
        ("industry,open_rate\nTea,2\n", (1, "published", "column")),
        ("industry,published\nTea,2019\n", (1, "open_rate", "column")),
        ("industry,published,open_rate,open\nTea,2019,2,3\n", (1, "open_rate", "column_twice")),
        (HEADER, (0, "", "rows")),
        (HEADER + "Tea,2019,,2,3,4,5\n", (2, "", "fields")),
        (HEADER + '"Tea,2019', (2, "", "csv")),
        (HEADER + "x" * benchmarks.MOST_BYTES, (0, "", "large")),
    ],
)
def test_a_file_in_another_form_is_refused_whole(content, trouble):
    assert troubles(content) == [trouble]


def test_nothing_is_kept_when_one_average_is_refused(db):
    with pytest.raises(BenchmarksRefused):
        benchmarks.bring(db, [RETAIL, Benchmark("Tea", "2019", "", {"open_rate": 1.3})], NOW, by=ANN)
    assert benchmarks.listed(db) == () and kinds(db) == []


def test_the_same_industry_date_and_source_again_replaces_its_rates(db):
    assert benchmarks.bring(db, [RETAIL], NOW, by=ANN) == 1
    assert benchmarks.bring(db, [Benchmark("Retail", "2019", "", {"open_rate": 0.3})], NOW, by=ANN) == 0
    (one,) = benchmarks.listed(db)
    assert one.rates == {"open_rate": 0.3}


def test_the_newest_average_of_the_chosen_industry_is_shown(db):
    newer = Benchmark("Retail", "2023-01", "", {"open_rate": 0.4})
    benchmarks.bring(db, [newer, RETAIL, Benchmark("Tea", "2024", "", {"open_rate": 0.1})], NOW, by=ANN)
    assert benchmarks.chosen(db) is None
    benchmarks.choose(db, "Retail", NOW, by=ANN)
    found = benchmarks.chosen(db)
    assert (found.published, found.year, found.before_proxy) == ("2023-01", 2023, False)
    benchmarks.remove(db, found.id, NOW, by=ANN)
    assert benchmarks.chosen(db).published == "2019"
    benchmarks.choose(db, None, NOW, by=ANN)
    assert benchmarks.chosen(db) is None


@pytest.mark.parametrize(
    ("published", "before"), [("2019", True), ("2021-08-31", True), ("2021-09", False), ("2022", False)]
)
def test_an_average_older_than_september_2021_predates_the_proxy_of_apple(published, before):
    assert Benchmark("Retail", published).before_proxy is before


def test_an_industry_without_any_average_cannot_be_chosen(db):
    with pytest.raises(BenchmarksRefused):
        benchmarks.choose(db, "Retail", NOW, by=ANN)
    assert kinds(db) == []


def version(records):
    with reading(records) as db:
        return benchmarks.version(db)


def test_every_change_is_logged_once_and_raises_the_version(db):
    before = version(db)
    benchmarks.bring(db, [RETAIL], NOW, by=ANN)
    for _twice in range(2):
        benchmarks.choose(db, "Retail", NOW, by=ANN)
    number = benchmarks.listed(db)[0].id
    for _twice in range(2):
        benchmarks.remove(db, number, NOW, by=COMMAND_LINE)
    assert kinds(db) == ["benchmarks.added", "benchmarks.chosen", "benchmarks.removed"]
    assert version(db) == before + 3
