"""Event files: names for recipients, paths that cannot leave the folder, one cursor per question."""

import hmac
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pyarrow as pa
import pytest

from lib.store.events import Events
from lib.store.spool import link_of


@pytest.fixture
def events(tmp_path):
    made = Events(tmp_path / "events", b"one key")
    yield made
    made.close()


def test_an_address_has_one_name_however_it_is_written(events):
    assert events.message(" Ann@Mail.Example ") == events.message("ann@mail.example")


def test_another_installation_names_the_same_address_differently(events, tmp_path):
    assert Events(tmp_path, b"another key").message("ann@mail.example") != events.message("ann@mail.example")


@pytest.mark.parametrize("length", [1, 32, 64, 65, 200])
def test_the_name_of_an_address_is_the_beginning_of_its_hmac(tmp_path, length):
    key = bytes(range(length))
    digest = hmac.digest(key, b"ann@mail.example", "sha256")
    name = int.from_bytes(digest[:8], "big", signed=True)
    assert Events(tmp_path, key).message("ann@mail.example") == name


def test_a_name_fits_a_signed_64_bit_number(events):
    assert all(-(2**63) <= events.message(str(number)) < 2**63 for number in range(100))


@pytest.mark.parametrize("campaign", ["../secret", "a/b", "", ".hidden", "x" * 100, "a b"])
def test_a_campaign_id_that_is_no_file_name_is_refused(events, campaign):
    with pytest.raises(ValueError, match="not a campaign id"):
        events.place(campaign, "1.parquet")


def test_sql_reaches_no_file_outside_the_folder(events, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    with events.cursor() as cursor, pytest.raises(duckdb.Error, match="Cannot access"):
        cursor.execute(f"SELECT * FROM read_csv('{secret}')")


def test_many_threads_ask_at_once(events):
    def ask(number):
        with events.cursor() as cursor:
            return cursor.execute("SELECT SUM(range) + ? FROM range(1000)", [number]).fetchone()[0]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(80))) == [499500 + number for number in range(80)]


def test_a_question_asked_apart_knows_nothing_of_the_others_and_leaves_nothing_behind(events):
    with events.apart() as first, events.apart() as second:
        first.execute("CREATE TABLE mine AS SELECT 1 AS one")
        with pytest.raises(duckdb.CatalogException):
            second.execute("FROM mine")
    assert not list(events.folder.glob("spool/apart-*"))
    with pytest.raises(duckdb.ConnectionException):
        first.execute("FROM mine")


def test_a_question_asked_apart_reaches_no_file_outside_the_folder(events, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    with events.apart() as connection, pytest.raises(duckdb.Error, match="Cannot access"):
        connection.execute(f"SELECT * FROM read_csv('{secret}')")


def test_a_question_asked_apart_has_less_memory(events):
    def limit(connection):
        return connection.execute("SELECT current_setting('memory_limit')").fetchone()[0]

    with events.apart() as apart, events.cursor() as shared, duckdb.connect() as other:
        limits = [limit(apart), limit(shared)]
        expected = []
        for size in ("700MB", "1GB"):  # in DuckDB's own words
            other.execute(f"SET memory_limit = '{size}'")
            expected.append(limit(other))
    assert limits == expected
    assert len(set(limits)) == 2


def numbers(*values):
    return pa.table({"number": pa.array(values, pa.int64()), "word": [f"word {value}" for value in values]})


def total(events, rows):
    with events.desk() as desk:
        desk.put("numbers", rows)
        return desk.ask("SELECT SUM(number) + 1 FROM numbers").fetchall()[0][0]


def test_a_desk_is_asked_of_one_thing_after_the_other(events):
    assert total(events, numbers(2, 3)) == 6
    assert total(events, numbers(5).select(["word", "number"])) == 6
    coded = numbers(7)
    assert total(events, coded.set_column(1, "word", coded["word"].dictionary_encode())) == 8
    assert total(events, numbers(1).slice(1)) is None


def test_a_desk_filled_fifty_times_holds_no_more_than_one_filled_once(events):
    def held():
        with events.cursor() as cursor:
            return cursor.execute("SELECT SUM(memory_usage_bytes) FROM duckdb_memory()").fetchone()[0]

    many = numbers(*range(20000))
    total(events, many)
    once = held()
    for _ in range(49):
        total(events, many)
    assert held() <= once


def test_what_failed_at_a_desk_leaves_no_rows_to_the_next(events):
    with pytest.raises(RuntimeError), events.desk() as desk:
        desk.put("numbers", numbers(100))
        raise RuntimeError
    assert total(events, numbers(2)) == 3


def test_many_threads_have_desks_of_their_own(events):
    with ThreadPoolExecutor(8) as pool:
        asked = [numbers(number) for number in range(40)]
        assert list(pool.map(lambda rows: total(events, rows), asked)) == list(range(1, 41))


def test_a_workbench_leaves_nothing_behind(events):
    with events.workbench("import-1") as folder:
        (folder / "half.parquet").write_bytes(b"x")
        assert events.is_at_work("import-1")
    assert not folder.exists()
    assert not events.is_at_work("import-1")


def test_a_link_is_the_same_without_the_parameters_that_name_its_recipient():
    assert link_of("https://e.example/a?utm_source=x&mc_eid=123") == "https://e.example/a?utm_source=x"
    assert link_of("https://e.example/a?utm_source=x") == "https://e.example/a?utm_source=x"
    assert link_of(None) is None


@pytest.mark.parametrize("url", ["http://[x/?mc_eid=1", "http://[1:2/?mc_eid=1", "//[?mc_cid=1"])
def test_what_is_no_address_is_a_link_of_its_own(url):
    assert link_of(url) == url
