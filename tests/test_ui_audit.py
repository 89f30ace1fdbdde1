"""The audit log on the screen: sentences, filters, pages, the chain, and the banner after a restore."""

from datetime import timedelta

import pytest

from lib import wiring
from lib.model import COMMAND_LINE, Actor
from lib.shares import analysts, restoring
from lib.shares.audit import Filter
from lib.store import audit as log
from lib.ui import audit
from lib.ui.audit import Asked
from tests import installation
from tests.screens import PASSWORD, add_analyst, analyst_cookie, frame, hold, texts

BOB = Actor("analyst", "bob_*smith*@agency.example", "203.0.113.0/24")


@pytest.fixture
def analyst(workspace, monkeypatch):
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    return workspace


def write(parts, kind="settings.changed", number=1, by=BOB, ago=timedelta(0), **details):
    for _ in range(number):
        with parts.records.begin() as db:
            log.append(db, wiring.now() - ago, kind, by, **details)


def told(at):
    """All sentences of the table, without the days."""
    cells = [str(cell) for table in at.table for cell in table.value.iloc[:, 1]]
    return [cell for cell in cells if not cell.startswith("**")]


def button(at, label):
    return next(one for one in at.button if one.label == label)


def test_entries_are_plain_sentences_and_names_are_no_markdown(analyst):
    write(analyst)
    at = frame("audit").run()
    assert not at.exception
    newest = told(at)[0]
    assert "changed how long shares may last" in newest
    assert "*smith*" not in newest
    assert "bob&#95;&#42;smith&#42;" in newest


def test_a_hundred_thousand_entries_are_paged_and_only_a_page_is_read(analyst, monkeypatch):
    write(analyst, number=audit.A_PAGE + 3)
    limits, lines = [], audit.audit.lines
    monkeypatch.setattr(audit.audit, "lines", lambda *given: limits.append(given[2]) or lines(*given))
    at = frame("audit").run()
    assert len(told(at)) == audit.A_PAGE
    assert button(at, "Newer").disabled
    assert f"1–{audit.A_PAGE} of {audit.A_PAGE + 4} entries" in texts(at)
    button(at, "Older").click().run()
    assert len(told(at)) == 4
    assert button(at, "Older").disabled
    assert f"{audit.A_PAGE + 1}–{audit.A_PAGE + 4} of" in texts(at)
    button(at, "Newer").click().run()
    assert len(told(at)) == audit.A_PAGE
    assert set(limits) == {audit.A_PAGE + 1}


def test_a_filter_starts_at_its_own_first_page(analyst):
    write(analyst, number=audit.A_PAGE + 3)
    at = frame("audit").run()
    button(at, "Older").click().run()
    at.multiselect(key="audit-kinds").set_value(["analysts"]).run()
    assert [one for one in told(at) if "added the analyst" in one] == told(at) != []


def test_who_when_and_a_search_narrow_it_down(analyst):
    write(analyst, "share.off", ago=timedelta(days=10))
    write(analyst, "share.on")
    at = frame("audit").run()
    assert len(told(at)) == 3
    at.selectbox(key="audit-actor").set_value("command").run()
    assert len(told(at)) == 1
    at.selectbox(key="audit-actor").set_value("").run()
    at.selectbox(key="audit-period").set_value("week").run()
    assert len(told(at)) == 2
    at.text_input(key="audit-text").set_value("203.0.113").run()
    assert ["on again" in one for one in told(at)] == [True]
    at.text_input(key="audit-text").set_value("nobody at all").run()
    assert "No entry fits" in at.info[0].value


def test_days_are_chosen_from_and_to(analyst):
    write(analyst, "share.off", ago=timedelta(days=10))
    at = frame("audit").run()
    at.selectbox(key="audit-period").set_value("chosen").run()
    ago = (wiring.now() - timedelta(days=10)).date()
    at.date_input(key="audit-days").set_value((ago, ago)).run()
    assert not at.exception
    assert ["off" in one for one in told(at)] == [True]
    at.date_input(key="audit-days").set_value((ago,)).run()  # while the second day is still to be chosen
    assert not at.exception


