"""What analysts hear of: who, once, in the way that they chose; and the mail that gathers it."""

from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa

from lib.config import Secret
from lib.mail import notice as notice_mail
from lib.mail import outbox, worker
from lib.mail.delivery import connection
from lib.mail.notice import Line
from lib.model import COMMAND_LINE
from lib.shares import analysts, contents, notices, shares
from lib.shares.watch import NOTICE, PAUSE, Watch
from lib.store import records as store_records
from lib.store import tables
from tests.serving import smtp_sink
from tests.sharing import NOW, house, light_hashes, text_of

ANN = "ann@client.example"
HOSTILE = 'Spring</td><script>alert(1)</script> [x](https://evil.example) {{7*7}} "\u202ecod.exe'


@pytest.fixture
def home(tmp_path, monkeypatch):
    light_hashes(monkeypatch)
    made = house(tmp_path)
    yield replace(
        made,
        settings=replace(
            made.settings,
            smtp=Secret("smtp+plain://127.0.0.1:25"),
            mail_from="Reports <reports@agency.example>",
        ),
    )
    made.records.dispose()


def analyst(home, name="Eva", admin=False, language="en"):
    made = analysts.add(
        home.records,
        name,
        f"{name.lower()}@agency.example",
        "slate-otter-willow",
        admin,
        NOW,
        by=COMMAND_LINE,
    )
    analysts.set_language(home.records, made, language)
    return made


def tell(home, analyst_id, kind="first_visit", key="1", **more):
    with home.records.begin() as db:
        return notices.tell(db, NOW, analyst_id, kind, key, **more)


def choose(home, analyst_id, chosen):
    notices.choose(home.records, analyst_id, chosen, NOW, by=COMMAND_LINE)


def told(home, analyst_id):
    return notices.list_for(home.records, analyst_id, limit=50)[0]


def said(home, analyst_id, language="en"):
    return [notice.said(language) for notice in told(home, analyst_id)]


def watch(home, now=NOW):
    return Watch(home.records, home.vault, home.settings)(now)


def queued(home):
    """The mails to analysts, opened."""
    with store_records.reading(home.records) as db:
        rows = db.execute(sa.select(tables.outbox).where(tables.outbox.c.kind == NOTICE)).all()
    return [message_from_bytes(home.vault.open(row.sealed).encode(), policy=policy.default) for row in rows]


def end_mail(home, viewer, state, answer="550 no such user", now=NOW):
    with home.records.begin() as db:
        mine = tables.outbox.c.viewer_id == viewer.id
        db.execute(
            tables.outbox.update().where(mine).values(state=state, answer=answer, attempts=1, ended_at=now)
        )


# --- who is told, and how ------------------------------------------------------------------------


def test_the_analyst_who_made_the_share_is_told_and_nobody_else(home):
    eva, bob = analyst(home), analyst(home, "Bob", admin=True)
    [ann] = home.share(ANN, analyst_id=eva)
    assert tell(home, eva, share_id=home.share_of(ann), viewer_id=ann.id) == 1
    assert said(home, eva) == ["ann@client.example opened “Spring Gardening” for the first time."]
    assert not told(home, bob)


@pytest.mark.parametrize("maker", ["closed", "unknown"])
def test_every_admin_is_told_when_the_account_is_closed_or_not_known(home, maker):
    ada, kim, eva = analyst(home, "Ada", admin=True), analyst(home, "Kim", admin=True), analyst(home)
    analysts.disable(home.records, eva, NOW, by=COMMAND_LINE)
    assert tell(home, eva if maker == "closed" else None) == 2
    assert [len(told(home, each)) for each in (ada, kim, eva)] == [1, 1, 0]


def test_the_same_thing_is_told_once(home):
    eva = analyst(home)
    assert [tell(home, eva), tell(home, eva), tell(home, eva, key="2")] == [1, 0, 1]
    assert len(told(home, eva)) == 2


def test_what_was_rolled_back_was_never_told(home):
    eva = analyst(home)
    with pytest.raises(RuntimeError), home.records.begin() as db:
        notices.tell(db, NOW, eva, "first_visit", "1")
        raise RuntimeError("the visit was not written")
    assert not told(home, eva)


def test_a_kind_that_was_switched_off_is_not_told_and_not_told_later_either(home):
    eva = analyst(home)
    choose(home, eva, {"first_visit": "off"})
    assert tell(home, eva) == 0
    assert (told(home, eva), notices.unread(home.records, eva)) == ((), 0)
    choose(home, eva, {"first_visit": "product"})
    assert tell(home, eva) == 0
    assert tell(home, eva, key="2") == 1


