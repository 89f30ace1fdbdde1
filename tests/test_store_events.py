"""Event files: names for recipients, paths that cannot leave the folder, one cursor per question."""

from concurrent.futures import ThreadPoolExecutor

import duckdb
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
