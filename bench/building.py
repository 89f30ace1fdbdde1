"""Making the data: one store per size, through the product's own layout, rollups and records."""

from functools import partial
from pathlib import Path
from time import perf_counter, process_time

from bench import results
from bench.growth import sizes
from bench.overviewed import overviewed
from bench.stores import events_in, home, store


def measure(events: int) -> results.Part:
    rows = []
    for size in sizes(events):
        began, worked = perf_counter(), process_time()
        analytics = store(size, told=partial(_tell, size))
        took, work = perf_counter() - began, process_time() - worked
        more = {
            "processor, s": results.number(work),
            "events": f"{events_in(analytics):,}",
            "on disk": f"{_weight(home(size)) / 2**20:,.0f} MB",
        }
        rows.append(results.row(f"{size // 1_000_000} M events", [took], **more))
    overviewed()
    note = "What was there already takes no time: only missing campaigns are made."
    tables = [results.table("Made or found", rows, rows[0]["name"], "s", note)]
    return results.part("The data", tables)


def _tell(size: int, line: str) -> None:
    print(f"  {size // 1_000_000} M events: {line}", flush=True)  # noqa: T201 - the command's progress


def _weight(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
