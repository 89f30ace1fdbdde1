"""M1 to M6, M8 and T5: what a mail may hold, and what becomes of it when the world is against it."""

import socket
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from lib.config import Secret, Settings
from lib.mail import letters, outbox, worker
from lib.mail.delivery import connection
from lib.mail.outbox import ACCEPTED, REFUSED, UNKNOWN, WAITING
from lib.store import records as store_records
from lib.store.tables import metadata
from lib.store.vault import Vault
from tests.serving import free_port, smtp_sink

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
VAULT = Vault("a key of at least thirty-two characters")
PASSWORD = "w4hn-xk7p-9qtd-mz3r"

PAYLOADS = [
    "/etc/passwd",
    str(Path(__file__)),
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{7*7}}{% raw %}",
    '"><a href="javascript:alert(1)">x</a>',
]


@pytest.fixture
def records(tmp_path):
    engine = store_records.connect(f"sqlite:///{tmp_path / 'records.sqlite'}")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def letter(address="ann@client.example", **other):
    given = {
        "settings_from": "Reports <reports@example.com>",
        "brand": "Atelier Nord",
        "language": "fr",
        "address": address,
        "link": "https://reports.example.com/v/token",
        "password": PASSWORD,
        "message": "",
        "campaign_titles": ("Printemps",),
        "expires_on": date(2026, 12, 31),
        "zone": "UTC",
    }
    return letters.invitation(**(given | other))


def queue(records, mail, now=NOW):
    with records.begin() as db:
        return outbox.enqueue(db, VAULT, mail, viewer_id=None, kind="invitation", now=now)


def settings(data, smtp):
    return Settings(data=data, smtp=Secret(smtp), mail_from="Reports <reports@example.com>")


def row(records, outbox_id):
    with records.begin() as db:
        return db.execute(sa.select(outbox.outbox).where(outbox.outbox.c.id == outbox_id)).one()


def test_a_letter_with_two_readers_is_never_queued(records):
    """M1"""
    mail = letter()
    mail["Cc"] = "b@client.example"
    with pytest.raises(ValueError, match="one reader"):
        queue(records, mail)


def test_each_viewer_gets_an_own_mail_that_shows_nobody_else(records, tmp_path):
    """M1"""
    addresses = ["ann@client.example", "bob@client.example"]
    for address in addresses:
        queue(records, letter(address))
    with smtp_sink() as sink:
        assert worker.run_once(records, VAULT, connection(settings(tmp_path, sink.url)), NOW) == 2
    assert sink.recipients == [[address] for address in addresses]
    assert "bob" not in sink.mails[0].as_string()


def test_viewers_whom_the_server_refuses_cost_the_others_nothing(records, tmp_path):
    """M8: three of five"""
    viewers = [f"{name}@client.example" for name in ("ann", "bob", "cid", "dan", "eva")]
    queued = [queue(records, letter(address)) for address in viewers]
    with smtp_sink() as sink:
        sink.refuses.update(dict.fromkeys(viewers[1:4], "550 5.1.1 no such user"))
        worker.run_once(records, VAULT, connection(settings(tmp_path, sink.url)), NOW)
    states = [row(records, each).state for each in queued]
    assert states == [ACCEPTED, REFUSED, REFUSED, REFUSED, ACCEPTED]
    assert sink.recipients == [[viewers[0]], [viewers[4]]]
    assert row(records, queued[1]).answer == "550 5.1.1 no such user"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_whatever_is_typed_arrives_as_text(records, tmp_path, payload):
    """M3"""
    queue(
        records,
        letter(message=payload, brand=payload, settings_from="a@b.example", campaign_titles=(payload,)),
    )
    with smtp_sink() as sink:
        worker.run_once(records, VAULT, connection(settings(tmp_path, sink.url)), NOW)
    mail = sink.mails[0]
    assert list(mail.iter_attachments()) == []
    assert payload in mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert not any(f"<{tag}" in html for tag in ("script", "img", 'a href="javascript'))
    assert "49" not in html.replace(PASSWORD, "")


