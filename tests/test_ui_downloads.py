"""Taking a report along: small menus beside what they take, long files with their steps."""

import pytest

from lib import wiring
from lib.paper import parcels
from lib.paper.sections import CHARTS
from lib.reports import rollup
from lib.shares import visits
from lib.store import library
from lib.store.library import Job
from lib.ui import exchange, session
from lib.web import files as routes
from lib.words import t
from tests import installation, worlds
from tests.screens import add_analyst, analyst_cookie, frame, hold, texts


@pytest.fixture
def spring(workspace, monkeypatch):
    job = Job("vitrine", "events", "spring.zip", "0" * 64, "ann@agency.example")
    library.bring(workspace.analytics, job, worlds.spring_rows(), rollup.make, lambda _: None, wiring.now())
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    return workspace


@pytest.fixture
def fetched(monkeypatch):
    addresses: list[str] = []
    monkeypatch.setattr(exchange, "fetch_file", addresses.append)
    return addresses


def page():
    return frame("campaign", id="vitrine-spring").run(timeout=120)


def take(at, key, chosen):
    at.menu_button(key=key).click(chosen).run(timeout=120)
    assert not at.exception
    return at


def test_a_section_offers_its_tables_and_its_charts(spring):
    at = page()
    assert at.menu_button(key="take-of-first_day").options == [
        "Table as CSV",
        "Table as Excel workbook",
        "Chart as PNG",
        "Chart as SVG",
    ]
    assert {button.key for button in at.menu_button} >= {"take-of-links", "take-whole"}


def test_what_is_chosen_is_fetched_from_the_guarded_route(spring, fetched):
    take(page(), "take-of-first_day", "first_day.svg")
    assert fetched == ["/export/campaign/vitrine-spring/first_day.svg?opens=all"]
    assert "first_day" in CHARTS


@pytest.mark.parametrize("kind", ["pdf", "xlsx"])
def test_a_long_file_waits_as_a_parcel_for_the_session_that_asked(spring, fetched, kind):
    at = take(page(), "take-whole", kind)
    assert "Ready" in at.status[0].label
    (address,) = fetched
    client = installation.browser(spring, cookies=dict(session.cookies()))
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="spring-letter.{kind}"'
    assert installation.browser(spring).get(address).status_code == 404


def test_a_long_file_that_fails_says_so_in_words_and_leaves_nothing(spring, fetched, monkeypatch):
    def breaks(*_):
        raise OSError("secret/path")

    monkeypatch.setattr("lib.paper.pdf.make", breaks)
    at = take(page(), "take-whole", "pdf")
    assert at.status[0].state == "error"
    assert "could not be made" in at.status[0].label
    assert "secret" not in texts(at)
    assert fetched == []
    folder = spring.settings.data / "parcels"
    assert not folder.exists() or not list(folder.iterdir())


def test_a_viewer_who_took_all_that_a_visit_allows_is_told_so_before_anything_is_made(
    spring, fetched, monkeypatch
):
    (bob,) = installation.share(spring, "bob@client.example", campaigns=("vitrine-spring",))
    visitor = installation.browser(spring)
    assert installation.unlock(visitor, installation.path(bob)).status_code == 303
    hold(monkeypatch, dict(visitor.cookies))
    at = frame("shared").run(timeout=120)
    assert "Ready" in take(at, "take-whole", "xlsx").status[0].label
    made = []
    monkeypatch.setattr(visits, "MOST_EXPORTS", 0)
    monkeypatch.setattr("lib.paper.pdf.make", lambda *_: made.append("pdf") or b"%PDF")
    at = take(at, "take-whole", "pdf")
    assert (at.status[0].state, at.status[0].label) == ("error", t("en", "files.spent"))
    assert (made, len(fetched)) == ([], 1)


def test_all_kinds_that_are_offered_have_a_route(spring):
    assert set(routes.files.OF_REPORTS) == {"pdf", "xlsx", "csv"}
    assert parcels.LIFE == 600
