"""What a share shows, changed by several analysts: nothing is added unseen, nothing overwritten unsaid."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from lib.model import SYSTEM, Actor, Form
from lib.reports import sections_of
from lib.shares import contents, policy, shares, standing
from lib.shares.contents import Pending
from lib.shares.entry import Refused, Unlocked
from lib.shares.policy import Policy
from lib.shares.refusal import ShareRefused
from lib.shares.revision import Difference, StaleShare
from lib.store import tables
from lib.store.records import reading
from lib.store.tables import audit, campaigns
from tests import sharing
from tests.sharing import NOW, PASSWORD, seconds

ANA = Actor("analyst", "ana@agency.example")
BEN = Actor("analyst", "ben@agency.example")
READERS = ("vitrine", "Readers")
LAST = date(2026, 11, 30)


@pytest.fixture
def house(tmp_path, monkeypatch):
    sharing.light_hashes(monkeypatch)
    made = sharing.house(tmp_path)
    with made.records.begin() as db:
        db.execute(campaigns.update().values(audience="Readers", sent_at=NOW))
    yield made
    made.records.dispose()


def arrives(
    house, name: str, audience: str | None = "Readers", sender: str = "vitrine", days: int = 0
) -> None:
    """A campaign is brought in that was sent so many days after NOW."""
    row = {"id": name, "sender": sender, "native_id": name, "title": name.title(), "audience": audience}
    with house.records.begin() as db:
        db.execute(
            campaigns.insert().values(row | {"sent_at": NOW + timedelta(days=days), "updated_at": NOW})
        )


def following(house, *addresses: str, **draft: object):
    return house.share(*(addresses or ("ann@client.example",)), audience=READERS, **draft)


def line(house, viewer, now: datetime = NOW) -> shares.ShareLine:
    return shares.find(house.records, house.share_of(viewer), now)


def waiting(house, now: datetime = NOW) -> list[str]:
    return [one.campaign_id for one in contents.pending(house.records, now)]


def change(house, viewer, now: datetime = NOW, seen=None, by: Actor = ANA, **fields: object) -> None:
    seen = seen or line(house, viewer, now)
    contents.change(house.records, house.share_of(viewer), seen, now, by=by, **fields)


def log(house, *kinds: str) -> list[tuple]:
    with reading(house.records) as db:
        rows = db.execute(sa.select(audit).where(audit.c.kind.in_(kinds)).order_by(audit.c.id)).all()
    return [(row.kind, row.actor, row.details) for row in rows]


# --- campaigns that come later ----------------------------------------------------------------------


def test_a_new_campaign_of_a_followed_audience_is_shown_to_nobody_before_an_analyst_says_yes(house):
    """X7"""
    ann, bob, cid = following(house, *(f"{name}@client.example" for name in ("ann", "bob", "cid")))
    shares.revoke(house.records, bob.id, NOW, by=ANA)
    cookie = house.cookie(ann)
    arrives(house, "autumn")
    assert house.inside(cookie).scope.campaigns == ("spring",)
    assert contents.pending(house.records, NOW) == (
        Pending(line(house, ann), "autumn", "Autumn", (ann.address, cid.address)),
    )
    contents.add_campaign(house.records, house.share_of(ann), "autumn", seconds(1), by=BEN)
    assert house.inside(cookie).scope.campaigns == ("spring", "autumn")
    assert waiting(house) == []
    told = {"campaign": "autumn", "viewers": [ann.address, cid.address]}
    assert log(house, "campaign.added") == [("campaign.added", BEN.name, told)]


def test_what_an_analyst_declines_is_shown_to_nobody_and_not_offered_again(house):
    """X7"""
    ann = following(house)[0]
    arrives(house, "autumn")
    contents.decline(house.records, house.share_of(ann), "autumn", NOW, by=BEN)
    contents.decline(house.records, house.share_of(ann), "autumn", NOW, by=BEN)
    assert waiting(house) == []
    assert line(house, ann).campaigns == ("spring",)
    assert log(house, "campaign.declined") == [("campaign.declined", BEN.name, {"campaign": "autumn"})]


def test_a_campaign_that_was_there_when_the_share_was_made_is_not_offered_whenever_it_was_sent(house):
    arrives(house, "planned", days=30)
    following(house)
    assert waiting(house) == []  # nor summer
    arrives(house, "late", days=-400)
    assert waiting(house) == ["late"]


def test_only_the_audience_that_is_followed_is_offered_and_only_by_its_own_sender(house):
    following(house)
    house.share("bob@client.example")
    arrives(house, "elsewhere", sender="mailchimp")
    arrives(house, "others", audience="Others")
    arrives(house, "nobodys", audience=None)
    assert waiting(house) == []


def test_an_audience_followed_later_offers_what_comes_after_that(house):
    ann = house.share("ann@client.example")[0]
    arrives(house, "autumn")
    change(house, ann, audience=READERS)
    assert waiting(house) == []
    arrives(house, "winter")
    assert waiting(house) == ["winter"]
    change(house, ann, audience=None)
    assert waiting(house) == []


def test_a_share_that_is_off_or_over_asks_nothing(house):
    ann = following(house, expires_on=LAST)[0]
    arrives(house, "autumn")
    assert waiting(house, NOW + timedelta(days=30)) == []
    shares.off(house.records, house.share_of(ann), NOW, by=ANA)
    assert waiting(house) == []


def test_yes_to_a_campaign_of_another_audience_is_refused(house):
    """X7"""
    ann = following(house)[0]
    arrives(house, "others", audience="Others")
    for name in ("others", "no-such-campaign"):
        with pytest.raises(ShareRefused):
            contents.add_campaign(house.records, house.share_of(ann), name, NOW, by=ANA)
    assert line(house, ann).campaigns == ("spring",)


def test_whoever_was_added_after_the_offer_sees_nothing_that_nobody_said_yes_to(house):
    """X7"""
    ann = following(house)[0]
    arrives(house, "autumn")
    (offer,) = contents.pending(house.records, NOW)
    given = (house.records, house.vault, house.settings, house.share_of(ann))
    shares.add_viewers(*given, ("bob@client.example",), None, None, NOW, by=BEN)
    args = (house.records, house.share_of(ann), "autumn", NOW)
    with pytest.raises(ShareRefused, match="more_readers") as refused:
        contents.add_campaign(*args, by=ANA, addresses=offer.addresses)
    assert refused.value.holes == {"addresses": "bob@client.example"}
    assert line(house, ann).campaigns == ("spring",)
    (offer,) = contents.pending(house.records, NOW)
    shares.revoke(house.records, ann.id, NOW, by=ANA)
    contents.add_campaign(*args, by=ANA, addresses=offer.addresses)  # one less is nobody unsaid
    assert line(house, ann).campaigns == ("spring", "autumn")


def test_what_waits_is_asked_with_as_many_queries_for_ten_shares_as_for_one(house):
    asked: list[str] = []
    sa.event.listen(house.records, "before_cursor_execute", lambda *given: asked.append(given[2]))
    following(house)
    arrives(house, "autumn")
    counts = []
    for number in range(1, 11):
        asked.clear()
        assert len(contents.pending(house.records, NOW)) == number
        counts.append(len(asked))
        following(house, f"{number}@client.example")
        with house.records.begin() as db:
            db.execute(tables.shares.update().values(declined=["summer"]))
    assert set(counts) == {counts[0]}


def test_a_campaign_that_is_taken_out_is_gone_at_once_and_not_offered_again(house):
    """X7"""
    ann = following(house, campaigns=("spring", "summer"))[0]
    cookie = house.cookie(ann)
    change(house, ann, campaigns=("summer",))
    assert house.inside(cookie).scope.campaigns == ("summer",)
    assert waiting(house) == []
    assert log(house, "campaign.removed") == [("campaign.removed", ANA.name, {"campaign": "spring"})]


def test_adding_a_section_or_people_to_a_share_is_an_act_with_a_row_that_tells_before_and_after(house):
    """X7"""
    ann = house.share("ann@client.example", sections=("links",), people=False)[0]
    cookie = house.cookie(ann)
    change(house, ann, sections=("links", "active_recipients"), people=True, message="Now with people")
    scope = house.inside(cookie).scope
    assert (scope.sections, scope.people, scope.raw_links) == (("links", "active_recipients"), True, False)
    told = {
        "sections": [["links"], ["links", "active_recipients"]],
        "people": [False, True],
        "message": True,
    }
    assert log(house, "share.changed", "campaign.added") == [("share.changed", ANA.name, told)]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("campaigns", (), "campaigns"),
        ("campaigns", ("spring", "spring"), "campaigns"),
        ("campaigns", ("spring", "no-such-campaign"), "campaigns"),
        ("audience", ("vitrine", "No such audience"), "campaigns"),
        ("sections", ("links", "secrets"), "sections"),
        ("language", "tlh", "language"),
        ("message", "x" * 5001, "message.long"),
        ("expires_on", date(2026, 11, 1), "expiry.past"),
    ],
)
def test_what_cannot_be_shared_is_refused_and_changes_nothing(house, field, value, reason):
    ann = house.share("ann@client.example")[0]
    before = line(house, ann)
    with pytest.raises(ShareRefused) as refusal:
        change(house, ann, **{"people": False} | {field: value})
    assert (refusal.value.field, refusal.value.reason) == (field, f"refusal.{reason}")
    assert line(house, ann) == before
    assert log(house, "share.changed") == []


def test_a_field_that_no_share_has_is_a_mistake_of_the_program(house):
    ann = house.share("ann@client.example")[0]
    with pytest.raises(TypeError):
        change(house, ann, analyst_id=7)


# --- two analysts -----------------------------------------------------------------------------------


def test_a_stale_change_is_refused_field_by_field_with_who_and_when(house):
    """D1"""
    ann = house.share("ann@client.example", expires_on=LAST)[0]
    seen = line(house, ann)
    change(house, ann, seconds(60), by=BEN, people=False, campaigns=("spring", "summer"))
    for attempt in (
        lambda: change(house, ann, seconds(90), seen=seen, revenue=False),
        lambda: shares.extend(house.records, seen.id, None, seconds(90), by=ANA, seen=seen),
    ):
        with pytest.raises(StaleShare) as stale:
            attempt()
        assert (stale.value.by, stale.value.at) == (BEN.name, seconds(60))
        assert stale.value.differences == (
            Difference("campaigns", ("spring",), ("spring", "summer")),
            Difference("people", True, False),
        )
    now = line(house, ann)
    assert (now.revenue, now.people, now.expires_on) == (True, False, LAST)


NARROWER = {"campaigns": ("summer",), "sections": ("links",), "people": False, "revenue": False}


@pytest.mark.parametrize("field", [*NARROWER, "expires_on"])
def test_nobody_is_let_into_what_somebody_else_changed_meanwhile(house, field):
    """D1: neither somebody new nor, by switching on, everybody"""
    ann = house.share("ann@client.example")[0]
    seen = line(house, ann)
    change(house, ann, seconds(60), by=BEN, **{field: (NARROWER | {"expires_on": LAST})[field]})
    given = house.records, house.vault, house.settings, house.share_of(ann)
    bob = ("bob@client.example",), None, None, seconds(90)
    with pytest.raises(StaleShare) as adding:
        shares.add_viewers(*given, *bob, by=ANA, seen=seen)
    shares.off(house.records, house.share_of(ann), seconds(90), by=ANA)
    with pytest.raises(StaleShare) as switching:
        shares.on(*given, False, seconds(90), by=ANA, seen=replace(seen, state=shares.State.OFF))
    for refusal in (adding.value, switching.value):
        assert [one.field for one in refusal.differences] == [field]
    assert adding.value.by == BEN.name
    assert [one.address for one in shares.viewers_of(house.records, house.share_of(ann), NOW)] == [
        "ann@client.example"
    ]
    assert len(shares.on(*given, False, seconds(95), by=ANA, seen=line(house, ann))) == 1
    assert shares.add_viewers(*given, *bob, by=ANA, seen=line(house, ann)).viewers


def test_another_message_of_the_share_is_no_reason_to_ask_again_who_is_let_in(house):
    ann = house.share("ann@client.example")[0]
    seen = line(house, ann)
    change(house, ann, seconds(60), by=BEN, message="Another one", language="fr")
    given = house.records, house.vault, house.settings, house.share_of(ann)
    bob = ("bob@client.example",), None, None, seconds(90)
    assert shares.add_viewers(*given, *bob, by=ANA, seen=seen).viewers


def test_switching_off_makes_a_change_stale_and_is_itself_never_stale(house):
    """D1"""
    ann = house.share("ann@client.example")[0]
    seen = line(house, ann)
    change(house, ann, seconds(1), by=BEN, people=False)
    shares.off(house.records, seen.id, seconds(2), by=ANA)
    with pytest.raises(StaleShare) as stale:
        change(house, ann, seconds(3), seen=seen, people=True)
    assert (stale.value.by, stale.value.at) == (ANA.name, seconds(2))
    assert stale.value.differences[-1] == Difference("state", shares.State.ACTIVE, shares.State.OFF)
    assert house.unlock(ann) == Refused()


def test_new_viewers_and_visits_make_nothing_stale(house):
    ann = house.share("ann@client.example", "bob@client.example")[0]
    seen = line(house, ann)
    house.cookie(ann)
    shares.revoke(house.records, ann.id, NOW, by=BEN)
    change(house, ann, seconds(9), seen=seen, people=False)
    assert house.unlock(ann) == Refused()


def test_every_change_keeps_who_made_it_and_when(house):
    ann = house.share("ann@client.example")[0]
    share, parts = house.share_of(ann), (house.records, house.vault, house.settings)
    arrives(house, "autumn")
    acts = [
        lambda at: shares.off(house.records, share, at, by=BEN),
        lambda at: shares.on(*parts, share, False, at, by=ANA),
        lambda at: shares.extend(house.records, share, LAST, at, by=BEN),
        lambda at: change(house, ann, at, by=ANA, audience=READERS),
        lambda at: change(house, ann, at, by=BEN, campaigns=("spring", "autumn")),
    ]
    for turn, act in enumerate(acts):
        act(seconds(turn))
        now = line(house, ann)
        assert (now.changed_by, now.changed_at) == ((BEN if turn % 2 == 0 else ANA).name, seconds(turn))
    assert [kind for kind, _, _ in log(house, "share.off", "share.on", "share.extended")] == [
        "share.off",
        "share.on",
        "share.extended",
    ]


# --- the end ----------------------------------------------------------------------------------------


def test_a_share_that_was_seen_to_be_over_stays_so_when_the_clock_is_set_back(house):
    """D4"""
    ann = house.share("ann@client.example", expires_on=LAST)[0]
    after = datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)
    cookie = house.cookie(ann, now=after - timedelta(minutes=2))
    assert standing.close_ended(house.records, after - timedelta(seconds=2)) == 0
    assert standing.close_ended(house.records, after) == 1
    assert standing.close_ended(house.records, after) == 0
    back = after - timedelta(days=1)
    assert line(house, ann, back).state is shares.State.EXPIRED
    assert house.unlock(ann, PASSWORD, back) == Refused()
    assert house.inside(cookie, after - timedelta(minutes=1)) is None
    assert log(house, "share.ended") == [("share.ended", "", {})]
    shares.extend(house.records, house.share_of(ann), date(2026, 12, 31), back, by=ANA)
    assert isinstance(house.unlock(ann, PASSWORD, back), Unlocked)


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("Pacific/Auckland", date(2027, 4, 4), datetime(2027, 4, 4, 12, tzinfo=UTC)),  # 25 hours long
        ("Pacific/Auckland", date(2027, 9, 26), datetime(2027, 9, 26, 11, tzinfo=UTC)),  # 23 hours long
        ("Europe/Paris", date(2027, 3, 28), datetime(2027, 3, 28, 22, tzinfo=UTC)),
        ("Europe/Paris", date(2027, 10, 31), datetime(2027, 10, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_new_last_day_ends_with_the_day_in_the_shares_zone(house, zone, day, end):
    """D4"""
    ann, bob = (
        house.share(name, zone=zone, campaigns=(one,))[0]
        for name, one in (("a@c.example", "spring"), ("b@c.example", "summer"))
    )
    shares.extend(house.records, house.share_of(ann), day, NOW, by=ANA)
    change(house, bob, expires_on=day)
    for viewer in (ann, bob):
        assert line(house, viewer).expires_at == end
        assert standing.close_ended(house.records, end - timedelta(seconds=1)) == 0
        assert isinstance(house.unlock(viewer, PASSWORD, end - timedelta(seconds=1)), Unlocked)
        assert house.unlock(viewer, PASSWORD, end) == Refused()


def test_the_admins_maximum_holds_for_a_new_share_an_extension_and_a_change(house):
    policy.save(house.records, Policy(days=7, most=14), NOW, by=ANA)
    last, beyond = date(2026, 12, 7), date(2026, 12, 8)
    ann = house.share("ann@client.example", expires_on=last)[0]
    for too_long in (beyond, None):
        for attempt in (
            lambda day: house.share("bob@client.example", expires_on=day),
            lambda day: shares.extend(house.records, house.share_of(ann), day, NOW, by=ANA),
            lambda day: change(house, ann, expires_on=day),
        ):
            with pytest.raises(ShareRefused) as refusal:
                attempt(too_long)
            assert (refusal.value.field, refusal.value.reason) == ("expires_on", "refusal.policy.beyond")
            assert refusal.value.holes == {"count": 14}
    assert line(house, ann).expires_on == last
    shares.extend(house.records, house.share_of(ann), last, NOW, by=ANA)


def test_the_maximum_counts_from_today_in_the_shares_zone(house):
    policy.save(house.records, Policy(days=1, most=1), NOW, by=ANA)
    house.share(
        "ann@client.example", zone="Pacific/Auckland", expires_on=date(2026, 11, 25)
    )  # already the 24th
    with pytest.raises(ShareRefused):
        house.share("bob@client.example", zone="Europe/Paris", expires_on=date(2026, 11, 25))


def test_a_share_from_before_a_stricter_maximum_keeps_its_last_day_when_something_else_is_changed(house):
    ann = house.share("ann@client.example")[0]
    policy.save(house.records, Policy(days=7, most=14), NOW, by=ANA)
    change(house, ann, people=False)
    assert line(house, ann).expires_on is None


@pytest.mark.parametrize(
    ("days", "most", "field"),
    [(0, 0, "days"), (4000, 0, "days"), (9, -1, "most"), (9, 4000, "most"), (9, 8, "days")],
)
def test_a_policy_that_makes_no_sense_is_refused(house, days, most, field):
    with pytest.raises(ShareRefused) as refusal:
        policy.save(house.records, Policy(days, most), NOW, by=ANA)
    assert refusal.value.field == field
    assert policy.load(house.records) == Policy()


def test_the_proposed_last_day_never_lies_beyond_the_maximum():
    assert Policy(90, 30).usual(LAST) == date(2026, 12, 30)
    assert Policy(90, 0).usual(LAST) == date(2027, 2, 28)
    assert Policy(90, 0).last(LAST) is None


def test_a_changed_policy_is_in_the_audit_log(house):
    policy.save(house.records, Policy(7, 14), NOW, by=ANA)
    assert policy.load(house.records) == Policy(7, 14)
    assert log(house, "settings.changed") == [("settings.changed", ANA.name, {"days": 7, "most": 14})]


def test_the_command_line_and_the_system_sign_as_themselves(house):
    ann = house.share("ann@client.example")[0]
    shares.off(house.records, house.share_of(ann), NOW, by=SYSTEM)
    assert line(house, ann).changed_by == ""


# --- the count, and the comparison with earlier campaigns ------------------------------------------------


def test_a_share_opens_with_the_count_that_was_chosen_and_who_changes_it_is_written_down(house):
    ann = house.share("ann@client.example", form=Form.PEOPLE)[0]
    cookie = house.cookie(ann)
    assert house.inside(cookie).form is Form.PEOPLE
    change(house, ann, form=Form.ALL)
    assert house.inside(cookie).form is Form.ALL
    assert log(house, "share.changed") == [("share.changed", ANA.name, {"form": ["people", "all"]})]


def test_a_count_that_there_is_not_is_refused(house):
    ann = house.share("ann@client.example")[0]
    with pytest.raises(ShareRefused) as refusal:
        change(house, ann, form="machines")
    assert refusal.value.field == "form"
    assert line(house, ann).form is Form.ALL


def test_a_share_without_history_hides_how_a_campaign_stands_against_earlier_ones(house):
    ann = house.share("ann@client.example", history=False)[0]
    bob = house.share("bob@client.example")[0]
    scopes = [house.inside(house.cookie(one)).scope for one in (ann, bob)]
    assert ["history" in sections_of(scope) for scope in scopes] == [False, True]
    change(house, ann, history=True)
    assert "history" in sections_of(house.inside(house.cookie(ann)).scope)


def test_who_invites_more_people_is_told_when_the_share_shows_more_by_now(house):
    ann = house.share("ann@client.example", history=False)[0]
    seen = line(house, ann)
    change(house, ann, seconds(1), by=BEN, history=True)
    with pytest.raises(StaleShare) as stale:
        shares.add_viewers(
            *(house.records, house.vault, house.settings, house.share_of(ann)),
            ("bob@client.example",),
            *(PASSWORD, None, seconds(2)),
            by=ANA,
            seen=seen,
        )
    assert stale.value.differences == (Difference("history", False, True),)
