"""The traces of a Plotly figure as marks on matplotlib's axes: bars, lines, points, areas, words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize

from lib.paper import colours
from lib.paper.colours import Colour, palette
from lib.paper.scales import UnknownMark, is_category, is_time, values
from lib.paper.text import unmarked

POINT = 0.75
"""Points in a pixel of Plotly's."""
DASHES = {"solid": "-", "dot": ":", "dash": "--", "dashdot": "-.", "longdash": (0, (8, 4))}
STEPS = {"hv": "steps-post", "vh": "steps-pre", "hvh": "steps-mid"}
SYMBOLS = {
    "circle": "o",
    "circle-open": "o",
    "square": "s",
    "diamond": "D",
    "cross": "P",
    "x": "X",
    "triangle-up": "^",
    "triangle-down": "v",
    "line-ns": "|",
    "line-ew": "_",
    "star": "*",
    "line-ns-open": "|",
    "line-ew-open": "_",
    "square-open": "s",
    "diamond-open": "D",
}
BASELINES = {"top": "bottom", "middle": "center", "bottom": "top"}
SIDES = {"left": "right", "center": "center", "right": "left"}


@dataclass
class Sheet:
    """One pair of axes while a figure is drawn on it."""

    axes: Axes
    layout: Any
    names: dict[str, list[str]] = field(default_factory=dict)
    """The categories along x and y, in their order; nothing where the axis counts."""
    times: dict[str, bool] = field(default_factory=dict)
    used: int = 0
    """Colours of the theme taken so far."""
    before: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """The line drawn last, up to which the next one may fill."""
    stacks: dict[tuple[Any, Any], float] = field(default_factory=dict)
    second: bool = False
    """Its y axis is the second one, at the right."""

    def axis(self, which: str) -> Any:
        if which == "x":
            return self.layout.xaxis
        return self.layout.yaxis2 if self.second else self.layout.yaxis

    def along(self, which: str, given: Any) -> np.ndarray[Any, Any]:
        """Where values stand on an axis: categories by their place."""
        found = values(given, self.axis(which))
        names = self.names.get(which)
        if not names:
            return np.array(found, dtype=float)
        places = {name: float(place) for place, name in enumerate(names)}
        return np.array([places.get(str(one), np.nan) for one in found], dtype=float)

    def next_colour(self, given: Any, opacity: float = 1.0) -> Colour:
        """The colour that a trace names, else the next of the theme."""
        if isinstance(given, str):
            return colours.colour(given, opacity)
        categories = palette().categories
        taken = categories[self.used % len(categories)]
        self.used += 1
        return colours.colour(taken, opacity)


def prepare(sheet: Sheet, traces: Sequence[Any]) -> None:
    """Find out what each axis holds, before anything is drawn along it."""
    for which in ("x", "y"):
        axis = sheet.axis(which)
        found = [one for trace in traces for one in _given(trace, which)]
        sheet.times[which] = is_time(found, axis)
        if found and not sheet.times[which] and is_category(found, axis):
            sheet.names[which] = _ordered(found, axis)


def _ordered(found: list[Any], axis: Any) -> list[str]:
    names = [unmarked(one) for one in found if one is not None]
    first = [unmarked(one) for one in axis.categoryarray] if axis.categoryarray is not None else []
    return list(dict.fromkeys((*first, *names)))


def _given(trace: Any, which: str) -> list[Any]:
    given = trace[which]
    return [] if given is None else list(given)


def draw(sheet: Sheet, traces: Sequence[Any]) -> None:
    """Draw all traces in their order. Raises UnknownMark for a kind of trace that has no form here."""
    shown = [trace for trace in traces if trace.visible in (None, True)]
    bars = [trace for trace in shown if trace.type == "bar"]
    for trace in shown:
        kind = KINDS.get(trace.type)
        if kind is None:
            raise UnknownMark(f"trace {trace.type!r}")
        kind(sheet, trace, bars)


# --- bars -----------------------------------------------------------------------------------------


def _bar(sheet: Sheet, trace: Any, bars: list[Any]) -> None:
    flat = trace.orientation == "h"
    along, across = ("y", "x") if flat else ("x", "y")
    places, lengths = sheet.along(along, trace[along]), sheet.along(across, trace[across])
    width, shift = _room(sheet, trace, bars, places)
    starts = _starts(sheet, trace, places, lengths)
    paint = _paint(sheet, trace)
    draw_bars = sheet.axes.barh if flat else sheet.axes.bar
    at = places + shift
    label = _label(trace)
    more = {"left": starts} if flat else {"bottom": starts}
    draw_bars(at, lengths, width, color=paint, label=label, zorder=2, linewidth=0, **more)  # type: ignore[arg-type]
    _written(sheet, trace, at, starts + lengths, flat)
    _errors(sheet, trace, *((starts + lengths, at) if flat else (at, starts + lengths)))


