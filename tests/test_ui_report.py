"""The report of one campaign on the screen: its figures, its sections, and what the scope leaves out (X1)."""

import html
import re
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import pytest
from streamlit.runtime.scriptrunner import RerunData, RerunException
from streamlit.testing.v1 import AppTest

from lib import wiring
from lib.importers import bring_in
from lib.model import Scope
from lib.reports import SECTION_NAMES, parts, rollup
from lib.reports.sections import base
from lib.shares import cookies, sessions
from lib.store import library
from lib.store.spool import link_of
from lib.store.tables import shares
from lib.ui import exchange, report, session
from lib.ui.sections import DRAWN
from tests import worlds
from tests.installation import share
from tests.screens import CLAIMS, PATIENCE, add_analyst, analyst_cookie, frame, hold, texts, with_spring

NASTY = "*Spring* <script>alert(1)</script> [x](javascript:alert(1)) :red[x] $a$ www.evil.com v@x.com"


@pytest.fixture
def spring(workspace, tmp_path, monkeypatch):
    """The world of SPRING, its title full of markup."""
    title = NASTY.replace('"', '""')
    campaigns = (
        "campaign,title,subject,from_name,from_email,audience,sent_at,zone,currency\n"
        f'spring,"{title}",Spring is here,The Shop,news@shop.example,Readers,2026-03-03T08:00:00Z,'
        "Europe/Paris,EUR\n"
    )
    return with_spring(workspace, tmp_path / "spring", monkeypatch, campaigns)


def metrics(at) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def test_the_figures_are_those_of_the_events(spring):
    at = frame("campaign", id="vitrine-spring").run()
    assert not at.exception
    shown = metrics(at)
    assert (shown["Recipients"], shown["Deliveries"]) == ("10", "8")
    assert (shown["Open rate"], shown["Click rate"]) == ("62.50%", "25.00%")
    assert shown["Revenue"] == "€12.50"


def test_the_form_without_machines_can_be_chosen_and_stands_in_the_address(spring):
    at = frame("campaign", id="vitrine-spring", opens="people").run()
    assert metrics(at)["Open rate"] == "50.00%"


def test_what_an_undone_import_said_does_not_stay_in_memory(spring):
    frame("campaign", id="vitrine-spring").run()
    holding = (base._addresses, parts._read, link_of)
    assert all(one.cache_info().currsize for one in holding)
    library.undo(spring.analytics, 1, rollup.make, wiring.now())
    frame("overview").run()
    assert not any(one.cache_info().currsize for one in holding)


class Turns:
    """Somebody waits for a turn, and while they do something happens."""

    def __init__(self, meanwhile):
        self.meanwhile = meanwhile

    def __enter__(self):
        self.meanwhile()

    def __exit__(self, *_error):
        pass


def test_what_a_share_hides_while_its_viewer_waits_for_a_turn_is_not_shown(spring, monkeypatch):
    """S3"""
    viewer = share(spring, "viewer@client.example", revenue=True)[0]
    with spring.records.begin() as db:
        value = sessions.open_viewer(db, viewer.id, 1, wiring.now()).cookie
    hold(monkeypatch, {cookies.viewer(False): value})

    def hide():
        with spring.records.begin() as db:
            db.execute(shares.update().values(revenue=False))

    assert "Revenue" in metrics(frame("shared").run())
    monkeypatch.setattr(session, "FRESH", 0.0)
    monkeypatch.setattr(report, "turns", Turns(hide))
    at = frame("shared").run()
    assert not at.exception
    assert "Recipients" in metrics(at)
    assert "Revenue" not in metrics(at)


@pytest.fixture
def pauses(monkeypatch):
    """Of each pause the sections that were drawn before it."""
    found, drawn, section = [], [], report._section
    monkeypatch.setattr(report, "_section", lambda *given: drawn.append(given[1].name) or section(*given))
    monkeypatch.setattr(report.kept, "pause", lambda: found.append(tuple(drawn)))
    return found


def test_a_browser_draws_the_first_screen_before_it_is_sent_the_rest_and_only_the_first_time(spring, pauses):
    at = frame("campaign", id="vitrine-spring").run()
    assert [len(sections) for sections in pauses] == [report.FIRST_SCREEN]
    at.run()
    assert len(pauses) == 1


def test_in_a_crowd_nobody_is_paused_for(spring, pauses, monkeypatch):
    monkeypatch.setattr(report, "turns", Turns(lambda: time.sleep(report.CROWDED * 2)))
    frame("campaign", id="vitrine-spring").run()
    assert pauses == []


