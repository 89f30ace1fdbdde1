"""Google contacts against a stand-in of Google: linking, reading, what can go wrong, unlinking."""

import logging
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from cryptography.fernet import InvalidToken

from lib import commands, contacts, wiring
from lib.config import Secret
from lib.contacts import CONTACTS, OTHERS, GoogleRefused, books
from lib.contacts import google as contacts_google
from lib.model import Actor
from lib.shares import analysts, sessions
from lib.store.tables import audit, google_links, google_states
from lib.web.start import keep_tokens_out_of_logs
from tests.google_stand_in import BROKEN, EXHAUSTED, ID, SECRET, google, label, person
from tests.installation import BASE_URL, browser, install
from tests.screens import add_analyst, analyst_cookie

BY = Actor("analyst", "ada@agency.example", "192.0.2.0/24")
LISTS = ("/v1/contactGroups", "/v1/people/me/connections", "/v1/otherContacts")


@pytest.fixture
def stand_in():
    with google() as known:
        known.redirect_uris.add(f"{BASE_URL}/google/callback")
        known.groups = [label("myContacts", "myContacts", "SYSTEM_CONTACT_GROUP"), label("c1", "Clients")]
        known.connections = [
            person("Vera Lind", "vera@client.example", "vera@home.example", groups=("c1", "myContacts")),
            person("Ann Lee", "ann@client.example", groups=("c1",)),
            person("No Address"),
        ]
        known.others = [person("", "once@written.example"), person("Ann again", "ANN@client.example")]
        yield known


@pytest.fixture
def parts(tmp_path, stand_in):
    given = {"google_client_id": ID, "google_client_secret": Secret(SECRET), "google_address": stand_in.url}
    with install(tmp_path / "data", **given) as app:
        yield app
    books.shelf.forget(1)


class Desk:
    """A signed-in analyst before the routes."""

    def __init__(self, parts, name="ada"):
        self.parts = parts
        self.analyst = add_analyst(parts, name, f"{name}@agency.example")
        self.cookies = analyst_cookie(parts, self.analyst)
        self.browser = browser(parts, cookies=self.cookies)
        self.pauses: list[float] = []

    def start(self) -> str:
        answer = self.browser.get("/google/start")
        assert answer.status_code == 303
        return answer.headers["location"]

    def come_back(self, address: str) -> str:
        """The outcome that the last page says."""
        answer = self.browser.get(address.removeprefix(BASE_URL))
        assert answer.status_code == 303
        place = urlsplit(answer.headers["location"])
        assert place.path == "/google/done"
        return parse_qs(place.query)["outcome"][0]

    def link(self, stand_in, *scopes: str) -> str:
        return self.come_back(stand_in.consent(self.start(), *(scopes or (CONTACTS, OTHERS))))

    def load(self, now=None):
        found = contacts.configured(self.parts.settings)
        return contacts.load(
            self.parts.records, self.parts.vault, found, self.analyst, "Starred", now or wiring.now(),
            by=BY, sleep=self.pauses.append,
        )  # fmt: skip

    def unlink(self) -> bool:
        found = contacts.configured(self.parts.settings)
        return contacts.unlink(self.parts.records, self.parts.vault, found, self.analyst, wiring.now(), by=BY)

    def linked(self) -> bool:
        return contacts.find(self.parts.records, self.analyst) is not None

    def sealed(self) -> bytes:
        with self.parts.records.connect() as db:
            return db.execute(sa.select(google_links.c.sealed)).scalar_one()

    def told(self, kind: str) -> list[dict]:
        with self.parts.records.connect() as db:
            return list(db.execute(sa.select(audit.c.details).where(audit.c.kind == kind)).scalars())


@pytest.fixture
def desk(parts):
    return Desk(parts)


