"""The world as filled outlines on plain axes: Plotly's own maps would load theirs from elsewhere.

The outlines (atlas/world.json, made by atlas/make.py) are in the Equal Earth projection, in units of 1/SCALE
of the Earth's radius.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from math import sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from lib.charts.base import ENGLISH, Manner, dressed, plain

DATA = Path(__file__).parent / "atlas" / "world.json"
SCALE = 2000
ASPECT = 1.9
"""Width by height of what is shown; the reader's screen may show a little more."""
NARROWEST = 1900
"""Units across, at least: a continent, for one country by itself could not be recognised."""
AROUND = 0.14
"""Of the width, free around the countries with data."""
WHOLE = (-5250, 5400, -2260, 2600)
"""West, east, south, north of the inhabited world in units of the map."""
TOO_SMALL = 900.0
"""Square units below which a country gets a dot besides its outline, or else nobody would see it."""
PALEST = 0.4
"""Shade of the smallest count; what has no data is of shade 0."""
HEIGHT = 430

Ring = npt.NDArray[np.float32]
"""One point per row: x, y."""
Box = tuple[float, float, float, float]
"""West, east, south, north."""


def world(
    counts: Mapping[str, float], texts: Mapping[str, str], manner: Manner = ENGLISH
) -> go.Figure | None:
    """Countries by ISO 3166-1 alpha-2, the more colour the larger their count; None where none is on the map.

    `texts` has what hovering a country says. Each trace has its shade from 0 (no data) to 1 (the largest
    count) in `meta["shade"]`, by the root of the count, else one large country would leave the others alike:
    whoever draws paints it in the theme's sequence. What is shown reaches as far as the countries with data.
    """
    lands, spots = _atlas()
    known = {code: count for code, count in counts.items() if code in spots and count > 0}
    if not known:
        return None
    view = _view([_extent(code) for code in known])
    most = max(known.values())
    pale = [
        ring for code, rings in lands.items() if code not in known for ring in rings if _meets(ring, view)
    ]
    figure = go.Figure(_land(pale, 0.0))
    for code, count in sorted(known.items(), key=lambda each: each[1]):
        shade = PALEST + (1 - PALEST) * sqrt(count / most)
        rings = lands.get(code, ())
        if rings:
            figure.add_trace(
                _land([ring for ring in rings if _meets(ring, view)], shade, texts.get(code, code))
            )
        if not rings or _area(rings[0]) < TOO_SMALL:
            figure.add_trace(_dot(spots[code], shade, texts.get(code, code)))
    figure.update_xaxes(range=view[:2], visible=False, fixedrange=True, constrain="range")
    figure.update_yaxes(range=view[2:], visible=False, fixedrange=True, scaleanchor="x", constrain="range")
    dressed(figure, manner)
    figure.update_layout(hovermode="closest", showlegend=False, height=HEIGHT)
    return figure


@cache
def _atlas() -> tuple[dict[str, tuple[Ring, ...]], dict[str, tuple[float, float]]]:
    """The rings of each country, the largest first, and a point within each."""
    read = json.loads(DATA.read_text(encoding="utf-8"))
    lands = {
        code: tuple(
            np.cumsum(np.array(steps, dtype=np.float32).reshape(-1, 2), axis=0, dtype=np.float32)
            for steps in rings
        )
        for code, rings in read["lands"].items()
    }
    return lands, {code: (x, y) for code, (x, y) in read["spots"].items()}


def _land(rings: Sequence[Ring], shade: float, text: str = "") -> go.Scatter:
    gap = np.full((1, 2), np.nan, dtype=np.float32)
    line = np.concatenate([part for ring in rings for part in (ring, gap)] or [gap])
    return go.Scatter(
        x=line[:, 0],
        y=np.nan_to_num(line[:, 1]).astype(np.int16),  # a gap needs one of both; whole numbers take half
        mode="lines",
        line_width=0.6,
        fill="toself",
        hoveron="fills",
        hoverinfo="text" if text else "skip",
        text=plain(text, 120),
        meta={"shade": round(shade, 4)},
    )


def _dot(spot: tuple[float, float], shade: float, text: str) -> go.Scatter:
    return go.Scatter(
        x=[spot[0]],
        y=[spot[1]],
        mode="markers",
        marker={"size": 11, "line": {"width": 1}},
        hoverinfo="text",
        text=[plain(text, 120)],
        meta={"shade": round(shade, 4)},
    )


def _extent(code: str) -> Box:
    """Where a country's largest part lies; of one that is too small to be drawn, its point."""
    lands, spots = _atlas()
    ring = lands[code][0] if code in lands else np.array([spots[code]], dtype=np.float32)
    (west, south), (east, north) = ring.min(axis=0), ring.max(axis=0)
    return float(west), float(east), float(south), float(north)


def _view(boxes: Sequence[Box]) -> Box:
    """The part of the world that holds all of `boxes`, in the aspect of the map, nowhere beyond the world."""
    west, east, south, north = (
        choose(box[side] for box in boxes) for side, choose in enumerate((min, max, min, max))
    )
    wide = max((east - west) * (1 + AROUND), (north - south) * (1 + AROUND) * ASPECT, NARROWEST)
    if wide >= WHOLE[1] - WHOLE[0]:
        return WHOLE
    x = _within((west + east) / 2, wide / 2, WHOLE[:2])
    y = _within((south + north) / 2, wide / 2 / ASPECT, WHOLE[2:])
    return x - wide / 2, x + wide / 2, y - wide / 2 / ASPECT, y + wide / 2 / ASPECT


def _within(middle: float, half: float, limits: tuple[float, float]) -> float:
    """A middle as near to `middle` as `half` on both sides of it stay within the limits."""
    low, high = limits[0] + half, limits[1] - half
    return (limits[0] + limits[1]) / 2 if low > high else min(max(middle, low), high)


def _meets(ring: Ring, view: Box) -> bool:
    """Whether any of a ring may be seen, also on a screen that shows a little more than the view."""
    (west, south), (east, north) = ring.min(axis=0), ring.max(axis=0)
    more = (view[1] - view[0]) / 2
    return bool(
        east > view[0] - more and west < view[1] + more and north > view[2] - more and south < view[3] + more
    )


def _area(ring: Ring) -> float:
    x, y = ring[:, 0].astype(np.float64), ring[:, 1].astype(np.float64)
    return abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2
