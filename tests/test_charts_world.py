"""The map and the ranked bars."""

import json

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import charts
from lib.charts.atlas.make import area, projected
from lib.charts.world import DATA, HEIGHT, SCALE

NOT_COUNTRIES = {
    "AQ",
    "HM",
    "EU",
    "EZ",
    "UN",
    "QO",
    "XA",
    "XB",
    "ZZ",
    "AC",
    "CP",
    "CQ",
    "DG",
    "EA",
    "IC",
    "TA",
}
SPOTS = json.loads(DATA.read_text(encoding="utf-8"))["spots"]


def shades(figure):
    return [trace.meta["shade"] for trace in figure.data]


def test_every_country_with_a_code_can_be_seen_on_the_map():
    codes = {code for code in Locale("en").territories if len(code) == 2 and code.isalpha()} - NOT_COUNTRIES
    assert codes <= set(SPOTS)
    for code in codes:
        assert max(shades(charts.world({code: 3}, {code: code}))) == 1


@pytest.mark.parametrize("code", ["MT", "SG", "LU", "MC", "GP", "BH"])
def test_a_small_country_gets_a_dot(code):
    assert [trace.mode for trace in charts.world({code: 1}, {}).data].count("markers") == 1


def test_a_large_country_needs_no_dot():
    assert {trace.mode for trace in charts.world({"FR": 1, "US": 2}, {}).data} == {"lines"}


def test_more_opens_have_more_colour_and_land_without_any_has_least():
    figure = charts.world({"FR": 1, "IE": 50, "US": 100}, {})
    assert shades(figure) == sorted(shades(figure))
    assert shades(figure)[0] == 0 and shades(figure)[-1] == 1 and shades(figure)[1] >= 0.4


def test_a_code_that_no_map_knows_is_left_to_the_table():
    assert charts.world({"ZZ": 5, "*": 3}, {}) is None
    assert len(charts.world({"ZZ": 5, "FR": 1}, {}).data) == 2


def test_no_colour_is_named_so_that_the_theme_decides():
    for trace in charts.world({"FR": 1, "MT": 2}, {}).data:
        assert [trace.fillcolor, trace.line.color, trace.marker.color] == [None] * 3


def test_a_name_on_the_map_is_never_read_as_html():
    figure = charts.world({"FR": 1}, {"FR": "<img src=x>"})
    assert "<" not in str(figure.data[-1].text)


def test_the_outlines_come_with_the_product_and_nothing_is_fetched():
    figure = charts.world({"FR": 1}, {})
    assert {trace.type for trace in figure.data} == {"scatter"}
    assert "geo" not in figure.layout.to_plotly_json()
    assert DATA.stat().st_size < 150_000
    assert "Permission to use" in (DATA.parent / "LICENCE.txt").read_text(encoding="utf-8")


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(sorted(SPOTS)), min_size=1, max_size=8))
def test_all_countries_with_data_lie_within_what_is_shown(codes):
    figure = charts.world(dict.fromkeys(codes, 1), {})
    west, east = figure.layout.xaxis.range
    south, north = figure.layout.yaxis.range
    for code in codes:
        x, y = SPOTS[code]
        assert west <= x <= east and south <= y <= north
    assert figure.layout.height == HEIGHT


def test_the_projection_is_equal_earth():
    # The width of the whole world at the equator and the height of the pole, from the paper's formulas.
    assert projected((180, 0))[0] == pytest.approx(2.7066 * SCALE, rel=1e-3)
    assert projected((0, 90))[1] == pytest.approx(1.3173 * SCALE, rel=1e-3)
    # Equal areas: a degree by a degree at 60° is half the ground of one at the equator.
    assert cell(-0.5) / cell(59.5) == pytest.approx(2, rel=0.01)


def cell(south):
    return area([projected(place) for place in ((0, south), (1, south), (1, south + 1), (0, south + 1))])


def test_bars_are_ranked_in_the_order_given_the_first_on_top():
    figure = charts.ranked(["Gmail", "Outlook"], [5, 3], ["5", "3"], "Unique opens")
    bars = figure.data[0]
    assert list(bars.x) == [5, 3] and bars.orientation == "h"
    assert list(figure.layout.yaxis.ticktext) == ["Gmail", "Outlook"]
    assert figure.layout.yaxis.autorange == "reversed"


def test_two_names_that_look_alike_stay_two_bars():
    long = "https://shop.example/a/very/long/address/of/a/page/"
    figure = charts.ranked([long + "1", long + "2"], [2, 1], ["2", "1"], "Clicks")
    assert len(set(figure.data[0].y)) == 2
    assert len(set(figure.layout.yaxis.ticktext)) == 1


def test_a_name_beside_a_bar_is_never_read_as_html():
    figure = charts.ranked(["<b>x</b>"], [1], ["<i>1</i>"], "<u>")
    assert "<" not in figure.layout.yaxis.ticktext[0]
    assert "<" not in figure.data[0].text[0]
    assert "<" not in figure.data[0].hovertext[0].replace("<br>", "")