def test_each_kind_is_told_as_the_product_has_it_until_one_chooses(home):
    eva, ada = analyst(home), analyst(home, "Ada", admin=True)
    usual = notices.ways(home.records, eva)
    assert usual == {
        "first_visit": "product",
        "denied": "product",
        "refused": "mail",
        "expiring": "mail",
        "ended": "product",
        "waiting_campaign": "product",
    }
    assert notices.ways(home.records, ada) == usual | {"restored": "mail"}
    choose(home, eva, {"denied": "mail"})
    assert notices.ways(home.records, eva) == usual | {"denied": "mail"}


@pytest.mark.parametrize("chosen", [{"denied": "pigeon"}, {"gossip": "mail"}])
def test_what_is_no_kind_or_no_way_is_not_chosen(home, chosen):
    with pytest.raises(ValueError, match="not a kind"):
        choose(home, analyst(home), chosen)


# --- reading them --------------------------------------------------------------------------------


def test_notices_are_listed_newest_first_in_pages_and_read_one_by_one_or_all(home):
    eva, bob = analyst(home), analyst(home, "Bob")
    for number in range(5):
        tell(home, eva, key=str(number))
    tell(home, bob, key="his")
    page, total = notices.list_for(home.records, eva, limit=2, offset=2)
    assert ([notice.id for notice in page], total) == ([3, 2], 5)
    assert notices.unread(home.records, eva) == 5
    notices.mark_read(home.records, eva, NOW, page[0].id)
    assert notices.unread(home.records, eva) == 4
    notices.mark_read(home.records, eva, NOW)
    assert notices.unread(home.records, eva) == 0
    assert notices.unread(home.records, bob) == 1


def test_nobody_marks_the_notice_of_another_as_read(home):
    eva, bob = analyst(home), analyst(home, "Bob")
    tell(home, eva)
    notices.mark_read(home.records, bob, NOW, told(home, eva)[0].id)
    assert notices.unread(home.records, eva) == 1


def test_every_kind_has_its_sentence_in_both_languages(home):
    eva, holes = (
        analyst(home, admin=True),
        {"count": 5, "day": "2026-12-01", "campaign": "June", "answer": "550"},
    )
    variants = ["suspended", "mail_refused", "mail_unknown", "expiring_0", "expiring_1", "expiring_2"]
    plain = [kind for kind in notices.USUAL if kind not in ("refused", "expiring")]
    for variant in plain + variants:
        kind = variant if variant in notices.USUAL else "denied"
        tell(home, eva, kind, variant, variant=variant, **holes)
    assert len(set(said(home, eva)) | set(said(home, eva, "fr"))) == 2 * len(plain + variants)


def test_a_notice_of_several_campaigns_names_the_first_and_one_without_any_says_so(home):
    eva = analyst(home)
    [ann] = home.share(ANN, analyst_id=eva, campaigns=("spring", "summer"))
    tell(home, eva, share_id=home.share_of(ann), viewer_id=ann.id)
    assert "“Spring Gardening” and 1 more" in said(home, eva)[0]
    with home.records.begin() as db:
        db.execute(tables.campaigns.delete())
    assert "a report that is no longer there" in said(home, eva)[0]


# --- what the watch finds ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "answer", "sentence"),
    [
        ("refused", "550 no such user", "about “Spring Gardening” was refused: 550 no such user"),
        ("unknown", "mail.answer.vanished", "is not known whether the e-mail to ann@client.example"),
    ],
)
def test_a_mail_that_was_refused_or_perhaps_lost_is_told(home, state, answer, sentence):
    eva = analyst(home)
    [ann] = home.share(ANN, analyst_id=eva)
    end_mail(home, ann, state, answer)
    watch(home)
    watch(home)
    assert [sentence in text for text in said(home, eva)] == [True]
    assert "mail.answer" not in said(home, eva)[0]


@pytest.mark.parametrize("answer", ["mail.answer.withdrawn", "mail.answer.first_refused"])
def test_a_mail_that_we_took_back_ourselves_is_no_news(home, answer):
    eva = analyst(home)
    [ann] = home.share(ANN, analyst_id=eva)
    end_mail(home, ann, "refused", answer)
    watch(home)
    assert not told(home, eva)


def test_a_mail_that_was_refused_days_ago_is_no_news(home):
    eva = analyst(home)
    [ann] = home.share(ANN, analyst_id=eva)
    end_mail(home, ann, "refused")
    watch(home, NOW + timedelta(days=2))
    assert not told(home, eva)