def _room(sheet: Sheet, trace: Any, bars: list[Any], places: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    """How wide a bar is and how far it stands from the middle of its place."""
    steps = np.diff(np.unique(places[~np.isnan(places)]))
    step = float(steps.min()) if len(steps) else 1.0
    if trace.width is not None:
        return np.asarray(trace.width, dtype=float), _offset(trace)
    gap = sheet.layout.bargap if sheet.layout.bargap is not None else 0.2
    mode = sheet.layout.barmode or "group"
    whole = step * (1 - gap)
    if mode != "group" or len(bars) < 2:
        return whole, _offset(trace)
    each = whole / len(bars)
    between = sheet.layout.bargroupgap or 0
    place = next(number for number, one in enumerate(bars) if one is trace)
    return each * (1 - between), (place - (len(bars) - 1) / 2) * each


def _offset(trace: Any) -> float:
    return float(trace.offset) if isinstance(trace.offset, int | float) else 0.0


def _starts(
    sheet: Sheet, trace: Any, places: np.ndarray[Any, Any], lengths: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    if trace.base is not None:
        return np.broadcast_to(np.asarray(trace.base, dtype=float), lengths.shape)
    starts = np.zeros(len(lengths))
    if sheet.layout.barmode in ("stack", "relative"):
        for number, (place, length) in enumerate(zip(places, lengths, strict=True)):
            key = (place, bool(length < 0))
            starts[number] = sheet.stacks.get(key, 0.0)
            sheet.stacks[key] = starts[number] + (0 if np.isnan(length) else length)
    return starts


def _paint(sheet: Sheet, trace: Any) -> Any:
    """One colour, or one for each bar or point."""
    marker = trace.marker
    opacity = float(trace.opacity if trace.opacity is not None else 1)
    if isinstance(marker.opacity, int | float):
        opacity *= float(marker.opacity)
    given = marker.color
    if given is None or isinstance(given, str):
        return sheet.next_colour(given, opacity)
    if all(isinstance(one, str) for one in given):
        return [colours.colour(one, opacity) for one in given]
    scale = sheet.layout[marker.coloraxis] if marker.coloraxis else marker
    numbers = np.asarray(given, dtype=float)
    low = scale.cmin if scale.cmin is not None else np.nanmin(numbers)
    high = scale.cmax if scale.cmax is not None else np.nanmax(numbers)
    return colours.scale(scale.colorscale)(Normalize(low, high)(numbers))


# --- lines, points, areas, words ------------------------------------------------------------------


NO_DATA = 1
"""Of the theme's sequence; the first step is almost the paper itself."""


def _shaded(trace: Any) -> Any:
    """A trace with a shade from 0 to 1 (lib/charts/world.py) is painted in the theme's sequence, as on the
    screen (lib/ui/plots.py).
    """
    if not isinstance(trace.meta, dict) or "shade" not in trace.meta:
        return trace
    steps = palette().sequence
    paint = steps[round(trace.meta["shade"] * (len(steps) - 1)) or NO_DATA]
    changes: dict[str, Any] = (
        {"fillcolor": paint, "line_color": steps[0]}
        if "lines" in trace.mode
        else {"marker_color": paint, "marker_line_color": steps[0]}
    )
    return go.Scatter(trace).update(changes)


def _scatter(sheet: Sheet, given: Any, _bars: list[Any]) -> None:
    if given.stackgroup:
        raise UnknownMark("stackgroup")
    trace = _shaded(given)
    x, y = sheet.along("x", trace.x), sheet.along("y", trace.y)
    modes = (trace.mode or ("lines" if len(x) > 20 else "lines+markers")).split("+")
    named = trace.line.color if "lines" in modes or trace.fill else None
    marked = trace.marker.color if isinstance(trace.marker.color, str) else None
    known = named or marked or (trace.marker.color is not None and "lines" not in modes)
    tint = sheet.next_colour(named or marked) if named or marked or not known else colours.CLEAR
    opacity = float(trace.opacity if trace.opacity is not None else 1)
    tint = (*tint[:3], tint[3] * opacity)
    _filled(sheet, trace, x, y, tint)
    label = _label(trace)
    if trace.connectgaps:
        known_places = ~np.isnan(x) & ~np.isnan(y)
        x, y = x[known_places], y[known_places]
    if "lines" in modes and trace.fill != "toself":
        _lined(sheet, trace, x, y, tint, label)
        label = "_"
    if "markers" in modes:
        _pointed(sheet, trace, x, y, tint, label)
    if "text" in modes:
        _worded(sheet, trace, x, y)
    _errors(sheet, trace, x, y, tint)
    sheet.before["line"] = (x, y)


def _lined(
    sheet: Sheet, trace: Any, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], tint: Colour, label: str
) -> None:
    width = 2.0 if trace.line.width is None else float(trace.line.width)
    if not width:
        return
    sheet.axes.plot(
        x,
        y,
        color=tint,
        linewidth=width * POINT,
        linestyle=DASHES.get(trace.line.dash or "solid", "--"),
        drawstyle=STEPS.get(trace.line.shape or "", "default"),
        label=label,
        zorder=3,
    )


def _pointed(
    sheet: Sheet, trace: Any, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], tint: Colour, label: str
) -> None:
    marker, symbols = trace.marker, trace.marker.symbol
    paint = tint if marker.color is None or isinstance(marker.color, str) else _paint(sheet, trace)
    each = symbols if isinstance(symbols, tuple | list | np.ndarray) else [symbols or "circle"] * len(x)
    sizes = np.broadcast_to(_sizes(marker), x.shape) if len(x) else np.array([])
    if isinstance(marker.opacity, int | float) and isinstance(paint, tuple):
        paint = (*paint[:3], paint[3] * float(marker.opacity))
    many = np.broadcast_to(np.asarray(paint), (len(x), 4)) if len(x) else np.empty((0, 4))
    for symbol in dict.fromkeys(map(str, each)):
        chosen = np.array([str(one) == symbol for one in each], dtype=bool)
        is_open = symbol.endswith("-open")
        if symbol not in SYMBOLS:
            raise UnknownMark(f"marker {symbol!r}")
        sheet.axes.scatter(
            x[chosen],
            y[chosen],
            s=sizes[chosen] ** 2,
            marker=SYMBOLS[symbol],
            facecolors="none" if is_open else many[chosen],
            edgecolors=_edge(marker) if not is_open and not symbol.startswith("line") else many[chosen],
            linewidths=1.2 if is_open or symbol.startswith("line") else _edge_width(marker),
            label=label,
            zorder=4,
        )
        label = "_"


