"""The full report of one campaign, the same under filters, the overview and the trend: Vitrine beside what
else one could build.
"""

from importlib.util import find_spec
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from bench import results
from bench.contenders.vitrine import Contender
from bench.overviewed import CAMPAIGNS, overviewed
from bench.questions import Given, Place
from bench.rounds import ROUNDS, Ran, agree, run
from bench.sampled import shares
from bench.stores import DATA, events_in, home, store
from lib.store.analytics import Analytics
from lib.store.records import reading
from lib.store.tables import campaigns, files

REFERENCE = "vitrine-reference"
VITRINE = "Vitrine"
CONTENDERS = {
    "vitrine": VITRINE,
    "numpy_floor": "the floor: numpy, columns in memory",
    "duckdb_sql": "DuckDB, SQL by hand, no rollups",
    "polars_scan": "polars, lazy scans",
    "pandas_page": "the pandas page",
}
MOST_OVERVIEW = 50
"""Milliseconds that the overview of 10,000 campaigns may take."""

Lanes = dict[str, tuple[str, str, Given]]


def measure(events: int) -> results.Part:
    """All questions of the store with so many events. Raises Disagreement when answers differ."""
    given = given_of(events)
    size = f"{events_in(store(events)):,} events in {len(given.campaigns):,} campaigns"
    found = {task: _asked(task, given) for task in BESIDE}
    tables = [
        _table("The full report of one campaign (twelve questions)", found["report"]),
        _table("One campaign under filters (three questions, other filters each time)", found["narrowed"]),
        _table(f"The overview of all campaigns of the store ({size})", found["overview"]),
        _table(f"The trend over months ({size})", found["trend"]),
    ]
    return results.part("A report, the overview, the trend", tables, [_goal(found["overview"])], NOTES)


FIRST = ", nothing kept"
WHOLE = "Vitrine, every section of the product"
LISTED = f"Vitrine, {CAMPAIGNS:,} campaigns"
BESIDE = {  # task: what else Vitrine is asked beside it, by title
    "report": {f"{WHOLE}{FIRST}": "product", WHOLE: "product_again"},
    "narrowed": {"Vitrine, the first filter of the campaign": "narrowed_first"},
    "overview": {
        "Vitrine again": "overview_again",
        f"{LISTED}{FIRST}": "listed",
        LISTED: "listed_again",
    },
    "trend": {"Vitrine again": "trend_again"},
}
NOTES = (
    "All contenders gave the same answers, compared row by row: the form with all openings, distinct"
    " messages counted exactly.",
    "Vitrine's twelve questions read the rollup from its file each time. Its overview and trend begin with"
    " nothing kept in memory, as after an import; «again» is how a second visitor meets them.",
    "What no rollup holds is counted from the campaign's facts, a file that its first filter makes and that"
    " is kept until an import changes the campaign.",
    f"«{WHOLE}» is the page's whole report with all comparisons; no other contender is asked for as"
    f" much. It and the overview of {CAMPAIGNS:,} campaigns take no part in the comparison of answers.",
)


def _asked(task: str, given: Given) -> dict[str, Ran]:
    """Everybody's rounds of one task, after their answers were compared."""
    names = [name for name in CONTENDERS if name != "polars_scan" or _has_polars()]
    lanes: Lanes = {CONTENDERS[name]: (name, task, given) for name in names}
    for title, beside in BESIDE[task].items():
        lanes[title] = ("vitrine", beside, given_of_overview() if LISTED in title else given)
    found = run(lanes, DATA / "given", ROUNDS)
    agree({CONTENDERS[name]: found[CONTENDERS[name]].answer for name in names})
    return found


def _goal(found: dict[str, Ran]) -> results.Goal:
    again, first = (median(found[title].took) for title in (LISTED, f"{LISTED}{FIRST}"))
    reached = again <= MOST_OVERVIEW
    return results.goal(
        f"the overview of {CAMPAIGNS:,} campaigns in at most {MOST_OVERVIEW} ms",
        f"{results.number(again)} ms; with nothing kept {results.number(first)} ms",
        reached,
        [] if reached else profile("listed_again", given_of_overview()),
    )


def given_of_overview() -> Given:
    nothing = Place("", "", 0, "")
    return Given(str(overviewed()), nothing, [])


def _table(title: str, found: dict[str, Ran]) -> results.Table:
    rows = [
        results.row(
            name,
            ran.took,
            ran.memory,
            **{"of it before": f"{ran.before:,.0f} MB", "processor, ms": results.number(median(ran.work))},
        )
        for name, ran in found.items()
    ]
    return results.table(title, rows, VITRINE)


def profile(task: str, given: Given) -> list[str]:
    """Where Vitrine's time goes in one task, as lines."""
    contender = Contender(given)
    return shares(getattr(contender, task))


def given_of(events: int) -> Given:
    """What contenders are told of the store with so many events."""
    return given_in(store(events), home(events))


def given_in(analytics: Analytics, folder: Path) -> Given:
    """What contenders are told of an installation in a data folder."""
    query = sa.select(campaigns.c.id, campaigns.c.sent_at, files.c.path).join(
        files, files.c.campaign_id == campaigns.c.id
    )
    with reading(analytics.records) as db:
        rows = db.execute(query.order_by(campaigns.c.id)).all()
    places = [
        Place(
            row.id,
            str(analytics.events.path(row.path)),
            int(row.sent_at.timestamp()),
            f"{row.sent_at:%Y-%m}",
        )
        for row in rows
    ]
    reference = next(place for place in places if place.id == REFERENCE)
    return Given(str(folder), reference, places)


def _has_polars() -> bool:
    return find_spec("polars") is not None
