"""The page of one share in real Chromium: it moves while one looks, and everything can be mended there.

A real server and a real SMTP server on loopback; viewers and a second analyst have browsers of their own.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib import wiring
from lib.shares import contents, shares
from lib.shares.shares import Invited, State, ViewerLine
from lib.store import tables
from lib.wiring import App
from lib.words import t
from tests import installation, screens
from tests.chromium import CHROMIUM, PATIENCE, Page, expect, sync_api
from tests.serving import Served, Sink, serve, smtp_sink

KEY = "a key of at least thirty-two characters"
ANN, BO, CY = "ann@client.example", "bo@client.example", "cy@client.example"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium here"),
    pytest.mark.xdist_group("viewers page"),
]


@dataclass(frozen=True)
class Office:
    """A running server, its records, and browsers for whoever needs one."""

    parts: App
    served: Served
    sink: Sink
    chromium: sync_api.Browser

    @contextmanager
    def analyst(self, number: int, share_id: int) -> Iterator[Page]:
        """A browser in which this analyst looks at the share."""
        cookies = screens.analyst_cookie(self.parts, number)
        context = self.chromium.new_context(locale="en-GB", viewport={"width": 1440, "height": 1000})
        context.set_default_timeout(PATIENCE)
        context.add_cookies(
            [{"name": name, "value": value, "url": self.served.url} for name, value in cookies.items()]
        )
        page = context.new_page()
        page.goto(f"{self.served.url}/shares?share={share_id}")
        expect(page.get_by_role("button", name=t("en", "viewers.actions")).first).to_be_visible()
        yield page
        context.close()

    @contextmanager
    def viewer(self) -> Iterator[Page]:
        context = self.chromium.new_context(locale="en-GB")
        context.set_default_timeout(PATIENCE)
        yield context.new_page()
        context.close()

    def share(self, *addresses: str, **draft: object) -> tuple[Invited, ...]:
        return installation.share(self.parts, *addresses, analyst_id=1, **draft)

    def lines(self, share_id: int) -> dict[str, ViewerLine]:
        found = shares.viewers_of(self.parts.records, share_id, wiring.now())
        return {line.address: line for line in found}

    def share_id(self) -> int:
        """Of the newest share."""
        return shares.shares_of(self.parts.records, None, wiring.now())[0].id


@pytest.fixture(scope="module")
def office(chromium: sync_api.Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Two analysts, two campaigns, a mail server that refuses one address."""
    expect.set_options(timeout=PATIENCE)
    data = tmp_path_factory.mktemp("viewers") / "data"
    with smtp_sink() as sink:
        sink.refuses["refused@client.example"] = "550 5.1.1 No such user here"
        settings = {
            "VITRINE_SMTP": sink.url,
            "VITRINE_MAIL_FROM": "Reports <reports@agency.example>",
            "VITRINE_SAMPLES": "off",
            "VITRINE_SECRET_KEY": KEY,
            "VITRINE_UNDO_SECONDS": "0",
        }
        with serve(data, **settings) as served, installation.install(data, base_url=served.url) as parts:
            installation.campaign(parts, "vitrine-spring", "Spring letter")
            installation.campaign(parts, "vitrine-summer", "Summer letter")
            screens.add_analyst(parts)
            screens.add_analyst(parts, "Ben Bitdiddle", "ben@agency.example")
            yield Office(parts, served, sink, chromium)


def test_the_refusal_of_a_mail_and_a_visit_appear_while_one_looks(office: Office) -> None:
    """M5, M8"""
    ann, _ = office.share(ANN, "refused@client.example")
    with office.analyst(1, office.share_id()) as page:
        page.evaluate("window.stays = true")
        expect(page.get_by_text("550 5.1.1 No such user here")).to_be_visible()
        expect(page.get_by_text(t("en", "mail_state.accepted"))).to_be_visible()
        with office.viewer() as reader:
            _unlocks(reader, ann.link, installation.PASSWORD)
            row = _row(page, ann)
            expect(row.get_by_text(t("en", "viewers.visits", count=1))).to_be_visible()
            expect(row.get_by_text(t("en", "viewers.inside"))).to_be_visible()
        assert page.evaluate("window.stays")


