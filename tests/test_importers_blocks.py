"""Large tables are read in blocks, and say exactly what they say row by row."""

import random
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.importers import ImportRefused, at_once, blocks, bring_in, columns, values
from lib.importers.bringing import recognised
from lib.importers.protocol import Given
from lib.importers.source import opened
from lib.importers.values import BadCell
from lib.model import Campaign, Question, Reject, Scope
from lib.reports import answer
from lib.store import library
from lib.store.analytics import Analytics
from lib.store.events import Events
from lib.store.spool import SPOOLED, Rows, Spool

NEVER = 10**12
CAMPAIGNS = Path(__file__).parent / "importers" / "account" / "4711" / "campaigns.csv"
NOW = datetime(2026, 11, 24, tzinfo=UTC)

CELLS = {  # of each column what is usual, then what is not
    "campaign": ["spring", "summer", "a/b c"] * 4 + ["", " spring ", "été", "\u00a0"],
    "recipient": ["ann@x.example", "BOB@x.example", "cid@mail.example"] * 4
    + [
        "",
        "nobody",
        " ann@x.example",
        "é@x.example",
        "ann@é.example",
        "a@b",
        "x" * 70 + "@x.example",
        "a@b_c.de",
    ],
    "kind": ["sent", "opened", "clicked", "bounced", "ordered"] * 4 + ["", "Opened", "sneezed", "sent "],
    "at": ["2026-03-02T09:30:00Z", "2026-03-02 10:30:00+01:00", "2026-03-29T02:30:00", "2026-10-25 02:30:00"]
    * 3
    + ["", "2026-03-02", "2026-03-02T09:30:00.123456Z", "2026-03-02T09:30:00.1Z", "2026-03-02T09:30:00,5"]
    + ["2026-13-02T09:30:00Z", "2026-03-02T24:00:00Z", "2026-03-02T09:30:60Z", "1989-12-31T23:59:59Z"]
    + ["soon", "2026-03-02T09:30Z", "2026-03-02t09:30:00z", "2100-12-31T23:30:00", "2026-02-29T00:00:00Z"]
    + [
        "2026-03-02T09:30:00+25:00",
        "2026-03-02T09:30:00 UTC",
        "2026-03-02T09+01:00:00",
        "0000-00-00 00:00:00",
    ],
    "subtype": ["", "", "hard", "soft", "HARD", "mild"],
    "reason": ["", "550, no such user", 'said "no"', "déjà vu", " spaced ", "two\nlines", "\x1cx", "a\u2028"],
    "url": [
        "",
        "https://e.example/a",
        "https://e.example/a?mc_eid=1&x=2",
        "https://e.example/?q=a,b",
        "http://[x/?mc_eid=1",
    ],
    "link_position": ["", "1", "2", "1,000", "1.000", "-1", "two", "2147483647", "3000000000"],
    "ip": ["", "192.0.2.1", "2001:DB8::1", "1.2.3", "01.2.3.4", "256.1.1.1"],
    "user_agent": [
        "",
        "Thunderbird/115.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
    ],
    "client": ["", "", "Pine"],
    "machine": ["", "true", "no", "perhaps"],
    "implied": ["", "", "true", "yes", "x"],
    "revenue": ["", "12.5", "1,000.5", "12,5", "much", "9999999999.99", "9999999999.99999", "10000000000"],
    "currency": ["", "eur", "EUR", "euros"],
    "order": ["", "77", "77"],
    "id": ["", "", "", "o-1", "o-2"],
    "nonsense": ["", "x"],
    "": ["", "", "", "", "", "x"],
}
DAMAGE = [b'"', b",", b"\n", b"\r", b"\xff", b"\0", b";", b"x", b" ", b'""', b"\xc3", b"\t", b"\xef\xbb\xbf"]


@contextmanager
def a_library():
    with TemporaryDirectory() as folder:
        events = Events(Path(folder) / "events", b"k" * 32)
        yield Path(folder), events
        events.close()


class Kept(list):
    """Rejects, kept instead of written."""

    write = list.append

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        pass


def said(path, events, name, given, large, block=64):
    """All that an import of the file would keep: rows, claims, what they cover, rejects, notes and counts."""
    with (
        patch.object(at_once, "LARGE", large),
        patch.object(blocks, "BLOCK", block),
        events.workbench(name) as folder,
        Spool(events, folder) as spool,
        opened(path) as source,
    ):
        rejects = Kept()
        read = recognised(source).read(source, given)
        tally = library._read(read, spool, rejects, lambda _count: None)
        kept = {campaign: _rows_of(spool, campaign) for campaign in spool.campaigns}
        claims = {campaign: list(spool.claims_of(campaign)) for campaign in spool.campaigns}
        return (
            {"campaigns": list(spool.campaigns), "events": kept, "claims": claims, "covers": spool.covers}
            | {"rows": spool.fingerprints, "rejects": list(rejects), "tally": tally}
            | {"with events": spool.campaigns_with_events}
        )