def test_the_end_of_a_share_is_told_7_days_and_1_day_before_and_then(home):
    eva = analyst(home)
    home.share(ANN, analyst_id=eva, expires_on=date(2026, 12, 31))
    for day in range(45):
        for hours in (0, 9):
            watch(home, NOW + timedelta(days=day, hours=hours))
    assert said(home, eva)[::-1] == [
        "Access to “Spring Gardening” ends in 7 days, after 31 December 2026.",
        "Access to “Spring Gardening” ends tomorrow, after 31 December 2026.",
        "Access to “Spring Gardening” ended after 31 December 2026. Nobody sees it any more.",
    ]


def test_a_share_that_was_extended_is_told_anew(home):
    eva = analyst(home)
    [ann] = home.share(ANN, analyst_id=eva, expires_on=date(2026, 12, 31))
    late = NOW + timedelta(days=32)
    watch(home, late)
    shares.extend(home.records, home.share_of(ann), date(2027, 1, 31), late, by=COMMAND_LINE)
    watch(home, late + timedelta(days=1))
    assert len(told(home, eva)) == 1
    watch(home, NOW + timedelta(days=63))
    assert "31 January 2027" in said(home, eva)[0]


def test_whoever_chose_a_near_last_day_is_not_told_of_it_at_once(home):
    eva = analyst(home)
    home.share(ANN, analyst_id=eva, expires_on=date(2026, 11, 26))
    watch(home)
    assert not told(home, eva)
    watch(home, NOW + timedelta(days=2))
    assert len(told(home, eva)) == 1


def test_a_share_that_was_changed_otherwise_is_told_all_the_same(home):
    eva = analyst(home)
    [ann] = home.share(ANN, analyst_id=eva, expires_on=date(2026, 12, 31))
    share_id, late = home.share_of(ann), NOW + timedelta(days=31)
    seen = shares.find(home.records, share_id, late)
    contents.change(home.records, share_id, seen, late, by=COMMAND_LINE, message="Now with the summer")
    watch(home, late)
    assert said(home, eva) == ["Access to “Spring Gardening” ends in 7 days, after 31 December 2026."]


def test_the_end_of_a_share_that_nobody_can_open_is_no_news(home):
    eva = analyst(home)
    [ann] = home.share(ANN, analyst_id=eva, expires_on=date(2026, 12, 31))
    shares.off(home.records, home.share_of(ann), NOW, by=COMMAND_LINE)
    [bob] = home.share("bob@client.example", analyst_id=eva, expires_on=date(2026, 12, 31))
    shares.revoke(home.records, bob.id, NOW, by=COMMAND_LINE)
    for day in (32, 38, 39):
        watch(home, NOW + timedelta(days=day))
    assert not told(home, eva)


def test_a_new_campaign_of_a_followed_audience_is_told_once(home):
    eva = analyst(home)
    followed = {"sender": "vitrine", "audience": "Gardeners"}
    with home.records.begin() as db:
        db.execute(tables.campaigns.update().values(audience="Gardeners"))
        db.execute(tables.campaigns.delete().where(tables.campaigns.c.id == "summer"))
    home.share(ANN, "bob@client.example", analyst_id=eva, audience=("vitrine", "Gardeners"))
    seeing = Watch(home.records, home.vault, home.settings)
    seeing(NOW)
    assert not told(home, eva)
    with home.records.begin() as db:
        row = {"id": "june", "native_id": "june", "title": HOSTILE, "updated_at": NOW, "sent_at": NOW}
        db.execute(tables.campaigns.insert().values(row | followed))
    for minutes in (1, 2, 3):
        seeing(NOW + timedelta(minutes=minutes))
    assert len(told(home, eva)) == 1
    assert "say whether 2 people may see it, too" in said(home, eva)[0]


def test_a_watch_with_nothing_new_only_reads(home):
    """Asked once a second: it must neither hold the write lock nor wait for it."""
    eva = analyst(home)
    [ann] = home.share(ANN, analyst_id=eva)
    end_mail(home, ann, "refused")
    seeing = Watch(home.records, home.vault, home.settings)
    seeing(NOW)
    written = []
    sa.event.listen(
        home.records, "before_cursor_execute", lambda *given: written.append(given[2]), named=False
    )
    for second in range(5):
        seeing(NOW + timedelta(seconds=second))
    assert not [text for text in written if not text.startswith(("SELECT", "BEGIN"))]
    assert "BEGIN IMMEDIATE" not in written
    assert len(written) <= 5 * 12


def test_shares_without_any_analyst_are_watched_in_peace(home):
    [ann] = home.share(ANN)
    end_mail(home, ann, "refused")
    watch(home)


# --- the mail ------------------------------------------------------------------------------------


