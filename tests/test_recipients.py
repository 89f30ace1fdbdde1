"""The lists of recipients: by what they did, searched, paged, and only for those who may see people."""

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.model import Bounce, Form, Reported, Scope
from lib.paper.sections import TABLES
from lib.paper.sections.recipients import LIST, deed
from lib.reports import METRICS, as_json, recipients, report
from lib.reports.overview import named
from lib.reports.recipients import DEEDS, SORTS, Asked, NoSuchList
from lib.words import LANGUAGES
from tests.shelf import EVERYTHING, SPRING, covering, event, shelf
from tests.worlds import CAMPAIGN, spring_rows

NAMES = ("ann", "bob", "cid", "dee", "eve", "fay", "gil", "hal", "ida", "jon")
WHO = {  # in the world of SPRING, by deed and form
    "sent": (NAMES, NAMES),
    "opened": (("ann", "bob", "cid", "dee", "eve"), ("ann", "cid", "dee", "eve")),
    "not_opened": (("fay", "gil", "hal"), ("bob", "fay", "gil", "hal")),
    "clicked": (("ann", "eve"), ("ann", "eve")),
    "not_clicked": (("bob", "cid", "dee", "fay", "gil", "hal"),) * 2,
    "bounced": (("ida", "jon"),) * 2,
    "hard_bounced": (("ida",),) * 2,
    "soft_bounced": (("jon",),) * 2,
    "unsubscribed": (("dee",),) * 2,
    "complained": (("fay",),) * 2,
}


@pytest.fixture(scope="module")
def spring(tmp_path_factory):
    with shelf(tmp_path_factory.mktemp("spring")) as made:
        made.bring(*(item for row in spring_rows() for item in row.items))
        yield made


@contextmanager
def brought(*imports):
    """A library into which each of these was brought as a file of its own."""
    with tempfile.TemporaryDirectory() as folder, shelf(Path(folder)) as made:
        for number, items in enumerate(imports):
            made.bring(*items, name=f"{number}.csv")
        yield made


def ask(at, scope=EVERYTHING, campaign=CAMPAIGN.id, **asked):
    return recipients.page(at.analytics, scope, campaign, Asked(**asked))


def names(rows):
    return [address.partition("@")[0] for address in rows["address"]]


def every_page(at, campaign=SPRING.id, **asked):
    first = ask(at, campaign=campaign, **asked)
    pages = [ask(at, campaign=campaign, page=number, **asked).rows for number in range(1, first.pages + 1)]
    return [address for rows in pages for address in rows["address"]]


@pytest.mark.parametrize("name", list(DEEDS))
@pytest.mark.parametrize("form", list(Form))
def test_each_list_holds_those_who_did_it_in_either_form(spring, name, form):
    expected = WHO[name][list(Form).index(form)]
    assert tuple(names(ask(spring, deed=name, form=form).rows)) == expected


@pytest.mark.parametrize("form", list(Form))
def test_the_number_of_each_deed_is_that_of_the_report_and_of_its_list(spring, form):
    found = report(spring.analytics, EVERYTHING, CAMPAIGN.id, form)
    counts = dict(found.sections["recipients"].rows[["deed", "recipients"]].itertuples(index=False))
    assert counts == {name: ask(spring, deed=name, form=form).total for name in DEEDS}
    for name, one in DEEDS.items():
        if one.metric:
            assert counts[name] == found.figures[one.metric].value
            assert named(one.metric, form) in METRICS


def test_who_opened_and_who_did_not_are_together_the_deliveries_where_nobody_bounced(spring):
    found = report(spring.analytics, EVERYTHING, CAMPAIGN.id).figures
    for did, did_not in (("opened", "not_opened"), ("clicked", "not_clicked")):
        both = names(ask(spring, deed=did).rows) + names(ask(spring, deed=did_not).rows)
        assert len(both) == len(set(both)) == found["deliveries"].value


def test_a_list_tells_the_servers_reason_and_the_recipients(spring):
    (back,) = ask(spring, deed="hard_bounced").rows.to_dict("records")
    assert (back["bounce"], back["bounce_reason"]) == ("hard", "550 5.1.1 No such user here")
    (left,) = ask(spring, deed="unsubscribed").rows.to_dict("records")
    assert left["unsubscribe_reason"] == "Too many e-mails"
    assert left["unsubscribed_at"] == pd.Timestamp("2026-03-03T09:31:00Z")


def test_lists_are_sorted_by_address_opens_clicks_and_the_latest(spring):
    assert names(ask(spring, deed="opened", sort="opens").rows)[0] == "ann"
    assert names(ask(spring, deed="clicked", sort="clicks").rows) == ["ann", "eve"]
    assert names(ask(spring, deed="opened", sort="last").rows) == ["ann", "eve", "dee", "cid", "bob"]


