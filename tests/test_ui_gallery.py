"""The gallery, a page in no menu, draws every chart of the report from the samples."""

from lib import wiring
from lib.config import SAMPLES
from lib.importers import samples
from lib.paper.sections import CHARTS
from lib.ui.places import PLACES
from tests.screens import add_analyst, analyst_cookie, frame, hold


def test_every_chart_is_drawn_from_the_samples(workspace, monkeypatch):
    samples.load(workspace.analytics, SAMPLES, wiring.now())
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    at = frame("gallery").run(timeout=120)
    assert not at.exception
    assert not at.info  # it would name the charts that no sample feeds
    assert {heading.value for heading in at.subheader} == set(CHARTS)
    assert len(at.get("plotly_chart")) == len(CHARTS)


def test_it_stands_in_no_menu():
    assert not PLACES["gallery"].in_navigation
