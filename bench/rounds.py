"""Contenders in turn: each in a process of its own, one round after another, so that all meet the same noise.

Wall and processor time of every round; the memory is the most that the process held after all rounds.
"""

import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench.questions import Given

ROUNDS = 7
ROOT = Path(__file__).resolve().parent.parent


class Disagreement(Exception):
    """Two contenders gave different answers; the message says which and where."""


@dataclass
class Ran:
    """What one contender did: milliseconds of each round by the clock and of processors, MB at most, MB
    before the first question, and its answer.
    """

    took: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    memory: float = 0
    before: float = 0
    answer: Any = None


class Process:
    """A contender in a process of its own."""

    def __init__(self, contender: str, given: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.contenders", contender, str(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        self.before = float(self._heard()["memory"])

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_error: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def ask(self, task: str, answered: bool = False) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{task}{' answer' if answered else ''}\n".encode())
        self._process.stdin.flush()
        return self._heard()

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a contender ended with {self._process.wait()}")
        return dict(orjson.loads(line))


def run(lanes: dict[str, tuple[str, str, Given]], folder: Path, rounds: int = ROUNDS) -> dict[str, Ran]:
    """Measure lanes in turn. A lane is a contender's module, the task it is asked, and what it is given.

    Everyone is asked twice before the first round: once to answer and once to be warm.
    """
    found = {name: Ran() for name in lanes}
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(Process(module, _written(folder, number, given)))
            for number, (name, (module, _, given)) in enumerate(lanes.items())
        }
        for name, process in processes.items():
            found[name].before = process.before
            found[name].answer = process.ask(lanes[name][1], answered=True)["answer"]
            process.ask(lanes[name][1])
        for _ in range(rounds):
            for name, process in processes.items():
                told = process.ask(lanes[name][1])
                found[name].took.append(told["took"] * 1000)
                found[name].work.append(told["work"] * 1000)
                found[name].memory = told["memory"]
    return found


def _written(folder: Path, number: int, given: Given) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"given-{number}.json"
    path.write_bytes(orjson.dumps(asdict(given)))
    return path


def agree(answers: dict[str, Any]) -> None:
    """Raises Disagreement unless all answers are the same."""
    (first, expected), *others = answers.items()
    for name, answer in others:
        for where, ours, theirs in _pairs(expected, answer):
            if ours != theirs:
                raise Disagreement(f"{first} and {name} differ in {where}: {_first(ours, theirs)}")


def _pairs(one: Any, other: Any) -> Iterable[tuple[str, Any, Any]]:
    if not isinstance(one, dict):
        return [("the rows", one, other)]
    return [(key, one[key], other.get(key)) for key in one]


def _first(ours: Any, theirs: Any) -> str:
    """The first row in which they differ."""
    for mine, other in zip(ours, theirs or [], strict=False):
        if mine != other:
            return f"{mine} and {other}"
    return f"{len(ours)} and {len(theirs or [])} rows"
