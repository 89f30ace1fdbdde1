"""The report of one campaign on the screen: its figures, its sections, and what the scope leaves out (X1)."""

import pytest
from streamlit.testing.v1 import AppTest

from lib import wiring
from lib.importers import bring_in
from lib.model import Scope
from lib.ui import exchange, report
from tests import worlds
from tests.screens import PATIENCE, add_analyst, analyst_cookie, frame, hold, texts

NASTY = "*Spring* <script>alert(1)</script> [x](javascript:alert(1)) :red[x] $a$ www.evil.com v@x.com"
CLAIMS = (
    'Title,Subject,List,"Send Date","Send Weekday","Total Recipients","Successful Deliveries","Soft Bounces",'
    '"Hard Bounces","Total Bounces","Times Forwarded","Forwarded Opens","Unique Opens","Open Rate",'
    '"Total Opens","Unique Clicks","Click Rate","Total Clicks",Unsubscribes,"Abuse Complaints",'
    '"Times Liked on Facebook","Folder Id","Unique Id","Total Orders","Total Gross Sales","Total Revenue"\n'
    '"Spring letter","Buds, at last",Friends,"Mar 02, 2026 09:30 am",Monday,6,5,0,1,1,0,0,6,120.00%,9,2,'
    "40.00%,3,0,0,0,0,aaaa000001,0,0,0\n"
)


@pytest.fixture
def spring(workspace, tmp_path, monkeypatch):
    """The world of SPRING, its title full of markup, and an analyst who is signed in."""
    folder = tmp_path / "spring"
    folder.mkdir()
    worlds.write_events(folder / "events.csv")
    title = NASTY.replace('"', '""')
    (folder / "campaigns.csv").write_text(
        "campaign,title,subject,from_name,from_email,audience,sent_at,zone,currency\n"
        f'spring,"{title}",Spring is here,The Shop,news@shop.example,Readers,2026-03-03T08:00:00Z,'
        "Europe/Paris,EUR\n",
        encoding="utf-8",
    )
    bring_in(workspace.analytics, folder, by="test", now=wiring.now())
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    return workspace


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


def exported(monkeypatch, campaign, **query):
    """The addresses that the browser fetches when the analyst presses Export."""
    fetched = []
    monkeypatch.setattr(exchange, "fetch_file", fetched.append)
    at = frame("campaign", id=campaign, **query).run()
    next(button for button in at.button if button.label == "Export").click().run()
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
    assert len(at.get("plotly_chart")) == 1
    links, recipients = at.dataframe
    assert links.value["url"].tolist() == [worlds.SHOP, worlds.STORY]
    assert recipients.value["address"].iloc[0] == "ann@mail.example"


def test_a_title_is_never_read_as_markup(spring):
    at = frame("campaign", id="vitrine-spring").run()
    assert not set(at.title[0].value) & set("*_[]()<>$@:`")


def test_an_unknown_campaign_is_said_to_be_unknown(spring):
    at = frame("campaign", id="vitrine-summer").run()
    assert not at.exception
    assert "There is no such report" in texts(at)


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
    assert len([caption for caption in at.caption if "upload_file" in caption.value]) >= 2


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


def test_every_section_that_is_drawn_has_a_heading():
    assert set(report.SECTIONS) == {"first_day", "links", "active_recipients"}