def exported(monkeypatch, campaign, **query):
    """The addresses that the browser fetches when the analyst takes the report along as CSV."""
    fetched = []
    monkeypatch.setattr(exchange, "fetch_file", fetched.append)
    at = frame("campaign", id=campaign, **query).run()
    at.menu_button(key="take-whole").click("csv").run()
    assert not at.exception
    return fetched


def test_the_export_has_the_form_that_is_on_the_screen(spring, monkeypatch):
    route = "/export/campaign/vitrine-spring.csv?opens="
    assert exported(monkeypatch, "vitrine-spring") == [f"{route}all"]
    assert exported(monkeypatch, "vitrine-spring", opens="people") == [f"{route}people"]


def test_a_report_that_cannot_tell_people_apart_is_exported_as_it_is_shown(workspace, tmp_path, monkeypatch):
    file = tmp_path / "campaigns.csv"
    file.write_text(CLAIMS)
    campaign = bring_in(workspace.analytics, file, by="test", now=wiring.now()).campaigns[0]
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    assert exported(monkeypatch, campaign, opens="people") == [f"/export/campaign/{campaign}.csv?opens=all"]


def test_first_day_links_and_recipients_are_drawn(spring):
    at = frame("campaign", id="vitrine-spring").run()
    assert "chart-first_day-all" in {chart.key for chart in at.get("plotly_chart")}
    links = next(table.value for table in at.dataframe if "page" in table.value)
    assert links["page"].tolist() == [worlds.SHOP, worlds.STORY]
    recipients = [table.value for table in at.dataframe if "address" in table.value]
    assert any(table["address"].iloc[0] == "ann@mail.example" for table in recipients)


def test_a_title_is_never_read_as_markup(spring):
    at = frame("campaign", id="vitrine-spring").run()
    assert not set(at.title[0].value) & set("*_[]()<>$@:`")


def test_an_unknown_campaign_is_said_to_be_unknown(spring):
    at = frame("campaign", id="vitrine-summer").run()
    assert not at.exception
    assert "There is no such report" in texts(at)


def test_of_an_unknown_campaign_nothing_can_be_done_but_going_back(spring):
    known, unknown = (frame("campaign", id=name).run() for name in ("vitrine-spring", "vitrine-summer"))
    does = {"Add a note", "Share report", "Compare"}
    assert does <= {button.label for button in known.button}
    assert not does & {button.label for button in unknown.button}
    assert known.get("menu_button") and not unknown.get("menu_button")
    assert "All campaigns" in {link.label for link in unknown.get("page_link")}


def test_a_figure_is_shown_as_claimed_and_a_missing_section_says_what_would_fill_it(
    workspace, tmp_path, monkeypatch
):
    file = tmp_path / "campaigns.csv"
    file.write_text(CLAIMS)
    outcome = bring_in(workspace.analytics, file, by="test", now=wiring.now())
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    at = frame("campaign", id=outcome.campaigns[0]).run()
    assert not at.exception
    assert metrics(at)["Open rate"] == "120.00%"
    assert not at.get("plotly_chart")
    (rest,) = [box for box in at.expander if box.label.startswith("What would fill the rest")]
    assert "- **Clicks by link** – Clicks by link need a report" in rest.markdown[0].value
    assert "Clicks by link" not in [header.value for header in at.subheader]


def draw_within(scope_of_the_test):
    from lib.ui import report  # noqa: PLC0415 - AppTest runs the source of this function alone

    report.draw(scope_of_the_test, "vitrine-spring")


def within(scope: Scope) -> AppTest:
    return AppTest.from_function(draw_within, args=(scope,), default_timeout=PATIENCE).run()


def test_a_scope_without_the_campaign_shows_nothing_of_it(spring):
    at = within(Scope(campaigns=()))
    assert "There is no such report" in texts(at)
    assert not at.metric


def test_a_scope_without_people_shows_no_addresses(spring):
    at = within(Scope(people=False))
    assert not [table for table in at.dataframe if "address" in table.value]


def test_a_scope_without_revenue_shows_no_money(spring):
    assert "Revenue" not in metrics(within(Scope(revenue=False)))


def test_a_scope_of_some_sections_shows_only_those(spring):
    at = within(Scope(sections=("links",)))
    assert [header.value for header in at.subheader] == ["Clicks by link"]


def test_every_section_can_be_drawn():
    assert tuple(DRAWN) == SECTION_NAMES


