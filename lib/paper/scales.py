"""The axes of a chart on paper: range, ticks, and what stands beside, as Plotly would write it."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import dates, ticker
from matplotlib.axes import Axes

from lib.paper.text import unmarked

NUMBER = re.compile(r"(?P<comma>,?)(?:\.(?P<digits>\d+))?(?P<trim>~?)(?P<kind>[dfgs%]?)")
"""What our charts use of d3's formats of numbers."""
TICKS = {"x": 8, "y": 5}


class UnknownMark(Exception):
    """A chart holds something that has no form on paper yet; it is to be drawn in lib/paper."""


def values(given: Any, axis: Any) -> list[Any]:
    """The values along an axis as numbers, moments or categories; None stays a gap."""
    found = [] if given is None else list(given)
    if is_time(found, axis):
        return [_moment(value) for value in found]
    if is_category(found, axis):
        return [None if value is None else unmarked(value) for value in found]
    return [np.nan if value is None or pd.isna(value) else float(value) for value in found]


def is_category(found: list[Any], axis: Any) -> bool:
    return axis.type == "category" or (axis.type is None and any(isinstance(one, str) for one in found))


def is_time(found: list[Any], axis: Any) -> bool:
    moments = any(isinstance(one, datetime | np.datetime64) for one in found)
    return axis.type == "date" or (axis.type is None and moments)


def _moment(value: Any) -> Any:
    if value is None or pd.isna(value):
        return np.nan
    at = pd.Timestamp(value)
    utc = (at.tz_convert("UTC").tz_localize(None) if at.tzinfo else at).to_pydatetime()
    return dates.date2num(utc)  # type: ignore[no-untyped-call]  # has no types


def dress(axes: Axes, which: str, axis: Any, separators: str, times: bool, names: list[str]) -> None:
    """Range, ticks, title and grid of one axis; `names` are its categories, in their order."""
    line = axes.xaxis if which == "x" else axes.yaxis
    if axis.type == "log":
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    _limit(axes, which, axis, names, times)
    if axis.visible is False:
        line.set_visible(False)
        return
    if axis.title.text:
        line.set_label_text(unmarked(axis.title.text))
    _tick(line, which, axis, separators, times, names)
    if axis.showticklabels is False:
        line.set_tick_params(labelbottom=False, labelleft=False, labelright=False)
    wanted = axis.showgrid if axis.showgrid is not None else which == "y" and not names
    line.grid(visible=bool(wanted))


def _limit(axes: Axes, which: str, axis: Any, names: list[str], times: bool) -> None:
    low, high = axes.get_xlim() if which == "x" else axes.get_ylim()
    if axis.range is not None:
        low, high = (_moment(end) if times else float(end) for end in axis.range)
    elif names:
        low, high = -0.5, len(names) - 0.5
    elif axis.rangemode == "tozero":
        low, high = min(low, 0), max(high, 0)
    elif axis.rangemode == "nonnegative":
        low = max(low, 0)
    if axis.autorange == "reversed":
        low, high = high, low
    (axes.set_xlim if which == "x" else axes.set_ylim)(low, high)


def _tick(line: Any, which: str, axis: Any, separators: str, times: bool, names: list[str]) -> None:
    if axis.tickvals is not None:
        said = axis.ticktext if axis.ticktext is not None else axis.tickvals
        places = [names.index(str(one)) if names else one for one in axis.tickvals]
        if times:
            places = [_moment(one) for one in axis.tickvals]
        line.set_major_locator(ticker.FixedLocator(places))
        line.set_major_formatter(ticker.FixedFormatter([unmarked(text) for text in said]))
    elif names:
        every = max(1, -(-len(names) // (axis.nticks or len(names)))) if which == "x" else 1
        places = list(range(0, len(names), every))
        line.set_major_locator(ticker.FixedLocator(places))
        line.set_major_formatter(ticker.FixedFormatter([_short(names[place]) for place in places]))
    elif times:
        most = axis.nticks or TICKS[which]
        line.set_major_locator(dates.AutoDateLocator(minticks=3, maxticks=most))  # type: ignore[no-untyped-call]
        line.set_major_formatter(dates.DateFormatter(axis.tickformat or "%d/%m/%Y"))  # type: ignore[no-untyped-call]
    else:
        if axis.type != "log":
            whole = (axis.tickformat or "").endswith("d")
            line.set_major_locator(_locator(axis, which, whole))
        said = number_format(axis.tickformat or "", separators, axis.tickprefix or "", axis.ticksuffix or "")
        line.set_major_formatter(ticker.FuncFormatter(lambda value, _place: said(value)))
        line.set_minor_formatter(ticker.NullFormatter())


def _short(name: str) -> str:
    return name if len(name) <= 42 else name[:41] + "…"


def _locator(axis: Any, which: str, whole: bool) -> ticker.Locator:
    if isinstance(axis.dtick, int | float):
        return ticker.MultipleLocator(float(axis.dtick), offset=float(axis.tick0 or 0))
    return ticker.MaxNLocator(axis.nticks or TICKS[which], steps=[1, 2, 2.5, 5, 10], integer=whole)


def number_format(form: str, separators: str, before: str = "", behind: str = "") -> Callable[[float], str]:
    """A function that writes a number as d3's `form` says, with Plotly's `separators`.

    Raises UnknownMark for a form that our charts did not use so far.
    """
    found = NUMBER.fullmatch(form)
    if found is None:
        raise UnknownMark(f"tickformat {form!r}")
    decimal, thousands = separators[:1] or ".", separators[1:2]
    comma = found["comma"] or not form
    kind, digits = found["kind"], found["digits"]

    def said(value: float) -> str:
        scaled = value * 100 if kind == "%" else value
        if kind == "d":
            text = f"{scaled:,.0f}"
        elif digits is not None and kind in ("f", "%"):
            text = f"{scaled:,.{digits}f}"
        else:
            text = f"{round(scaled, 10):,.10f}".rstrip("0").rstrip(".")
        text = text if comma else text.replace(",", "")
        signs = {",": thousands, ".": decimal, "-": "−"}
        written = "".join(signs.get(sign, sign) for sign in text)
        return f"{unmarked(before)}{written}{'%' if kind == '%' else ''}{unmarked(behind)}"

    return said
