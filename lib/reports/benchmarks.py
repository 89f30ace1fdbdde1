"""Averages of industries, as somebody published them: brought in by analysts, who choose the one of theirs.

None comes with the product. One row is an industry as a source published it at a time, with the rates that it
gives; the newest row of the chosen industry stands beside the figures of every report.
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa

from lib.model import Actor
from lib.store import audit
from lib.store.records import reading
from lib.store.tables import benchmarks as table
from lib.store.tables import workspace

RATES = (
    "open_rate",
    "click_rate",
    "click_to_open_rate",
    "bounce_rate",
    "unsubscribe_rate",
    "complaint_rate",
)
"""Metrics of which an industry may have an average."""

NAMES = {  # their column, in snake case and without a unit: ours
    "abuse": "complaint_rate",
    "abuse_rate": "complaint_rate",
    "complaints": "complaint_rate",
    "unsubscribe": "unsubscribe_rate",
    "unsubscribed": "unsubscribe_rate",
    "bounce": "bounce_rate",
    "open": "open_rate",
    "click": "click_rate",
    "click_to_open": "click_to_open_rate",
    "ctor": "click_to_open_rate",
    "soft_bounce_rate": "soft_bounce",
    "hard_bounce_rate": "hard_bounce",
    "year": "published",
}
KINDS_OF_BOUNCES = ("soft_bounce", "hard_bounce")
UNITS = ("_pct", "_percent", "_percentage")

MOST_BYTES = 1_000_000
MOST_ROWS = 5_000
MOST_TROUBLES = 20
LONGEST = {"industry": 120, "source": 500}
OLDEST = 1990
BEFORE_PROXY = "2021-09"
"""In September 2021 Apple's Mail Privacy Protection began to open mails by itself."""

NAME = "industry"  # its row in the table `workspace`: {"chosen": ..., "version": ...}


@dataclass(frozen=True)
class Benchmark:
    """The averages of an industry: `rates` by metric, as fractions of 1; `published` is 2019, 2019-10 or
    2019-10-01.
    """

    industry: str
    published: str
    source: str = ""
    rates: Mapping[str, float] = field(default_factory=dict)
    id: int = 0
    """Of its row; 0 for one that is not kept yet."""

    @property
    def year(self) -> int:
        return int(self.published[:4])

    @property
    def before_proxy(self) -> bool:
        """Whether it is older than Apple's proxy, so that its opens are not comparable with today's."""
        return self.published < BEFORE_PROXY


@dataclass(frozen=True)
class Trouble:
    """Why a line was not understood: `reason` is a key of the locale `benchmarks.refused`; line 0 is the
    file as a whole.
    """

    line: int
    column: str
    reason: str
    value: str = ""


class BenchmarksRefused(Exception):
    """Nothing was kept; `troubles` says why, at most MOST_TROUBLES of them."""

    def __init__(self, *troubles: Trouble) -> None:
        super().__init__(troubles[0].reason)
        self.troubles = troubles[:MOST_TROUBLES]


def listed(records: sa.Engine) -> tuple[Benchmark, ...]:
    """All that were brought in, by industry, the newest first."""
    order = (table.c.industry, table.c.published.desc(), table.c.id.desc())
    with reading(records) as db:
        return tuple(_benchmark(row) for row in db.execute(sa.select(table).order_by(*order)))


def chosen(records: sa.Engine) -> Benchmark | None:
    """The newest averages of the workspace's industry; None while none is chosen or known."""
    with reading(records) as db:
        industry = _state(db)["chosen"]
        mine = sa.select(table).where(table.c.industry == industry)
        row = db.execute(mine.order_by(table.c.published.desc(), table.c.id.desc()).limit(1)).first()
    return _benchmark(row) if row else None


def version(db: sa.Connection) -> int:
    """A number that every change raises; part of the key of what is kept of reports."""
    return int(_state(db)["version"])