def test_the_reasons_are_counted_the_most_frequent_first():
    bounced = [event(f"r{number}", "bounced", 1, subtype=Bounce.HARD, reason="full") for number in range(2)]
    other = event("r3", "bounced", 1, subtype=Bounce.SOFT, reason="gone")
    left = event("r4", "unsubscribed", 2, reason="Spammy content")
    with brought(
        [SPRING, covering(), *(event(f"r{n}", "sent", 0) for n in range(5)), *bounced, other, left]
    ) as at:
        more = at.section("recipients").more
        assert more["bounce_reasons"].to_dict("list") == {
            "reason": ["full", "gone"],
            "hard_bounces": [2, 0],
            "soft_bounces": [0, 1],
        }
        assert more["unsubscribe_reasons"].to_dict("list") == {
            "reason": ["Spammy content"],
            "unsubscribes": [1],
        }


# --- who may ask ------------------------------------------------------------------------------------

MINE = (CAMPAIGN.id,)
DENIED = [
    Scope(MINE, people=False),
    Scope(MINE, ("links", "active_recipients")),
    Scope(("vitrine-other",)),
    Scope(()),
]


@pytest.mark.parametrize("scope", DENIED)
@pytest.mark.parametrize(
    "asked", [Asked(), Asked("bounced"), Asked(who="ann"), Asked("opened", sort="opens")]
)
def test_whoever_may_not_see_people_gets_no_list_and_learns_nothing_by_searching(spring, scope, asked):
    """X5"""
    for question in (recipients.page, recipients.everything):
        with pytest.raises(NoSuchList):
            question(spring.analytics, scope, CAMPAIGN.id, asked)


def test_a_share_without_people_never_shows_an_address_nor_a_reason_in_its_report(spring):
    """X5"""
    found = report(spring.analytics, Scope(MINE, people=False), CAMPAIGN.id)
    assert "recipients" not in found.sections
    told = repr(as_json(found))
    assert "mail.example'" not in told.replace("'mail.example'", "") and "No such user" not in told


def test_a_viewer_who_may_see_people_gets_the_lists(spring):
    scope = Scope(MINE, ("recipients",), raw_links=False)
    assert ask(spring, scope, deed="complained").total == 1


@pytest.mark.parametrize(
    "asked", [{"deed": "x"}, {"deed": "sent)--"}, {"sort": "address; DROP"}, {"who": "a" * 201}]
)
def test_what_no_page_asks_is_answered_like_a_list_that_does_not_exist(spring, asked):
    with pytest.raises(NoSuchList):
        ask(spring, **asked)


# --- searching --------------------------------------------------------------------------------------

HOSTILE = ("100%sure", "under_score", "o'neil", "back\\slash", 'quo"te', "semi;--drop", "$1", "plain")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    with shelf(tmp_path_factory.mktemp("hostile")) as made:
        made.bring(SPRING, covering(), *(event(f"{name}@mail.example", "sent", 0) for name in HOSTILE))
        yield made


@pytest.mark.parametrize(
    ("who", "found"),
    [
        ("%", {"100%sure"}),
        ("_", {"under_score"}),
        ("'", {"o'neil"}),
        ("\\", {"back\\slash"}),
        ('"', {'quo"te'}),
        (";--", {"semi;--drop"}),
        ("$1", {"$1"}),
        ("O'NEIL", {"o'neil"}),
        ("' OR 1=1 --", set()),
        ("%' OR '1'='1", set()),
        ("?", set()),
    ],
)
def test_every_sign_of_a_search_stands_for_itself(hostile, who, found):
    for sort in SORTS:
        page = ask(hostile, campaign=SPRING.id, who=who, sort=sort)
        assert {name for name in HOSTILE if f"{name}@mail.example" in set(page.rows["address"])} == found
        assert page.total == len(found)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=12))
def test_a_search_finds_what_python_would_find_whatever_is_typed(hostile, who):
    expected = {name for name in HOSTILE if who.strip().lower() in f"{name}@mail.example"}
    if not who.strip().isascii():
        return  # which signs are lower forms of which is told by tables of their own years
    page = ask(hostile, campaign=SPRING.id, who=who)
    assert {address.rpartition("@")[0] for address in page.rows["address"]} == expected


