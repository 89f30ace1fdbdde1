"""Charts: a table in, a figure out; unknown is a gap, and no name is read as HTML (X1)."""

import math

import pandas as pd
import pytest

from lib import charts

LABELS = {"open_rate": "Open rate"}
PAYLOADS = (
    '<a href="javascript:alert(1)">click</a>',
    "<b>bold</b>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt;",
    "%{y}",
    "$\\alpha$",
)


def rates(*values: float) -> pd.DataFrame:
    days = pd.date_range("2026-03-01", periods=len(values), tz="UTC")
    return pd.DataFrame(
        {"at": days, "name": [f"Letter {n}" for n in range(len(values))], "open_rate": values}
    )


def test_an_unknown_rate_is_a_gap_not_a_zero():
    line = charts.rates_over_time(rates(0.2, math.nan, 0.3), LABELS).data[0]
    assert math.isnan(line.y[1])
    assert line.connectgaps is False


def test_a_rate_over_one_is_not_clamped():
    assert max(charts.rates_over_time(rates(1.2), LABELS).data[0].y) == pytest.approx(120)


def test_each_label_is_a_line():
    table = rates(0.1, 0.2).assign(click_rate=0.01)
    figure = charts.rates_over_time(table, LABELS | {"click_rate": "Click rate"})
    assert [line.name for line in figure.data] == ["Open rate", "Click rate"]


def test_the_first_day_has_a_bar_per_hour_and_label():
    table = pd.DataFrame({"hour": range(24), "opens": range(24), "clicks": 0})
    figure = charts.first_day(table, {"opens": "Opens", "clicks": "Clicks"})
    assert [len(bars.x) for bars in figure.data] == [24, 24]


def test_a_table_is_not_changed():
    table = rates(0.1, 0.2)
    before = table.copy()
    charts.rates_over_time(table, LABELS)
    pd.testing.assert_frame_equal(table, before)


def test_no_colour_is_set_so_that_the_theme_decides():
    line = charts.rates_over_time(rates(0.1, 0.2), LABELS).data[0]
    assert line.line.color is None
    assert line.marker.color is None


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_is_never_read_as_html_or_as_a_formula(payload):
    figure = charts.rates_over_time(rates(0.1, 0.2).assign(name=payload), {"open_rate": payload})
    for text in (*figure.data[0].customdata, figure.data[0].name):
        assert "<" not in text
        assert "$" not in text
        assert "%{" not in text


def test_a_long_name_is_shortened():
    assert len(charts.plain("x" * 500)) == 60


def test_french_charts_speak_french():
    french = charts.Manner(",\u202f", "\u00a0%", "{0}\u00a0h", "%d/%m/%Y", "%m/%Y")
    figure = charts.rates_over_time(rates(0.1, 0.2), LABELS, french)
    assert figure.layout.separators == ",\u202f"
    assert figure.layout.yaxis.ticksuffix == "\u00a0%"
    day = charts.first_day(pd.DataFrame({"hour": [0], "open_rate": [1]}), LABELS, french)
    assert day.layout.xaxis.ticksuffix == "\u00a0h"


def test_hovering_an_hour_says_since_when_it_counts():
    figure = charts.first_day(pd.DataFrame({"hour": [0, 1], "open_rate": [1, 2]}), LABELS)
    assert figure.layout.xaxis.unifiedhovertitle.text == "%{x} after sending"


ON_BANDS = pd.DataFrame(
    {
        "name": ["Open rate", "<b>Complaints</b>"],
        "value": [0.5, 0.0],
        "low": [0.31, 0.0],
        "high": [0.38, 0.0002],
        "words": ["Open rate 50%: high", "<b>Complaints</b> 0%"],
    }
)
BANDS = {"value": "This campaign", "band": "Usual"}


def test_a_dot_lies_on_its_band_on_one_scale():
    band, dot = charts.intervals(ON_BANDS, BANDS).data
    assert list(band.base) == pytest.approx([31, 0]) and list(band.x) == pytest.approx([7, 0.02])
    assert list(dot.x) == pytest.approx([50, 0]) and list(dot.y) == list(band.y)


def test_each_row_has_a_scale_of_its_own_that_begins_with_zero():
    band, dot, words = charts.intervals_apart(ON_BANDS, BANDS).data
    assert [*dot.x] == pytest.approx([1, 0])
    assert [low + length for low, length in zip(band.base, band.x, strict=True)] == pytest.approx([0.76, 1])
    assert [*words.text] == ["Open rate 50%: high", "&lt;b&gt;Complaints&lt;/b&gt; 0%"]


def test_a_row_without_a_band_keeps_its_dot():
    band, dot, _words = charts.intervals_apart(ON_BANDS.assign(low=math.nan, high=math.nan), BANDS).data
    assert all(math.isnan(length) for length in band.x)
    assert [*dot.x] == pytest.approx([1, 0])
