"""Several analysts at the same moment: whoever takes access away wins, on SQLite and on PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date

import pytest
import sqlalchemy as sa

from lib.config import Secret, Settings
from lib.mail import outbox
from lib.model import Actor
from lib.shares import contents, entry, limits, passwords, revision, shares
from lib.shares.entry import Refused
from lib.shares.refusal import ShareRefused
from lib.store import audit, schema
from lib.store.tables import analysts, viewers
from lib.store.tables import outbox as mails
from lib.wiring import App, build
from tests import sharing
from tests.installation import NOW, PASSWORD, campaign, settings, share
from tests.postgresql import server

pytestmark = pytest.mark.xdist_group("postgresql")

ANA = Actor("analyst", "ana@agency.example")
BEN = Actor("analyst", "ben@agency.example")
ROUNDS = 4
Act = Callable[[App, int, int], object]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def parts(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        yield from _built(settings(folder))
    else:
        with server() as url:
            yield from _built(settings(folder, records=Secret(url)))


def _built(given: Settings) -> Iterator[App]:
    made = build(given)
    schema.migrate(made.records)
    campaign(made)
    yield made
    made.records.dispose()


def _on(parts: App, share_id: int, _viewer: int) -> object:
    return shares.on(parts.records, parts.vault, parts.settings, share_id, False, NOW, by=BEN)


def _extend(parts: App, share_id: int, _viewer: int) -> object:
    return shares.extend(parts.records, share_id, date(2027, 1, 31), NOW, by=BEN)


def _password(parts: App, share_id: int, _viewer: int) -> object:
    given = (None, "another heron walks", "second", NOW)
    return shares.set_password(parts.records, parts.vault, parts.settings, share_id, *given, by=BEN)


def _change(parts: App, share_id: int, _viewer: int) -> object:
    seen = shares.find(parts.records, share_id, NOW)
    return contents.change(parts.records, share_id, seen, NOW, by=BEN, people=False)


ACTS: dict[str, Act] = {"on": _on, "extend": _extend, "set a password": _password, "change": _change}


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("order", ["revoked first", "revoked last", "at once"])
def test_whoever_is_revoked_stays_out_whatever_another_analyst_does_meanwhile(
    parts: App, name: str, order: str, monkeypatch
) -> None:
    """D1"""
    sharing.light_hashes(monkeypatch)
    for turn in range(ROUNDS if order == "at once" else 1):
        vera = share(parts, f"vera{turn}@{order.replace(' ', '-')}.{name.replace(' ', '-')}.example")[0]
        share_id = _share_of(parts, vera.id)
        if name == "on":
            shares.off(parts.records, share_id, NOW, by=BEN)
        links = [vera.link]
        _ORDERS[order](
            lambda: shares.revoke(parts.records, vera.id, NOW, by=ANA),  # noqa: B023 - called within this turn
            lambda: links.extend(one.link for one in ACTS[name](parts, share_id, vera.id) or () if one.link),  # noqa: B023
        )
        shares.extend(parts.records, share_id, None, NOW, by=BEN)
        shares.on(parts.records, parts.vault, parts.settings, share_id, False, NOW, by=BEN)
        for link in links:
            token = link.rpartition("/")[2]
            for password in (PASSWORD, "another heron walks"):
                assert entry.unlock(parts.records, token, password, "198.51.100.7", "", NOW) == Refused()
        state = next(
            one.state for one in shares.viewers_of(parts.records, share_id, NOW) if one.id == vera.id
        )
        assert state is shares.State.REVOKED


def test_of_two_changes_at_once_one_is_done_and_the_other_is_told(parts: App) -> None:
    """D1"""
    for turn in range(ROUNDS):
        vera = share(parts, f"vera{turn}@two-changes.example")[0]
        share_id = _share_of(parts, vera.id)
        seen = shares.find(parts.records, share_id, NOW)
        refused: list[shares.StaleShare] = []

        def attempt(by: Actor, **fields: object) -> None:
            try:
                contents.change(parts.records, share_id, seen, NOW, by=by, **fields)  # noqa: B023
            except shares.StaleShare as stale:
                refused.append(stale)  # noqa: B023

        _at_once(lambda: attempt(ANA, people=False), lambda: attempt(BEN, revenue=False))
        now = shares.find(parts.records, share_id, NOW)
        assert len(refused) == 1
        assert (now.people, now.revenue) in ((False, True), (True, False))
        assert refused[0].by == now.changed_by


def test_who_unlocks_does_not_stand_in_the_way_of_who_takes_back_or_switches(parts: App, monkeypatch) -> None:
    """D1"""
    if parts.records.dialect.name == "sqlite":
        pytest.skip("one writer at a time: nobody waits for two things")
    sharing.light_hashes(monkeypatch)
    vera = share(parts, "vera@in-the-way.example")[0]
    token, opened = vera.link.rpartition("/")[2], []

    def unlock() -> None:
        opened.append(entry.unlock(parts.records, token, PASSWORD, "198.51.100.7", "", NOW))

    with parts.records.begin() as db:
        revision.hold(db, _share_of(parts, vera.id))
        unlocking = threading.Thread(target=unlock)
        unlocking.start()
        unlocking.join(10)
        assert isinstance(*opened, entry.Unlocked)


def _more(parts: App, share_id: int, viewer: int) -> object:
    """Somebody who was revoked comes back, with a letter."""
    line = next(one for one in shares.viewers_of(parts.records, share_id, NOW) if one.id == viewer)
    given = (share_id, (line.address,), "another heron walks", None, NOW)
    return shares.add_viewers(parts.records, parts.vault, parts.settings, *given, by=ANA)


def _link(parts: App, share_id: int, _viewer: int) -> object:
    given = (share_id, None, True, NOW)
    return shares.renew_links(parts.records, parts.vault, parts.settings, *given, by=ANA)


def _new_password(parts: App, share_id: int, _viewer: int) -> object:
    given = (share_id, None, "another heron walks", "same", NOW)
    return shares.set_password(parts.records, parts.vault, parts.settings, *given, by=ANA)


def _switched_on(parts: App, share_id: int, _viewer: int) -> object:
    return shares.on(parts.records, parts.vault, parts.settings, share_id, True, NOW, by=ANA)


LETTERS: dict[str, Act] = {"add": _more, "link": _link, "password": _new_password}


@pytest.mark.parametrize("name", LETTERS)
def test_switching_off_wins_over_letters_that_are_written_at_the_same_moment(
    parts: App, name: str, monkeypatch
) -> None:
    """D1"""
    sharing.light_hashes(monkeypatch)
    vera = share(parts, f"vera@off-{name}.example")[0]
    share_id, refused = _share_of(parts, vera.id), []
    if name == "add":
        shares.revoke(parts.records, vera.id, NOW, by=ANA)

    def write() -> None:
        try:
            LETTERS[name](parts, share_id, vera.id)
        except ShareRefused as refusal:
            refused.append(refusal.reason)

    with parts.records.begin() as db:
        row = revision.hold(db, share_id)
        writing = threading.Thread(target=write)
        writing.start()
        writing.join(0.5)  # it has read the share, which is not off yet
        revision.write(db, row, NOW, BEN, off_at=NOW)
    writing.join(30)
    assert refused == ["refusal.share.off"]


@pytest.mark.parametrize("name", [*LETTERS, "on"])
def test_the_analyst_is_locked_before_the_viewers_by_whatever_writes_letters(
    parts: App, name: str, monkeypatch
) -> None:
    """D1: with one order nobody waits in a ring"""
    if parts.records.dialect.name == "sqlite":
        pytest.skip("one writer at a time: nobody waits for two things")
    sharing.light_hashes(monkeypatch)
    vera = share(parts, f"vera@order-{name}.example")[0]
    share_id, ana = _share_of(parts, vera.id), _ana(parts)
    if name == "add":
        shares.revoke(parts.records, vera.id, NOW, by=ANA)
    if name == "on":
        shares.off(parts.records, share_id, NOW, by=ANA)
    act = (LETTERS | {"on": _switched_on})[name]
    writing = threading.Thread(target=_tolerated, args=(lambda: act(parts, share_id, vera.id),))
    with parts.records.begin() as db:
        limits.hold(db, ana)
        writing.start()
        writing.join(0.5)
        assert writing.is_alive()
        mine = sa.select(viewers.c.id).where(viewers.c.id == vera.id)
        assert db.execute(mine.with_for_update(nowait=True)).scalar_one() == vera.id
    writing.join(30)
    assert not writing.is_alive()


def test_a_mail_withdrawn_while_its_worker_writes_down_that_it_waits_never_leaves(
    parts: App, monkeypatch
) -> None:
    """T5"""
    if parts.records.dialect.name == "sqlite":
        pytest.skip("one writer at a time: nothing happens between two changes")
    with parts.records.begin() as db:
        db.execute(mails.delete())  # of the tests before: the next one to leave is Vera's
    vera = share(parts, "vera@withdrawn.example", at=NOW)[0]
    parcel = outbox.claim(parts.records, NOW)
    assert parcel and parcel.address == vera.address
    waits = (parts.records, parcel, outbox.Outcome(outbox.WAITING, "451 later"), NOW)
    recording = threading.Thread(target=outbox.record, args=waits)
    changed = []

    def between(_db, _cursor, statement: str, *_more: object) -> None:
        """Before the second change of `withdraw`."""
        if statement.startswith("UPDATE outbox") and threading.current_thread() is threading.main_thread():
            changed.append(statement)
            if len(changed) == 2:
                recording.start()
                recording.join(0.5)

    sa.event.listen(parts.records, "before_cursor_execute", between)
    try:
        shares.revoke(parts.records, vera.id, NOW, by=ANA)
    finally:
        sa.event.remove(parts.records, "before_cursor_execute", between)
    recording.join(30)
    (mail,) = outbox.mails_of(parts.records, [vera.id])[vera.id]
    assert (mail.state, mail.answer) == (outbox.REFUSED, outbox.WITHDRAWN)


def test_a_revocation_wins_over_the_hundredth_failure_at_the_same_moment(parts: App, monkeypatch) -> None:
    """D1"""
    if parts.records.dialect.name == "sqlite":
        pytest.skip("one writer at a time: nobody waits for two things")
    sharing.light_hashes(monkeypatch)
    vera = share(parts, "vera@hundredth.example")[0]
    with parts.records.begin() as db:
        db.execute(viewers.update().where(viewers.c.id == vera.id).values(failures=entry.SUSPENDED_AT - 1))
    both, append, verify = threading.Barrier(2), audit.append, passwords.verify
    counted, said = threading.Event(), []

    def verifying(*given: object) -> bool:
        counted.set()
        return verify(*given)

    def meeting(db, now, kind, *given: object, **details: object) -> int:
        """Whoever revokes holds the viewer, and whoever failed the log, where that is possible."""
        if kind != "visit.failed":
            _meet(both)
        number = append(db, now, kind, *given, **details)
        if kind == "visit.failed":
            _meet(both)
        return number

    def revoke() -> None:
        counted.wait(10)
        shares.revoke(parts.records, vera.id, NOW, by=ANA)

    monkeypatch.setattr(audit, "append", meeting)
    monkeypatch.setattr(passwords, "verify", verifying)
    token = vera.link.rpartition("/")[2]
    _at_once(
        lambda: said.append(entry.unlock(parts.records, token, "wrong heron", "198.51.100.7", "", NOW)),
        revoke,
    )
    monkeypatch.undo()
    assert said == [Refused()]  # not one of the two had to give up
    lines = shares.viewers_of(parts.records, _share_of(parts, vera.id), NOW)
    assert [line.state for line in lines] == [shares.State.REVOKED]


def _ana(parts: App) -> int:
    """The id of her account, made when it is not there yet."""
    row = {
        "name": "Ana",
        "address": ANA.name,
        "address_key": ANA.name,
        "password_hash": "",
        "created_at": NOW,
    }
    with parts.records.begin() as db:
        mine = db.scalar(sa.select(analysts.c.id).where(analysts.c.address_key == ANA.name))
        return mine or db.execute(analysts.insert().values(row).returning(analysts.c.id)).scalar_one()


def _meet(both: threading.Barrier) -> None:
    with suppress(threading.BrokenBarrierError):
        both.wait(2)


def _share_of(parts: App, viewer_id: int) -> int:
    return next(
        line.id
        for line in shares.shares_of(parts.records, None, NOW)
        if any(one.id == viewer_id for one in shares.viewers_of(parts.records, line.id, NOW))
    )


def _tolerated(act: Callable[[], object]) -> None:
    """To be told that somebody was faster is a fair answer."""
    with suppress(ShareRefused):
        act()


def _at_once(*acts: Callable[[], object]) -> None:
    barrier, failures = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        barrier.wait(10)
        try:
            act()
        except Exception as problem:  # told below, in the test's own thread
            failures.append(problem)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [one for one in failures if not isinstance(one, ShareRefused)] == []
    assert not any(thread.is_alive() for thread in threads)


def _first(revoke: Callable[[], object], act: Callable[[], object]) -> None:
    revoke()
    _tolerated(act)


def _last(revoke: Callable[[], object], act: Callable[[], object]) -> None:
    act()
    revoke()


_ORDERS = {"revoked first": _first, "revoked last": _last, "at once": _at_once}