def _rows_of(spool, campaign):
    found = spool.events_of([campaign], SPOOLED.names).events.to_pylist()
    return sorted(found, key=lambda one: (one["row"], one["id"], one["ordinal"]))


def ours(chance):
    """The headings of a file of our format."""
    return ["campaign", "recipient", "kind", *chance.sample([*CELLS][3:], chance.randint(0, len(CELLS) - 3))]


def a_table(chance, rows, known, names):
    """Random rows as a file with these headings, some of it damaged."""
    delimiter, end = chance.choice(",,,;\t"), chance.choice(["\n", "\n", "\r\n", "\r"])
    chance.shuffle(names)
    usual = chance.random()
    lines = [delimiter.join(names)]
    for _ in range(rows):
        cells = [known[name][0] if chance.random() < usual else chance.choice(known[name]) for name in names]
        quoted = chance.random() < 0.2
        lines.append(delimiter.join(_quoted(cell, delimiter, quoted) for cell in cells))
    if chance.random() < 0.2:
        lines.insert(chance.randint(1, len(lines)), chance.choice(["", "  ", "sep=;", '"', "\t\t"]))
    if chance.random() < 0.2:
        lines.insert(0, f"sep={delimiter}")
    body = end.join(lines) + chance.choice(["", end])
    encoding = chance.choice(["utf-8", "utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16"])
    whole = body.encode(encoding, "replace")
    headed = len("".join(lines[:2]).encode()) + 10
    for _ in range(chance.choice([0, 0, 0, 1, 2, 5])):
        at = chance.randrange(headed, max(headed + 1, len(whole)))
        whole = whole[:at] + chance.choice(DAMAGE) + whole[at + chance.randint(0, 1) :]
    return whole


def _quoted(cell, delimiter, always):
    if always or delimiter in cell or '"' in cell or "\n" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_blocks_say_what_single_rows_say_whatever_happened_to_the_file(seed):
    chance = random.Random(seed)
    with a_library() as (folder, events):
        path = folder / "events.csv"
        path.write_bytes(a_table(chance, chance.choice([0, 3, 30]), CELLS, ours(chance)))
        told = Given(zone=chance.choice(["UTC", "Europe/Paris", "America/St_Johns"]))
        is_said_alike(path, events, told, chance)


def is_said_alike(path, events, told, chance):
    """Row by row and in blocks, whatever their size."""
    try:
        alone = said(path, events, "alone", told, NEVER)
    except ImportRefused as refusal:
        with pytest.raises(ImportRefused) as again:
            said(path, events, "blocks", told, -1)
        assert again.value.sentence("en") == refusal.sentence("en")
        return
    together = said(path, events, "blocks", told, -1, block=chance.choice([64, 300, 10_000]))
    for key, value in alone.items():
        assert together[key] == value, key


ACTIVITY = {  # of each column of an account export what is usual, then what is not
    "Timestamp": CELLS["at"],
    "Email": CELLS["recipient"],
    "Email Address": CELLS["recipient"],
    "Url": CELLS["url"],
    "Bounce Type": CELLS["subtype"],
    "nonsense": CELLS["nonsense"],
    "": CELLS[""],
}
PLACES = {  # of a file of an account export, and what it usually holds
    "granular_activity/opens": ["Timestamp", "Email"],
    "granular_activity/clicks": ["Timestamp", "Email", "Url"],
    "granular_activity/forwards": ["Timestamp", "Email"],
    "aggregate_activity/opened": ["Email Address"],
    "aggregate_activity/not_opened": ["Email Address"],
    "aggregate_activity/bounces": ["Email Address", "Bounce Type"],
}


