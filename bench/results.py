"""What was measured: as plain values in results.json, and for reading in results.md.

A part gives tables (rows of repeated measurements, all of one run) and goals; medians, ranges and ratios are
worked out when the page is written.
"""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import orjson

HERE = Path(__file__).resolve().parent
JSON = HERE / "results.json"
PAGE = HERE / "results.md"

MEASURED = ("lib", "pages", "bench/*.py", "requirements.txt", "requirements-bench.txt")
"""What a change of makes other results."""
VERSIONS = ("duckdb", "pyarrow", "pandas", "polars", "numpy", "streamlit")
ORDER = ("build", "reports", "growth", "imports", "pages", "browser")

Row = dict[str, Any]
Table = dict[str, Any]
Goal = dict[str, Any]
Part = dict[str, Any]


def row(name: str, values: Sequence[float], memory: float | None = None, /, **more: object) -> Row:
    """One contender: what was measured in each round, in the table's unit; `memory` is its peak in MB.
    `more` are further cells by the title of their column.
    """
    return {"name": name, "values": list(values), "memory": memory, "more": more}


def table(title: str, rows: Iterable[Row], baseline: str, unit: str = "ms", note: str = "") -> Table:
    """Contenders side by side; ratios are to the median of the row named `baseline`."""
    return {"title": title, "unit": unit, "baseline": baseline, "note": note, "rows": list(rows)}


def goal(wanted: str, found: str, reached: bool, why: Sequence[str] = ()) -> Goal:
    """A goal of the house; `why` are lines of the profile where it is not reached."""
    return {"wanted": wanted, "found": found, "reached": bool(reached), "why": list(why)}


def part(
    title: str, tables: Sequence[Table] = (), goals: Sequence[Goal] = (), notes: Sequence[str] = ()
) -> Part:
    return {"title": title, "tables": list(tables), "goals": list(goals), "notes": list(notes)}


def save(name: str, found: Part, file: Path = JSON) -> None:
    """Put a part's results in the place of its older ones, with when, where and of which commit."""
    kept = load(file)
    kept[name] = found | {"made": datetime.now(UTC).isoformat(timespec="minutes"), "on": machine()}
    file.write_bytes(orjson.dumps(kept, option=orjson.OPT_INDENT_2) + b"\n")


def load(file: Path = JSON) -> dict[str, Part]:
    return dict(orjson.loads(file.read_bytes())) if file.is_file() else {}


def machine() -> dict[str, str]:
    """Of which commit, on what, how busy (processes that want a core, of the last minute), which versions."""
    return {
        "commit": _commit(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB",
        "python": platform.python_version(),
        **{name: found for name in VERSIONS if (found := _version(name))},
    }


def _commit() -> str:
    git = ("git", "-C", str(HERE.parent))
    asked = subprocess.run(
        [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        [*git, "status", "--porcelain", *MEASURED], capture_output=True, text=True, check=False
    )
    return (asked.stdout.strip() or "unknown") + (" with changes" if changed.stdout.strip() else "")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


# --- the page -------------------------------------------------------------------------------------


def render(parts: dict[str, Part]) -> str:
    """results.md: the goals first, then every part with its tables."""
    names = [name for name in ORDER if name in parts] + [name for name in parts if name not in ORDER]
    lines = [
        "# What was measured",
        "",
        "Made by `make bench`; what is measured and how stands in [README.md](README.md). The machine is"
        " shared and noisy: read ratios, which come from rounds in turn within one run, before times.",
        "",
        *_goals(parts, names),
    ]
    for name in names:
        lines += _part(name, parts[name])
    return "\n".join(lines).rstrip() + "\n"


def _goals(parts: dict[str, Part], names: list[str]) -> list[str]:
    goals = [one for name in names for one in parts[name]["goals"]]
    if not goals:
        return []
    rows = [
        f"| {one['wanted']} | {one['found']} | {'reached' if one['reached'] else '**not reached**'} |"
        for one in goals
    ]
    return ["| goal | found | |", "|---|---|---|", *rows, ""]


def _part(name: str, found: Part) -> list[str]:
    on = ", ".join(f"{key} {value}" for key, value in found["on"].items() if key != "commit")
    lines = [
        f"## {found['title']}",
        "",
        f"`{name}`, {found['made']}, commit {found['on']['commit']}; {on}.",
        "",
    ]
    for one in found["tables"]:
        lines += table_lines(one)
    for one in found["goals"]:
        if one["why"] and not one["reached"]:
            lines += [f"Why «{one['wanted']}» is not reached:", "", *(f"- {line}" for line in one["why"]), ""]
    lines += [f"- {note}" for note in found["notes"]]
    return [*lines, ""]


def table_lines(found: Table) -> list[str]:
    """A table as it stands on the page."""
    rows, unit = found["rows"], found["unit"]
    base = next((median(one["values"]) for one in rows if one["name"] == found["baseline"]), 0)
    more = list(dict.fromkeys(key for one in rows for key in one["more"]))
    memory = ["peak memory"] if any(one["memory"] is not None for one in rows) else []
    titles = ["", f"median, {unit}", "least to most", f"to {found['baseline']}", *memory, *more]
    lines = [f"### {found['title']}", "", *([found["note"], ""] if found["note"] else [])]
    lines += [_cells(titles), "|---|" + "---:|" * (len(titles) - 1)]
    for one in rows:
        values = one["values"]
        spread = f"{number(min(values))} – {number(max(values))}" if len(values) > 1 else ""
        cells = [one["name"], number(median(values)), spread]
        cells.append(f"{number(median(values) / base)} ×" if base else "")
        cells += [f"{one['memory']:,.0f} MB" if one["memory"] is not None else ""] if memory else []
        lines.append(_cells([*cells, *(str(one["more"].get(key, "")) for key in more)]))
    rounds = min(len(one["values"]) for one in rows)
    return [*lines, "", *([f"{rounds} rounds.", ""] if rounds > 1 else [])]


def _cells(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def number(value: float) -> str:
    """Three digits that count, with commas between thousands."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.{1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3}f}"
