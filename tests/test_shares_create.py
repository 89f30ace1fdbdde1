"""Sharing: what an analyst fills in becomes a share, viewers and mails, all or nothing."""

import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from lib.mail import outbox
from lib.model import COMMAND_LINE
from lib.shares import invitations, passwords, shares
from lib.shares.entry import Refused, Unlocked
from lib.shares.refusal import ShareRefused
from lib.store import records as store_records
from lib.store.tables import metadata
from lib.words import LANGUAGES, t
from tests.sharing import EVA, NOW, PASSWORD, link_in, seconds, text_of


def counts(house):
    tables = ("shares", "viewers", "outbox")
    with store_records.reading(house.records) as db:
        return [
            db.execute(sa.select(sa.func.count()).select_from(metadata.tables[name])).scalar_one()
            for name in tables
        ]


def refused(call, *given, **named):
    """The field and the reason; the sentence exists in every language and its holes are filled."""
    with pytest.raises(ShareRefused) as refusal:
        call(*given, **named)
    for language in LANGUAGES:
        assert t(language, refusal.value.reason, **refusal.value.holes)
    return refusal.value.field, refusal.value.reason.removeprefix("refusal.")


def add(house, viewer, *addresses, password=None, message=None, now=NOW, **more):
    return shares.add_viewers(
        house.records,
        house.vault,
        house.settings,
        house.share_of(viewer),
        addresses,
        password,
        message,
        now,
        by=EVA,
        **more,
    ).viewers


# --- create -----------------------------------------------------------------------------------------


def test_each_viewer_gets_an_own_link_by_an_own_mail_and_the_password_of_the_action(house):
    """M1"""
    invited = house.share("ann@client.example", "bob@client.example", password="", message="Good news.\nSee!")
    mails = house.mails("invitation")
    assert [str(mail["To"]) for mail in mails] == ["ann@client.example", "bob@client.example"]
    assert [link_in(mail) for mail in mails] == [one.link for one in invited]
    assert len({one.link for one in invited}) == 2 and len({one.password for one in invited}) == 1
    for one, mail, other in zip(invited, mails, reversed(invited), strict=True):
        assert one.link.startswith("https://reports.example.com/v/")
        assert one.password in text_of(mail) and "Good news." in text_of(mail)
        assert other.address not in mail.as_string()
        assert isinstance(house.unlock(one, one.password), Unlocked)
    assert counts(house) == [1, 2, 2]


def test_the_password_may_be_left_out_of_the_mails(house):
    ann = house.share("ann@client.example", road="hand")[0]
    assert PASSWORD not in text_of(house.mails()[0]) and link_in(house.mails()[0]) == ann.link
    assert isinstance(house.unlock(ann), Unlocked)


def test_a_french_share_writes_french_mails(house):
    house.share("ann@client.example", language="fr", expires_on=date(2026, 12, 31), zone="Europe/Paris")
    assert "31 décembre 2026" in text_of(house.mails()[0])


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"viewers": ()}, "viewers", "viewers.none"),
        ({"viewers": ("ann@client.example", "nope")}, "viewers", "address.wrong"),
        ({"viewers": ("a@x.org\r\nBcc: b@x.org",)}, "viewers", "address.signs"),
        ({"viewers": tuple(f"v{n}@x.org" for n in range(101))}, "viewers", "viewers.many"),
        ({"campaigns": ()}, "campaigns", "campaigns"),
        ({"campaigns": ("spring", "gone")}, "campaigns", "campaigns"),
        ({"password": "short"}, "password", "password.short"),
        ({"password": "Spring Gardening"}, "password", "password.obvious"),
        ({"password": "ann@client.example"}, "password", "password.obvious"),
        ({"password": "AtelierNord1"}, "password", "password.obvious"),
        ({"message": "x" * 5001}, "message", "message.long"),
        ({"message": "a\u202eb"}, "message", "message.signs"),
        ({"message": "a\x00b"}, "message", "message.signs"),
        ({"expires_on": date(2026, 11, 22)}, "expires_on", "expiry.past"),
        ({"expires_on": date.max}, "expires_on", "expiry.wrong"),
        ({"zone": "Mars/Base"}, "zone", "expiry.zone"),
        ({"zone": "../../etc/passwd"}, "zone", "expiry.zone"),
        ({"language": "tlh"}, "language", "language"),
    ],
)
def test_a_refusal_names_its_field_and_nothing_is_kept(house, change, field, reason):
    """M9 for the number of viewers"""
    assert refused(house.share, **({"viewers": ("ann@client.example",)} | change)) == (field, reason)
    assert counts(house) == [0, 0, 0]