def an_account(chance, path):
    """An account export of one campaign, with random rows, some of it damaged."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("1/campaigns.csv", CAMPAIGNS.read_bytes())
        for place in chance.sample([*PLACES], chance.randint(1, len(PLACES))):
            names = [name for name in PLACES[place] if chance.random() < 0.95]
            names += [
                name for name in ("Email", "nonsense", "") if name not in names and chance.random() < 0.1
            ]
            archive.writestr(
                f"1/{place}/901_tea-letter.csv", a_table(chance, chance.choice([0, 3, 30]), ACTIVITY, names)
            )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_an_account_export_says_the_same_in_blocks_whatever_happened_to_its_files(seed):
    chance = random.Random(seed)
    with a_library() as (folder, events):
        an_account(chance, folder / "export.zip")
        is_said_alike(folder / "export.zip", events, Given(), chance)


# --- times and addresses, by themselves ----------------------------------------------------------

PARTS = ["2026-03-02", "1989-12-31", "2100-12-31", "2026-02-30", "26-03-02", "2026-3-2"]
CLOCKS = [
    "",
    "T09:30",
    "T09:30:00",
    " 09:30:00",
    "t09:30:00",
    "T24:00:00",
    "T09:30:60",
    "T9:30:00",
    "T00:00:00",
]
ENDS = [
    "",
    "Z",
    "z",
    "Z ",
    " UTC",
    "+01:00",
    "-0800",
    "+25:00",
    "+0100",
    ".5Z",
    ".123Z",
    ".123456",
    ".1234567Z",
]
TIMES = [part + clock + end for part in PARTS for clock in CLOCKS for end in [*ENDS, ",25"]]
ADDRESSES = [
    *("ann@x.example", "ANN@X.EXAMPLE", "a'b+c@x-y.example", "a@x", "a@-x.example", "a@x_.example", "@x.fr"),
    *("é@x.example", "a@é.example", " a@x.example ", "a b@x.example", "", "a@x..example", "a@x.example."),
    *("a" * 65 + "@x.example", "a@" + "x" * 250 + ".fr", "a@" + "x." * 130 + "fr", "a,b@x.fr", "`a`@x.fr"),
]
IPS = [
    *("192.0.2.1", "0.0.0.0", "255.255.255.255", "256.0.0.1", "01.2.3.4", "1.2.3", " 1.2.3.4 "),
    *("::1", "2001:DB8:0::1", "x", ""),
]


def one_by_one(cells, parse):
    found, bad = [], []
    for cell in cells:
        try:
            found.append(parse(cell.strip()) if cell.strip() else None)
            bad.append(False)
        except BadCell:
            found.append(None)
            bad.append(True)
    return found, bad


def as_columns(column, cells):
    return column.found.to_pylist(), [False] * len(cells) if column.bad is None else column.bad.tolist()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/St_Johns"])
def test_a_column_of_times_is_read_like_its_cells(zone):
    def naive(text):
        return values.iso_time(text, zone).replace(tzinfo=None)

    assert as_columns(columns.times(pa.array(TIMES), zone), TIMES) == one_by_one(TIMES, naive)


def test_an_hour_that_summer_time_repeats_or_leaves_out_is_read_like_a_cell():
    clocks = [
        f"2026-{day} 0{hour}:{minute}:07"
        for day in ("03-29", "10-25")
        for hour in "0123"
        for minute in (10, 59)
    ]
    expected = [values.iso_time(clock, "Europe/Paris").replace(tzinfo=None) for clock in clocks]
    assert columns.times(pa.array(clocks), "Europe/Paris").found.to_pylist() == expected


def test_columns_of_addresses_and_networks_are_read_like_their_cells():
    assert as_columns(columns.ips(pa.array(IPS)), IPS) == one_by_one(IPS, values.ip)
    expected = one_by_one(ADDRESSES, values.address)
    assert as_columns(columns.addresses(pa.array(ADDRESSES)), ADDRESSES) == expected


def test_one_bad_time_among_thousands_costs_only_itself():
    cells = ["2026-03-02T09:30:00Z"] * 5000
    cells[1234] = "2026-13-02T09:30:00Z"
    column = columns.times(pa.array(cells), "UTC")
    assert column.bad.sum() == 1
    assert column.found.null_count == 1


# --- the whole way --------------------------------------------------------------------------------

LINE = "c{n},person{n}@x.example,opened,2026-03-02T09:30:00Z\n"


def large(tmp_path, lines):
    path = tmp_path / "events.csv"
    path.write_text("campaign,recipient,kind,at\n" + "".join(lines))
    assert path.stat().st_size > blocks.LARGE
    return path


def test_a_large_table_is_read_in_blocks_and_its_bad_rows_have_their_places(tmp_path):
    lines = [LINE.format(n=n % 3) for n in range(3000)]
    lines[1500] = "c1,nobody,opened,2026-03-02T09:30:00Z\n"
    with opened(large(tmp_path, lines)) as source:
        rows = list(recognised(source).read(source, Given()))
    assert [type(row) for row in rows] == [Rows, Reject]
    assert rows[0].count == 2999
    assert (rows[1].line, rows[1].reason) == (1502, "bad_address")


@pytest.mark.parametrize("place", [0, 1, 1500, 2999])
def test_a_byte_order_mark_amid_a_file_belongs_to_its_cell(tmp_path, place):
    """Also where every line above it in the block is read one by one."""
    lines = [LINE.format(n=n % 3) for n in range(3000)]
    lines[:place] = ['c1,"ann"x,opened,2026-03-02T09:30:00Z\n'] * place
    lines[place] = "\ufeff" + LINE.format(n=7)
    with opened(large(tmp_path, lines)) as source:
        rows = [row for row in recognised(source).read(source, Given()) if isinstance(row, Rows)]
    said = [
        item.native_id
        for each in rows
        for _, items in each.beside
        for item in items
        if isinstance(item, Campaign)
    ]
    assert "\ufeffc7" in said
    assert "c7" not in said


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("link_position", "3000000000"),
        ("revenue", "10000000000"),
        ("revenue", "9999999999.99999"),
        ("revenue", "-1" + ",000" * 9),
    ],
)
def test_a_number_beyond_what_is_kept_is_one_reject_in_blocks_and_alone(tmp_path, column, cell):
    lines = [f"c{n % 3},person{n}@x.example,ordered,1\n" for n in range(3000)]
    lines[1500] = f'c1,ann@x.example,ordered,"{cell}"\n'
    path = tmp_path / "events.csv"
    path.write_text(f"campaign,recipient,kind,{column}\n" + "".join(lines))
    said_of = []
    for size in (NEVER, -1):
        with patch.object(at_once, "LARGE", size), opened(path) as source:
            rows = list(recognised(source).read(source, Given()))
        said_of.append([row for row in rows if isinstance(row, Reject)])
    alone, together = said_of
    assert alone == together
    assert [(one.file, one.line, one.reason) for one in alone] == [("events.csv", 1502, "number_too_large")]
    assert dict(alone[0].holes) == {"column": column, "value": cell}


def test_a_record_that_a_block_cuts_is_read_whole(tmp_path):
    lines = [f'"c","ann@x.example","sent","2026-03-02T09:30:{n % 60:02}Z"\n' for n in range(3000)]
    lines[1000] = '"c","ann@x.example","opened","\n\n\n\n"\n'
    with patch.object(blocks, "BLOCK", 70), opened(large(tmp_path, lines)) as source:
        rows = list(recognised(source).read(source, Given()))
    assert sum(each.count for each in rows) == 3000


def test_progress_in_blocks_is_the_part_that_was_read(tmp_path):
    path = large(tmp_path, [LINE.format(n=n % 3) for n in range(30_000)])
    with patch.object(blocks, "BLOCK", 400_000), opened(path) as source:
        seen = [(rows.count, source.fraction) for rows in recognised(source).read(source, Given())]
    assert sum(count for count, _ in seen) == 30_000
    assert seen[0][1] < 1
    assert seen[-1][1] == 1


@pytest.mark.parametrize("size", [NEVER, -1])
def test_odd_cells_cost_their_rows_and_the_largest_numbers_are_counted(db, tmp_path, size):
    path = tmp_path / "events.csv"
    row = "c,ann@x.example,{kind},2026-03-02T09:30:{second}Z,{url},{place},{amount}\n".format
    odd = row(kind="ordered", second="04", url="", place="", amount=10**10)
    odd += row(kind="clicked", second="05", url="", place=2**31, amount="")
    path.write_text(
        "campaign,recipient,kind,at,url,link_position,revenue\n"
        + row(kind="ordered", second="01", url="", place="", amount="9999999999.99")
        + row(kind="ordered", second="02", url="", place="", amount="9999999999.99")
        + row(kind="clicked", second="03", url="http://[x/?mc_eid=1", place=2**31 - 1, amount="")
        + odd
    )
    events = Events(tmp_path / "events", b"k" * 32)
    analytics = Analytics(db, events)
    with patch.object(at_once, "LARGE", size):
        outcome = bring_in(analytics, path, by="ann", now=NOW)
    assert (outcome.imported, outcome.rejected) == (3, 2)
    counted = answer(analytics, Scope(), Question(("orders", "revenue", "clicks"))).iloc[0]
    assert counted[["orders", "revenue", "clicks"]].tolist() == [2, pytest.approx(2 * (10**10 - 0.01)), 1]
    events.close()


def test_campaigns_that_lie_scattered_are_put_together(tmp_path):
    said_twice = [LINE.format(n=n % 40) for n in range(4000)]
    path = large(tmp_path, said_twice)
    with a_library() as (_, events), events.workbench("scattered") as folder, Spool(events, folder) as spool:
        with patch.object(blocks, "BLOCK", 5_000), opened(path) as source:
            library._read(recognised(source).read(source, Given()), spool, Kept(), lambda _count: None)
        found = _rows_of(spool, "vitrine-c7")
        target = {"vitrine-c7": events.path("vitrine-c7/1.parquet")}
        assert spool.write_files(1, target) == [len(found)] == [100]
    assert len({one["row"] for one in found}) == 100
