"""`python -m bench PART...`: measure, print the tables side by side with the goals, write results.json and
results.md.

Parts are build, reports, growth, imports, pages and browser, or all of them. `--events` is the size of the
largest store.
"""

import argparse
from importlib import import_module
from time import perf_counter

from bench import results

PARTS = {  # part: the module that measures it
    "build": "bench.building",
    "reports": "bench.reports",
    "growth": "bench.growth",
    "imports": "bench.imports",
    "pages": "bench.pages",
    "browser": "bench.browser",
}
OF_A_STORE = ("build", "reports", "growth")
EVENTS = 10_000_000


def main() -> None:
    asked = _arguments()
    names = list(PARTS) if "all" in asked.parts else [name for name in PARTS if name in asked.parts]
    for name in names:
        _say(f"{name} ...")
        began = perf_counter()
        module = import_module(PARTS[name])
        found = module.measure(asked.events) if name in OF_A_STORE else module.run()
        results.save(name, found)
        results.PAGE.write_text(results.render(results.load()), encoding="utf-8")
        for table in found["tables"]:
            _say("\n".join(results.table_lines(table)))
        _say(f"{name}: {perf_counter() - began:.0f} s")
        for one in found["goals"]:
            _say(f"  {'reached    ' if one['reached'] else 'NOT REACHED'} {one['wanted']}: {one['found']}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", default=["all"], choices=[*PARTS, "all"], metavar="PART")
    parser.add_argument("--events", type=int, default=EVENTS)
    return parser.parse_args()


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    main()