def test_linking_asks_for_both_scopes_with_pkce_and_keeps_the_tokens_sealed(desk, stand_in):
    address = desk.start()
    asked = parse_qs(urlsplit(address).query)
    assert asked["scope"] == [f"{CONTACTS} {OTHERS}"]
    assert asked["code_challenge_method"] == ["S256"]
    assert (asked["access_type"], asked["prompt"]) == (["offline"], ["consent"])
    assert desk.come_back(stand_in.consent(address, CONTACTS, OTHERS)) == "linked"
    assert desk.told("google.linked") == [{"scopes": ["contacts.readonly", "contacts.other.readonly"]}]
    with desk.parts.records.connect() as db:
        row = db.execute(sa.select(google_links)).one()
        assert db.execute(sa.select(sa.func.count()).select_from(google_states)).scalar() == 0
    kept = row.sealed + desk.parts.settings.data.joinpath("records.sqlite").read_bytes()
    assert not [secret for secret in stand_in.secrets() if secret.encode() in kept]
    with pytest.raises(InvalidToken):
        desk.parts.vault.open(row.sealed)  # with the key of the mails


def test_people_come_with_their_labels_and_all_their_addresses_each_once(desk, stand_in):
    desk.link(stand_in)
    book = desk.load()
    assert [(one.name, one.addresses) for one in book.people] == [
        ("Ann Lee", ("ann@client.example",)),
        ("Vera Lind", ("vera@client.example", "vera@home.example")),
        ("", ("once@written.example",)),
    ]
    assert [(one.name, one.count) for one in book.labels] == [("Clients", 2)]
    assert (book.without, book.problem, book.cut) == (1, "", False)
    assert len(contacts.matching(book, "vera HOME")) == 1
    assert len(contacts.matching(book, "", book.labels[0].id)) == 2


def test_all_pages_are_read(desk, stand_in):
    stand_in.page = 10
    stand_in.connections = [person(f"P {n:02}", f"p{n}@x.example") for n in range(25)]
    desk.link(stand_in, CONTACTS)
    assert len(desk.load().people) == 25
    assert len([path for path, _ in stand_in.asked if path == LISTS[1]]) == 3


def test_more_people_than_can_be_borne_are_cut_off_and_it_is_said(desk, stand_in, monkeypatch):
    monkeypatch.setattr(books, "MOST", 20)
    monkeypatch.setattr("lib.contacts.people.MOST", 20)
    stand_in.page = 10
    stand_in.connections = [person(f"P {n:02}", f"p{n}@x.example") for n in range(45)]
    desk.link(stand_in, CONTACTS)
    book = desk.load()
    assert (len(book.people), book.cut) == (20, True)
    assert len([path for path, _ in stand_in.asked if path == LISTS[1]]) == 3


def test_a_page_token_that_has_expired_begins_the_list_anew(desk, stand_in):
    stand_in.page = 1
    desk.link(stand_in, CONTACTS)
    expired = {"error": {"code": 400, "message": "Sync token is expired.", "status": "FAILED_PRECONDITION"}}
    stand_in.troubles[LISTS[1]] = [None, (400, expired, {})]
    book = desk.load()
    assert [one.name for one in book.people] == ["Ann Lee", "Vera Lind"]
    assert book.problem == ""
    assert len([1 for path, asked in stand_in.asked if path == LISTS[1] and "pageToken" not in asked]) == 2


@pytest.mark.parametrize(
    ("scope", "names"), [(CONTACTS, ["Ann Lee", "Vera Lind"]), (OTHERS, ["Ann again", ""])]
)
def test_with_one_scope_unticked_the_other_is_used(desk, stand_in, scope, names):
    assert desk.link(stand_in, scope) == "linked"
    book = desk.load()
    assert [one.name for one in book.people] == names
    assert book.problem == ""


def test_with_every_scope_unticked_nothing_is_linked_and_the_access_is_given_back(desk, stand_in):
    assert desk.come_back(stand_in.allow_nothing(desk.start())) == "nothing"
    assert not desk.linked()
    assert len(stand_in.revoked) == 1


def test_a_user_who_cancels_is_understood(desk, stand_in):
    assert desk.come_back(stand_in.consent(desk.start())) == "denied"
    assert not desk.linked()


def test_an_expired_access_token_is_renewed_without_a_word(desk, stand_in):
    desk.link(stand_in)
    later = wiring.now() + timedelta(hours=2)
    stand_in.end_access_tokens()
    assert len(desk.load(later).people) == 3
    assert stand_in.refreshed == 1
    assert len(desk.load(later).people) == 3
    assert stand_in.refreshed == 1, "the renewed one was not kept"