def test_today_is_a_last_day_as_long_as_it_lasts_where_the_share_is(house):
    """D4: at noon UTC it is the 24th already in Auckland"""
    assert house.share("ann@client.example", expires_on=date(2026, 11, 23))
    assert refused(
        house.share, "bob@client.example", expires_on=date(2026, 11, 23), zone="Pacific/Auckland"
    ) == ("expires_on", "expiry.past")


def test_one_address_in_two_spellings_is_one_viewer(house):
    """M2"""
    assert [one.address for one in house.share("Ann@client.example", "ann@CLIENT.example")] == [
        "Ann@client.example"
    ]


def test_a_failure_half_way_leaves_nothing_behind(house, monkeypatch):
    """M4: the third of five mails cannot be stored"""
    stored, real = [], outbox.enqueue

    def failing(*given, **named):
        stored.append(1)
        if len(stored) == 3:
            raise OSError("no space left on device")
        return real(*given, **named)

    monkeypatch.setattr(outbox, "enqueue", failing)
    with pytest.raises(OSError, match="space"):
        house.share(*(f"v{number}@client.example" for number in range(5)))
    assert counts(house) == [0, 0, 0]


def test_the_same_form_sent_twice_makes_one_share_and_one_mail(house):
    """M7"""
    first = house.created("ann@client.example", form_key="form")
    again = house.created("ann@client.example", form_key="form")
    assert (again.share_id, again.again, first.again) == (first.share_id, True, False)
    assert [one.id for one in again.viewers] == [one.id for one in first.viewers]
    assert counts(house) == [1, 1, 1]


