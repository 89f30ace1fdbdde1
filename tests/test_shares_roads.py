"""Three roads of a password: in the same mail, in a second one behind it, or by hand."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lib.config import Secret
from lib.mail import outbox, worker
from lib.mail.delivery import connection
from lib.mail.outbox import ACCEPTED, REFUSED, UNKNOWN, WAITING, Outcome
from lib.shares import credentials, entry, shares
from lib.shares.entry import Unlocked
from lib.store import records as store_records
from lib.store import tables
from tests import sharing
from tests.serving import smtp_sink
from tests.sharing import EVA, NOW, PASSWORD, link_in, seconds, text_of
from tests.test_shares_create import refused

ANN = "ann@client.example"


def mails(house, viewer):
    return outbox.mails_of(house.records, [viewer.id])[viewer.id]


def states(house, viewer):
    return [mail.state for mail in mails(house, viewer)]


def attempt(house, now, state, answer="250 ok"):
    """One mail is tried; what becomes of it. None when none may be sent."""
    parcel = outbox.claim(house.records, now)
    if parcel is None:
        return None
    outbox.record(house.records, parcel, Outcome(state, answer), now)
    return parcel.id


def log(house, *kinds):
    """Who did what to whom, as the audit log tells it, for these kinds."""
    with store_records.reading(house.records) as db:
        rows = db.execute(sa.select(tables.audit).order_by(tables.audit.c.id)).all()
    return [(row.kind, row.actor, row.details) for row in rows if not kinds or row.kind in kinds]


# --- what the mails say -------------------------------------------------------------------------------


def test_by_the_same_road_one_mail_holds_link_and_password(house):
    (ann,) = house.share(ANN)
    (mail,) = house.mails()
    assert link_in(mail) == ann.link and PASSWORD in text_of(mail)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_by_the_second_road_the_password_comes_alone(house, language):
    """T5: whoever finds one of the two mails cannot open the report"""
    (ann,) = house.share(ANN, road="second", language=language, message="Good news.")
    first, second = house.mails()
    assert link_in(first) == ann.link and PASSWORD not in first.as_string()
    assert "second e-mail" in text_of(first)
    assert PASSWORD in text_of(second) and "Spring Gardening" in text_of(second)
    for part in second.iter_parts():
        assert "/v/" not in part.get_content() and "Good news." not in part.get_content()
    assert second["Message-ID"] != first["Message-ID"]
    assert isinstance(house.unlock(ann), Unlocked)


def test_by_hand_no_mail_holds_the_password_and_it_waits_to_be_passed_on(house):
    (ann,) = house.share(ANN, road="hand")
    (mail,) = house.mails()
    assert PASSWORD not in mail.as_string()
    assert house.viewer(ann.id).pass_on_since == NOW
    shares.passed_on(house.records, [ann.id], seconds(9), by=EVA)
    shares.passed_on(house.records, [ann.id], seconds(10), by=EVA)
    assert house.viewer(ann.id).pass_on_since is None
    assert log(house, "password.passed_on") == [("password.passed_on", EVA.name, {"address": ANN})]


def test_a_password_changed_by_hand_leaves_the_link_and_writes_no_mail(house):
    (ann,) = house.share(ANN)
    assert attempt(house, NOW, ACCEPTED)
    (changed,) = house.set_password(ann, password="another heron walks", road="hand")
    assert changed.link == "" and house.mails() == []
    assert isinstance(house.unlock(ann, "another heron walks"), Unlocked)
    assert house.viewer(ann.id).pass_on_since == NOW


@pytest.mark.parametrize("state", [None, "sending", WAITING, REFUSED])
def test_a_password_changed_by_hand_before_the_link_has_left_makes_a_new_link_to_pass_on(house, state):
    """else the viewer would have none: the mail with the old one is withdrawn"""
    (ann,) = house.share(ANN, road="second")
    if state == "sending":
        assert outbox.claim(house.records, NOW)
    elif state:
        assert attempt(house, NOW, state, "450 later")
    (changed,) = house.set_password(ann, password="another heron walks", road="hand")
    assert changed.link not in ("", ann.link)
    assert isinstance(house.unlock(changed, "another heron walks"), Unlocked)
    assert house.mails() == []
    assert log(house, "link.renewed") == [("link.renewed", EVA.name, {"address": ANN, "mailed": False})]


@pytest.mark.parametrize("state", [ACCEPTED, outbox.KEPT, UNKNOWN])
def test_a_password_changed_by_hand_leaves_a_link_that_may_have_arrived(house, state):
    (ann,) = house.share(ANN, road="second")
    assert attempt(house, NOW, state)
    (changed,) = house.set_password(ann, password="another heron walks", road="hand")
    assert changed.link == ""
    assert isinstance(house.unlock(ann, "another heron walks"), Unlocked)


def test_of_several_only_those_without_a_link_get_one_by_hand(house):
    ann, _bob = house.share(ANN, "bob@client.example")
    assert attempt(house, NOW, ACCEPTED)
    kept, changed = house.set_password(ann, password="another heron walks", road="hand")
    assert (kept.link, changed.address) == ("", "bob@client.example")
    assert isinstance(house.unlock(changed, "another heron walks"), Unlocked)


def test_a_share_that_is_off_makes_no_link_by_hand(house):
    """switching on makes them"""
    (ann,) = house.share(ANN)
    shares.off(house.records, house.share_of(ann), NOW, by=EVA)
    (changed,) = house.set_password(ann, password="another heron walks", road="hand")
    assert changed.link == ""


def test_a_password_changed_by_the_second_road_makes_a_new_link_too(house):
    (ann,) = house.share(ANN, road="hand")
    (changed,) = house.set_password(ann, password="another heron walks", road="second")
    first, second = house.mails()
    assert link_in(first) == changed.link != ann.link
    assert "another heron walks" in text_of(second) and "/v/" not in text_of(second)
    assert house.viewer(ann.id).pass_on_since is None
    assert isinstance(house.unlock(changed, "another heron walks"), Unlocked)


def test_who_asks_for_a_new_password_gets_it_by_the_road_of_the_share(house):
    """G7: by mail also where the analyst passes passwords on by hand, for nobody is there to do it"""
    for road, count in (("second", 2), ("hand", 1)):
        (ann,) = house.share(ANN, road=road, campaigns=("summer",) if road == "hand" else ("spring",))
        entry.ask_again(house.records, sharing.token(ann), ANN, NOW)
        assert house.answer(NOW) == 1
        assert len(mails(house, ann)) == count
        assert house.viewer(ann.id).pass_on_since is None


def test_a_share_switched_off_while_a_request_is_answered_writes_no_mail(house, monkeypatch):
    """D1"""
    (ann,) = house.share(ANN)
    house.deliver()
    entry.ask_again(house.records, sharing.token(ann), ANN, NOW)
    real = credentials.hashed

    def slow(text):
        shares.off(house.records, house.share_of(ann), NOW, by=EVA)
        return real(text)

    monkeypatch.setattr(credentials, "hashed", slow)
    assert house.answer(NOW) == 0
    assert house.mails() == []


def test_a_new_link_leaves_the_password_as_it_is(house):
    """S8: and the link before it stays dead"""
    (ann,) = house.share(ANN)
    cookie = house.cookie(ann)
    share = house.share_of(ann)
    given = house.records, house.vault, house.settings, share
    (renewed,) = shares.renew_links(*given, None, True, seconds(61), by=EVA)
    (mail,) = house.mails("link")
    assert link_in(mail) == renewed.link and "same as before" in text_of(mail)
    assert renewed.password == ""
    assert len(house.mails()) == 1
    assert not isinstance(house.unlock(ann, PASSWORD, seconds(62)), Unlocked)
    assert isinstance(house.unlock(renewed, PASSWORD, seconds(62)), Unlocked)
    assert house.inside(cookie, seconds(62)) is None


def test_a_new_link_lifts_no_suspension(house):
    """G1"""
    (ann,) = house.share(ANN)
    with house.records.begin() as db:
        db.execute(tables.viewers.update().values(suspended_at=NOW, failures=100))
    given = house.records, house.vault, house.settings, house.share_of(ann)
    call = lambda: shares.renew_links(*given, None, True, seconds(61), by=EVA)  # noqa: E731
    assert refused(call) == ("", "share.suspended")


# --- the second mail waits for the first --------------------------------------------------------------


def test_the_second_mail_leaves_only_after_the_first_arrived(house):
    """M4, M5"""
    (ann,) = house.share(ANN, road="second")
    first, second = (mail.id for mail in mails(house, ann))
    assert attempt(house, NOW, WAITING, "451 later") == first
    assert attempt(house, seconds(1), ACCEPTED) is None
    assert attempt(house, seconds(60), ACCEPTED) == first
    assert attempt(house, seconds(60), ACCEPTED) == second
    assert states(house, ann) == [ACCEPTED, ACCEPTED]


def test_a_real_mail_server_gets_the_two_mails_in_their_order(house):
    house.share(ANN, "bob@client.example", road="second")
    with smtp_sink() as sink:
        out = connection(replace(house.settings, smtp=Secret(sink.url), mail_from="r@x.org"))
        assert worker.run_once(house.records, house.vault, out, NOW) == 4
    subjects = {}
    for mail in sink.mails:
        subjects.setdefault(mail["To"], []).append(mail["Subject"])
    assert all(
        first.startswith("Campaign") and then.startswith("Password") for first, then in subjects.values()
    )


def test_a_refused_first_mail_takes_the_second_with_it(house):
    """T5: the password is erased too; M8"""
    ann, bob = house.share(ANN, "bob@client.example", road="second")
    attempt(house, NOW, REFUSED, "550 no such user")
    first, second = mails(house, ann)
    assert (first.answer, second.state) == ("550 no such user", REFUSED)
    assert "did not arrive" in second.said("en")
    assert states(house, bob) == ["queued", "queued"]
    with store_records.reading(house.records) as db:
        assert db.scalar(sa.select(tables.outbox.c.sealed).where(tables.outbox.c.id == second.id)) is None


def test_behind_an_unknown_mail_the_password_waits_until_a_person_decides(house):
    """M6"""
    (ann,) = house.share(ANN, road="second")
    first, second = mails(house, ann)
    attempt(house, NOW, UNKNOWN, "mail.answer.broken")
    assert attempt(house, seconds(3600), ACCEPTED) is None
    assert mails(house, ann)[1].due_at is None
    shares.send_again(house.records, house.settings, ann.id, seconds(3600), by=EVA)
    assert attempt(house, seconds(3600), ACCEPTED) == first.id
    assert attempt(house, seconds(3600), ACCEPTED) == second.id


def test_behind_an_unknown_mail_that_nobody_sent_again_the_password_is_forgotten(house):
    """T5"""
    (ann,) = house.share(ANN, road="second")
    attempt(house, NOW, UNKNOWN, "mail.answer.broken")
    outbox.close_leases(house.records, NOW + outbox.KEEP_UNKNOWN)
    assert states(house, ann) == [UNKNOWN, REFUSED]
    assert house.mails() == []


def test_a_password_that_waited_long_for_its_link_has_the_patience_of_a_new_mail(house):
    """M5"""
    (ann,) = house.share(ANN, road="second")
    attempt(house, NOW, UNKNOWN, "mail.answer.broken")
    late = NOW + timedelta(days=5)
    shares.send_again(house.records, house.settings, ann.id, late, by=EVA)
    attempt(house, late, ACCEPTED)
    attempt(house, late, WAITING, "451 later")
    assert states(house, ann) == [ACCEPTED, WAITING]


def test_taking_access_away_withdraws_both_mails(house):
    """T5"""
    (ann,) = house.share(ANN, road="second")
    shares.revoke(house.records, ann.id, NOW, by=EVA)
    assert states(house, ann) == [REFUSED, REFUSED]
    assert house.mails() == []
    assert len(log(house, "mail.withdrawn")) == 2


# --- once more ----------------------------------------------------------------------------------------


def test_an_unknown_mail_is_sent_again_unchanged(house):
    """M6"""
    (ann,) = house.share(ANN)
    (before,) = house.mails()
    attempt(house, NOW, UNKNOWN, "mail.answer.broken")
    shares.send_again(house.records, house.settings, ann.id, seconds(120), by=EVA)
    assert house.mails()[0].as_bytes() == before.as_bytes()
    assert states(house, ann) == ["queued"]
    assert log(house, "mail.again") == [("mail.again", EVA.name, {"address": ANN, "mail": "invitation"})]


@pytest.mark.parametrize("state", [ACCEPTED, WAITING, REFUSED, None])
def test_only_an_unknown_mail_can_be_sent_again(house, state):
    """M6"""
    (ann,) = house.share(ANN)
    if state:
        attempt(house, NOW, state)
    call = lambda: shares.send_again(house.records, house.settings, ann.id, seconds(120), by=EVA)  # noqa: E731
    assert refused(call) == ("", "mail.none")


def test_an_unknown_mail_with_an_old_password_is_never_sent_again(house):
    """T5, M6"""
    (ann,) = house.share(ANN)
    attempt(house, NOW, UNKNOWN, "mail.answer.broken")
    house.set_password(ann, road="hand")
    call = lambda: shares.send_again(house.records, house.settings, ann.id, seconds(120), by=EVA)  # noqa: E731
    assert refused(call) == ("", "mail.none")
    assert house.mails() == []


# --- what the log tells -------------------------------------------------------------------------------


def test_the_log_tells_each_step_and_no_secret(house):
    """D5, T5"""
    (ann,) = house.share(ANN, road="second", message="Between us.")
    attempt(house, NOW, ACCEPTED, "250 2.0.0 queued as 4711")
    attempt(house, NOW, WAITING, "451 later\nmuch later")
    (changed,) = house.set_password(ann, road="same", now=seconds(61))
    given = house.records, house.vault, house.settings, house.share_of(ann)
    shares.renew_links(*given, (ann.id,), True, seconds(200), by=EVA)
    shares.revoke(house.records, ann.id, seconds(300), by=EVA)
    told = log(house)
    assert [kind for kind, _, _ in told] == [
        "share.created",
        "viewer.added",
        "mail.accepted",
        "mail.waiting",
        "mail.withdrawn",
        "password.changed",
        "mail.withdrawn",
        "link.renewed",
        "mail.withdrawn",
        "viewer.revoked",
    ]
    assert all(details["address"] == ANN for kind, _, details in told if kind != "share.created")
    assert told[2][2]["answer"] == "250 2.0.0 queued as 4711"
    assert told[3][2]["answer"] == "451 later much later"
    assert {actor for kind, actor, _ in told if not kind.startswith("mail.")} == {EVA.name}
    for secret in (
        PASSWORD,
        changed.password,
        "Between us.",
        "/v/",
        sharing.token(ann),
        sharing.token(changed),
    ):
        assert secret not in str(told)


def test_a_server_that_is_down_for_days_fills_no_log(house):
    """D5"""
    house.share(ANN)
    now = NOW
    for _ in range(20):
        attempt(house, now, WAITING, "Connection refused")
        now += timedelta(hours=1)
    attempt(house, now, WAITING, "451 later")
    assert [details["answer"] for _, _, details in log(house, "mail.waiting")] == [
        "Connection refused",
        "451 later",
    ]


def test_the_mails_of_the_last_action_are_shown(house):
    (ann,) = house.share(ANN, road="second")
    assert [(mail.kind, mail.due_at) for mail in mails(house, ann)] == [("invitation", NOW), ("apart", NOW)]
    house.set_password(ann, road="same", now=seconds(61))
    assert [(mail.kind, mail.due_at) for mail in mails(house, ann)] == [("password", seconds(61))]
