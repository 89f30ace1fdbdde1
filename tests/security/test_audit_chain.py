"""The audit log as a proof: nothing is changed unseen, done unlogged or restored unnoticed.

D3, D5, D6.
"""

import shutil
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from lib.model import COMMAND_LINE, SYSTEM, Actor
from lib.shares import analysts, notices, restoring, sessions, shares
from lib.store import audit, epoch, schema
from lib.store import records as store_records
from lib.store.epoch import Epoch
from lib.store.tables import audit as table
from lib.store.tables import metadata, outbox, viewers, workspace
from lib.store.tables import sessions as session_table
from lib.store.vault import Vault
from tests import postgresql, sharing
from tests.sharing import NOW

pytestmark = pytest.mark.xdist_group("postgresql")

ANN = Actor("analyst", "ann@agency.example", "203.0.113.0/24")
TRIGGERS = {
    "sqlite": ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"),
    "postgresql": ("ALTER TABLE audit DISABLE TRIGGER ALL",),
}
WRITER = """
import sys
from datetime import UTC, datetime
from lib.model import SYSTEM
from lib.store import audit, records
engine = records.connect(sys.argv[1])
for number in range(int(sys.argv[2])):
    with engine.begin() as db:
        audit.append(db, datetime.now(UTC), "share.created", SYSTEM, number=number)
engine.dispose()
"""


@pytest.fixture(scope="module")
def postgres():
    with postgresql.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'records.sqlite'}"
    return request.getfixturevalue("postgres")


@pytest.fixture
def records(url):
    """Empty records on either database."""
    engine = store_records.connect(url)
    if engine.dialect.name == "postgresql":
        with engine.begin() as db:
            db.exec_driver_sql("DROP SCHEMA public CASCADE")
            db.exec_driver_sql("CREATE SCHEMA public")
    schema.migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def kept(tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    return Epoch(folder, Vault("a key of at least thirty-two characters"))


def write(records, number=5, now=NOW):
    for each in range(number):
        with records.begin() as db:
            at = now + timedelta(seconds=each)
            audit.append(
                db, at, "viewer.revoked", ANN, share_id=1, viewer_id=each, address=f"{each}@x.example"
            )


def by_force(records, *statements):
    """As somebody with the rights of the database's owner."""
    with records.begin() as db:
        for statement in (*TRIGGERS[records.dialect.name], *statements):
            db.execute(sa.text(statement))


def rows(records):
    with store_records.reading(records) as db:
        return db.execute(sa.select(table).order_by(table.c.id)).all()


def kinds(records):
    return [row.kind for row in rows(records)]


# --- append-only ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody@x.example' WHERE id = 2",
        "UPDATE audit SET details = '{}'",
        "DELETE FROM audit WHERE id = 5",
        "DELETE FROM audit",
    ],
)
def test_the_database_itself_refuses_to_change_or_delete_an_entry(records, statement):
    """D5"""
    write(records)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), records.begin() as db:
        db.execute(sa.text(statement))
    assert len(rows(records)) == 5
    assert audit.verify(records).reason == ""


def test_postgresql_refuses_to_empty_the_log_at_once(postgres):
    """D5"""
    engine = store_records.connect(postgres)
    schema.migrate(engine)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as db:
        db.execute(sa.text("TRUNCATE audit"))
    engine.dispose()


# --- the chain -----------------------------------------------------------------------------------------


def test_an_unbroken_chain_is_counted_and_its_head_named(records):
    """D5"""
    write(records)
    found = audit.verify(records)
    assert (found.rows, found.broken, found.reason) == (5, None, "")
    assert found.head.hash == rows(records)[-1].hash


def test_a_log_of_nothing_is_unbroken(records):
    """D5"""
    assert audit.verify(records) == audit.Verdict(0, audit.Head())