# --- paging -----------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(
    count=st.integers(0, 23),
    opens=st.lists(st.integers(0, 3), min_size=23, max_size=23),
    sort=st.sampled_from(list(SORTS)),
    who=st.sampled_from(["", "r1", "R", "nobody"]),
    again=st.booleans(),
)
def test_the_pages_hold_every_recipient_exactly_once(count, opens, sort, who, again):
    """Also where several imports name the same people, in other capitals, and where all are alike."""
    people = [f"r{number}@mail.example" for number in range(count)]
    seen = [
        event(name, "opened", 60 * n, native_id=f"{name}-{n}")
        for name, times in zip(people, opens, strict=False)
        for n in range(times)
    ]
    first = [SPRING, covering(), *(event(name, "sent", 0) for name in people), *seen]
    second = [SPRING, *(event(name.upper(), "complained", 5) for name in people[::2])]
    with brought(first, *([second] if again else [])) as at, small_pages(4):
        expected = sorted(name for name in people if who.lower() in name)
        if not people:
            return
        found = every_page(at, sort=sort, who=who)
        assert sorted(address.lower() for address in found) == expected
        if sort == "address":
            assert [address.lower() for address in found] == expected
        portions = recipients.everything(at.analytics, EVERYTHING, SPRING.id, Asked(sort=sort, who=who))
        assert [address for rows in portions for address in rows["address"]] == found


@contextmanager
def small_pages(rows):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(recipients, "A_PAGE", rows)
        yield


def test_beyond_the_last_page_stands_the_last_one(spring, monkeypatch):
    monkeypatch.setattr(recipients, "A_PAGE", 4)
    page = ask(spring, page=99)
    assert (page.number, page.pages, names(page.rows)) == (3, 3, ["ida", "jon"])
    assert ask(spring, page=99, who="nobody").number == 1
    assert ask(spring, page=0).number == 1


def test_a_long_list_is_taken_along_in_portions(tmp_path):
    count = recipients.AT_ONCE + 5
    with shelf(tmp_path) as at:
        at.bring(SPRING, covering(), *(event(f"r{number}", "sent", 0) for number in range(count)))
        portions = list(recipients.everything(at.analytics, EVERYTHING, SPRING.id, Asked()))
        assert max(map(len, portions)) <= recipients.AT_ONCE and len(portions) > 1
        assert len({address for rows in portions for address in rows["address"]}) == count


# --- what is known ----------------------------------------------------------------------------------


def claims(**figures):
    return [Reported(SPRING.id, name, value, str(value)) for name, value in figures.items()]


def test_of_reported_figures_there_are_counts_but_no_lists():
    told = claims(recipients=10, deliveries=8, unique_opens=5, unsubscribes=1)
    with brought([SPRING, *told]) as at:
        rows = at.section("recipients").rows
        counts = dict(zip(rows["deed"], rows["recipients"], strict=True))
        assert counts == {"sent": 10, "opened": 5, "not_opened": 3, "unsubscribed": 1}
        assert not rows["listed"].any()
        with pytest.raises(NoSuchList):
            ask(at, campaign=SPRING.id, deed="opened")


def test_where_a_sender_reports_more_openers_than_deliveries_who_did_not_open_is_unknown():
    with brought([SPRING, *claims(deliveries=5, unique_opens=6)]) as at:
        assert "not_opened" not in set(at.section("recipients").rows["deed"])


def test_only_what_the_events_cover_is_listed():
    opens = [event("ann", "opened", 60), event("bob", "opened", 90)]
    with brought([SPRING, covering("opened"), *opens, *claims(recipients=10)]) as at:
        rows = at.section("recipients").rows
        assert set(rows["deed"][rows["listed"]]) == {"opened"}
        assert ask(at, campaign=SPRING.id, deed="opened").total == 2
        for name in ("sent", "not_opened", "complained"):
            with pytest.raises(NoSuchList):
                ask(at, campaign=SPRING.id, deed=name)


def test_a_campaign_of_which_nothing_is_known_says_what_would_fill_the_section():
    with brought([replace(SPRING, title="Nothing yet")]) as at:
        assert at.section("recipients").missing == "missing.recipients"


def test_a_list_is_gone_with_its_import():
    with tempfile.TemporaryDirectory() as folder, shelf(Path(folder)) as at:
        outcome = at.bring(SPRING, covering(), event("ann", "sent", 0))
        assert ask(at, campaign=SPRING.id).total == 1
        at.undo(outcome)
        with pytest.raises(NoSuchList):
            ask(at, campaign=SPRING.id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_list_has_its_columns_and_its_deed_in_both_languages(spring, language):
    for name in DEEDS:
        rows = ask(spring, deed=name).rows
        assert set(rows.columns) == {column.name for column in TABLES[LIST].shown(rows)}
        assert len(set(TABLES[LIST].headings(rows, language))) == len(rows.columns)
        assert deed(name, language)
    assert len({deed(name, language) for name in DEEDS}) == len(DEEDS)


def test_bounces_are_told_in_words(spring):
    rows = ask(spring, deed="bounced").rows
    assert TABLES[LIST].in_words(rows, "en")["bounce"].tolist() == ["hard", "soft"]
    assert TABLES[LIST].in_words(rows, "fr")["bounce"].tolist() == ["définitif", "temporaire"]