def test_an_access_token_that_google_ended_early_is_renewed_as_well(desk, stand_in):
    desk.link(stand_in)
    stand_in.end_access_tokens()
    assert len(desk.load().people) == 3
    assert stand_in.refreshed == 1


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=2)])
def test_a_link_that_was_revoked_at_google_is_removed(desk, stand_in, later):
    desk.link(stand_in)
    desk.load()
    stand_in.take_everything_back()
    with pytest.raises(GoogleRefused, match="lost"):
        desk.load(wiring.now() + later)
    assert not desk.linked()
    assert books.shelf.find(desk.analyst) is None
    assert desk.told("google.unlinked") == [{"outcome": "lost"}]


class Slow:
    """Google's answer to a renewal comes when the analyst has linked anew in another window."""

    def __init__(self, desk, stand_in, monkeypatch, answer=None):
        self.desk, self.stand_in, self.answer = desk, stand_in, answer
        self.refresh, self.monkeypatch = contacts_google.refresh, monkeypatch
        monkeypatch.setattr(contacts_google, "refresh", self)

    def __call__(self, at, tokens, now):
        self.monkeypatch.setattr(contacts_google, "refresh", self.refresh)
        renewed = self.refresh(at, tokens, now)
        assert self.desk.link(self.stand_in) == "linked"
        self.made = self.desk.sealed()
        if self.answer:
            raise self.answer
        return renewed


def test_a_slow_renewal_leaves_a_link_made_meanwhile_as_it_is(desk, stand_in, monkeypatch):
    desk.link(stand_in)
    slow = Slow(desk, stand_in, monkeypatch)
    desk.load(wiring.now() + timedelta(hours=2))
    assert desk.sealed() == slow.made
    assert books.shelf.find(desk.analyst) is None, "contacts of the former account were kept"


def test_an_account_that_ended_takes_no_link_made_meanwhile_along(desk, stand_in, monkeypatch):
    desk.link(stand_in)
    slow = Slow(desk, stand_in, monkeypatch, GoogleRefused("lost"))
    with pytest.raises(GoogleRefused, match="lost"):
        desk.load(wiring.now() + timedelta(hours=2))
    assert desk.sealed() == slow.made
    assert desk.told("google.unlinked") == []


def test_contacts_are_not_kept_when_the_link_was_taken_away_meanwhile(desk, stand_in):
    desk.link(stand_in)
    stand_in.troubles[LISTS[1]] = [(429, EXHAUSTED, {"retry-after": "4"})]
    desk.pauses = Unlinking(desk)
    desk.load()
    assert not desk.linked()
    assert books.shelf.find(desk.analyst) is None


class Unlinking(list):
    """The analyst uses a pause to take the link away, which Google has not yet heard of."""

    def __init__(self, desk):
        super().__init__()
        self.desk = desk

    def append(self, _seconds):
        args = (self.desk.parts.records, self.desk.parts.vault, None, self.desk.analyst, wiring.now())
        contacts.unlink(*args, by=BY)


def test_a_short_rate_limit_is_waited_for_as_google_says(desk, stand_in):
    desk.link(stand_in)
    stand_in.troubles[LISTS[1]] = [(429, EXHAUSTED, {"retry-after": "4"}), (429, EXHAUSTED, {})]
    assert len(desk.load().people) == 3
    assert desk.pauses == [4.0, 3.0]


@pytest.mark.parametrize(("status", "body", "problem"), [(429, EXHAUSTED, "busy"), (500, BROKEN, "down")])
def test_trouble_that_stays_keeps_what_was_loaded_and_says_why(desk, stand_in, status, body, problem):
    desk.link(stand_in)
    stand_in.troubles[LISTS[2]] = [(status, body, {})] * 9
    book = desk.load()
    assert [one.name for one in book.people] == ["Ann Lee", "Vera Lind"]
    assert book.problem == problem
    assert len([path for path, _ in stand_in.asked if path == LISTS[2]]) == 3
    assert desk.linked()


def test_a_rate_limit_longer_than_a_person_waits_ends_at_once(desk, stand_in):
    desk.link(stand_in)
    stand_in.troubles[LISTS[2]] = [(429, EXHAUSTED, {"retry-after": "3600"})] * 9
    assert desk.load().problem == "busy"
    assert desk.pauses == []