def test_making_a_mail_fetches_nothing(records, tmp_path):
    """M3"""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        port = listener.getsockname()[1]
        queue(records, letter(message=f"<link rel=stylesheet href=http://127.0.0.1:{port}/x.css>"))
        worker.run_once(records, VAULT, connection(settings(tmp_path, "")), NOW)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_rolled_back_transaction_queues_nothing(records, tmp_path):
    """M4"""
    with pytest.raises(RuntimeError), records.begin() as db:
        outbox.enqueue(db, VAULT, letter(), viewer_id=None, kind="invitation", now=NOW)
        raise RuntimeError("the share was not made")
    assert worker.run_once(records, VAULT, connection(settings(tmp_path, "")), NOW) == 0


def test_the_password_is_unreadable_in_the_records_and_gone_once_the_mail_was_accepted(records, tmp_path):
    """T5"""
    outbox_id = queue(records, letter())
    assert PASSWORD not in everything_in(tmp_path)
    sealed = row(records, outbox_id).sealed
    with smtp_sink() as sink:
        worker.run_once(records, VAULT, connection(settings(tmp_path, sink.url)), NOW)
    assert row(records, outbox_id).sealed is None
    with records.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("COMMIT")
        db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.exec_driver_sql("BEGIN")
    assert sealed[:60].decode() not in everything_in(tmp_path)


def everything_in(folder):
    return "".join(path.read_bytes().decode("latin-1") for path in folder.glob("records.sqlite*"))


@pytest.mark.parametrize(
    ("answer", "state"),
    [("550 5.1.1 no such user", REFUSED), ("451 4.7.1 greylisted", WAITING), ("452 full", WAITING)],
)
def test_the_servers_answer_decides(records, tmp_path, answer, state):
    """M5"""
    outbox_id = queue(records, letter())
    with smtp_sink() as sink:
        sink.refuses["ann@client.example"] = answer
        worker.run_once(records, VAULT, connection(settings(tmp_path, sink.url)), NOW)
    found = row(records, outbox_id)
    assert (found.state, found.answer) == (state, answer)
    assert (found.sealed is None) == (state == REFUSED)


@pytest.mark.parametrize(("answer", "state"), [("554 spam", REFUSED), ("451 later", WAITING)])
def test_the_answer_to_the_mail_itself_decides_too(records, tmp_path, answer, state):
    """M5"""
    outbox_id = queue(records, letter())
    with smtp_sink() as sink:
        sink.answers_data = answer
        worker.run_once(records, VAULT, connection(settings(tmp_path, sink.url)), NOW)
    assert row(records, outbox_id).state == state


def test_a_line_that_breaks_while_the_mail_goes_out_leaves_it_unknown_and_it_is_not_sent_again(
    records, tmp_path
):
    """M5, M6"""
    outbox_id = queue(records, letter())
    with smtp_sink() as sink:
        sink.hangs_up = True
        delivery = connection(settings(tmp_path, sink.url))
        worker.run_once(records, VAULT, delivery, NOW)
        assert row(records, outbox_id).state == UNKNOWN
        sink.hangs_up = False
        assert worker.run_once(records, VAULT, delivery, NOW + timedelta(days=1)) == 0
        with records.begin() as db:
            assert outbox.send_again(db, outbox_id, NOW)
        worker.run_once(records, VAULT, delivery, NOW)
    assert row(records, outbox_id).state == ACCEPTED
    assert sink.mails[0]["Message-ID"] == row(records, outbox_id).message_id


def test_without_a_server_all_mails_wait_1_5_15_and_60_minutes(records, tmp_path):
    """M5"""
    first, second = queue(records, letter()), queue(records, letter("bob@client.example"))
    delivery = connection(settings(tmp_path, f"smtp+plain://127.0.0.1:{free_port()}"))
    now = NOW
    for minutes in (1, 5, 15, 60, 60):
        assert worker.run_once(records, VAULT, delivery, now) == 2
        assert row(records, first).state == row(records, second).state == WAITING
        assert "refused" in row(records, first).answer
        wait = row(records, first).next_at - now
        assert timedelta(minutes=minutes) <= wait < timedelta(minutes=minutes, seconds=30)
        now += timedelta(minutes=minutes, seconds=30)


