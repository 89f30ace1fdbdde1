"""Notes on a chart: a line and a number at each moment, words that are never read as HTML."""

from dataclasses import replace

import plotly.graph_objects as go
import pytest

from lib import charts
from lib.model import Actor
from lib.paper.sections import CHARTS
from lib.reports import notes, report
from lib.reports.notes import Written
from tests.shelf import EVERYTHING, NOW, SPRING, covering, event, shelf


def drawn(*pins, span=24):
    return charts.pinned(go.Figure(go.Bar(x=list(range(24)), y=[1] * 24)), pins, span)


def test_each_pin_is_a_line_at_its_moment_with_its_number():
    figure = drawn((5.0, 1, "Reminder"), (12.5, 2, "Sale"))
    assert [(line.x0, line.x1, line.yref) for line in figure.layout.shapes] == [
        (5.0, 5.0, "paper"),
        (12.5, 12.5, "paper"),
    ]
    assert [(one.x, one.text, one.hovertext) for one in figure.layout.annotations] == [
        (5.0, "<b>1</b>", "Reminder"),
        (12.5, "<b>2</b>", "Sale"),
    ]


def test_numbers_that_would_cover_each_other_stand_together_and_each_line_stays():
    figure = drawn((5.2, 3, "c"), (5.0, 1, "a"), (20, 2, "b"))
    assert [one.text for one in figure.layout.annotations] == ["<b>1, 3</b>", "<b>2</b>"]
    assert figure.layout.annotations[0].hovertext == "a<br>c"
    assert len(figure.layout.shapes) == 3


def test_the_words_of_a_note_are_never_read_as_html():
    (pin,) = drawn((1, 1, "<b>x</b> <a href='javascript:1'>$y$</a>")).layout.annotations
    assert "<" not in pin.hovertext and "$" not in pin.hovertext


def test_a_chart_without_notes_is_left_as_it_is():
    assert not drawn().layout.shapes and not drawn().layout.annotations


@pytest.fixture
def at(tmp_path):
    with shelf(tmp_path) as made:
        opened = [event(name, "opened", 3600 * hour) for hour, name in enumerate(("ann", "ben", "cid"))]
        late = [event("dee", "opened", 3600 * 100)]
        people = [event(name, "sent", 0) for name in ("ann", "ben", "cid", "dee")]
        made.bring(replace(SPRING), covering(), *people, *opened, *late)
        yield made


def pin(at, chart, hour, text="Reminder"):
    by = Actor("analyst", "ann@agency.example", "")
    return notes.add(at.analytics.records, SPRING.id, Written(text, chart, hour), NOW, by=by)


@pytest.mark.parametrize(("chart", "hour", "place"), [("first_day", 5.5, 5.0), ("life", 50.0, 50.0)])
def test_a_note_stands_on_its_chart_under_its_number_in_the_list(at, chart, hour, place):
    pin(at, None, None, "on the whole report")
    pin(at, chart, hour)
    for language in ("en", "fr"):
        found = report(at.analytics, EVERYTHING, SPRING.id)
        (line,) = CHARTS[chart](found, language).layout.shapes
        assert line.x0 == place
        assert "<b>2</b>" in [one.text for one in CHARTS[chart](found, language).layout.annotations]
        other = CHARTS["life" if chart == "first_day" else "first_day"](found, language)
        assert not other.layout.shapes


def test_a_pinned_chart_can_be_drawn_on_paper():
    """The same figure is drawn for files, in which every mark needs a form."""
    from lib.paper import drawing  # noqa: PLC0415 - loads matplotlib

    assert drawing.png(drawn((5, 1, "Reminder"))) != drawing.png(drawn())