def test_that_the_api_is_not_enabled_is_told_apart(desk, stand_in):
    desk.link(stand_in)
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]
    error = {"error": {"code": 403, "message": "", "status": "PERMISSION_DENIED", "details": details}}
    stand_in.troubles[LISTS[0]] = [(403, error, {})]
    assert desk.load().problem == "disabled"


def test_with_an_analysts_account_the_grant_at_google_ends(desk, stand_in, monkeypatch):
    desk.link(stand_in)
    add_analyst(desk.parts, "Eva", "eva@agency.example")
    monkeypatch.setattr(wiring, "app", lambda: desk.parts)
    with pytest.raises(SystemExit) as ended:
        commands.main(["analyst", "disable", "ada@agency.example"])
    assert ended.value.code == 0
    assert contacts.find(desk.parts.records, desk.analyst) is None
    assert len(stand_in.revoked) == 1


@pytest.mark.parametrize("another", [True, False])
def test_the_grant_of_another_account_that_is_replaced_ends_at_google(desk, stand_in, monkeypatch, another):
    """That of the same account would take the new one along."""
    desk.link(stand_in)
    (former,) = stand_in.refresh

    def account(_at, tokens):
        return "people/1" if tokens.refresh == former or not another else "people/2"

    monkeypatch.setattr(contacts_google, "account", account)
    assert desk.link(stand_in) == "linked"
    assert stand_in.revoked == ([former] if another else [])


def test_an_account_that_google_does_not_name_is_not_taken_for_another(desk, stand_in, monkeypatch):
    desk.link(stand_in)
    monkeypatch.setattr(contacts_google, "read", lambda *_: {})
    assert desk.link(stand_in) == "linked"
    assert stand_in.revoked == []


def test_the_last_admin_who_cannot_be_disabled_keeps_the_link(desk, stand_in, monkeypatch):
    desk.link(stand_in)
    monkeypatch.setattr(wiring, "app", lambda: desk.parts)
    with pytest.raises(SystemExit) as ended:
        commands.main(["analyst", "disable", "ada@agency.example"])
    assert ended.value.code == 1
    assert desk.linked()
    assert stand_in.revoked == []


def test_with_an_analysts_account_the_tokens_go_whatever_happens_before_or_after(desk, stand_in):
    desk.link(stand_in)
    add_analyst(desk.parts, "Eva", "eva@agency.example")
    analysts.disable(desk.parts.records, desk.analyst, wiring.now(), by=BY)
    assert not desk.linked()
    assert desk.told("google.unlinked") == [{"outcome": "not revoked"}]


def test_unlinking_revokes_at_google_and_forgets_everything(desk, stand_in):
    desk.link(stand_in)
    desk.load()
    kept = list(stand_in.refresh)
    assert desk.unlink() is True
    assert stand_in.revoked == kept
    assert not desk.linked()
    assert books.shelf.find(desk.analyst) is None
    assert desk.told("google.unlinked") == [{"outcome": "revoked"}]


def test_unlinking_forgets_also_when_google_does_not_answer_and_says_so(desk, stand_in):
    desk.link(stand_in)
    stand_in.troubles["/revoke"] = [(503, BROKEN, {})]
    assert desk.unlink() is False
    assert not desk.linked()


def test_contacts_stay_in_memory_for_some_minutes_only(desk, stand_in, monkeypatch):
    monkeypatch.setattr(books, "LIFETIME", 0.2)
    desk.link(stand_in)
    desk.load()
    assert books.shelf.find(desk.analyst)
    books.shelf._timers[desk.analyst].join(5)
    assert books.shelf.find(desk.analyst) is None


def test_a_wrong_client_secret_is_a_failure_without_a_link(desk, stand_in, parts, monkeypatch):
    address = desk.start()
    monkeypatch.setitem(vars(parts.settings), "google_client_secret", Secret("another"))
    assert desk.come_back(stand_in.consent(address, CONTACTS)) == "failed"
    assert not desk.linked()


# --- states ---------------------------------------------------------------------------------------


