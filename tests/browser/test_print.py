"""The browser's own printing of a report: its sections whole on white paper, and nothing to press."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pypdf
import pytest

from lib.words import t
from tests.canaries import CAMPAIGN, Cage, cage
from tests.chromium import PATIENCE, expect
from tests.serving import Served, serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]

A4 = (595, 842)
"""Points."""
ON_PAPER = 700
"""Pixels of the screen between the margins of A4."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cage]:
    with cage(tmp_path_factory.mktemp("printed")) as made:
        yield made


@pytest.fixture(scope="module")
def server(filled: Cage) -> Iterator[Served]:
    with serve(filled.data, VITRINE_SAMPLES="off") as served:
        yield served


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_printed_report_has_all_sections_and_nothing_to_press(
    filled: Cage,
    server: Served,
    chromium: Any,
    theme: str,
) -> None:
    context = chromium.new_context(viewport={"width": ON_PAPER, "height": 900}, color_scheme=theme)
    ((name, cookie),) = filled.sign_in().items()
    context.add_cookies([{"name": name, "value": cookie, "url": server.url}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{server.url}/campaign?id={CAMPAIGN.id}")
    expect(page.locator(".st-key-section-links .stDataFrame").first).to_be_visible(timeout=PATIENCE)
    page.emulate_media(media="print")
    for hidden in ("header", ".stButton", ".stMenuButton", ".stPageLink", "[data-testid=stSidebar]"):
        for one in page.locator(hidden).all():
            expect(one).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    for chart in page.locator(".stPlotlyChart").all():
        box = chart.bounding_box()
        assert box is None or box["x"] + box["width"] <= ON_PAPER
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))
    context.close()
    assert all(
        abs(float(side) - wanted) < 2 for side, wanted in zip(printed.pages[0].mediabox[2:], A4, strict=True)
    )
    told = " ".join(" ".join(one.extract_text().split()) for one in printed.pages)
    assert CAMPAIGN.title in told
    for section in ("first_day", "links"):
        assert len(re.findall(re.escape(t("en", f"report.section.{section}")), told)) >= 1
    assert t("en", "files.whole") not in told
    assert t("en", "report.share") not in told