def test_after_three_days_the_mail_is_given_up_and_erased(records, tmp_path):
    """M5, T5"""
    outbox_id = queue(records, letter())
    delivery = connection(settings(tmp_path, f"smtp+plain://127.0.0.1:{free_port()}"))
    worker.run_once(records, VAULT, delivery, NOW + timedelta(days=4))
    assert row(records, outbox_id).state == REFUSED
    assert row(records, outbox_id).sealed is None


def test_a_silent_server_is_left_after_the_timeout(records, tmp_path, monkeypatch):
    """M5"""
    monkeypatch.setattr("lib.mail.delivery.TIMEOUT", 0.3)
    outbox_id = queue(records, letter())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp+plain://127.0.0.1:{silent.getsockname()[1]}"
        worker.run_once(records, VAULT, connection(settings(tmp_path, url)), NOW)
    assert row(records, outbox_id).state == WAITING


def test_a_mail_whose_worker_vanished_before_it_left_is_sent_after_its_lease(records, tmp_path):
    """M6"""
    outbox_id = queue(records, letter())
    assert outbox.claim(records, NOW)
    with smtp_sink() as sink:
        delivery = connection(settings(tmp_path, sink.url))
        assert worker.run_once(records, VAULT, delivery, NOW + timedelta(minutes=1)) == 0
        worker.run_once(records, VAULT, delivery, NOW + outbox.LEASE)
    assert row(records, outbox_id).state == ACCEPTED
    assert len(sink.mails) == 1


def test_a_mail_that_is_another_workers_by_now_is_not_sent(records, tmp_path):
    """M6"""
    queue(records, letter())
    slow = outbox.claim(records, NOW)
    outbox.close_leases(records, NOW + outbox.LEASE)
    assert not outbox.leaving(records, slow, NOW + outbox.LEASE)
    assert outbox.claim(records, NOW + outbox.LEASE)
    assert not outbox.leaving(records, slow, NOW + outbox.LEASE)


def test_a_mail_that_was_withdrawn_while_its_worker_vanished_is_not_sent(records, tmp_path):
    """M6"""
    outbox_id = queue(records, letter())
    outbox.claim(records, NOW)
    with records.begin() as db:
        db.execute(outbox.outbox.update().values(sealed=None))  # as `withdraw` does
    with smtp_sink() as sink:
        worker.run_once(records, VAULT, connection(settings(tmp_path, sink.url)), NOW + outbox.LEASE)
    assert not sink.mails
    assert (row(records, outbox_id).state, row(records, outbox_id).answer) == (REFUSED, outbox.WITHDRAWN)


def test_a_mail_whose_worker_vanished_while_it_left_is_unknown_after_its_lease(records, tmp_path):
    """M6"""
    outbox_id = queue(records, letter())
    assert outbox.leaving(records, outbox.claim(records, NOW), NOW)
    delivery = connection(settings(tmp_path, ""))
    assert worker.run_once(records, VAULT, delivery, NOW + timedelta(minutes=1)) == 0
    worker.run_once(records, VAULT, delivery, NOW + outbox.LEASE)
    assert row(records, outbox_id).state == UNKNOWN


def test_two_workers_never_take_the_same_mail(records):
    """M4"""
    for number in range(20):
        queue(records, letter(f"reader{number}@client.example"))
    taken = []

    def work():
        while parcel := outbox.claim(records, NOW):
            taken.append(parcel.id)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 20


def test_a_mail_sealed_with_another_key_is_refused_not_repeated(records, tmp_path):
    """M5"""
    outbox_id = queue(records, letter())
    worker.run_once(
        records, Vault("another key, which is long enough too"), connection(settings(tmp_path, "")), NOW
    )
    found = row(records, outbox_id)
    assert found.state == REFUSED
    assert "another secret key" in outbox.MailState(1, found.kind, found.state, found.answer, NOW, None).said(
        "en"
    )
