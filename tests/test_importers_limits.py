"""What a hostile file may not do (X3): sizes, bombs, names, links, overlaps."""

import ast
import csv
import gzip
import inspect
import io
import stat
import struct
import zipfile
from types import SimpleNamespace

import pytest

from bench.imports import CONTENDERS
from lib import words
from lib.importers import ImportRefused, limits, source, table, text
from lib.importers.bringing import recognised
from lib.importers.protocol import Given
from lib.importers.source import opened
from lib.model import Reject
from lib.store.spool import Rows
from tests.test_importers import HERE, of, read, read_text

EVENTS = "campaign,recipient,kind\nc,ann@x.example,sent\n"


def refused(path) -> str:
    with pytest.raises(ImportRefused) as refusal:
        read(path)
    assert refusal.value.sentence("en")
    assert refusal.value.sentence("fr")
    return refusal.value.reason


def archive(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "a.csv").touch()
    assert refused(tmp_path / "a.csv") == "empty"


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert refused(tmp_path / "a.csv") == "no_file"


def test_a_file_that_is_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(limits.UPLOADED.raw + 1)
    assert refused(path) == "too_large"


def test_on_the_command_line_a_file_may_be_larger(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(limits.UPLOADED.raw + 1)
    with opened(path, limits=limits.OPERATED) as found:
        assert found.size > limits.UPLOADED.raw


def test_the_bench_brings_in_as_much_as_the_command_line(tmp_path):
    folder = tmp_path / "csv"
    folder.mkdir()
    (folder / "events.csv").write_text(EVENTS)
    (folder / "campaigns.csv").write_text("campaign,title\nc,Spring\n")
    with (folder / "beside.html").open("wb") as page:
        page.truncate(limits.UPLOADED.inflated + 1)
    assert CONTENDERS["Vitrine"](folder / "events.csv", tmp_path / "store")() == 1


def test_a_bomb_is_refused_by_its_ratio(tmp_path):
    path = archive(tmp_path / "bomb.zip", {"events.csv": EVENTS + "x" * (20 * limits.MB)})
    assert path.stat().st_size < limits.MB
    assert refused(path) == "bomb"


def test_a_small_file_that_packs_well_is_no_bomb(tmp_path):
    lines = "c,ann@x.example,sent\n" * 20_000
    rows = read(archive(tmp_path / "a.zip", {"events.csv": "campaign,recipient,kind\n" + lines}))
    assert sum(each.count for each in rows if isinstance(each, Rows)) == 20_000


def test_an_archive_that_inflates_beyond_the_limit_is_refused(tmp_path):
    path = archive(tmp_path / "a.zip", {f"{n}.csv": "" for n in range(3)})
    raw = bytearray(path.read_bytes())
    at = 0
    while (at := raw.find(b"PK\x01\x02", at)) >= 0:
        raw[at + 20 : at + 28] = struct.pack("<II", limits.MB, 90 * limits.MB)
        at += 4
    path.write_bytes(raw)
    assert refused(path) == "too_large_inside"


def test_a_member_larger_than_it_says_is_cut_and_found_out(tmp_path):
    path = archive(tmp_path / "a.zip", {"events.csv": EVENTS * 1000})
    raw = bytearray(path.read_bytes())
    at = raw.find(b"PK\x01\x02")
    raw[at + 24 : at + 28] = struct.pack("<I", 300)
    path.write_bytes(raw)
    assert refused(path) == "damaged_member"


def test_an_archive_of_very_many_files_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "MAX_MEMBERS", 20)
    path = archive(tmp_path / "a.zip", {f"{n}.csv": EVENTS for n in range(21)})
    assert refused(path) == "too_many_members"


@pytest.mark.parametrize("name", ["../a.csv", "/a.csv", "a/../../b.csv", "C:/a.csv", "a\\b.csv", "a\nb.csv"])
def test_a_member_with_an_unsafe_name_is_refused(tmp_path, name):
    assert refused(archive(tmp_path / "a.zip", {"events.csv": EVENTS, name: EVENTS})) == "unsafe_name"


def test_a_link_in_an_archive_is_refused(tmp_path):
    link = zipfile.ZipInfo("events.csv")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(link, "/etc/passwd")
    assert refused(tmp_path / "a.zip") == "link_inside"