def _edge(marker: Any) -> Any:
    return colours.colour(marker.line.color) if isinstance(marker.line.color, str) else "none"


def _edge_width(marker: Any) -> float:
    return float(marker.line.width) * POINT if isinstance(marker.line.width, int | float) else 0.0


def _sizes(marker: Any) -> np.ndarray[Any, Any]:
    """Diameters in points."""
    if marker.size is None or isinstance(marker.size, int | float):
        return np.array(float(marker.size or 6) * POINT)
    size = np.asarray(marker.size, dtype=float)
    reference = float(marker.sizeref or 1)
    diameter = np.sqrt(size / reference) if marker.sizemode == "area" else size / reference
    return np.maximum(diameter, float(marker.sizemin or 0)) * POINT


def _filled(sheet: Sheet, trace: Any, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], tint: Colour) -> None:
    if trace.fill in (None, "none"):
        return
    paint = colours.colour(trace.fillcolor) if trace.fillcolor else (*tint[:3], tint[3] * 0.35)
    if trace.fill in ("toself", "tozeroy", "tonexty"):
        FILLS[trace.fill](sheet, trace, x, y, paint)
    else:
        raise UnknownMark(f"fill {trace.fill!r}")


def _around(
    sheet: Sheet, trace: Any, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], paint: Colour
) -> None:
    """Rings, parted by gaps."""
    parted = np.flatnonzero(np.isnan(x) | np.isnan(y))
    rings = [np.column_stack([a, b]) for a, b in zip(np.split(x, parted), np.split(y, parted), strict=True)]
    whole = [kept for ring in rings if len(kept := ring[~np.isnan(ring).any(axis=1)]) > 2]
    width = 0.0 if trace.mode == "none" else 2.0 if trace.line.width is None else float(trace.line.width)
    edge = colours.colour(trace.line.color) if trace.line.color else paint
    sheet.axes.add_collection(
        PolyCollection(
            whole,
            facecolors=[paint],
            edgecolors=[edge],
            linewidths=width * POINT,
            label=_label(trace),
            zorder=1,
        )
    )
    sheet.axes.autoscale_view()