def test_what_is_wanted_by_mail_comes_in_one_mail_with_links_to_the_shares(home):
    eva = analyst(home)
    viewers = home.share(ANN, "bob@client.example", analyst_id=eva)
    for viewer in viewers:
        end_mail(home, viewer, "refused")
    tell(home, eva)
    assert watch(home) == 1
    [mail] = queued(home)
    assert mail["To"] == "eva@agency.example"
    assert mail["Subject"] == "2 notices from Atelier Nord"
    assert text_of(mail).count("https://reports.example.com/shares?share=1") == 2
    assert "first time" not in text_of(mail)
    assert "/v/" not in mail.as_string()


def test_a_single_notice_is_the_subject_itself_and_the_analysts_language_is_spoken(home):
    eva = analyst(home, language="fr")
    [ann] = home.share(ANN, analyst_id=eva)
    end_mail(home, ann, "refused", "550 non")
    watch(home)
    [mail] = queued(home)
    assert mail["Subject"].startswith("L’e-mail à ann@client.example")
    assert mail["Content-Language"] == "fr"
    assert "Tous les avis" in mail.get_body(("html",)).get_content()


def test_an_analyst_gets_a_mail_every_ten_minutes_at_most(home):
    eva = analyst(home)
    choose(home, eva, {"first_visit": "mail"})
    sent = []
    for minute in range(31):
        with home.records.begin() as db:
            notices.tell(db, NOW + timedelta(minutes=minute), eva, "first_visit", f"visit {minute}")
        sent.append(watch(home, NOW + timedelta(minutes=minute, seconds=1)))
    assert [minute for minute, count in enumerate(sent) if count] == [0, 10, 20, 30]
    assert [text_of(mail).count("for the first time") for mail in queued(home)] == [1, 10, 10, 10]


def test_what_was_read_in_the_meantime_is_not_mailed(home):
    eva = analyst(home)
    choose(home, eva, {"first_visit": "mail"})
    tell(home, eva)
    notices.mark_read(home.records, eva, NOW)
    assert watch(home) == 0


def test_a_crash_while_the_mail_is_queued_leaves_the_notices_to_be_mailed(home, monkeypatch):
    eva = analyst(home)
    choose(home, eva, {"first_visit": "mail"})
    tell(home, eva)
    with monkeypatch.context() as broken:
        broken.setattr(outbox, "enqueue", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            watch(home)
    assert watch(home) == 1
    assert watch(home, NOW + PAUSE) == 0


def test_without_a_mail_server_notices_stand_in_the_product_alone(home):
    eva = analyst(home)
    [ann] = home.share(ANN, analyst_id=eva)
    end_mail(home, ann, "refused")
    alone = replace(home, settings=replace(home.settings, smtp=Secret("")))
    assert watch(alone) == 0
    assert len(told(home, eva)) == 1
    assert watch(home, NOW + timedelta(days=2)) == 0, "no flood of old news once a server is set up"


def test_hostile_titles_are_harmless_in_the_mail(home, tmp_path):
    eva = analyst(home)
    with home.records.begin() as db:
        db.execute(tables.campaigns.update().values(title=HOSTILE))
    [ann] = home.share(ANN, analyst_id=eva)
    end_mail(home, ann, "refused", "550 \u202e<script>")
    watch(home)
    with smtp_sink() as sink:
        settings = replace(home.settings, smtp=Secret(sink.url))
        worker.run_once(home.records, home.vault, connection(settings), NOW)
    [mail] = sink.mails
    html = mail.get_body(("html",)).get_content()
    assert "<script" not in html
    assert 'href="https://evil' not in html
    assert "\u202e" not in mail["Subject"] + html + text_of(mail)
    assert "{{7*7}}" in text_of(mail)
    assert list(mail.iter_attachments()) == []


def test_a_long_letter_says_how_many_more_there_are():
    lines = tuple(Line(f"Number {number}.") for number in range(notice_mail.MOST + 5))
    mail = notice_mail.digest("a@b.example", "Nord", "en", "eva@agency.example", lines, "https://x.example/n")
    assert mail["Subject"] == f"{len(lines)} notices from Nord"
    assert "And 5 more." in text_of(mail)
    assert "Number 30." not in text_of(mail)


def test_whoever_is_disabled_is_mailed_nothing_that_still_waits(home):
    eva = analyst(home)
    analyst(home, "Ada", admin=True)
    home.share(ANN, analyst_id=eva)
    tell(home, eva, "refused", variant="mail_refused", answer="550 no")
    assert Watch(home.records, home.vault, home.settings)(NOW) == 1
    analysts.disable(home.records, eva, NOW, by=COMMAND_LINE)
    with store_records.reading(home.records) as db:
        mails = tables.outbox.c
        rows = db.execute(sa.select(mails.kind, mails.state, mails.sealed.is_(None)).order_by(mails.id)).all()
    assert [tuple(row) for row in rows] == [("invitation", "queued", False), (NOTICE, "refused", True)]