@pytest.mark.parametrize("name", ["share", "viewer"])
def test_an_address_may_name_a_share_or_a_viewer(analyst, name):
    installation.campaign(analyst)
    bob, eve = installation.share(analyst, "bob@client.example", "eve@client.example")
    write(analyst, "viewer.revoked", share_id=1, viewer_id=eve.id)
    number = {"share": 1, "viewer": bob.id}[name]
    at = frame("audit", **{name: str(number)}).run()
    assert not at.exception
    assert any("bob@client" in one.replace("&#64;", "@").replace("\u2060", "") for one in told(at)) or told(
        at
    )
    assert not [one for one in told(at) if "analyst" in one]
    if name == "viewer":
        assert not [one for one in told(at) if "eve" in one]
        button(at, "Show everything").click().run()
        assert [one for one in told(at) if "added the analyst" in one]


@pytest.mark.parametrize("text", ["x", "999999", "²", "-1", "9" * 30])
def test_an_address_that_names_nothing_is_no_error(analyst, text):
    for name in ("share", "viewer"):
        assert not frame("audit", **{name: text}).run().exception


def test_the_check_of_the_chain_says_what_it_found(analyst):
    at = frame("audit").run()
    button(at, "Check the chain").click().run()
    assert at.success[0].value.startswith("The chain is unbroken")
    with analyst.records.begin() as db:
        db.exec_driver_sql("DROP TRIGGER audit_no_update")
        db.exec_driver_sql("UPDATE audit SET actor = 'x' WHERE id = 1")
    button(at, "Check the chain").click().run()
    assert at.error[0].value.startswith("Entry 1 is not as it was written")


def test_the_file_is_asked_for_with_the_filters_of_the_page():
    since = wiring.now()
    asked = Asked(("mail",), Filter(("mail.kept",), "a@b.example", 3, None, since, None, "x&y"))
    address = audit.export_address(asked, "Europe/Paris")
    assert address.startswith("/export/audit.csv?zone=Europe%2FParis&groups=mail&actor=a%40b.example&share=3")
    assert address.endswith("text=x%26y")
    assert "viewer" not in address and "until" not in address


def test_it_reads_in_french_too(analyst):
    (ada,) = analysts.list_all(analyst.records)
    analysts.set_language(analyst.records, ada.id, "fr")
    write(analyst)
    at = frame("audit").run()
    assert not at.exception
    assert at.title[0].value == "Journal d’audit"
    assert "a changé la durée autorisée des partages" in told(at)[0]


# --- after a restore -----------------------------------------------------------------------------------


@pytest.fixture
def restored(analyst):
    write(analyst)
    analyst.epoch.path.write_bytes(b"of another installation")
    restoring.watch(analyst.records, analyst.epoch, wiring.now())
    return analyst


def test_a_banner_stands_on_the_shares_until_an_admin_has_looked_through_them(restored):
    """D6"""
    at = frame("shares").run()
    assert "the records turned out to be older" in at.error[0].value
    button(at, "I have looked through the shares").click().run()
    assert not at.exception
    assert not at.error
    assert not frame("shares").run().error


def test_who_is_no_admin_sees_the_banner_and_cannot_put_it_away(restored, monkeypatch):
    """D6"""
    tom = analysts.add(
        restored.records, "Tom", "tom@agency.example", PASSWORD, False, wiring.now(), by=COMMAND_LINE
    )
    hold(monkeypatch, analyst_cookie(restored, tom))
    at = frame("shares").run()
    assert at.error
    assert "I have looked through the shares" not in [one.label for one in at.button]


def test_without_trouble_there_is_no_banner(analyst):
    assert not frame("shares").run().error
