"""A hundred visitors who open a report at the same moment, and filter changes at ten a second.

Visitors are raw websockets (bench/visitors.py). Vitrine as it is; the same program on a server as Streamlit
sets it up by itself; the page that people write with Streamlit (bench/naive_page.py), on the same campaign.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from bench import page_installation, page_servers
from bench.page_servers import Server
from bench.results import Part, goal, part, row, table
from bench.visitors import Visitor, arrive, leave, open_together, paced

VISITORS = 100
ROUNDS = 5
A_SECOND, SECONDS = 10, 5
"""Filter changes; half of the visitors make one in a round."""
NAIVE = Path(__file__).with_name("naive_page.py")
OURS, UNTUNED, PEOPLE = "Vitrine", "Vitrine, server untuned", "naive Streamlit page"


@dataclass
class Contender:
    """A page that is measured; `cookies` gives those of so many new visitors."""

    server: Server
    page: str
    cookies: Callable[[int], list[str]]
    changed: Callable[[], object] = lambda: None
    """What makes its data another, so that nothing is kept."""
    first: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    """Milliseconds of one visitor alone, the first after a change and the next, by round."""
    opened: list[float] = field(default_factory=list)
    """Seconds until the last of all visitors had the page, by round."""
    work: list[float] = field(default_factory=list)
    """Seconds of processors by round."""
    typical: list[float] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)
    """Milliseconds of filter changes: the median and the 95th percentile, by round."""
    messages: int = 0
    size: int = 0
    """Of one opening, in bytes."""


def run() -> Part:
    """Measure all contenders in turn."""
    data = page_installation.installed()
    with ExitStack() as running:
        contenders = {
            OURS: _product(running, data, tuned=True),
            UNTUNED: _product(running, data, tuned=False),
            PEOPLE: _naive(running, data),
        }
        for one in contenders.values():
            asyncio.run(_warm(one))
        for _ in range(ROUNDS):
            for one in contenders.values():
                asyncio.run(_round(one))
    return _found(contenders)


def _product(running: ExitStack, data: Path, *, tuned: bool) -> Contender:
    server = running.enter_context(page_servers.product(data, page_installation.SETTINGS, tuned=tuned))
    parts = page_installation.app(data, server.url)
    running.callback(parts.records.dispose)
    viewer, _link = page_installation.shared(parts)
    return Contender(
        server,
        "shared",
        lambda count: page_installation.admitted(parts, viewer, count),
        lambda: page_installation.changed(parts),
    )


def _naive(running: ExitStack, data: Path) -> Contender:
    file = page_installation.file_of_reference(data)
    server = running.enter_context(page_servers.page(NAIVE, BENCH_FILE=str(file)))
    return Contender(server, "", lambda count: [""] * count)


async def _warm(one: Contender) -> None:
    """So that no round meets what is slow only once after a start."""
    visitors = await arrive(one.server.url, one.page, one.cookies(1))
    await visitors[0].open()
    await visitors[0].open()
    one.messages, one.size = len(visitors[0].heard), sum(map(len, visitors[0].heard))
    for value in ("people", "all"):
        await visitors[0].choose(_switch(visitors[0]), value)
    await leave(visitors)


async def _round(one: Contender) -> None:
    one.changed()
    for found in (one.first, one.again):
        alone = await arrive(one.server.url, one.page, one.cookies(1))
        found.append(await open_together(alone) * 1000)
        await leave(alone)
    visitors = await arrive(one.server.url, one.page, one.cookies(VISITORS))
    before = one.server.cpu()
    one.opened.append(await open_together(visitors))
    one.work.append(one.server.cpu() - before)
    switch = _switch(visitors[0])
    took = await paced(visitors, switch, ("people", "all"), A_SECOND, SECONDS)
    one.typical.append(median(took) * 1000)
    one.slow.append(quantiles(took, n=20)[-1] * 1000)
    await leave(visitors)


def _switch(visitor: Visitor) -> str:
    """The control that every contender has: all opens and clicks, or people's."""
    return visitor.controls("opens-")[0]


def _found(contenders: dict[str, Contender]) -> Part:
    ours, naive = contenders[OURS], contenders[PEOPLE]
    opens = [row(name, one.opened, **_beside(one)) for name, one in contenders.items()]
    changes = [row(f"{name}, p50", one.typical) for name, one in contenders.items()]
    changes += [row(f"{name}, p95", one.slow) for name, one in contenders.items()]
    alone = [row(f"{name}, the first after another import", one.first) for name, one in contenders.items()]
    alone += [row(f"{name}, the next", one.again) for name, one in contenders.items()]
    opened, times = median(ours.opened), median(naive.opened) / median(ours.opened)
    why = [
        f"An opening is {ours.messages} messages of {ours.size / 1000:.0f} kB and "
        f"{median(ours.work) / VISITORS * 1000:.0f} ms of processors; all runs share one interpreter.",
    ]
    return part(
        f"{VISITORS} visitors at once, and filter changes at {A_SECOND} a second",
        [
            table(f"{VISITORS} open the report at the same moment", opens, PEOPLE, "s"),
            table(f"Filter changes, {A_SECOND} a second", changes, f"{PEOPLE}, p50"),
            table("One visitor alone opens the report", alone, f"{PEOPLE}, the next"),
        ],
        [
            goal(f"{VISITORS} visitors open in <= 2 s", f"{opened:.2f} s", opened <= 2, why),
            goal("at least 30 times faster than naive", f"{times:.0f} times", times >= 30, why),
            goal("filter changes p95 <= 50 ms", f"{median(ours.slow):.0f} ms", median(ours.slow) <= 50, why),
        ],
        [
            "The naive page draws five charts and two tables, Vitrine sixteen sections.",
            f"Visitors and servers share the machine; each round begins with {VISITORS} new sockets.",
        ],
    )


def _beside(one: Contender) -> dict[str, str]:
    return {
        "processors, s": f"{median(one.work):.1f}",
        "messages": f"{one.messages}",
        "kB": f"{one.size / 1000:.0f}",
    }