def test_a_page_of_rows_ends_and_the_next_one_continues(records, monkeypatch):
    """D5"""
    monkeypatch.setattr(audit, "AT_ONCE", 2)
    write(records)
    assert audit.verify(records).rows == 5


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'nobody@x.example'",
        "kind = 'viewer.restored'",
        "network = ''",
        "viewer_id = 77",
        "share_id = NULL",
        "details = '{}'",
        "at = '2020-01-01 00:00:00'",
        "actor_kind = 'system'",
        "previous = hash",
        "hash = previous",
    ],
)
def test_a_changed_entry_is_named(records, change):
    """D5"""
    write(records)
    by_force(records, f"UPDATE audit SET {change} WHERE id = 3")
    found = audit.verify(records)
    assert (found.rows, found.broken, found.reason) == (2, 3, "changed")
    assert found.at is not None
    assert found.kind


def test_a_deleted_entry_in_the_middle_is_named_with_the_one_before(records):
    """D5"""
    write(records)
    by_force(records, "DELETE FROM audit WHERE id = 3")
    found = audit.verify(records)
    assert (found.rows, found.broken, found.reason) == (2, 3, "missing")
    assert found.at == NOW + timedelta(seconds=1)


def test_a_deleted_first_entry_is_named(records):
    """D5"""
    write(records)
    by_force(records, "DELETE FROM audit WHERE id = 1")
    assert (audit.verify(records).broken, audit.verify(records).reason) == (1, "missing")


def test_a_swapped_pair_is_named_by_its_first(records):
    """D5"""
    write(records)
    by_force(
        records,
        "UPDATE audit SET id = 99 WHERE id = 2",
        "UPDATE audit SET id = 2 WHERE id = 3",
        "UPDATE audit SET id = 3 WHERE id = 99",
    )
    found = audit.verify(records)
    assert (found.rows, found.broken, found.reason) == (1, 2, "changed")


def test_an_entry_changed_together_with_its_hash_parts_the_chain_behind_it(records):
    """D5"""
    write(records)
    forged = dict(rows(records)[2]._mapping) | {"actor": "nobody@x.example"}
    by_force(
        records,
        f"UPDATE audit SET actor = '{forged['actor']}', hash = '{audit._hash(forged)}' WHERE id = 3",
    )
    found = audit.verify(records)
    assert (found.rows, found.broken, found.reason) == (3, 4, "parted")


def test_an_entry_pushed_in_before_the_first_is_found(records):
    """D5"""
    write(records, 2)
    alien = {name: getattr(rows(records)[0], name) for name in table.columns.keys()}  # noqa: SIM118 - a collection, not a dictionary
    with records.begin() as db:
        db.execute(table.insert().values(alien | {"id": -5}))
    assert audit.verify(records).reason == "changed"


def test_times_of_any_zone_and_values_of_every_kind_come_back_as_they_were_hashed(records):
    """D5"""
    zone = NOW.astimezone(ZoneInfo("Asia/Kolkata"))
    told = {
        "text": "é « 日本 » 🙂 \\ \" '",
        "no": None,
        "yes": True,
        "half": 0.5,
        "list": [1, ["a"]],
        "of": {"b": 1},
    }
    with records.begin() as db:
        audit.append(db, zone.replace(microsecond=123456), "share.changed", SYSTEM, **told)
    assert rows(records)[0].details == told
    assert audit.verify(records).reason == ""


# --- several at once -----------------------------------------------------------------------------------


def test_twenty_threads_and_the_chain_holds(records):
    """D5"""

    def one(number):
        with records.begin() as db:
            audit.append(db, NOW, "visit.opened", ANN, viewer_id=number)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(one, range(60)))
    found = audit.verify(records)
    assert (found.rows, found.reason) == (60, "")
    assert {row.viewer_id for row in rows(records)} == set(range(60))


def test_four_processes_and_the_chain_holds(records, url):
    """D5"""
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, "25"]) for _ in range(4)]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    found = audit.verify(records)
    assert (found.rows, found.reason) == (100, "")


def test_an_action_that_fails_leaves_no_entry_and_no_gap(records):
    """D5"""
    write(records, 1)
    with pytest.raises(RuntimeError), records.begin() as db:
        audit.append(db, NOW, "share.off", ANN)
        raise RuntimeError
    write(records, 1)
    assert audit.verify(records).rows == 2


# --- no log, no action ---------------------------------------------------------------------------------


def everything_in(records):
    with store_records.reading(records) as db:
        return {
            one.name: sorted(map(repr, db.execute(sa.select(one)).all())) for one in metadata.sorted_tables
        }


