"""By SMTP with a verified certificate, or kept as a file; never over an open road (M5)."""

import datetime
import ipaddress
import ssl
import stat
import time
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lib.config import Secret, Settings, SettingsRefused
from lib.mail import letters, outbox, worker
from lib.mail.delivery import connection
from lib.mail.outbox import ACCEPTED, KEPT, WAITING, Outcome
from lib.store import records as store_records
from lib.store import tables
from lib.store.tables import metadata
from lib.store.vault import Vault
from tests.serving import smtp_sink

NOW = datetime.datetime(2026, 11, 23, 12, 0, tzinfo=datetime.UTC)
VAULT = Vault("a key of at least thirty-two characters")


@pytest.fixture
def records(tmp_path):
    engine = store_records.connect(f"sqlite:///{tmp_path / 'records.sqlite'}")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that only vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def queue(records, address="ann@client.example"):
    mail = letters.invitation(
        "Reports <reports@example.com>",
        "Nord",
        "en",
        address,
        "https://x.example/v/t",
        "pass-word",
        "",
        ("Spring",),
        None,
        "UTC",
    )
    with records.begin() as db:
        return outbox.enqueue(db, VAULT, mail, viewer_id=None, kind="invitation", now=NOW)


def settings(data, smtp, mail_from="Reports <reports@example.com>"):
    return Settings(data=data, smtp=Secret(smtp), mail_from=mail_from)


def send(records, data, smtp):
    worker.run_once(records, VAULT, connection(settings(data, smtp)), NOW)
    with records.begin() as db:
        return db.execute(sa.select(outbox.outbox).order_by(outbox.outbox.c.id.desc())).first()