def parsed(content: bytes) -> tuple[Benchmark, ...]:
    """The averages in a CSV: industry, published, source and a column per rate, in per cent or as fractions.

    A column whose name ends in _pct, and a value with a per cent sign, is in per cent. The others are in per
    cent if any of them is above 1. Soft and hard bounces are added up where there is no `bounce_rate`. Raises
    BenchmarksRefused with every line that was not understood.
    """
    lines = _lines(content)
    in_percent = any(_number(text, 1) > 1 for _line, row in lines for text in _without_unit(row))
    found: dict[tuple[str, str, str], Benchmark] = {}
    troubles: list[Trouble] = []
    for line, row in lines:
        try:
            one = _checked(_read(row, line, 100 if in_percent else 1), line)
        except BenchmarksRefused as refused:
            troubles += refused.troubles
            continue
        if _key(one) in found:
            troubles.append(Trouble(line, "industry", "twice", one.industry))
        found[_key(one)] = one
    if troubles:
        raise BenchmarksRefused(*troubles)
    return tuple(found.values())


def bring(records: sa.Engine, new: Sequence[Benchmark], now: datetime, *, by: Actor) -> int:
    """Keep averages, all or none; the same industry, time and source again replaces what it said before.

    Returns how many of them were new. Raises BenchmarksRefused.
    """
    checked = [_checked(one) for one in new]
    with records.begin() as db:
        audit.hold(db)  # two analysts bring in one after the other
        known = {_key(row): row.id for row in db.execute(sa.select(table))}
        for one in checked:
            words = {"rates": dict(one.rates), "by": by.name, "created_at": now}
            if _key(one) in known:
                db.execute(table.update().where(table.c.id == known[_key(one)]).values(words))
            else:
                db.execute(table.insert().values(words | _place(one)))
        _write(db)
        industries = sorted({one.industry for one in checked})
        audit.append(db, now, "benchmarks.added", by, rows=len(checked), industries=industries[:10])
    return sum(_key(one) not in known for one in checked)


def remove(records: sa.Engine, benchmark_id: int, now: datetime, *, by: Actor) -> None:
    """Take one row away; that a colleague has just done it too is no error."""
    with records.begin() as db:
        audit.hold(db)
        row = db.execute(sa.select(table).where(table.c.id == benchmark_id)).first()
        if row is None:
            return
        db.execute(table.delete().where(table.c.id == benchmark_id))
        _write(db)
        audit.append(db, now, "benchmarks.removed", by, rows=1, industries=[row.industry])


def choose(records: sa.Engine, industry: str | None, now: datetime, *, by: Actor) -> None:
    """Say which industry the workspace is in; None: no average is shown. Raises BenchmarksRefused."""
    with records.begin() as db:
        audit.hold(db)
        if _state(db)["chosen"] == industry:
            return
        known = sa.select(table.c.id).where(table.c.industry == industry)
        if industry is not None and db.execute(known).first() is None:
            raise BenchmarksRefused(Trouble(0, "industry", "unknown", industry))
        _write(db, chosen=industry)
        audit.append(db, now, "benchmarks.chosen", by, industries=[industry] if industry else [])


# --- the records ----------------------------------------------------------------------------------


def _state(db: sa.Connection) -> dict[str, Any]:
    text = db.execute(sa.select(workspace.c.value).where(workspace.c.name == NAME)).scalar()
    state: dict[str, Any] = orjson.loads(text) if text else {"chosen": None, "version": 0}
    return state


def _write(db: sa.Connection, **changed: Any) -> None:
    """What is chosen, and that something changed; within a transaction that holds the log."""
    state = _state(db)
    state |= {"version": state["version"] + 1} | changed
    db.execute(workspace.delete().where(workspace.c.name == NAME))
    db.execute(workspace.insert().values(name=NAME, value=orjson.dumps(state).decode()))


def _benchmark(row: Any) -> Benchmark:
    return Benchmark(row.industry, row.published, row.source, row.rates, row.id)


def _place(one: Benchmark) -> dict[str, str]:
    return {"industry": one.industry, "published": one.published, "source": one.source}


def _key(one: Any) -> tuple[str, str, str]:
    """No two rows have the same."""
    return one.industry, one.published, one.source


# --- the file -------------------------------------------------------------------------------------


def _lines(content: bytes) -> list[tuple[int, dict[str, str]]]:
    """The rows by our names of the columns, each with its line; those without any text are left out."""
    if len(content) > MOST_BYTES:
        raise BenchmarksRefused(Trouble(0, "", "large"))
    text = _decoded(content)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, dict[str, str]]] = []
    try:
        names = [_named(title) for title in next(reader, [])]
        _check_header(names)
        for fields in reader:
            if any(field.strip() for field in fields):
                if len(fields) > len(names):
                    raise BenchmarksRefused(Trouble(reader.line_num, "", "fields"))
                found.append((reader.line_num, dict(zip(names, map(str.strip, fields), strict=False))))
    except csv.Error as problem:
        raise BenchmarksRefused(Trouble(reader.line_num, "", "csv")) from problem
    if not 0 < len(found) <= MOST_ROWS:
        raise BenchmarksRefused(Trouble(0, "", "rows"))
    return found


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # as spreadsheets save it