def test_an_open_menu_and_an_open_dialog_stay_while_the_table_moves(office: Office) -> None:
    (ann,) = office.share(ANN, campaigns=("vitrine-summer",))
    with office.analyst(1, office.share_id()) as page:
        page.get_by_role("button", name=t("en", "viewers.actions")).first.click()
        item = page.get_by_role("menuitem", name=t("en", "viewers.new_link"))
        expect(item).to_be_visible()
        _moves(office, page, ann, 3)
        item.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text(t("en", "dialog.road_of_link_hand")).click()
        _moves(office, page, ann, 4)
        dialog.get_by_role("button", name=t("en", "dialog.new_link_button")).click()
        code = page.get_by_test_id("stCode").filter(has_text="/v/").first
        new = code.inner_text().strip()
    assert new.rpartition("/")[2] != ann.link.rpartition("/")[2]
    with office.viewer() as reader:
        _types(reader, ann.link, installation.PASSWORD)
        expect(reader.get_by_text(t("en", "entry.refused"))).to_be_visible()
        _unlocks(reader, new, installation.PASSWORD)


def test_a_password_for_several_signs_out_exactly_those(office: Office) -> None:
    """S5"""
    ann, _, cy = office.share(ANN, BO, CY, campaigns=("vitrine-spring", "vitrine-summer"))
    number = office.share_id()
    with office.viewer() as first, office.viewer() as third, office.analyst(1, number) as page:
        _unlocks(first, ann.link, installation.PASSWORD)
        _unlocks(third, cy.link, installation.PASSWORD)
        page.get_by_role("button", name=t("en", "viewers.change_all")).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text(t("en", "dialog.for_some")).click()
        for address in (ANN, BO):
            dialog.get_by_test_id("stCheckbox").filter(has_text=_shown(address)).click()
        warned = dialog.get_by_test_id("stAlert").filter(has_text=_shown(ANN))
        expect(warned).to_be_visible()
        expect(warned).not_to_contain_text(_shown(CY))
        dialog.get_by_text(t("en", "dialog.road_hand")).click()
        dialog.get_by_role("button", name=t("en", "dialog.password_button", count=2)).click()
        expect(page.get_by_text(t("en", "handover.title"), exact=True)).to_be_visible()
        expect(first.get_by_text(t("en", "shared.ended"), exact=True)).to_be_visible()
        found = office.lines(number)
        assert {one: found[one].signed_in for one in (ANN, BO, CY)} == {ANN: False, BO: False, CY: True}
        assert [one for one in (ANN, BO, CY) if found[one].pass_on_since] == [ANN, BO]
        page.get_by_role("button", name=t("en", "handover.done")).click()
        expect(page.get_by_text(t("en", "viewers.pass_on"))).to_have_count(0)
        third.reload()
        expect(third.get_by_role("button", name=t("en", "shared.sign_out"))).to_be_visible()
    assert not any(line.pass_on_since for line in office.lines(number).values())


def test_a_revoked_viewer_is_restored_as_new(office: Office) -> None:
    (ann,) = office.share("dora@client.example")
    number = office.share_id()
    with office.analyst(1, number) as page:
        _chooses(page, "viewers.revoke")
        page.get_by_role("dialog").get_by_role("button", name=t("en", "dialog.revoke_button")).click()
        expect(_row(page, ann).get_by_text(t("en", "state.revoked"))).to_be_visible()
        _chooses(page, "viewers.restore")
        dialog = page.get_by_role("dialog")
        dialog.get_by_text(t("en", "dialog.road_hand")).click()
        dialog.get_by_role("button", name=t("en", "dialog.again_button")).click()
        expect(page.get_by_text(t("en", "handover.title"), exact=True)).to_be_visible()
        password, link = (page.get_by_test_id("stCode").nth(place).inner_text().strip() for place in (0, 1))
    with office.viewer() as reader:
        _types(reader, ann.link, installation.PASSWORD)
        expect(reader.get_by_text(t("en", "entry.refused"))).to_be_visible()
        _unlocks(reader, link, password)