def test_an_archive_in_an_archive_is_refused(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("events.csv", EVENTS)
    assert refused(archive(tmp_path / "a.zip", {"inner.zip": inner.getvalue()})) == "nested_archive"


def test_members_that_share_their_bytes_are_refused(tmp_path):
    path = archive(tmp_path / "a.zip", {"a.csv": EVENTS, "b.csv": EVENTS})
    raw = bytearray(path.read_bytes())
    second = raw.find(b"PK\x01\x02", raw.find(b"PK\x01\x02") + 4)
    raw[second + 42 : second + 46] = struct.pack("<I", 0)
    path.write_bytes(raw)
    assert refused(path) == "overlap"


def test_an_encrypted_member_is_refused(tmp_path):
    path = archive(tmp_path / "a.zip", {"events.csv": EVENTS})
    raw = bytearray(path.read_bytes())
    raw[raw.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert refused(path) == "encrypted"


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_the_usual_compression_is_read(tmp_path, compression):
    assert refused(archive(tmp_path / "a.zip", {"events.csv": EVENTS}, compression)) == "other_archive"


def test_a_damaged_archive_is_refused(tmp_path):
    path = archive(tmp_path / "a.zip", {"events.csv": EVENTS * 50})
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    assert refused(path) == "damaged_archive"


def a_zip64(path, members, monkeypatch):
    """As ZIPs beyond 4 GB are written."""
    with monkeypatch.context() as small:
        small.setattr(zipfile, "ZIP64_LIMIT", 10)
        archive(path, members)
    assert b"PK\x06\x06" in path.read_bytes()
    return path


def test_a_zip_as_large_ones_are_written_is_read_like_others(tmp_path, monkeypatch):
    members = {"events.csv": EVENTS * 3, "campaigns.csv": "campaign,title\nc,Spring\n"}
    usual, large = archive(tmp_path / "a.zip", members), a_zip64(tmp_path / "b.zip", members, monkeypatch)
    assert read(large) == read(usual)


@pytest.mark.parametrize(
    ("at", "number", "reason"),
    [(32, limits.MAX_MEMBERS + 1, "too_many_members"), (40, limits.MAX_DIRECTORY + 1, "long_directory")],
)
def test_a_zip64_is_refused_unread_for_what_it_says_it_lists(tmp_path, monkeypatch, at, number, reason):
    path = a_zip64(tmp_path / "a.zip", {"events.csv": EVENTS}, monkeypatch)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<Q", raw, raw.find(b"PK\x06\x06") + at, number)
    path.write_bytes(raw)
    monkeypatch.setattr(source.zipfile, "ZipFile", None)
    assert refused(path) == reason


def test_a_zip64_whose_long_record_lies_elsewhere_than_it_says_is_refused(tmp_path, monkeypatch):
    path = a_zip64(tmp_path / "a.zip", {"events.csv": EVENTS}, monkeypatch)
    raw = bytearray(path.read_bytes())
    raw[raw.find(b"PK\x06\x07") + 8] ^= 1
    path.write_bytes(raw)
    assert refused(path) == "damaged_archive"


def test_a_long_table_of_contents_is_refused_for_its_length(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "MAX_DIRECTORY", 100)
    path = archive(tmp_path / "a.zip", {f"{n}.csv": EVENTS for n in range(3)})
    assert refused(path) == "long_directory"


def test_a_damaged_member_is_refused(tmp_path):
    path = archive(tmp_path / "a.zip", {"events.csv": EVENTS * 50}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"sent", b"SENT", 1))
    assert refused(path) == "damaged_member"


def test_a_gzip_is_refused_and_never_inflated(tmp_path):
    (tmp_path / "a.csv").write_bytes(gzip.compress(b"0" * (40 * limits.MB)))
    assert refused(tmp_path / "a.csv") == "other_archive"


def test_a_spreadsheet_is_refused_with_advice(tmp_path):
    path = archive(tmp_path / "a.csv", {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<x/>"})
    assert refused(path) == "spreadsheet"


def test_too_many_columns_are_refused(tmp_path):
    header = "campaign,recipient,kind," + ",".join(f"c{n}" for n in range(limits.MAX_COLUMNS))
    (tmp_path / "a.csv").write_text(header + "\n")
    assert refused(tmp_path / "a.csv") == "too_many_columns"


def test_a_line_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "MAX_LINE", 1000)
    (tmp_path / "a.csv").write_text(EVENTS + "x" * 2000)
    assert refused(tmp_path / "a.csv") == "line_too_long"


def test_a_cell_beyond_what_a_table_holds_is_rejected_alone(tmp_path):
    rows = read_text(tmp_path, EVENTS + "c,bob@x.example," + "x" * 200_000 + "\n")
    assert len(rows) == 2
    assert len(rows[1].text) <= limits.MAX_REJECT_TEXT


@pytest.mark.parametrize("count", [1000, 15_000])
@pytest.mark.parametrize("line", ['c,"a\n', 'a","c\n', '"\n'])
def test_quotes_that_never_close_cost_linear_time(tmp_path, monkeypatch, line, count):
    """Each of these lines opens a quote that a later line could close; the second also closes the one before.
    More lines than go into a table that is read row by row are read in blocks.
    """
    parsed = []

    def reader(lines, **how):
        return csv.reader((parsed.append(line) or line for line in lines), **how)

    monkeypatch.setattr(table, "csv", SimpleNamespace(reader=reader, Error=csv.Error))
    rows = read_text(tmp_path, "campaign,recipient,kind\n" + line * count)
    rejects = of(rows, Reject)
    assert [reject.line for reject in rejects] == list(range(2, count + 2))
    assert {reject.reason for reject in rejects} <= {"bad_quotes", "ragged"}
    assert len(parsed) < 15 * count


def test_a_folder_does_not_follow_links(tmp_path):
    (tmp_path / "secret.csv").write_text(EVENTS)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "events.csv").symlink_to(tmp_path / "secret.csv")
    assert refused(folder) == "empty"


def test_progress_is_the_part_that_was_read():
    with opened(HERE / "vitrine") as found:
        assert found.fraction == 0
        list(recognised(found).read(found, Given()))
        assert found.fraction == 1


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_refusal_in_the_code_has_a_sentence(language):
    known = words.catalogue(language)
    for module in (source, text, table):
        assert all(f"refused.{reason}" in known for reason in _refusals(module))


def _refusals(module):
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ImportRefused":
            yield node.args[0].value
