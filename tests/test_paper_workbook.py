"""Tables for a spreadsheet: texts are texts, numbers are numbers, times are the campaign's, nothing runs."""

import csv
import io
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.paper import naming, workbook
from lib.paper.sections import CHARTS, TABLES
from lib.paper.tables import Column
from lib.paper.workbook import Leaf
from lib.reports import report
from lib.words import LANGUAGES
from tests import workbooks
from tests.shelf import EVERYTHING, SPRING, covering, event, shelf

COLUMNS = (
    Column("name", "report.url", "text", wide=True),
    Column("count", "metric.opens"),
    Column("rate", "metric.open_rate", "rate"),
    Column("share", "report.click_share", "share"),
    Column("money", "metric.revenue", "money"),
    Column("at", "report.sent", "moment"),
)
HEADINGS = ("Lien", "Ouvertures", "Taux", "Part", "Chiffre d’affaires (EUR)", "Envoyée")
AT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
HOSTILE = [
    '=HYPERLINK("http://evil","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "＝1",
    "http://evil.example",
    "a;=1",
]


def leaf(*rows, zone="Europe/Paris", name="Clics par lien") -> Leaf:
    return Leaf(name, COLUMNS, HEADINGS, rows, zone)


def written(*leaves: Leaf) -> workbooks.Book:
    file = io.BytesIO()
    workbook.xlsx(leaves, file)
    return workbooks.read(file.getvalue())


def only(book: workbooks.Book):
    return next(iter(book.sheets.values()))


def test_numbers_are_numbers_in_the_format_of_what_they_are():
    _, row = only(written(leaf(("a", 1234, 0.5, 0.25, 12.5, AT))))
    assert [(row[at].kind, row[at].value, row[at].format) for at in "BCDE"] == [
        ("n", "1234", "#,##0"),
        ("n", "0.5", "0.00%"),
        ("n", "0.25", "0.0%"),
        ("n", "12.5", "#,##0.00"),
    ]


def test_a_time_is_a_date_of_the_spreadsheet_in_the_zone_of_the_campaign():
    _, row = only(written(leaf(("a", 1, 0.5, 0.25, 12.5, AT))))
    assert (row["F"].kind, row["F"].format) == ("n", "d mmm yyyy hh:mm")
    shown = pd.Timestamp("1899-12-30") + pd.Timedelta(days=float(row["F"].value))
    assert shown.round("s") == pd.Timestamp("2026-07-02 00:30")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_looks_like_a_formula_or_a_link_stays_a_text(text):
    """X2"""
    book = written(leaf((text, 1, None, None, None, None)))
    cell = only(book)[1]["A"]
    assert (cell.kind, cell.value.strip()) == ("s", text.strip())
    assert b"<f>" not in book.xml
    assert b"<hyperlink" not in book.xml


MARKUP = '<r><t>x</t></r></is></c><c r="C9"><f>1+41</f></c><c r="C10" t="inlineStr"><is><r><t>y</t></r>'


@pytest.mark.parametrize("text", [MARKUP, "<r>&</r>", "<r></r>", "<r>" + "x" * 32_759 + "</r>", MARKUP * 2])
def test_no_text_is_read_as_the_workbooks_own_markup(text):
    """X2: XlsxWriter writes what begins with <r> and ends with </r> into a sheet as it is"""
    one = Leaf(text, COLUMNS[:1], (text,), [[text]])
    file = io.BytesIO()
    workbook.xlsx([one], file, [(text, text, "text")])
    book = workbooks.read(file.getvalue())
    cells = [cell for rows in book.sheets.values() for row in rows for cell in row.values()]
    shown = {cell.value.removesuffix("\u200b") for cell in cells}
    assert len(cells) == 4 and {cell.kind for cell in cells} == {"s"}
    assert shown == {text[: workbook.LONGEST_CELL - 1]}
    assert b"<f>" not in book.xml


SIGNS = st.sampled_from(["<r>", "</r>", "<t>", "<f>1+1</f>", "</is></c>", "&", "_x003C_", "\x0b", "=1", "é"])


