"""From the password to the first chart in Chromium with an empty cache, beside a bare page of Streamlit's.

At full speed, and over a line of 10 Mbit/s and 40 ms (bench/slow_line.py). Of the viewer's entry page: its
bytes and when it is painted.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import time
from typing import Any
from urllib.parse import urlsplit

from bench import page_installation, page_servers
from bench.page_installation import PASSWORD
from bench.results import Part, goal, part, row, table
from bench.slow_line import Line, line
from tests.chromium import launched

ROUNDS = 5
BARE = Path(__file__).with_name("bare_page.py")
CHART = ".stPlotlyChart .main-svg"
WATCH = f"""
new MutationObserver((_, watch) => {{
  if (!document.querySelector('{CHART}')) return;
  watch.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => {{ window.charted = Date.now(); }}));
}}).observe(document, {{childList: true, subtree: true}});
"""
"""Notes when the frame with the first chart has been painted. Whoever asks a page from outside is answered
only when it has time.
"""
SLOW = 10e6 / 8, 0.040
SPEEDS: dict[str, tuple[float | None, float]] = {"full speed": (None, 0.0), "10 Mbit/s, 40 ms": SLOW}
OURS, STREAMLIT = "Vitrine, from the password", "bare Streamlit page, from its address"
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
TYPING = 5_000  # milliseconds before the button: the password stands in another mail
SIZE = "performance.getEntriesByType('navigation')[0].transferSize"
PATIENCE = 120_000  # milliseconds
GOAL, LARGEST_ENTRY = 0.6, 20_000


@dataclass
class Measured:
    """By round: seconds to the first chart and bytes until then, and those fetched ahead; of an entry,
    milliseconds to its paint and its bytes.
    """

    chart: list[float] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    ahead: list[int] = field(default_factory=list)
    painted: list[float] = field(default_factory=list)
    entry: list[int] = field(default_factory=list)


def run() -> Part:
    """Measure both pages in turn, at both speeds."""
    found = {(name, speed): Measured() for speed in SPEEDS for name in (OURS, STREAMLIT)}
    with ExitStack() as running:
        ours, link = _product(running)
        bare = _bare(running)
        browser = running.enter_context(launched())
        for turn in range(ROUNDS + 1):  # the first does not count: the servers are cold
            for speed, given in SPEEDS.items():
                for one in (ours, bare[0]):
                    one.width, one.delay = given
                seen = [_ours(browser, ours, link), _theirs(browser, *bare)]
                for name, measured in zip((OURS, STREAMLIT), seen, strict=True):
                    if turn:
                        _add(found[name, speed], measured)
    return _found(found)


def _product(running: ExitStack) -> tuple[Line, str]:
    """The product behind a line, and a viewer's link."""
    data, port = page_installation.installed(), page_servers.free_port()
    url = f"http://127.0.0.1:{port}"
    settings = page_installation.SETTINGS | {"VITRINE_BASE_URL": url}
    server = running.enter_context(page_servers.product(data, settings))
    parts = page_installation.app(data, url)
    running.callback(parts.records.dispose)
    return running.enter_context(line(port, _port(server.url))), page_installation.shared(parts)[1]


def _bare(running: ExitStack) -> tuple[Line, str]:
    server, port = running.enter_context(page_servers.page(BARE)), page_servers.free_port()
    return running.enter_context(line(port, _port(server.url))), f"http://127.0.0.1:{port}"


def _port(url: str) -> int:
    return urlsplit(url).port or 80


def _ours(browser: Any, way: Line, link: str) -> Measured:
    def entry(page: Any, measured: Measured) -> None:
        way.down = 0
        page.goto(link, wait_until="load")
        measured.entry.append(page.evaluate(SIZE))
        while (painted := page.evaluate(PAINTED)) is None:
            page.wait_for_timeout(20)
        measured.painted.append(painted)
        page.fill("#password", PASSWORD)
        page.wait_for_timeout(TYPING)
        measured.ahead.append(way.down)

    return _chart(browser, way, entry, lambda page: page.press("#password", "Enter", no_wait_after=True))


def _theirs(browser: Any, way: Line, url: str) -> Measured:
    return _chart(browser, way, lambda *_: None, lambda page: page.goto(url, wait_until="commit"))


def _chart(
    browser: Any, way: Line, before: Callable[[Any, Measured], None], go: Callable[[Any], object]
) -> Measured:
    """One visitor with an empty cache."""
    measured, context = Measured(), browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        context.add_init_script(WATCH)
        page = context.new_page()
        before(page, measured)
        way.down, began = 0, time()
        go(page)
        page.wait_for_selector(CHART, timeout=PATIENCE)
        measured.bytes.append(way.down)
        painted = page.wait_for_function("window.charted", timeout=PATIENCE).json_value()
        measured.chart.append(painted / 1000 - began)
    finally:
        context.close()
    return measured


def _add(found: Measured, one: Measured) -> None:
    for name, values in vars(one).items():
        getattr(found, name).extend(values)


def _loaded(measured: Measured) -> dict[str, str]:
    ahead = f"{median(measured.ahead) / 1e6:.2f}" if measured.ahead else ""
    return {"MB": f"{median(measured.bytes) / 1e6:.2f}", "MB ahead, while typing": ahead}


def _found(found: dict[tuple[str, str], Measured]) -> Part:
    slow = list(SPEEDS)[-1]
    ratio = median(found[OURS, slow].chart) / median(found[STREAMLIT, slow].chart)
    entry, painted = found[OURS, slow].entry[0], median(found[OURS, slow].painted)
    tables = []
    for speed in SPEEDS:
        rows = [
            row(name, found[name, speed].chart, **_loaded(found[name, speed])) for name in (OURS, STREAMLIT)
        ]
        tables.append(table(f"To the first chart, {speed}, empty cache", rows, STREAMLIT, "s"))
    rows = [
        row(speed, found[OURS, speed].painted, kB=f"{max(found[OURS, speed].entry) / 1000:.1f}")
        for speed in SPEEDS
    ]
    tables.append(table("The viewer's entry page, to its first paint", rows, next(iter(SPEEDS)), "ms"))
    mean = "the rest is Chromium's own work: reading Streamlit's scripts and Plotly, drawing"
    full = median(found[OURS, "full speed"].chart)
    return part(
        "From the password to the first chart",
        tables,
        [
            goal(
                f"first chart at 10 Mbit/s in <= {GOAL} of a bare page's time",
                f"{ratio:.2f}",
                ratio <= GOAL,
                [f"At full speed it takes {full:.1f} s already; {mean}."],
            ),
            goal(
                "the entry page under 20 KB, painted before any script",
                f"{entry / 1000:.1f} kB with its headers, no script, painted after {painted:.0f} ms",
                entry < LARGEST_ENTRY,
            ),
        ],
        [
            "The line carries all that the browser gets, websockets too; its bytes are counted on the wire.",
            f"The password is typed for {TYPING / 1000:.0f} s, in which the entry page, painted, fetches what"
            " the report will need.",
            "Vitrine's first chart is that of the first day, below the story, twelve figures and a table; the"
            " bytes are those until somebody outside of the page sees it.",
        ],
    )
