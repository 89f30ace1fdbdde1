"""One contender in a process of its own: tasks in by line, what each took out by line, as JSON.

`python -m bench.contenders NAME GIVEN.json`; the first line out says what the process weighs before any
question.
"""

import gc
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time

import orjson

from bench.memory import peak
from bench.questions import Given, Place


def main(name: str, given: Path) -> None:
    told = orjson.loads(given.read_bytes())
    places = [Place(**place) for place in told["campaigns"]]
    asked = Given(told["home"], Place(**told["reference"]), places)
    contender = import_module(f"bench.contenders.{name}").Contender(asked)
    _say({"memory": peak()})
    for line in sys.stdin:
        task, _, wanted = line.strip().partition(" ")
        getattr(contender, f"before_{task}", _nothing)()
        gc.collect()
        began, worked = perf_counter(), process_time()
        answer = getattr(contender, task)()
        took, work = perf_counter() - began, process_time() - worked
        _say({"took": took, "work": work, "memory": peak(), "answer": answer if wanted else None})


def _nothing() -> None:
    """Most tasks need no preparation."""


def _say(found: dict[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