@settings(deadline=None, max_examples=60)
@given(st.lists(SIGNS, max_size=6).map("".join))
def test_whatever_a_text_is_made_of_it_stays_one_text(text):
    """X2"""
    book = written(leaf((f"<r>{text}</r>", 1, None, None, None, None), (text, 1, None, None, None, None)))
    _, marked, plain = only(book)
    assert marked["A"].kind == "s" and marked["A"].value.startswith("<r>")
    assert plain["A"].value.count("<") == text.count("<")
    assert b"<f>" not in book.xml


@pytest.mark.parametrize("text", HOSTILE)
def test_in_a_csv_such_a_text_is_defused(text):
    """X2"""
    _, line = csv.reader(io.StringIO("".join(workbook.csv(leaf((text, 1, 0.5, 0.25, 12.5, AT))))))
    assert not line[0].startswith(("=", "+", "-", "@", "\t", "＝"))
    assert ";=" not in line[0]
    assert line[1:] == ["1", "0.5", "0.25", "12.5", "2026-07-02T00:30:00+02:00"]


def test_what_is_unknown_is_an_empty_cell_not_a_zero():
    unknown = leaf(("a", None, float("nan"), float("inf"), None, pd.NaT))
    _, row = only(written(unknown))
    assert {row[at].kind for at in "BCDEF"} == {""}
    assert "".join(workbook.csv(unknown)).endswith("a,,,,,\r\n")


def test_the_headings_are_those_of_the_reader_and_stay_on_the_screen():
    book = written(leaf(("a", 1, 0.5, 0.25, 12.5, AT)))
    assert [cell.value for cell in only(book)[0].values()] == list(HEADINGS)
    assert b'state="frozen"' in book.xml
    assert b"<autoFilter" in book.xml


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_whatever_a_table_is_called_its_sheet_has_a_legal_name_of_its_own(names):
    book = written(
        *(
            leaf(("a", 1, 0.5, 0.25, 12.5, AT), name=name.encode("utf-8", "replace").decode())
            for name in names
        )
    )
    found = list(book.sheets)
    assert len(found) == len(names) == len({name.casefold() for name in found})
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in found)


def test_a_table_longer_than_a_sheet_goes_on_on_a_further_one(monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 4)
    book = written(leaf(*((str(number), number, None, None, None, None) for number in range(7))))
    assert [len(rows) for rows in book.sheets.values()] == [4, 4, 2]
    assert [row["A"].value for rows in book.sheets.values() for row in rows[1:]] == list("0123456")


def test_a_text_longer_than_a_cell_is_cut_rather_than_lost():
    assert len(only(written(leaf(("x" * 40_000, 1, None, None, None, None))))[1]["A"].value) == 32_767


@pytest.fixture
def spring(tmp_path):
    with shelf(tmp_path) as made:
        made.bring(
            SPRING,
            covering(),
            event("ann", "sent"),
            event("bob", "sent"),
            event("ann", "opened", 60),
            event("ann", "clicked", 70, url="=cmd|'/c calc'!A1"),
        )
        yield report(made.analytics, EVERYTHING, SPRING.id)


def test_the_whole_report_is_a_cover_and_a_sheet_for_each_table(spring):
    told, file = [], io.BytesIO()
    workbook.whole(spring, "fr", file, lambda *step: told.append(step))
    book = workbooks.read(file.getvalue())
    assert next(iter(book.sheets)) == "Rapport"
    assert {"Clics par lien", "Les premières 24 heures"} <= set(book.sheets)
    cover = {row["A"].value: row["B"] for row in book.sheets["Rapport"] if "A" in row}
    assert cover["Campagne"].value == "Spring"
    assert (cover["Taux d’ouverture"].value, cover["Taux d’ouverture"].format) == ("0.5", "0.00%")
    assert [done for _, done, _ in told] == list(range(len(told)))
    assert "=cmd|'/c calc'!A1" in {row["A"].value for row in book.sheets["Clics par lien"]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_and_every_chart_has_a_title_of_its_own(language):
    for names in (TABLES, CHARTS):
        titles = [naming.table(name, language) for name in names]
        assert len(set(titles)) == len(titles)