def test_the_same_form_sent_twice_at_once_makes_one_share_too(house):
    """M7"""
    made: list[shares.Created] = []
    threads = [
        threading.Thread(target=lambda: made.append(house.created("ann@client.example", form_key="form")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4 and len({one.share_id for one in made}) == 1
    assert sorted(one.again for one in made) == [False, True, True, True]
    assert counts(house) == [1, 1, 1]


def test_who_sees_these_campaigns_already_is_not_invited_by_another_form(house):
    """M7; a share of other campaigns, or after access has ended, is another matter"""
    ann = house.share("ann@client.example", form_key="one")[0]
    assert refused(house.share, "bob@client.example", "ANN@client.example", form_key="two") == (
        "viewers",
        "viewers.shared",
    )
    assert house.share("ann@client.example", campaigns=("summer",))
    shares.revoke(house.records, ann.id, NOW, by=EVA)
    assert house.share("ann@client.example")


def test_busy_hashes_are_said_in_words(house, monkeypatch):
    def busy(*_):
        raise passwords.Busy

    monkeypatch.setattr(passwords, "make_hash", busy)
    assert refused(house.share, "ann@client.example") == ("", "busy")


# --- add viewers, revoke ----------------------------------------------------------------------------


def test_more_viewers_get_an_own_password_and_nobody_elses_changes(house):
    ann = house.share("ann@client.example", message="For all of you")[0]
    cookie = house.cookie(ann)
    bob, cid = add(house, ann, "bob@client.example", "cid@client.example", now=seconds(5))
    assert bob.password == cid.password != PASSWORD
    assert isinstance(house.unlock(bob, bob.password, seconds(6)), Unlocked)
    assert house.unlock(bob, PASSWORD, seconds(6)) == Refused()
    assert house.inside(cookie, seconds(6)) and isinstance(house.unlock(ann, PASSWORD, seconds(6)), Unlocked)
    assert ["For all of you" in text_of(mail) for mail in house.mails()] == [True] * 3


def test_added_viewers_may_get_a_typed_password_and_a_message_of_their_own(house):
    ann = house.share("ann@client.example", message="For all of you")[0]
    bob = add(house, ann, "bob@client.example", password="the second heron", message="Only for Bob")[0]
    assert "Only for Bob" in text_of(house.mails()[1]) and "For all" not in text_of(house.mails()[1])
    assert isinstance(house.unlock(bob, "the second heron"), Unlocked)


def test_who_is_invited_already_is_not_added_and_then_nobody_is(house):
    """M7"""
    ann = house.share("ann@client.example")[0]
    assert refused(add, house, ann, "bob@client.example", "Ann@client.example") == (
        "viewers",
        "viewers.taken",
    )
    assert counts(house) == [1, 1, 1]


def test_a_revoked_viewer_comes_back_with_a_new_link_and_password_and_the_old_ones_stay_dead(house):
    ann = house.share("ann@client.example")[0]
    shares.revoke(house.records, ann.id, NOW, by=EVA)
    back = add(house, ann, "ANN@client.example", password="another heron walks", now=seconds(5))[0]
    assert back.id == ann.id
    for link, password in [(ann, PASSWORD), (ann, "another heron walks"), (back, PASSWORD)]:
        assert house.unlock(link, password, seconds(6)) == Refused()
    assert isinstance(house.unlock(back, "another heron walks", seconds(6)), Unlocked)
    assert house.line(ann).state is shares.State.ACTIVE


def test_nobody_is_added_to_a_share_that_is_off_or_over(house):
    ann = house.share("ann@client.example", expires_on=date(2026, 11, 30))[0]
    later = NOW + timedelta(days=30)
    assert refused(add, house, ann, "bob@client.example", now=later) == ("", "share.expired")
    shares.off(house.records, house.share_of(ann), NOW, by=COMMAND_LINE)
    assert refused(add, house, ann, "bob@client.example") == ("", "share.off")


def test_a_mail_still_waiting_for_a_revoked_viewer_is_not_sent(house):
    ann, bob = house.share("ann@client.example", "bob@client.example")
    shares.revoke(house.records, bob.id, seconds(1), by=EVA)
    assert [str(mail["To"]) for mail in house.mails()] == ["ann@client.example"]
    assert house.line(bob).mail == "refused"
    assert house.line(ann).mail == "queued"


def test_a_viewer_of_another_share_is_not_changed_by_a_made_up_id(house):
    """X7"""
    ann = house.share("ann@client.example")[0]
    bob = house.share("bob@client.example", campaigns=("summer",))[0]
    assert refused(house.set_password, ann, ids=(bob.id,)) == ("", "share.nobody")
    assert isinstance(house.unlock(bob), Unlocked)
    assert refused(shares.extend, house.records, 999, None, NOW, by=COMMAND_LINE) == ("", "share.unknown")


def test_a_password_changed_by_two_analysts_at_once_is_not_silently_overwritten(house, monkeypatch):
    """D1: the second one is told"""
    ann = house.share("ann@client.example")[0]
    house.deliver()
    real = invitations.credentials.new_password

    def slow(*given):
        monkeypatch.setattr(invitations.credentials, "new_password", real)
        house.set_password(ann, password="set in between")
        return real(*given)

    monkeypatch.setattr(invitations.credentials, "new_password", slow)
    assert refused(house.set_password, ann, password="set too late") == ("", "share.changed")
    assert isinstance(house.unlock(ann, "set in between"), Unlocked)


# --- the last day, the lists ------------------------------------------------------------------------


def test_a_new_last_day_holds_at_once_and_brings_back_nobody_who_was_revoked(house):
    """D1"""
    ann, bob = house.share("ann@client.example", "bob@client.example", expires_on=date(2026, 11, 30))
    shares.revoke(house.records, bob.id, NOW, by=EVA)
    later = NOW + timedelta(days=20)
    assert house.unlock(ann, PASSWORD, later) == Refused()
    shares.extend(house.records, house.share_of(ann), date(2026, 12, 31), later, by=COMMAND_LINE)
    assert isinstance(house.unlock(ann, PASSWORD, later), Unlocked)
    assert house.unlock(bob, PASSWORD, later) == Refused()


def test_a_stale_change_of_the_last_day_is_refused(house):
    """D1"""
    ann = house.share("ann@client.example")[0]
    seen = shares.find(house.records, house.share_of(ann), NOW)
    shares.extend(house.records, seen.id, date(2026, 12, 31), NOW, by=COMMAND_LINE, seen=seen)
    stale = refused(shares.extend, house.records, seen.id, None, NOW, by=COMMAND_LINE, seen=seen)
    assert stale == ("", "share.changed")
    assert shares.find(house.records, seen.id, NOW).expires_on == date(2026, 12, 31)


def test_the_list_of_shares_tells_what_is_shared_with_how_many_and_how_it_stands(house):
    ann, bob = house.share("ann@client.example", "bob@client.example", campaigns=("summer", "spring"))
    cid = house.share("cid@client.example", campaigns=("summer",), expires_on=date(2026, 11, 30))[0]
    house.cookie(ann, now=seconds(10))
    house.cookie(bob, now=seconds(20))
    shares.revoke(house.records, bob.id, seconds(30), by=EVA)
    newest, oldest = shares.shares_of(house.records, None, seconds(40))
    assert (newest.id, oldest.id) == (house.share_of(cid), house.share_of(ann))
    assert oldest.titles == ("Summer Gardening", "Spring Gardening")
    assert (oldest.viewers, oldest.visits, oldest.last_visit_at) == (1, 2, seconds(20))
    assert [line.id for line in shares.shares_of(house.records, "spring", NOW)] == [oldest.id]
    assert shares.find(house.records, newest.id, NOW + timedelta(days=30)).state is shares.State.EXPIRED
    shares.off(house.records, newest.id, NOW, by=COMMAND_LINE)
    assert shares.find(house.records, newest.id, NOW).state is shares.State.OFF
    assert shares.find(house.records, 999, NOW) is None


def test_the_list_of_viewers_tells_mails_openings_visits_and_failures(house):
    ann, bob = house.share("ann@client.example", "bob@client.example")
    house.unlock(bob, "wrong")
    house.cookie(ann, now=seconds(10))
    first, second = shares.viewers_of(house.records, house.share_of(ann), seconds(11))
    assert (first.address, first.visits, first.failures, first.signed_in) == (ann.address, 1, 0, True)
    assert (second.address, second.visits, second.failures, second.signed_in) == (bob.address, 0, 1, False)
    assert [(mail.state, mail.answer, mail.at) for mail in first.mails] == [("queued", "", NOW)]
    assert shares.viewers_of(house.records, 999, NOW) == ()


def test_the_viewers_of_many_shares_are_the_same_and_take_no_more_questions_than_of_one(house):
    numbers = [house.created(f"ann{number}@x.org", f"bo{number}@x.org").share_id for number in range(4)]
    asked = []
    sa.event.listen(house.records, "before_cursor_execute", lambda *given: asked.append(given[2]))
    (one,) = shares.viewers_of_many(house.records, numbers[:1], NOW).values()
    of_one = len(asked)
    every = shares.viewers_of_many(house.records, [*numbers, 999], NOW)
    assert len(asked) == 2 * of_one
    assert every == {number: shares.viewers_of(house.records, number, NOW) for number in numbers} | {999: ()}
    assert [line.address for line in one] == ["ann0@x.org", "bo0@x.org"]