def refuse_to_log(monkeypatch):
    def full(*_given, **_named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(audit, "append", full)


def test_when_the_log_cannot_be_written_nothing_is_done(house, monkeypatch):
    """D3: whatever an analyst does with shares and viewers, the records stay as they were"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    share = house.share_of(ann)
    for_good = {"by": ANN}
    records, vault, settings = house.records, house.vault, house.settings
    draft = shares.Draft(
        analyst_id=None, campaigns=("summer",), viewers=("eve@client.example",), password=sharing.PASSWORD
    )
    actions = {
        "create": lambda: shares.create(records, vault, settings, draft, NOW, **for_good),
        "add": lambda: shares.add_viewers(
            records, vault, settings, share, ("zoe@client.example",), None, "", NOW, **for_good
        ),
        "revoke": lambda: shares.revoke(records, ann.id, NOW, **for_good),
        "off": lambda: shares.off(records, share, NOW, **for_good),
        "extend": lambda: shares.extend(records, share, NOW.date() + timedelta(days=9), NOW, **for_good),
        "password": lambda: shares.set_password(
            records, vault, settings, share, (bob.id,), None, "hand", NOW, **for_good
        ),
    }
    before = everything_in(records)
    refuse_to_log(monkeypatch)
    for name, act in actions.items():
        with pytest.raises(OSError, match="No space left"):
            act()
        assert everything_in(records) == before, name


def test_when_the_log_cannot_be_written_no_analyst_is_made_changed_or_let_in(house, monkeypatch):
    """D3"""
    records = house.records
    monkeypatch.setattr(analysts, "COST", 4)
    eva = analysts.add(records, "Eva", "eva@agency.example", "a bright analyst", True, NOW, by=ANN)
    analysts.add(records, "Bob", "bob@agency.example", "a bright analyst", True, NOW, by=ANN)
    cookie = sessions.redeem(records, sessions.ticket(records, eva, NOW), NOW)
    before = everything_in(records)
    refuse_to_log(monkeypatch)
    for act in (
        lambda: analysts.add(records, "Ida", "ida@agency.example", "a bright analyst", True, NOW, by=ANN),
        lambda: analysts.set_password(records, eva, "a brighter analyst", NOW, by=ANN),
        lambda: analysts.disable(records, eva, NOW, by=ANN),
        lambda: sessions.end(records, cookie, NOW),
    ):
        with pytest.raises(OSError, match="No space left"):
            act()
        assert everything_in(records) == before
    with pytest.raises(OSError, match="No space left"):
        analysts.check(records, "eva@agency.example", "a bright analyst", sharing.HERE, NOW)


def test_when_the_log_cannot_be_written_no_password_opens_a_report(house, monkeypatch):
    """D3"""
    (ann,) = house.share("ann@client.example")
    refuse_to_log(monkeypatch)
    with pytest.raises(OSError, match="No space left"):
        house.unlock(ann)
    with store_records.reading(house.records) as db:
        assert not db.execute(sa.select(session_table)).all()


# --- the file outside of the records -------------------------------------------------------------------


def test_a_first_start_is_quiet_and_makes_the_file_for_its_owner_only(records, kept):
    """D6"""
    restoring.watch(records, kept, NOW)
    assert kinds(records) == []
    assert restoring.warning(records) is None
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert kept.read().head == audit.Head()


def test_a_server_without_the_file_is_quiet_and_makes_it(records, kept):
    """D6"""
    write(records)
    restoring.watch(records, kept, NOW)
    assert restoring.warning(records) is None
    assert kept.read().head.id == 5


def test_the_file_follows_the_log_and_is_left_alone_while_nothing_happens(records, kept):
    """D6"""
    restoring.watch(records, kept, NOW)
    write(records, 1)
    restoring.watch(records, kept, NOW)
    assert kept.read().head.id == 1
    before = kept.path.stat()
    restoring.watch(records, kept, NOW + timedelta(hours=1))
    after = kept.path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert list(kept.folder.iterdir()) == [kept.path]


def test_entries_cut_off_at_the_end_are_told_by_the_file(records, kept):
    """D5, D6"""
    write(records)
    restoring.watch(records, kept, NOW)
    by_force(records, "DELETE FROM audit WHERE id > 3")
    assert audit.verify(records).reason == ""  # the chain alone cannot know
    found = epoch.verify(records, kept)
    assert (found.rows, found.broken, found.reason, found.at) == (3, 5, "cut", NOW)


def test_a_log_written_anew_is_told_by_the_file(records, kept):
    """D5, D6"""
    write(records)
    restoring.watch(records, kept, NOW)
    by_force(records, "DELETE FROM audit")
    write(records, 7, NOW + timedelta(days=1))
    assert audit.verify(records).reason == ""
    found = epoch.verify(records, kept)
    assert (found.rows, found.broken, found.reason) == (7, 5, "rewritten")


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"{}\n00\n", b'{"id":1,"hash":"x"}\n\xff\n'])
def test_a_file_that_is_not_ours_is_not_believed(records, kept, damage):
    """D6"""
    write(records)
    kept.path.write_bytes(damage)
    assert epoch.verify(records, kept).reason == "sealed"
    restoring.watch(records, kept, NOW)
    assert restoring.warning(records) is not None
    assert epoch.verify(records, kept).reason == "unanswered"


def test_the_seal_is_made_with_the_secret_key(records, kept):
    """D6: whoever may write the file cannot make it say something else"""
    write(records)
    restoring.watch(records, kept, NOW)
    line, seal = kept.path.read_bytes().splitlines()
    kept.path.write_bytes(line.replace(b'"id":5', b'"id":3') + b"\n" + seal + b"\n")
    assert epoch.verify(records, kept).reason == "sealed"
    restoring.watch(records, kept, NOW)
    other = replace(kept, vault=Vault("another key of at least thirty-two"))
    assert epoch.verify(records, other).reason == "sealed"


def restored(house, kept):
    """A viewer came in, a backup was made, another one lost access; then the backup was brought back."""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    inside = house.cookie(bob)
    analysts.add(house.records, "Eva", "eva@agency.example", "a bright analyst", True, NOW, by=COMMAND_LINE)
    analysts.add(house.records, "Ida", "ida@agency.example", "a bright analyst", True, NOW, by=COMMAND_LINE)
    analysts.add(house.records, "Tom", "tom@agency.example", "a bright analyst", False, NOW, by=COMMAND_LINE)
    restoring.watch(house.records, kept, NOW)
    copy = house.file.with_suffix(".copy")
    with closing(sqlite3.connect(house.file)) as live, closing(sqlite3.connect(copy)) as backup:
        live.backup(backup)
    shares.revoke(house.records, ann.id, NOW, by=ANN)
    restoring.watch(house.records, kept, NOW)
    assert house.inside(inside)
    house.records.dispose()
    for name in ("-wal", "-shm"):
        house.file.with_name(house.file.name + name).unlink(missing_ok=True)
    shutil.copy(copy, house.file)
    assert house.viewer(ann.id).revoked_at is None
    return inside


def test_an_older_copy_puts_every_viewer_out_tells_every_admin_and_stands_in_the_log(
    house, kept, monkeypatch
):
    """D6: the restore drill"""
    monkeypatch.setattr(analysts, "COST", 4)
    inside = restored(house, kept)
    later = NOW + timedelta(minutes=5)
    restoring.watch(house.records, kept, later)
    assert house.inside(inside, later) is None
    (entry,) = [row for row in rows(house.records) if row.kind == "records.restored"]
    assert (entry.actor_kind, entry.details) == ("system", {"reason": "cut", "sessions": 1})
    told = {
        one.address: [notice.kind for notice in notices.list_for(house.records, one.id, limit=9)[0]]
        for one in analysts.list_all(house.records)
    }
    assert [told[f"{name}@agency.example"].count("restored") for name in ("eva", "ida", "tom")] == [1, 1, 0]
    assert restoring.warning(house.records).at == later
    found = epoch.verify(house.records, kept)
    assert (found.reason, found.broken, found.compared) == ("unanswered", entry.id, True)


def test_the_alarm_is_sounded_once_and_stays_until_an_admin_has_seen_to_it(house, kept, monkeypatch):
    """D6"""
    monkeypatch.setattr(analysts, "COST", 4)
    restored(house, kept)
    for minute in range(3):
        restoring.watch(house.records, kept, NOW + timedelta(minutes=minute))
    assert kinds(house.records).count("records.restored") == 1
    assert restoring.warning(house.records)
    restoring.acknowledge(house.records, NOW, by=ANN)
    restoring.acknowledge(house.records, NOW, by=ANN)
    assert restoring.warning(house.records) is None
    assert kinds(house.records).count("records.acknowledged") == 1
    assert epoch.verify(house.records, kept).reason == ""


def test_the_log_remembers_an_alarm_whose_banner_somebody_deleted(house, kept, monkeypatch):
    """D6: who has the database alone can take the banner away, and not what the log tells"""
    monkeypatch.setattr(analysts, "COST", 4)
    restored(house, kept)
    restoring.watch(house.records, kept, NOW)
    with house.records.begin() as db:
        db.execute(workspace.delete())
    assert restoring.warning(house.records) is None
    assert epoch.verify(house.records, kept).reason == "unanswered"


def test_of_several_processes_that_notice_it_one_sounds_the_alarm(records, kept):
    """D6"""
    write(records)
    restoring.watch(records, kept, NOW)
    by_force(records, "DELETE FROM audit WHERE id > 3")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: restoring.watch(records, kept, NOW), range(6)))
    assert kinds(records).count("records.restored") == 1
    assert epoch.verify(records, kept).reason == "unanswered"


def test_writers_at_work_are_no_alarm(records, kept):
    """D6: the file is ahead of nobody, however many processes keep it"""

    def work(number):
        if number % 3:
            write(records, 1)
        else:
            restoring.watch(records, kept, NOW)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(60)))
    restoring.watch(records, kept, NOW)
    assert "records.restored" not in kinds(records)
    assert kept.read().head.id == 40


def test_an_alarm_that_could_not_be_noted_sounds_again(records, kept, monkeypatch):
    """D6, D3"""
    write(records)
    restoring.watch(records, kept, NOW)
    by_force(records, "DELETE FROM audit WHERE id > 3")
    with monkeypatch.context() as patched:
        patched.setattr(Epoch, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
        with pytest.raises(OSError, match="No space left"):
            restoring.watch(records, kept, NOW)
    with store_records.reading(records) as db:
        assert not db.execute(sa.select(workspace.c.value).where(workspace.c.name == restoring.NAME)).all()
    restoring.watch(records, kept, NOW)
    assert kinds(records).count("records.restored") == 1


def test_a_crash_while_the_file_is_replaced_leaves_the_old_one(records, kept, monkeypatch):
    """D6"""
    write(records, 1)
    restoring.watch(records, kept, NOW)
    write(records, 1)
    monkeypatch.setattr(epoch.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(5, "broken")))
    with pytest.raises(OSError, match="broken"):
        restoring.watch(records, kept, NOW)
    assert kept.read().head.id == 1
    assert list(kept.folder.iterdir()) == [kept.path]


def test_no_secret_stands_in_the_log(house):
    """D5: neither password nor token, whatever was done"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    house.cookie(ann)
    house.unlock(bob, "wrong horse")
    house.set_password(bob, (bob.id,))
    shares.revoke(house.records, ann.id, NOW, by=ANN)
    with store_records.reading(house.records) as db:
        hashes = [
            *db.scalars(sa.select(viewers.c.token_hash)),
            *db.scalars(sa.select(viewers.c.password_hash)),
        ]
        assert db.execute(sa.select(outbox.c.id)).all()
    text = repr(rows(house.records))
    secrets = [sharing.PASSWORD, "wrong horse", sharing.token(ann), sharing.token(bob), *hashes]
    assert rows(house.records)
    assert [secret for secret in secrets if secret in text] == []


def test_what_was_committed_outlasts_a_power_cut(tmp_path):
    """D6"""
    records = store_records.connect(f"sqlite:///{tmp_path / 'records.sqlite'}")
    with store_records.reading(records) as db:
        assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL: each commit is on the disk
    records.dispose()