def test_a_state_is_good_once(desk, stand_in):
    back = stand_in.consent(desk.start(), CONTACTS)
    assert desk.come_back(back) == "linked"
    assert desk.come_back(back) == "stale"
    assert desk.linked()


def test_a_state_of_another_session_is_refused_and_not_used_up(desk, parts, stand_in):
    back = stand_in.consent(desk.start(), CONTACTS)
    mallory = Desk(parts, "mallory")
    assert mallory.come_back(back) == "stale"
    assert not mallory.linked()
    assert desk.come_back(back) == "linked"


def test_a_second_session_of_the_same_analyst_cannot_end_what_the_first_began(desk, parts, stand_in):
    back = stand_in.consent(desk.start(), CONTACTS)
    again = browser(parts, cookies=analyst_cookie(parts, desk.analyst))
    assert again.get(back.removeprefix(BASE_URL)).headers["location"].endswith("outcome=stale")
    assert not desk.linked()


@pytest.mark.parametrize("query", ["", "?code=x", "?state=", "?state=x&code=x", "?error=access_denied"])
def test_a_callback_without_a_known_state_is_refused(desk, query):
    assert desk.come_back(f"/google/callback{query}") == "stale"


def test_a_state_ends_after_ten_minutes(desk, parts, stand_in, monkeypatch):
    back = stand_in.consent(desk.start(), CONTACTS)
    later = wiring.now() + timedelta(minutes=10)
    monkeypatch.setattr("lib.web.google.now", lambda: later)
    assert desk.come_back(back) == "stale"


# --- strangers and headers ------------------------------------------------------------------------


ROUTES = (
    "/google/start",
    "/google/callback?state=x&code=y",
    "/google/done?outcome=linked",
    "/google/done.js",
)


@pytest.mark.parametrize("address", ROUTES)
def test_for_a_stranger_and_where_google_is_not_set_up_there_is_nothing(parts, tmp_path, address):
    """L8"""
    assert browser(parts).get(address).status_code == 404
    with install(tmp_path / "without") as bare:
        signed_in = browser(bare, cookies=analyst_cookie(bare, add_analyst(bare)))
        assert signed_in.get(address).status_code == 404


def test_another_site_cannot_begin_a_linking(desk):
    assert desk.browser.get("/google/start", headers={"sec-fetch-site": "cross-site"}).status_code == 404


def test_signing_out_ends_a_linking_on_its_way(desk, parts, stand_in):
    back = stand_in.consent(desk.start(), CONTACTS)
    sessions.end(parts.records, next(iter(desk.cookies.values())), wiring.now())
    assert desk.browser.get(back.removeprefix(BASE_URL)).status_code == 404
    assert not desk.linked()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_last_page_runs_one_script_of_ours_and_can_be_read_without_it(desk, language):
    """L4"""
    answer = desk.browser.get("/google/done?outcome=linked", headers={"accept-language": language})
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "default-src 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert {"en": "You can close this window.", "fr": "Vous pouvez fermer cette fenêtre."}[
        language
    ] in answer.text
    assert 'data-outcome="linked"' in answer.text
    script = desk.browser.get("/google/done.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "unsafe" not in policy and "<script>" not in answer.text


def test_the_last_page_says_no_word_but_ours(desk):
    answer = desk.browser.get('/google/done?outcome="><script>alert(1)</script>')
    assert 'data-outcome="failed"' in answer.text
    assert "alert" not in answer.text


def test_a_viewers_session_opens_none_of_it(parts):
    held = {"vitrine_viewer": "x"}
    assert browser(parts, cookies=held).get("/google/start").status_code == 404


def test_what_google_sends_a_browser_back_with_is_kept_out_of_the_log():
    """L7"""
    sent_back = "/google/callback?state=canary&code=4/0Acanary&scope=x"
    record = logging.makeLogRecord({"msg": "%s %s", "args": ("192.0.2.1:1", sent_back)})
    keep_tokens_out_of_logs()
    logger = logging.getLogger("uvicorn.access")
    assert all(each.filter(record) if hasattr(each, "filter") else each(record) for each in logger.filters)
    assert "canary" not in record.getMessage()
    assert "/google/callback" in record.getMessage()
