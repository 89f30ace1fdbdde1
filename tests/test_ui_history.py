"""A campaign against its history on the screen, the sentence above a report, and industry averages."""

from datetime import timedelta

import pytest

from lib import wiring
from lib.importers import bring_in
from lib.model import COMMAND_LINE
from lib.reports import benchmarks
from tests.screens import add_analyst, analyst_cookie, frame, hold, texts

HEADER = (
    'Title,Subject,List,"Send Date","Send Weekday","Total Recipients","Successful Deliveries","Soft Bounces",'
    '"Hard Bounces","Total Bounces","Times Forwarded","Forwarded Opens","Unique Opens","Open Rate",'
    '"Total Opens","Unique Clicks","Click Rate","Total Clicks",Unsubscribes,"Abuse Complaints",'
    '"Times Liked on Facebook","Folder Id","Unique Id","Total Orders","Total Gross Sales","Total Revenue"\n'
)
EARLIER = (300, 310, 290, 305, 295, 320, 280, 300)


@pytest.fixture
def letters(workspace, tmp_path, monkeypatch):
    """Nine weekly letters to a thousand, the last one opened by half; an analyst who is signed in."""
    end = wiring.now() - timedelta(days=60)
    rows = [
        f'Letter {n},Hello,Readers,"{(end - timedelta(days=7 * (8 - n))).strftime("%b %d, %Y %I:%M %p")}",,'
        f"1000,1000,0,0,0,0,0,{opens},{opens / 10:.2f}%,{opens},20,2.00%,20,0,0,0,0,letter{n},0,0,0"
        for n, opens in enumerate((*EARLIER, 500))
    ]
    file = tmp_path / "campaigns.csv"
    file.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    bring_in(workspace.analytics, file, by="test", now=wiring.now())
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    return workspace


def test_the_report_begins_with_a_sentence_that_compares_it_with_its_history(letters):
    at = frame("campaign", id="mailchimp-letter8").run()
    assert not at.exception
    read = texts(at).replace("&#37;", "%").replace("&#46;", ".").replace("&#44;", ",").replace("&#45;", "-")
    assert "Of the 1,000 people who received this e-mail, 1 in 2 opened it and 20 clicked." in read
    assert "the open rate is higher than usual" in read
    assert "Compared with 8 earlier campaigns of this audience" in read


def test_an_average_that_was_typed_and_chosen_stands_in_the_report_with_its_year(letters):
    at = frame("settings").run()
    at.text_input(key="benchmarks-industry-0").input("*Tea*")
    at.text_input(key="benchmarks-published-0").input("2019")
    at.number_input(key="benchmarks-open_rate-0").set_value(22.71)
    next(button for button in at.button if button.label == "Add").click().run()
    assert not at.exception
    at.selectbox(key="benchmarks-choice").select("*Tea*").run()
    assert not at.exception
    (kept,) = benchmarks.listed(letters.records)
    assert kept.rates == {"open_rate": 0.2271}
    assert benchmarks.chosen(letters.records) == kept
    report = frame("campaign", id="mailchimp-letter8").run()
    read = texts(report)
    assert "22&#46;71&#37;" in read and "2019" in read and "predate" in read
    assert "*Tea*" not in read


def test_a_file_that_is_not_understood_names_line_and_field_and_keeps_nothing(letters):
    at = frame("settings").run()
    at.file_uploader(key="benchmarks-file-0").upload(
        "a.csv", b"industry,published,open_rate\nTea,2019,22\nWine,soon,22\n", "text/csv"
    ).run()
    at.button(key="benchmarks-bring").click().run()
    assert not at.exception
    (error,) = at.error
    assert "Line 3" in error.value and "soon" in error.value
    assert benchmarks.listed(letters.records) == ()


def test_an_average_can_be_removed_again(letters):
    one = benchmarks.Benchmark("Tea", "2019", "", {"open_rate": 0.2})
    benchmarks.bring(letters.records, [one], wiring.now(), by=COMMAND_LINE)
    number = benchmarks.listed(letters.records)[0].id
    at = frame("settings").run()
    at.multiselect(key="benchmarks-remove-0").select(number).run()
    at.button(key="benchmarks-removal").click().run()
    assert not at.exception
    assert benchmarks.listed(letters.records) == ()