def _named(title: str) -> str:
    """Our name of a column, with its unit behind it if it has one."""
    name = re.sub(r"[^a-z0-9]+", "_", title.strip().lower().replace("%", " pct ")).strip("_")
    bare, unit = _parted(name)
    return NAMES.get(bare, f"{bare}_rate" if f"{bare}_rate" in RATES else bare) + unit


def _parted(name: str) -> tuple[str, str]:
    """The name of a column and its unit, "_pct" or ""."""
    for unit in UNITS:
        if name.endswith(unit):
            return name.removesuffix(unit), UNITS[0]
    return name, ""


def _check_header(names: list[str]) -> None:
    bare = [_parted(name)[0] for name in names]
    for needed in ("industry", "published"):
        if needed not in bare:
            raise BenchmarksRefused(Trouble(1, needed, "column"))
    if not set(bare) & {*RATES, *KINDS_OF_BOUNCES}:
        raise BenchmarksRefused(Trouble(1, "open_rate", "column"))
    for name in bare:
        if bare.count(name) > 1 and name in {*RATES, *KINDS_OF_BOUNCES, "industry", "published", "source"}:
            raise BenchmarksRefused(Trouble(1, name, "column_twice"))


def _without_unit(row: Mapping[str, str]) -> list[str]:
    """The rates of which neither the column nor the value says that they are in per cent."""
    return [
        text for name, text in row.items() if name in {*RATES, *KINDS_OF_BOUNCES} and text and "%" not in text
    ]


def _read(row: Mapping[str, str], line: int, divisor: int) -> Benchmark:
    rates: dict[str, float] = {}
    for name, text in row.items():
        bare, unit = _parted(name)
        if bare in {*RATES, *KINDS_OF_BOUNCES} and text:
            rates[bare] = _number(text, 100 if unit or "%" in text else divisor)
            if math.isnan(rates[bare]):
                raise BenchmarksRefused(Trouble(line, bare, "number", text[:60]))
    kinds = [rates.pop(name, math.nan) for name in KINDS_OF_BOUNCES]
    if "bounce_rate" not in rates and not math.isnan(sum(kinds)):
        rates["bounce_rate"] = sum(kinds)
    return Benchmark(row["industry"], row.get("published", ""), row.get("source", ""), rates)


def _number(text: str, divisor: int) -> float:
    """A rate as a fraction of 1; NaN for what is none. A comma may be the decimal sign."""
    if not re.fullmatch(r"(?:\d{1,3}|(?=[.,]))(?:[.,]\d{1,12})?\s*%?", text, re.ASCII):
        return math.nan
    return float(Decimal(text.rstrip("% \u00a0\u202f").replace(",", ".")) / divisor)


def _checked(one: Benchmark, line: int = 0) -> Benchmark:
    """The same with tidy words. Raises BenchmarksRefused, with the line of the file."""
    tidy = replace(
        one,
        industry=" ".join(one.industry.split()),
        source=" ".join(one.source.split()),
        published=one.published.strip(),
    )
    if not tidy.industry:
        raise BenchmarksRefused(Trouble(line, "industry", "empty"))
    for name, most in LONGEST.items():
        if len(getattr(tidy, name)) > most:
            raise BenchmarksRefused(Trouble(line, name, "long", getattr(tidy, name)[:60]))
    if not _is_date(tidy.published):
        raise BenchmarksRefused(Trouble(line, "published", "date", tidy.published[:60]))
    if not tidy.rates:
        raise BenchmarksRefused(Trouble(line, "open_rate", "no_rate"))
    for name, rate in tidy.rates.items():
        if name not in RATES or not 0 <= rate <= 1:
            raise BenchmarksRefused(Trouble(line, name, "rate", f"{rate:g}"))
    return tidy


def _is_date(text: str) -> bool:
    if not re.fullmatch(r"\d{4}(-\d{2}){0,2}", text, re.ASCII) or int(text[:4]) < OLDEST:
        return False
    try:
        date.fromisoformat(text + "-01" * (2 - text.count("-")))
    except ValueError:
        return False
    return True
