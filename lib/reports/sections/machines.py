"""Which opens and clicks machines made, by which rule, and how much the figures hang on the rules.

The section is the same in both forms: it sets one beside the other.
"""

from typing import Any

import numpy as np
import pandas as pd

from lib.model import Form, Kind
from lib.reports import rules
from lib.reports.figures import columns
from lib.reports.metrics import METRICS
from lib.reports.overview import named
from lib.reports.rollup import OTHER
from lib.reports.rules import RULES_VERSION, WINDOWS
from lib.reports.sections.base import Section, World

RATES = ("open_rate", "click_rate", "click_to_open_rate")


def make(world: World) -> Section:
    """The open and click rates in both forms, a row each: metric, all, people (fractions of 1).

    `more` has `rules`, one row per reason that set something apart (reason, whose, opens, clicks; the most
    first), and `windows`, one row per length of the time windows (seconds; 0: as the rules have them) with
    the rates of people then. Facts: version, opens and clicks set apart, and of each rate the lowest and the
    highest over all windows, such as open_rate_low.
    """
    if not world.covers(Kind.OPENED) and not world.covers(Kind.CLICKED):
        return Section("machines", None, "missing.machines")
    rules, windows = _rules(world), _windows(world)
    removed = {name: int(rules[name].sum()) for name in ("opens", "clicks")}
    facts = {"version": RULES_VERSION} | removed | _band(windows)
    note = "" if world.scope.people else "report.few"
    more = {"rules": rules, "windows": windows}
    return Section("machines", _forms(world), note=note, more=more, facts=facts)


def _forms(world: World) -> pd.DataFrame:
    known = columns([world.row.counts], [world.row.covers], [world.row.reported])
    rows = []
    for name in RATES:
        every, people = (float(known[named(name, form)].computed[0]) for form in Form)
        rows.append({"metric": name, "all": every, "people": people})
    return pd.DataFrame(rows)


def _rules(world: World) -> pd.DataFrame:
    """What each rule set apart, the largest first."""
    part = world.part("machine_reason")
    counts = {name: part.counts[name].astype(np.int64) for name in ("opens", "clicks")}
    table = pd.DataFrame({"reason": pd.Series(part.keys, dtype=object), "whose": ""} | counts)
    table = table[table["reason"].notna() & (table[["opens", "clicks"]].sum(axis=1) > 0)]
    table = table.assign(whose=table["reason"].map(_whose))
    most = table.assign(both=table["opens"] + table["clicks"]).sort_values(
        ["both", "reason"], ascending=[False, True]
    )
    return most.drop(columns="both").reset_index(drop=True)


def _whose(reason: str) -> str:
    """«sender», «ours», or "" for rare reasons that are shown as one."""
    if reason == OTHER:
        return ""
    return rules.whose(reason)


def _windows(world: World) -> pd.DataFrame:
    """The rates of people with the windows as they are, and with each length of WINDOWS that was counted."""
    part = world.part("window")
    rows = [{"seconds": 0} | _rates({name: world.row.counts.get(name) for name in METRICS}, world)]
    for seconds in WINDOWS:
        if str(seconds) in part.keys:
            place = part.keys.index(str(seconds))
            counted = {name: float(values[place]) for name, values in part.counts.items()}
            rows.append({"seconds": seconds} | _rates(counted, world))
    return pd.DataFrame(rows, columns=["seconds", *RATES])


def _rates(counts: dict[str, Any], world: World) -> dict[str, float]:
    """The rates of people over the reported or computed count below the line."""
    known = columns([world.row.counts | counts], [world.row.covers], [world.row.reported])
    return {name: float(known[named(name, Form.PEOPLE)].value[0]) for name in RATES}


def _band(windows: pd.DataFrame) -> dict[str, float | None]:
    """Of each rate the lowest and the highest; unknown is None."""
    ends: dict[str, float | None] = {}
    for name in RATES:
        known = windows[name].dropna()
        ends[f"{name}_low"] = float(known.min()) if len(known) else None
        ends[f"{name}_high"] = float(known.max()) if len(known) else None
    return ends
