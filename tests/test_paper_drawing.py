"""Charts as pictures: every chart of the report can be drawn, always alike, and no name in it is markup."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import numpy as np
import plotly.graph_objects as go
import pytest

from lib import reports, wiring
from lib.charts import plain
from lib.config import SAMPLES
from lib.importers import samples
from lib.model import Form, Scope
from lib.paper import drawing, scales
from lib.paper.colours import palette
from lib.paper.scales import UnknownMark
from lib.paper.sections import CHARTS
from lib.words import LANGUAGES
from tests.shelf import shelf

LETTERS = tuple("abcdefg")


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    """The reports of all samples, in both forms."""
    with shelf(tmp_path_factory.mktemp("samples")) as made:
        samples.load(made.analytics, SAMPLES, wiring.now())
        ids = reports.campaigns(made.analytics, Scope())["id"]
        yield [reports.report(made.analytics, Scope(), one, form) for one in ids for form in Form]


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_of_the_report_can_be_drawn_in_both_languages(sampled, name):
    for language in LANGUAGES:
        figures = (CHARTS[name](report, language) for report in sampled)
        figure = next((figure for figure in figures if figure is not None), None)
        assert figure is not None, f"no sample feeds the chart {name}"
        ET.fromstring(drawing.svg(figure, "Title", "below"))
        assert drawing.png(figure).startswith(b"\x89PNG")


def texts(picture: bytes) -> str:
    """What a drawing says: beside the outlines of its letters each text stands as a comment."""
    return picture.decode()


def bars(**more) -> go.Figure:
    return go.Figure(go.Bar(x=LETTERS, y=list(range(7)), name="Opens", **more))


def test_the_same_chart_gives_the_same_bytes():
    assert drawing.svg(bars(), "A title") == drawing.svg(bars(), "A title")
    assert drawing.png(bars(), "A title") == drawing.png(bars(), "A title")


def test_a_picture_tells_no_date_and_no_program():
    told = drawing.svg(bars()) + drawing.png(bars())
    assert b"dc:date" not in told
    assert b"Matplotlib" not in told


@pytest.mark.parametrize(
    "name", ["$x^2$", "<b>bold</b>", "a & b", "50 % off \\o/", "عرض", "🎁 present", "x" * 5000]
)
def test_a_name_is_drawn_as_it_stands(name):
    """X1"""
    figure = go.Figure(go.Bar(x=[plain(name, 5000)], y=[1]))
    tree = drawing.svg(figure, name, name)
    ET.fromstring(tree)
    if len(name) < 40 and not set(name) & set("&<🎁"):
        assert name in texts(tree)


def test_a_name_with_tags_is_drawn_with_its_tags():
    drawn = texts(drawing.svg(go.Figure(go.Bar(x=[plain("<b>bold</b>")], y=[1]))))
    assert "&lt;b&gt;bold" in drawn or "<b>bold</b>" in drawn


def test_colours_are_those_of_the_light_theme():
    drawn = texts(
        drawing.svg(go.Figure([go.Bar(x=LETTERS, y=list(range(7))), go.Bar(x=LETTERS, y=list(range(7)))]))
    )
    assert all(colour in drawn for colour in palette().categories[:2])


@pytest.mark.parametrize(
    "trace",
    [
        go.Pie(values=[1, 2]),
        go.Scatter(x=[1], y=[1], stackgroup="one"),
        go.Scatter(x=[1, 2], y=[1, 2], fill="tonextx"),
    ],
)
def test_what_has_no_form_on_paper_yet_is_refused_by_its_name(trace):
    with pytest.raises(UnknownMark, match=r"pie|stackgroup|tonextx"):
        drawing.svg(go.Figure(trace))


def test_an_unknown_value_leaves_a_gap():
    figure = go.Figure(go.Scatter(x=[1, 2, 3, 4], y=[1, np.nan, 2, 3], mode="lines"))
    whole = go.Figure(go.Scatter(x=[1, 2, 3, 4], y=[1, 1.5, 2, 3], mode="lines"))
    assert drawing.svg(figure) != drawing.svg(whole)
    assert b"nan" not in drawing.svg(figure).lower()


@pytest.mark.parametrize(
    ("form", "value", "said"),
    [
        (",d", 12345, "12\u202f345"),
        (".0%", 0.25, "25%"),
        (".1f", 2.5, "2,5"),
        ("", 1234.5, "1\u202f234,5"),
        (",d", -3, "−3"),
    ],
)
def test_ticks_are_written_as_the_language_writes_them(form, value, said):
    assert scales.number_format(form, ",\u202f")(value) == said


def test_a_percent_sign_of_the_language_stands_behind_the_ticks():
    figure = go.Figure(go.Scatter(x=[0, 1], y=[0, 40]))
    figure.update_yaxes(ticksuffix="\u00a0%", rangemode="tozero")
    figure.update_layout(separators=",\u202f")
    assert "40\u00a0%" in texts(drawing.svg(figure))


def test_moments_lines_and_bands_are_drawn():
    days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)]
    figure = go.Figure(go.Scatter(x=days, y=[1, 2, 3]))
    figure.add_vline(x=days[1], annotation_text="pinned here")
    figure.add_hrect(y0=1, y1=2, fillcolor="rgba(1,2,3,0.2)", line_width=0)
    figure.update_xaxes(tickformat="%d/%m/%Y")
    drawn = texts(drawing.svg(figure))
    assert "pinned here" in drawn
    assert "02/03/2026" in drawn
