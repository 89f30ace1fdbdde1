"""The reference campaign's report as the store grows: the same campaign among ever more of them."""

from statistics import median

from bench import results
from bench.questions import Given
from bench.reports import given_of, profile
from bench.rounds import Ran, run
from bench.stores import DATA, events_in, store

SMALLEST = 1_000_000
GOAL_AT = 100_000_000
MOST = 10
"""Milliseconds of engine time that the report may take out of the largest store."""
MOST_GROWTH = 1.5
ROUNDS = 15
"""More than elsewhere: the report is short, and the ratio of two of them is a goal."""


TASKS = {
    "report": "The reference's twelve questions, the rollup read from its file",
    "product": "The reference's whole report, every section of the product, nothing kept in memory",
    "product_again": "The same for a second visitor",
}


def sizes(events: int) -> list[int]:
    """One million events, ten times as many, and so on up to `events`."""
    found = [SMALLEST]
    while found[-1] * 10 <= events:
        found.append(found[-1] * 10)
    return found


def measure(events: int) -> results.Part:
    stores = {size: given_of(size) for size in sizes(events)}
    found = {
        task: run(
            {_name(size): ("vitrine", task, given) for size, given in stores.items()}, DATA / "given", ROUNDS
        )
        for task in TASKS
    }
    held = {_name(size): f"{len(given.campaigns):,}" for size, given in stores.items()}
    events_held = {_name(size): f"{events_in(store(size)):,}" for size in stores}
    tables = [_table(title, found[task], held, events_held) for task, title in TASKS.items()]
    smallest, largest = _name(min(stores)), _name(max(stores))
    goals = _goals(found["report"], smallest, largest, stores[max(stores)]) if len(stores) > 1 else []
    notes = [
        "The reference has 60,000 recipients in every store. Its history, which the whole report compares it"
        " with, grows with the store.",
        *([] if max(stores) >= GOAL_AT else [f"{GOAL_AT:,} events on request: `make bench-100m`."]),
    ]
    return results.part("A report as the store grows", tables, goals, notes)


def _name(size: int) -> str:
    return f"{size // 1_000_000} M events"


def _table(
    title: str, found: dict[str, Ran], campaigns: dict[str, str], events: dict[str, str]
) -> results.Table:
    rows = [
        results.row(
            name,
            ran.took,
            ran.memory,
            **{
                "processor, ms": results.number(median(ran.work)),
                "events": events[name],
                "campaigns": campaigns[name],
            },
        )
        for name, ran in found.items()
    ]
    return results.table(title, rows, next(iter(found)))


def _goals(engine: dict[str, Ran], smallest: str, largest: str, given: Given) -> list[results.Goal]:
    small, large = (median(engine[name].took) for name in (smallest, largest))
    work = median(engine[largest].work)
    quick, flat = large <= MOST, large <= MOST_GROWTH * small
    why = [] if quick and flat else profile("report", given)
    return [
        results.goal(
            f"the report out of {largest} in at most {MOST} ms",
            f"{results.number(large)} ms; of processor {results.number(work)} ms",
            quick,
            [] if quick else why,
        ),
        results.goal(
            f"the report out of {largest} in at most {MOST_GROWTH} × its time out of {smallest}",
            f"{results.number(large / small)} ×",
            flat,
            [] if flat else why,
        ),
    ]