def _down(sheet: Sheet, trace: Any, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], paint: Colour) -> None:
    step = {"hv": "post", "vh": "pre", "hvh": "mid"}.get(trace.line.shape or "")
    sheet.axes.fill_between(x, 0, y, color=paint, linewidth=0, step=step, zorder=1.5)  # type: ignore[arg-type]


def _between(
    sheet: Sheet, trace: Any, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], paint: Colour
) -> None:
    if "line" not in sheet.before:
        _down(sheet, trace, x, y, paint)
        return
    other_x, other_y = sheet.before["line"]
    level = other_y if len(other_x) == len(x) else np.interp(x, other_x, other_y)
    step = {"hv": "post", "vh": "pre", "hvh": "mid"}.get(trace.line.shape or "")
    sheet.axes.fill_between(x, level, y, color=paint, linewidth=0, step=step, zorder=1.5)  # type: ignore[arg-type]


FILLS: dict[str, Callable[..., None]] = {"toself": _around, "tozeroy": _down, "tonexty": _between}


def _worded(sheet: Sheet, trace: Any, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> None:
    given = [trace.text] * len(x) if isinstance(trace.text, str) else list(trace.text or ())
    place = trace.textposition if isinstance(trace.textposition, str) else "middle center"
    high, _, side = place.partition(" ")
    tint = colours.colour(trace.textfont.color) if isinstance(trace.textfont.color, str) else palette().text
    size = float(trace.textfont.size) if isinstance(trace.textfont.size, int | float) else 12.0
    for across, up, text in zip(x, y, given, strict=False):
        if text and not np.isnan(across) and not np.isnan(up):
            sheet.axes.annotate(
                unmarked(text),
                (across, up),
                xytext=({"left": -4, "right": 4}.get(side, 0), {"top": 3, "bottom": -3}.get(high, 0)),
                textcoords="offset points",
                ha=SIDES.get(side, "center"),
                va=BASELINES.get(high, "center"),
                color=tint,
                fontsize=size * POINT,
                zorder=5,
            )


def _written(
    sheet: Sheet, trace: Any, at: np.ndarray[Any, Any], ends: np.ndarray[Any, Any], flat: bool
) -> None:
    """The texts of bars, at their ends."""
    if trace.text is None or trace.textposition == "none":
        return
    given = [trace.text] * len(at) if isinstance(trace.text, str) else list(trace.text)
    inside = trace.textposition == "inside"
    for place, end, text in zip(at, ends, given, strict=False):
        if text and not np.isnan(end):
            sheet.axes.annotate(
                unmarked(text),
                (end, place) if flat else (place, end),
                xytext=((-4 if inside else 4, 0) if flat else (0, -4 if inside else 3)),
                textcoords="offset points",
                ha=("right" if inside else "left") if flat else "center",
                va="center" if flat else ("top" if inside else "bottom"),
                color="white" if inside else palette().text,
                fontsize=8.5,
                zorder=5,
            )


def _errors(
    sheet: Sheet, trace: Any, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], tint: Colour | None = None
) -> None:
    across, up = _error(trace.error_x), _error(trace.error_y)
    if across is None and up is None:
        return
    bars = trace.error_y if up is not None else trace.error_x
    paint = colours.colour(bars.color) if bars.color else tint or palette().text
    width = 2.0 if bars.thickness is None else float(bars.thickness)
    sheet.axes.errorbar(
        x,
        y,
        xerr=across,
        yerr=up,
        fmt="none",
        ecolor=paint,
        elinewidth=width * POINT,
        capsize=(4.0 if bars.width is None else float(bars.width)) * POINT,
        zorder=3.5,
    )


def _error(given: Any) -> np.ndarray[Any, Any] | None:
    if given is None or given.array is None or given.visible is False:
        return None
    up = np.asarray(given.array, dtype=float)
    down = up if given.arrayminus is None else np.asarray(given.arrayminus, dtype=float)
    both: np.ndarray[Any, Any] = np.nan_to_num(np.vstack([down, up]))
    return both


def _label(trace: Any) -> str:
    """What the legend says; a leading underscore keeps matplotlib from naming it there."""
    if not trace.name or trace.showlegend is False:
        return "_"
    text = unmarked(trace.name)
    return f"\u200b{text}" if text.startswith("_") else text


KINDS: dict[str, Callable[[Sheet, Any, list[Any]], None]] = {"bar": _bar, "scatter": _scatter}
