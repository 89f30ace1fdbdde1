"""Encodings, delimiters, quotes: whatever a file went through, no row is lost or shifted silently (X4)."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib import words
from lib.importers import values
from lib.importers.values import BadCell
from lib.model import Event, Kind, Note, Reject, Row
from tests.test_importers import HERE, claims, items, of, read, read_text, reasons

HEADER = "campaign,recipient,kind,reason\n"
SIGNS = [b"", b'"', b",", b"\n", b"\xff", b"\0", b";", b"x"]
ROWS = [f"c,person{n}@x.example,sent,Été à l’heure n° {n} déjà passé\n" for n in range(30)]


@pytest.mark.parametrize(
    ("encoding", "noted"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("utf-16", ["encoding"]),
        ("utf-16-le", ["encoding"]),
        ("utf-16-be", ["encoding"]),
        ("cp1252", ["encoding"]),
    ],
)
def test_the_encoding_is_detected_and_said(tmp_path, encoding, noted):
    path = tmp_path / "events.csv"
    path.write_bytes((HEADER + "".join(ROWS)).encode(encoding))
    rows = read(path)
    assert {event.reason for event in items(rows, Event)} == {
        f"Été à l’heure n° {n} déjà passé" for n in range(30)
    }
    assert reasons(rows) == noted


def test_a_damaged_byte_costs_its_row_and_not_the_accents_of_the_others(tmp_path):
    path = tmp_path / "events.csv"
    whole = (HEADER + "".join(ROWS)).encode()
    path.write_bytes(whole.replace(b"person7", b"per\xffon7"))
    rows = read(path)
    assert [(reject.line, reject.reason) for reject in of(rows, Reject)] == [(9, "bad_encoding")]
    assert items(rows, Event)[0].reason == "Été à l’heure n° 0 déjà passé"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_ends_are_found(tmp_path, delimiter, end):
    table = "campaign,recipient,kind,revenue\nc,a@x.example,ordered,2.5\nc,b@x.example,sent,\n"
    rows = read_text(tmp_path, table.replace(",", delimiter).replace("\n", end))
    assert [event.revenue for event in items(rows, Event)] == [2.5, None]


def test_a_first_line_that_names_the_delimiter_is_no_header(tmp_path):
    rows = read_text(tmp_path, "sep=;\ncampaign;recipient;kind\nc;a@x.example;sent\n")
    assert [row.line for row in of(rows, Row)] == [3]


def test_a_row_of_several_lines_is_placed_where_it_starts(tmp_path):
    text = HEADER + 'c,a@x.example,sent,"one\ntwo\nthree"\nc,nobody,sent,\n'
    rows = read_text(tmp_path, text)
    assert [(row.line, type(row)) for row in rows] == [(2, Row), (5, Reject)]
    assert items(rows, Event)[0].reason == "one\ntwo\nthree"


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path):
    text = HEADER + 'c,a@x.example,sent,"open\n' + "".join(ROWS)
    rows = read_text(tmp_path, text)
    assert [(reject.line, reject.reason) for reject in of(rows, Reject)] == [(2, "bad_quotes")]
    assert len(of(rows, Row)) == 30


def test_a_lost_quote_does_not_swallow_the_rows_behind_it(tmp_path):
    good = 'c,b@x.example,sent,y\nc,c@x.example,"sent",z\nc,d@x.example,sent,w\n'
    text = HEADER + 'c,a@x.example,"sent,x\n' + good
    rows = read_text(tmp_path, text)
    assert [reject.line for reject in of(rows, Reject)] == [2]
    assert [event.recipient[0] for event in items(rows, Event)] == ["b", "c", "d"]


def test_a_record_with_more_cells_than_headings_is_given_up_at_once(tmp_path):
    """Though a quote is still open in it: no line that follows can take a cell away."""
    text = HEADER + 'c,a@x.example,sent,x,"open\n' + "".join(ROWS)
    rows = read_text(tmp_path, text)
    found = [(reject.line, reject.reason, dict(reject.holes)) for reject in of(rows, Reject)]
    assert found == [(2, "ragged", {"found": "5", "expected": "4"})]
    assert len(of(rows, Row)) == 30


def test_a_column_that_occurs_twice_is_refused(tmp_path):
    with pytest.raises(Exception, match="twice"):
        read_text(tmp_path, "campaign,recipient,kind,URL,url\nc,a@x.example,sent,,\n")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    damage=st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from(SIGNS)),
        max_size=6,
    )
)
def test_under_random_damage_every_line_is_accounted_for(tmp_path, damage):
    """Each line below the header is in a row, in a reject, or part of a record that started above it."""
    body = "".join(ROWS).encode()
    for place, sign in damage:
        at = place % len(body)
        body = body[:at] + sign + body[at + 1 :]
    path = tmp_path / "events.csv"
    path.write_bytes(HEADER.encode() + body)
    rows = [row for row in read(path) if not isinstance(row, Note)]
    lines = {n for n, line in enumerate(body.split(b"\n"), start=2) if line.strip()}
    multiline = sum((event.reason or "").count("\n") for event in items(rows, Event))
    assert {row.line for row in rows} <= lines
    assert len(lines - {row.line for row in rows}) <= multiline
    assert len(rows) == len({row.line for row in rows})
    known = {f"person{n}@x.example" for n in range(30)}
    whole = [event for event in items(rows, Event) if event.recipient in known]
    assert all(event.kind is Kind.SENT for event in whole)
    assert len(whole) >= 30 - 2 * len(damage)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), sign=st.sampled_from(['"', ",", "\n", "\0", "9", "%", ""]))
def test_under_random_damage_no_figure_is_shifted(tmp_path, place, sign):
    """A damaged list gives the undamaged figures, or a reject, never figures of another column."""
    text = (HERE / "campaigns_2019_list.csv").read_text()
    start = text.index("\n") + 1
    at = start + place % (len(text) - start)
    damaged = read_text(tmp_path, text[:at] + sign + text[at + 1 :])
    rows = [row for row in damaged if not isinstance(row, Note)]
    good = {row.items[0].id: claims([row]) for row in read(HERE / "campaigns_2019_list.csv")}
    for row in of(rows, Row):
        ours = claims([row])
        theirs = good.get(row.items[0].id, ours)
        assert sum(ours.get(metric) != theirs[metric] for metric in theirs) <= 1
        assert ours.keys() <= theirs.keys()
    assert len(rows) >= 2 or sign in ('"', "") or text[at] == "\n"


# --- cells ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "comma", "value"),
    [
        ("0", False, 0),
        ("1,751", False, 1751),
        ("1,234,567.5", False, 1234567.5),
        ("12,5", True, 12.5),
        ("1,751", True, 1.751),
        ("1 751", False, 1751),
        ("1\u202f751,5", True, 1751.5),
        ("'-122.29", False, -122.29),
    ],
)
def test_numbers_have_one_reading_per_file(text, comma, value):
    assert values.number(text, comma) == value


@pytest.mark.parametrize(
    "text", ["", "12,5", "1,75", "1e5", "0x10", "١٢", "NaN", "inf", "12 apples", "1.2.3", "--1"]
)
def test_what_is_doubtful_is_no_number(text):
    with pytest.raises(BadCell):
        values.number(text)


@pytest.mark.parametrize("text", ["100000000000000", "-1" + ",000" * 5, "1" + " 000" * 9, "9" * 30])
def test_a_number_beyond_what_is_kept_says_that_it_is_too_large(text):
    with pytest.raises(BadCell) as bad:
        values.number(text)
    assert bad.value.reason == "number_too_large"


def test_a_number_that_no_computer_holds_is_no_number():
    with pytest.raises(BadCell):
        values.count("1" + ",000" * 200)


@pytest.mark.parametrize("comma", [False, True])
def test_a_count_has_no_decimals_so_that_its_comma_groups_in_every_file(comma):
    assert (values.count("1,000", comma), values.count("12,345,678", comma)) == (1000, 12_345_678)


@pytest.mark.parametrize("text", ["1.000", "1,75", "-1", "1.5"])
def test_a_count_that_could_be_another_is_refused(text):
    with pytest.raises(BadCell):
        values.count(text, comma=True)


def test_a_rate_needs_its_sign():
    assert values.rate("27.78%") == 0.2778
    with pytest.raises(BadCell):
        values.rate("0.2778")


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("CA$0.00", 0, "CAD"),
        ("$1,234.50", 1234.5, None),
        ("12.5 EUR", 12.5, "EUR"),
        ("€3", 3, "EUR"),
        ("80", 80, None),
    ],
)
def test_money_keeps_its_currency_where_it_names_one(text, amount, currency):
    assert values.money(text) == values.Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Jun 09, 2018 09:30 pm", datetime(2018, 6, 9, 19, 30, tzinfo=UTC)),
        ("Jun 18, 2018 12:05 am", datetime(2018, 6, 17, 22, 5, tzinfo=UTC)),
        ("Jun 18, 2018 12:05 pm", datetime(2018, 6, 18, 10, 5, tzinfo=UTC)),
        ("Mon, Apr 26, 2021 12:25", datetime(2021, 4, 26, 10, 25, tzinfo=UTC)),
        ("2018-06-09 21:30:00", datetime(2018, 6, 9, 19, 30, tzinfo=UTC)),
        ("2018-06-09T21:30:00Z", datetime(2018, 6, 9, 21, 30, tzinfo=UTC)),
    ],
)
def test_times_of_the_account_become_utc(text, moment):
    assert values.account_time(text, "Europe/Paris") == moment


def test_the_short_date_is_month_day_year():
    assert values.short_time("1/7/26 17:40", "UTC") == datetime(2026, 1, 7, 17, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["Jun 31, 2018 09:30 pm", "Jun 09, 2018 13:30 pm", "Juin 09, 2018 09:30", "9/6/18", "0218-06-09"]
)
def test_what_is_no_time_is_rejected(text):
    with pytest.raises(BadCell):
        values.account_time(text, "UTC")


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_reject_of_the_fixtures_has_a_sentence(tmp_path, language):
    text = HEADER + "c,nobody,sent,\nc,a@x.example,x,\nc\n"
    for reject in of(read_text(tmp_path, text), Reject):
        assert words.t(language, f"reject.{reject.reason}", **dict(reject.holes))
