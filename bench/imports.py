"""Bringing a file in: Vitrine's whole import beside DuckDB's COPY of the same file alone, and pandas.

Each runs in a process of its own, from the start of its work to its end (what Python imports is not
counted), in turn, into an empty place.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, process_time
from typing import Any

import orjson

from bench import results
from bench.mailings import SEED, VERSION, Mailing, letters, mailings
from bench.memory import peak
from bench.rounds import ROOT
from bench.stores import DATA, NOW, alone, opened, write_csv

EVENTS = int(os.environ.get("BENCH_IMPORT_EVENTS", "1000000"))
LETTERS, EACH = 500, 350
"""Campaigns of the second file, and recipients of each: a small sender's history."""
LARGE = 500_000
"""Recipients of the one campaign of the third file, whose rows are in memory together."""
ROUNDS = 5
LEAST = 0.5
"""Of the rows per second that COPY alone reaches."""
MOST_MEMORY = 1500
"""MB."""
NOTES = (
    "Vitrine checks every cell, finds repetitions, names every event and recipient, writes a file per"
    " campaign, counts its rollup and makes it visible in the records. COPY only parses the CSV and writes"
    " one Parquet file; pandas parses, counts people per campaign and kind, and writes one Parquet file.",
)


def run() -> results.Part:
    plan = mailings(EVENTS)
    files = {
        _file(f"csv-{EVENTS}", plan): f"{len(plan)} campaigns",
        _file(f"csv-letters-{LETTERS}", letters(LETTERS, EACH)): f"{LETTERS} campaigns",
        _file(f"csv-large-{LARGE}", letters(1, LARGE)): "one campaign",
        _file(f"csv-mixed-{EVENTS}", plan, is_mixed=True): f"{len(plan)} campaigns in no order",
    }
    measured = {file: _measured(file) for file in files}
    tables = [_table(file, files[file], lanes) for file, lanes in measured.items()]
    return results.part("An import", tables, [_speed(measured), _memory(measured)], NOTES)


def _measured(file: Path) -> dict[str, "_Lane"]:
    rows = _rows(file)
    lanes = {name: _Lane() for name in CONTENDERS}
    for _ in range(ROUNDS):
        for name, lane in lanes.items():
            lane.add(_apart(name, file))
    for name, lane in lanes.items():
        if lane.rows != rows:
            raise ValueError(f"{name} brought in {lane.rows} of {rows} rows")
    return lanes


def _table(file: Path, campaigns: str, lanes: dict[str, "_Lane"]) -> results.Table:
    rows, size = _rows(file), file.stat().st_size / 2**20
    return results.table(
        f"A folder of events.csv ({rows:,} rows of {campaigns}, {size:,.0f} MB) and campaigns.csv",
        [lane.row(name, rows) for name, lane in lanes.items()],
        "DuckDB, COPY alone",
        "s",
    )


def _speed(measured: dict[Path, dict[str, "_Lane"]]) -> results.Goal:
    """Of the first file; where the time goes also of the second, which asks for other things."""
    first, second = list(measured)[:2]
    ours, copy = measured[first]["Vitrine"], measured[first]["DuckDB, COPY alone"]
    share, work = (median(getattr(copy, name)) / median(getattr(ours, name)) for name in ("took", "work"))
    fast = share >= LEAST
    found = (
        f"{results.number(share)} ({_rows(first) / median(ours.took):,.0f} rows/s);"
        f" by processor time {results.number(work)}"
    )
    why = [] if fast else [*_profile(first), "Of the small campaigns:", *_profile(second)]
    return results.goal(f"an import at {LEAST} of the speed of COPY alone or more", found, fast, why)


def _memory(measured: dict[Path, dict[str, "_Lane"]]) -> results.Goal:
    """Of all files, in their order."""
    heaviest = max(measured, key=lambda file: measured[file]["Vitrine"].memory)
    most = measured[heaviest]["Vitrine"].memory
    each = " / ".join(f"{lanes['Vitrine'].memory:,.0f}" for lanes in measured.values())
    lean = most < MOST_MEMORY
    why = [] if lean else _profile(heaviest)
    return results.goal(f"an import in less than {MOST_MEMORY:,} MB", f"{each} MB", lean, why)


