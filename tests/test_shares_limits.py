"""How many mails may be caused, and when it is possible again (M9)."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lib.mail import outbox
from lib.mail.outbox import UNKNOWN, Outcome
from lib.model import COMMAND_LINE
from lib.shares import entry, shares
from lib.shares.refusal import ShareRefused
from lib.store import tables
from lib.words import LANGUAGES, t
from tests import sharing
from tests.sharing import EVA, NOW, seconds, token

ANN = "ann@client.example"


@pytest.fixture
def house(tmp_path, monkeypatch):
    """With Eva, who is an analyst and may cause five mails an hour."""
    sharing.light_hashes(monkeypatch)
    made = sharing.house(tmp_path)
    row = {
        "name": "Eva",
        "address": EVA.name,
        "address_key": EVA.name,
        "password_hash": "",
        "created_at": NOW,
    }
    with made.records.begin() as db:
        db.execute(tables.analysts.insert().values(row))
    yield replace(made, settings=replace(made.settings, mails_per_hour=5))
    made.records.dispose()


def free(house):
    """The same house without a narrow limit of mails per hour."""
    return replace(house, settings=replace(house.settings, mails_per_hour=500))


def refusal(call, *given, **named):
    """The reason and the English sentence; the French one exists, too."""
    with pytest.raises(ShareRefused) as refused:
        call(*given, **named)
    told = {name: t(name, refused.value.reason, **refused.value.holes) for name in LANGUAGES}
    assert all(told.values())
    return refused.value.reason.removeprefix("refusal."), told["en"]


def new_link(house, viewer, now):
    given = house.records, house.vault, house.settings, house.share_of(viewer), (viewer.id,), True, now
    return shares.renew_links(*given, by=EVA)


def sent_again(house, viewer, now):
    parcel = outbox.claim(house.records, now)
    outbox.record(house.records, parcel, Outcome(UNKNOWN, "mail.answer.broken"), now)
    shares.send_again(house.records, house.settings, viewer.id, now, by=EVA)


def new_password(house, viewer, now):
    return house.set_password(viewer, ids=(viewer.id,), road="second", now=now)


AGAIN = [new_link, sent_again, new_password]


@pytest.mark.parametrize("act", AGAIN)
def test_a_viewer_is_written_to_again_once_a_minute(house, act):
    """M9"""
    (ann,) = free(house).share(ANN)
    act(free(house), ann, NOW)
    reason, said = refusal(new_link, free(house), ann, seconds(15))
    assert reason == "limit.pause"
    assert ANN in said and "45 seconds" in said
    new_link(free(house), ann, seconds(60))


def test_a_viewer_is_written_to_again_five_times_a_day(house):
    """M9: whatever it is that is sent, and whoever asks for it"""
    home = free(house)
    (ann,) = home.share(ANN)
    for hour, act in enumerate((new_link, sent_again, new_password, new_link)):
        act(home, ann, NOW + timedelta(hours=hour))
    entry.ask_again(home.records, token(ann), ANN, NOW + timedelta(hours=4))
    assert home.answer(NOW + timedelta(hours=4)) == 1
    reason, said = refusal(new_password, home, ann, NOW + timedelta(hours=5))
    assert reason == "limit.day"
    assert "5 more e-mails" in said and "19 hours" in said
    new_password(home, ann, NOW + timedelta(hours=24))


def test_an_analyst_leaves_nothing_for_a_viewer_who_asks_at_once(house):
    """M9, G7: one counter for both; the page says nothing of it"""
    home = free(house)
    (ann,) = home.share(ANN)
    new_link(home, ann, NOW)
    entry.ask_again(home.records, token(ann), ANN, seconds(10))
    assert home.answer(seconds(10)) == 0
    entry.ask_again(home.records, token(ann), ANN, seconds(60))
    assert home.answer(seconds(60)) == 1


def test_a_password_that_is_passed_on_by_hand_is_no_mail(house):
    """M9"""
    home = free(house)
    (ann,) = home.share(ANN)
    for _ in range(7):
        home.set_password(ann, road="hand")
    new_link(home, ann, NOW)


def test_inviting_and_revoking_in_turn_is_no_way_around(house):
    """M9"""
    home = free(house)
    (ann,) = home.share(ANN)
    given = home.records, home.vault, home.settings, home.share_of(ann), (ANN,), None, None

    def back(now):
        shares.revoke(home.records, ann.id, now, by=EVA)
        shares.add_viewers(*given, now, by=EVA)

    back(seconds(1))
    assert refusal(back, seconds(2))[0] == "limit.pause"


def test_what_was_taken_back_counts_for_nobody(house):
    """M9"""
    for turn in range(4):
        made = house.created(ANN, "bob@client.example", "cy@client.example", hold=timedelta(seconds=30))
        shares.take_back(house.records, made.batch, seconds(turn), by=EVA)
    (ann, *_) = house.share(ANN)
    new_link(house, ann, seconds(5))


def test_an_analyst_causes_so_many_mails_an_hour(house):
    """M9: and hears how many are left, and when it is possible again"""
    house.share("a@x.example", "b@x.example", now=NOW)
    house.share("c@x.example", road="second", now=seconds(600))
    more = "d@x.example", "e@x.example"
    reason, said = refusal(house.share, *more, now=seconds(1200))
    assert reason == "limit.hour"
    assert "2 e-mails" in said and "1 more" in said and "40 min" in said
    house.share("d@x.example", now=seconds(1200))
    house.share("e@x.example", "f@x.example", now=seconds(3600))


def test_more_mails_than_an_hour_allows_are_never_possible_at_once(house):
    """M9"""
    reason, said = refusal(house.share, *(f"{name}@x.example" for name in "abcdef"))
    assert reason == "limit.action"
    assert "6 e-mails" in said and "at most 5" in said
    assert (
        refusal(house.share, "a@x.example", "b@x.example", "c@x.example", road="second")[0] == "limit.action"
    )


def test_a_refused_action_leaves_nothing_behind(house):
    """M9, M4"""
    house.share(*(f"{name}@x.example" for name in "abcde"))
    refusal(house.share, ANN)
    with house.records.connect() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(tables.shares)) == 1


def test_the_command_line_has_no_hourly_limit(house):
    """M9"""
    draft = shares.Draft(None, ("spring",), tuple(f"v{n}@x.example" for n in range(9)))
    given = house.records, house.vault, house.settings, draft, NOW
    assert len(shares.create(*given, by=COMMAND_LINE).viewers) == 9


def test_mails_go_to_a_hundred_viewers_at_once_and_no_more(house):
    """M9: a password that is passed on by hand may be everybody's"""
    home = free(house)
    (first, *_) = home.share(*(f"v{n}@x.example" for n in range(100)))
    given = home.records, home.vault, home.settings, home.share_of(first)
    shares.add_viewers(*given, ("one.more@x.example",), None, None, NOW, by=EVA)
    later = seconds(100)
    assert refusal(home.set_password, first, road="same", now=later)[0] == "viewers.many"
    assert refusal(shares.renew_links, *given, None, True, later, by=EVA)[0] == "viewers.many"
    assert len(home.set_password(first, road="hand", now=later)) == 101
    shares.off(home.records, home.share_of(first), later, by=EVA)
    assert refusal(shares.on, *given, True, later, by=EVA)[0] == "viewers.many"
    assert len(shares.on(*given, False, later, by=EVA)) == 101


def test_the_same_mail_sent_once_more_counts_in_the_analysts_hour(house):
    """M9"""
    (ann, *_) = house.share(*(f"{name}@x.example" for name in "abcd"))

    def again(now):
        with house.records.begin() as db:
            db.execute(tables.outbox.update().values(state=UNKNOWN))
        shares.send_again(house.records, house.settings, ann.id, now, by=EVA)

    again(seconds(60))
    assert refusal(house.share, ANN, now=seconds(120))[0] == "limit.hour"
    assert refusal(again, seconds(180))[0] == "limit.hour"
    again(seconds(3600))