def passport_of(at, name: str) -> str:
    """What the card of a figure opens, with the signs that are escaped in it read again."""
    (card,) = [block for block in at.get("popover") if block.proto.id.endswith(f"-passport-{name}")]
    return html.unescape(card.markdown[0].value)


def test_a_card_opens_to_its_formula_with_the_numbers_of_this_report(spring):
    told = passport_of(frame("campaign", id="vitrine-spring").run(), "open_rate")
    assert "62.50% = 5 of 8 deliveries" in told
    assert "People only: 50.00% = 4 of 8 deliveries" in told
    assert "Opens per recipient: 50.00% = 5 of 10 recipients" in told
    assert "Computed from events; last import" in told


def test_a_card_that_counts_people_says_how_many_machines_it_left_out(spring):
    at = frame("campaign", id="vitrine-spring", opens="people").run()
    told = passport_of(at, "open_rate")
    assert "50.00% = 4 of 8 deliveries" in told
    assert "With machines: 62.50%" in told
    assert "1 recipient for whom only machines opened left out" in told


def test_an_analyst_reads_which_files_a_figure_is_from_and_a_viewer_does_not(spring):
    assert "Imported from" in passport_of(frame("campaign", id="vitrine-spring").run(), "open_rate")
    viewer = within(Scope(campaigns=("vitrine-spring",), raw_links=False))
    assert "last import" in passport_of(viewer, "open_rate")
    assert "Imported from" not in passport_of(viewer, "open_rate")


def test_a_claimed_figure_says_so_word_for_word(workspace, tmp_path, monkeypatch):
    file = tmp_path / "campaigns.csv"
    file.write_text(CLAIMS)
    campaign = bring_in(workspace.analytics, file, by="test", now=wiring.now()).campaigns[0]
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    told = passport_of(frame("campaign", id=campaign).run(), "open_rate")
    assert "As the sender says, word for word: “120.00%”" in told


def test_the_way_to_each_section_stands_above_them(spring):
    at = frame("campaign", id="vitrine-spring").run()
    (jumps,) = [line.value for line in at.markdown if "On this page" in line.value]
    shown = [header.value for header in at.subheader]
    assert shown
    assert re.findall(r"\[([^\[]+?)\]\(#section-", jumps) == shown


def test_the_share_page_begins_with_the_count_that_was_on_the_screen(spring):
    at = frame("campaign", id="vitrine-spring", opens="people").run()
    next(button for button in at.button if button.label == "Share report").click().run()
    assert not at.exception
    assert at.query_params["opens"] == "people"


def draw_as_shared():
    from lib.model import Form, Scope  # noqa: PLC0415 - AppTest runs the source of this function alone
    from lib.ui import report  # noqa: PLC0415
    from lib.ui.counting import Opening  # noqa: PLC0415

    report.draw(Scope(("vitrine-spring",), raw_links=False), "vitrine-spring", Opening(Form.PEOPLE))


def test_a_shared_report_opens_with_its_count_and_a_viewer_may_switch(spring):
    at = AppTest.from_function(draw_as_shared, default_timeout=PATIENCE).run()
    assert metrics(at)["Open rate"] == "50.00%"
    (switch,) = at.get("segmented_control")
    switch.set_value("all").run()
    assert metrics(at)["Open rate"] == "62.50%"
    assert at.query_params["opens"] == "all"  # so that the page stays so when it is loaded again


def test_rules_say_what_they_set_apart_and_what_other_windows_would_change(spring):
    at = frame("campaign", id="vitrine-spring").run()
    rules = next(table.value for table in at.dataframe if "whose" in table.value)
    assert rules["opens"].sum() + rules["clicks"].sum() > 0
    assert "whichever window one takes" in texts(at)


def test_only_so_many_reports_are_drawn_at_the_same_moment_and_one_that_fails_gives_its_turn_back(
    monkeypatch,
):
    drawing, most, lock = 0, 0, Lock()

    def fail(*_given, **_named):
        nonlocal drawing, most
        with lock:
            drawing += 1
            most = max(most, drawing)
        time.sleep(0.05)
        with lock:
            drawing -= 1
        raise RerunException(RerunData())

    monkeypatch.setattr(report, "_draw", fail)
    with ThreadPoolExecutor(3 * report.AT_ONCE) as readers:
        asked = [readers.submit(report.draw, Scope(), "any") for _reader in range(3 * report.AT_ONCE)]
        assert all(isinstance(one.exception(), RerunException) for one in asked)
    assert most == report.AT_ONCE