def test_a_viewer_picked_from_a_file_and_a_mistyped_one_are_added_after_a_look_at_their_page(
    office: Office,
) -> None:
    """X7"""
    office.share("jo@client.example")
    number = office.share_id()
    with office.analyst(1, number) as page:
        page.get_by_role("button", name=t("en", "viewers.add")).click()
        panel = page.locator(f".st-key-adding-{number}")
        field = panel.get_by_label(t("en", "share.viewers")).first
        field.fill("kim@gmial.com,")
        panel.get_by_role("button", name=re.compile("kim@.?gmail.com")).click()
        expect(panel.locator(".chips .chip .text")).to_have_text(["kim@gmail.com"])
        panel.get_by_role("button", name=t("en", "contacts.file")).click()
        dialog = page.get_by_role("dialog")
        book = {"name": "book.csv", "mimeType": "text/csv", "buffer": b"Name,Email\nLea,lea@client.example\n"}
        dialog.locator("input[type=file]").set_input_files(book)
        dialog.get_by_test_id("stCheckbox").filter(has_text=_shown("lea@client.example")).click()
        dialog.get_by_role("button", name=t("en", "contacts.add", count=1)).click()
        expect(dialog).to_have_count(0)
        add = panel.get_by_role("button", name=t("en", "dialog.add_button", count=2))
        expect(add).to_be_enabled()
        panel.get_by_role("button", name=t("en", "preview.button_one")).click()
        expect(dialog.get_by_role("button", name=t("en", "shared.sign_out"))).to_be_disabled()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        panel.get_by_text(t("en", "dialog.road_hand")).click()
        add.click()
        expect(page.get_by_text(t("en", "handover.title"), exact=True)).to_be_visible()
        expect(panel).to_have_count(0)
    assert list(office.lines(number)) == ["jo@client.example", "kim@gmail.com", "lea@client.example"]


def test_one_click_extends_and_another_takes_it_back(office: Office) -> None:
    last = wiring.now().date()
    office.share("emil@client.example", expires_on=last, zone="UTC")
    number = office.share_id()
    with office.analyst(1, number) as page:
        expect(page.get_by_text(t("en", "days.last")).first).to_be_visible()
        page.get_by_role("button", name=t("en", "extend.button", count=90)).click()
        expect(page.get_by_text(t("en", "days.left", count=90)).first).to_be_visible()
        expect(page.get_by_test_id("stToast").first).to_be_visible()
        expect(page.get_by_text(t("en", "days.last"))).to_have_count(0)
        page.get_by_role("button", name=t("en", "extend.undo")).click()
        expect(page.get_by_text(t("en", "days.last")).first).to_be_visible()
    found = shares.find(office.parts.records, number, wiring.now())
    assert found
    assert found.expires_on == last


def test_two_analysts_see_what_the_other_changed_and_choose(office: Office) -> None:
    """D1"""
    office.share("fay@client.example", message="First words")
    number = office.share_id()
    with office.analyst(1, number) as ada, office.analyst(2, number) as ben:
        for page, words in ((ada, "Words of Ada"), (ben, "Words of Ben")):
            page.get_by_role("button", name=t("en", "shown.change")).click()
            box = page.get_by_role("dialog").get_by_role("textbox", name=t("en", "shown.message"))
            box.fill(words)
            box.press("Control+Enter")
        _saves(ada)
        expect(ada.get_by_role("dialog")).to_have_count(0)
        _saves(ben)
        dialog = ben.get_by_role("dialog")
        expect(dialog.get_by_text(t("en", "stale.title"))).to_be_visible()
        for told in ("First words", "Words of Ada", _shown("ada@agency.example")):
            expect(dialog.get_by_text(told).first).to_be_visible()
        assert dialog.get_by_role("textbox", name=t("en", "shown.message")).input_value() == "Words of Ben"
        dialog.get_by_role("button", name=t("en", "stale.mine")).click()
        expect(ben.get_by_role("dialog")).to_have_count(0)
    found = shares.find(office.parts.records, number, wiring.now())
    assert found
    assert found.message == "Words of Ben"


