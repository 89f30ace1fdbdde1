"""Which opens and clicks machines made, by which rule, and how much the figures hang on the rules.

The section is the same in both forms: it sets one beside the other.
"""

from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from lib.model import Form, Kind
from lib.reports import rules
from lib.reports.figures import Column, columns
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
    computed = {
        form: [float(world.figures[named(name, form)].computed[0]) for name in RATES] for form in Form
    }
    columns = {"metric": list(RATES), "all": computed[Form.ALL], "people": computed[Form.PEOPLE]}
    return pd.DataFrame(columns)


def _rules(world: World) -> pd.DataFrame:
    """What each rule set apart, the largest first."""
    part = world.part("machine_reason")
    opens, clicks = (part.counts[name].astype(np.int64) for name in ("opens", "clicks"))
    told = [row for row, key in enumerate(part.keys) if key is not None and opens[row] + clicks[row] > 0]
    order = sorted(told, key=lambda row: (-(opens[row] + clicks[row]), str(part.keys[row])))
    reasons = [str(part.keys[row]) for row in order]
    whose = pd.Series([_whose(reason) for reason in reasons], dtype=None if reasons else object)
    columns = {"reason": pd.Series(reasons, dtype=object), "whose": whose}
    return pd.DataFrame(columns | {"opens": opens[order], "clicks": clicks[order]})


def _whose(reason: str) -> str:
    """«sender», «ours», or "" for rare reasons that are shown as one."""
    if reason == OTHER:
        return ""
    return rules.whose(reason)


def _windows(world: World) -> pd.DataFrame:
    """The rates of people with the windows as they are, and with each length of WINDOWS that was counted."""
    part = world.part("window")
    counted = [(0, {name: world.row.counts.get(name) for name in METRICS})]
    for seconds in WINDOWS:
        if str(seconds) in part.keys:
            place = part.keys.index(str(seconds))
            counted.append((seconds, {name: float(values[place]) for name, values in part.counts.items()}))
    rates = _rates([counts for _seconds, counts in counted], world)
    return pd.DataFrame({"seconds": [seconds for seconds, _counts in counted]} | rates)


def _rates(counted: list[dict[str, Any]], world: World) -> dict[str, Column]:
    """The rates of people over the reported or computed count below the line."""
    row, number = world.row, len(counted)
    known = columns(
        [row.counts | counts for counts in counted], [row.covers] * number, [row.reported] * number
    )
    return {name: known[named(name, Form.PEOPLE)].value for name in RATES}


def _band(windows: pd.DataFrame) -> dict[str, float | None]:
    """Of each rate the lowest and the highest; unknown is None."""
    ends: dict[str, float | None] = {}
    for name in RATES:
        known = [value for value in windows[name].tolist() if not isnan(value)]
        ends[f"{name}_low"], ends[f"{name}_high"] = min(known, default=None), max(known, default=None)
    return ends