def server_side(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_without_a_server_mails_are_files_that_only_the_owner_can_read(records, tmp_path):
    outbox_id = queue(records)
    assert connection(settings(tmp_path, "")).keeps
    assert send(records, tmp_path, "").state == KEPT
    file = tmp_path / "outbox" / f"2026-11-23-{outbox_id}.eml"
    assert b"pass-word" in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_batch_uses_one_connection(records, tmp_path):
    for number in range(5):
        queue(records, f"reader{number}@client.example")
    with smtp_sink() as sink:
        send(records, tmp_path, sink.url)
    assert len(sink.mails) == 5
    assert sink.greetings == 1


def test_the_next_mail_opens_a_new_connection_after_one_broke(records, tmp_path):
    for number in range(2):
        queue(records, f"reader{number}@client.example")
    with smtp_sink() as sink:
        sink.refuses["reader0@client.example"] = "421 go away"
        assert send(records, tmp_path, sink.url).state == ACCEPTED


def test_user_and_password_are_decoded_and_shown(records, tmp_path):
    seen = []

    def authenticator(server, session, envelope, mechanism, data):
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    queue(records)
    with smtp_sink(login="user:p%40ss%2Fw%3Ard", authenticator=authenticator, auth_require_tls=False) as sink:
        assert send(records, tmp_path, sink.url).state == ACCEPTED
    assert seen == [(b"user", b"p@ss/w:rd")]


def test_a_wrong_password_of_ours_lets_the_mail_wait_and_is_not_told(records, tmp_path):
    queue(records)
    refuse = {"authenticator": lambda *_: AuthResult(success=False, handled=False), "auth_require_tls": False}
    with smtp_sink(login="user:topsecret", **refuse) as sink:
        row = send(records, tmp_path, sink.url)
    assert row.state == WAITING
    assert row.answer.startswith("535")
    assert "topsecret" not in row.answer


def test_a_certificate_that_nobody_vouches_for_is_refused(records, tmp_path, certificate):
    queue(records)
    with smtp_sink("smtp", tls_context=server_side(certificate)) as sink:
        row = send(records, tmp_path, sink.url)
    assert row.state == WAITING
    assert "certificate" in row.answer.lower()
    assert not sink.mails


def test_a_certificate_that_the_machine_trusts_is_accepted(records, tmp_path, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    queue(records)
    with smtp_sink("smtp", tls_context=server_side(certificate), require_starttls=True) as sink:
        assert send(records, tmp_path, sink.url).state == ACCEPTED


def test_smtps_speaks_tls_from_the_first_byte(records, tmp_path, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    queue(records)
    with smtp_sink("smtps", ssl_context=server_side(certificate)) as sink:
        assert send(records, tmp_path, sink.url).state == ACCEPTED


def test_a_server_without_starttls_gets_nothing(records, tmp_path):
    queue(records)
    with smtp_sink("smtp") as sink:
        assert send(records, tmp_path, sink.url).state == WAITING
    assert not sink.mails


def test_an_open_road_leads_only_to_this_machine(tmp_path):
    with pytest.raises(SettingsRefused, match=r"smtp\+plain"):
        connection(settings(tmp_path, "smtp+plain://mail.example.com:25"))


def test_a_server_without_a_sender_is_refused_at_the_start(tmp_path):
    with pytest.raises(SettingsRefused, match="VITRINE_MAIL_FROM"):
        connection(settings(tmp_path, "smtps://mail.example.com", mail_from=""))


def test_the_check_of_the_settings_says_what_is_wrong(tmp_path):
    with smtp_sink() as sink:
        good = connection(settings(tmp_path, sink.url))
        assert good.check() == ""
    assert "refused" in good.check().lower()


def test_the_worker_sends_by_itself_and_ends_when_asked(records, tmp_path):
    queue(records)
    with smtp_sink() as sink:
        calls = []
        thread = worker.Worker(
            records,
            VAULT,
            connection(settings(tmp_path, sink.url)),
            lambda: NOW,
            before=(calls.append,),
            name="w",
        )
        thread.start()
        sink.wait(1)
        thread.stop()
    assert calls
    assert calls[0] == NOW


def test_a_mail_ended_when_the_server_answered_not_when_it_was_begun(records):
    class Slow:
        @contextmanager
        def batch(self):
            def send(_id, _mail, _now, leaving):
                time.sleep(0.3)
                assert leaving()
                time.sleep(0.3)
                return Outcome(ACCEPTED)

            yield send

    queue(records)
    worker.run_once(records, VAULT, Slow(), NOW)
    with records.begin() as db:
        row = db.execute(sa.select(tables.outbox)).one()
    pause = datetime.timedelta(seconds=0.3)
    assert row.leaving_at - NOW >= pause
    assert row.ended_at - row.leaving_at >= pause


def test_a_job_that_fails_does_not_stop_the_mail(records, tmp_path, caplog):
    def broken(now):
        raise RuntimeError("the job is broken")

    queue(records)
    with smtp_sink() as sink:
        busy = worker.Worker(
            records, VAULT, connection(settings(tmp_path, sink.url)), lambda: NOW, before=(broken,)
        )
        assert busy.run_once(NOW) == 1
    assert len(sink.mails) == 1
    assert "the job is broken" in caplog.text


def test_the_newest_mail_tells_how_a_viewer_stands(records, tmp_path):
    share = {"created_at": NOW, "language": "en", "campaigns": []}
    viewer = {"share_id": 1, "address": "a", "address_key": "a", "token_hash": "t", "password_hash": "p"}
    viewer |= {"password_group": "g", "created_at": NOW}
    with records.begin() as db:
        db.execute(tables.shares.insert().values(share))
        db.execute(tables.viewers.insert().values(viewer))
    outbox_id = queue(records)
    with records.begin() as db:
        db.execute(outbox.outbox.update().where(outbox.outbox.c.id == outbox_id).values(viewer_id=1))
    assert outbox.mails_of(records, [1, 2])[1][-1].state == "queued"
    send(records, tmp_path, "")
    assert outbox.mails_of(records, [1, 2]).keys() == {1}
    assert outbox.mails_of(records, [1])[1][-1].state == KEPT