def test_revoking_wins_over_whoever_changes_a_password_meanwhile(office: Office) -> None:
    """D1"""
    (gus,) = office.share("gus@client.example", "hal@client.example")[:1]
    number = office.share_id()
    with office.analyst(1, number) as ada, office.analyst(2, number) as ben:
        ben.get_by_role("button", name=t("en", "viewers.change_all")).click()
        dialog = ben.get_by_role("dialog")
        expect(dialog).to_be_visible()
        _chooses(ada, "viewers.revoke", gus)
        ada.get_by_role("dialog").get_by_role("button", name=t("en", "dialog.revoke_button")).click()
        expect(_row(ada, gus).get_by_text(t("en", "state.revoked"))).to_be_visible()
        dialog.get_by_text(t("en", "dialog.road_hand")).click()
        dialog.get_by_role("button", name=t("en", "dialog.password_button", count=2)).click()
        expect(ben.get_by_role("dialog")).to_have_count(0)
    found = office.lines(number)
    assert found["gus@client.example"].state is State.REVOKED
    assert found["hal@client.example"].pass_on_since is not None


def test_a_campaign_of_a_followed_audience_is_added_by_name_of_who_will_see_it(office: Office) -> None:
    """X7"""
    office.share("ida@client.example")
    number = office.share_id()
    with office.parts.records.begin() as db:
        _follow(db, number)
    with office.analyst(1, number) as page:
        expect(page.get_by_text(_shown("ida@client.example")).first).to_be_visible()
        page.get_by_role("button", name=t("en", "pending.add")).click()
        expect(page.get_by_role("button", name=t("en", "pending.add"))).to_have_count(0)
    found = shares.find(office.parts.records, number, wiring.now())
    assert found
    assert found.campaigns == ("vitrine-spring", "vitrine-autumn")
    assert not contents.pending(office.parts.records, wiring.now())


def _follow(db: object, number: int) -> None:
    """Let the share follow an audience that has just got a new campaign."""
    row = {"id": "vitrine-autumn", "sender": "vitrine", "native_id": "autumn", "title": "Autumn letter"}
    row |= {"audience": "Readers", "updated_at": wiring.now()}
    db.execute(tables.campaigns.insert().values(row))
    following = {"audience": "Readers", "audience_sender": "vitrine", "declined": []}
    db.execute(tables.shares.update().where(tables.shares.c.id == number).values(following))


def _moves(office: Office, page: Page, viewer: Invited, checks: int) -> None:
    """The link is opened by machines, and the table says so."""
    with office.parts.records.begin() as db:
        opened = {"fetches": checks, "checks": checks}
        db.execute(tables.viewers.update().where(tables.viewers.c.id == viewer.id).values(opened))
    told = t("en", "viewers.checks_only", count=checks)
    expect(page.get_by_text(told)).to_be_visible()


def _row(page: Page, viewer: Invited) -> sync_api.Locator:
    return page.locator(f".st-key-viewer-{viewer.id}")


def _chooses(page: Page, action: str, viewer: Invited | None = None) -> None:
    place = _row(page, viewer) if viewer else page
    place.get_by_role("button", name=t("en", "viewers.actions")).first.click()
    page.get_by_role("menuitem", name=t("en", action)).click()


def _saves(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name=t("en", "dialog.contents_button")).click()


def _types(page: Page, link: str, password: str) -> None:
    page.goto(link)
    page.get_by_label(t("en", "entry.password"), exact=True).fill(password)
    page.get_by_role("button", name=t("en", "entry.open")).click()


def _unlocks(page: Page, link: str, password: str) -> None:
    _types(page, link, password)
    page.wait_for_url("**/shared*")
    expect(page.get_by_role("button", name=t("en", "shared.sign_out"))).to_be_visible()


def _shown(address: str) -> re.Pattern[str]:
    """As Markdown shows it, with an invisible joiner that keeps it from becoming a link."""
    return re.compile(re.escape(address).replace("@", "@\u2060?"))