def _profile(file: Path) -> list[str]:
    return list(_apart("Vitrine, sampled", file)["profile"])


@dataclass
class _Lane:
    """What one contender's rounds took: seconds, by the clock and of processors, and MB at most."""

    took: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    memory: float = 0
    rows: int | None = None

    def add(self, told: dict[str, Any]) -> None:
        self.took.append(told["took"])
        self.work.append(told["work"])
        self.memory = max(self.memory, told["memory"])
        self.rows = told["rows"]

    def row(self, name: str, rows: int) -> results.Row:
        speed = f"{rows / median(self.took):,.0f}"
        processor = results.number(median(self.work))
        return results.row(name, self.took, self.memory, **{"rows/s": speed, "processor, s": processor})


def _file(name: str, plan: list[Mailing], *, is_mixed: bool = False) -> Path:
    """The folder's events.csv, made at most once; its rows in no order where it `is_mixed`."""
    folder = DATA / f"v{VERSION}-seed{SEED}" / name
    with alone(folder):
        if not (folder / "told").is_file():
            write_csv(folder / "events", plan)
            if is_mixed:
                _mix(folder / "events" / "events.csv")
            (folder / "told").touch()
    return folder / "events" / "events.csv"


def _mix(file: Path) -> None:
    heading, *lines = file.read_bytes().splitlines(keepends=True)
    Random(SEED).shuffle(lines)
    file.write_bytes(b"".join([heading, *lines]))


def _rows(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for _ in lines) - 1


# --- in a process of its own ----------------------------------------------------------------------


def _apart(name: str, file: Path) -> dict[str, Any]:
    """What one contender tells of one round."""
    target = DATA / "imported"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    try:
        command = [sys.executable, "-m", "bench.imports", name, str(file), str(target)]
        ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
        return dict(orjson.loads(ended.stdout))
    finally:
        shutil.rmtree(target, ignore_errors=True)


def _vitrine(file: Path, target: Path) -> Callable[[], int]:
    from lib.importers.bringing import bring_in  # noqa: PLC0415 - each process knows only its contender
    from lib.importers.limits import OPERATED  # noqa: PLC0415 - each process knows only its contender

    analytics = opened(target)

    def bring() -> int:
        outcome = bring_in(analytics, file.parent, by="bench", now=NOW, limits=OPERATED)
        analytics.events.close()
        return outcome.imported - len(outcome.campaigns)  # each has a row in campaigns.csv

    return bring


def _copy(file: Path, target: Path) -> Callable[[], int]:
    import duckdb  # noqa: PLC0415 - each process knows only its contender

    sql = (
        f"COPY (FROM read_csv('{file}')) TO '{target / 'events.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
    )
    return lambda: int(duckdb.connect().execute(sql).fetchall()[0][0])


def _pandas(file: Path, target: Path) -> Callable[[], int]:
    import pandas as pd  # noqa: PLC0415 - each process knows only its contender

    def bring() -> int:
        events = pd.read_csv(file, parse_dates=["at"], low_memory=False)
        people = events.groupby(["campaign", "kind"])["recipient"].nunique()
        people.to_frame().to_parquet(target / "people.parquet")
        events.to_parquet(target / "events.parquet", compression="zstd")
        return len(events)

    return bring


CONTENDERS: dict[str, Callable[[Path, Path], Callable[[], int]]] = {
    "Vitrine": _vitrine,
    "DuckDB, COPY alone": _copy,
    "pandas": _pandas,
}


def _told(name: str, file: Path, target: Path) -> dict[str, Any]:
    if name == "Vitrine, sampled":
        from bench.sampled import shares  # noqa: PLC0415 - only where it is asked for

        return {"profile": shares(_vitrine(file, target))}
    bring = CONTENDERS[name](file, target)
    began, worked = perf_counter(), process_time()
    rows = bring()
    took, work = perf_counter() - began, process_time() - worked
    return {"took": took, "work": work, "rows": rows, "memory": peak()}


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(_told(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
