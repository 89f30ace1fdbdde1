"""Make world.json: the outlines of the countries in the Equal Earth projection, simplified.

Run by hand with the folder of the npm package world-atlas 2.0.2 (licence: LICENCE.txt beside this file):

    npm install world-atlas@2.0.2
    python -m lib.charts.atlas.make node_modules/world-atlas

Outlines come from its 1:50m countries, the points of places too small for it from 1:10m. What Natural Earth
draws without an ISO code belongs to the code that ISO 3166-1 gives the ground. Antarctica is left out: it
would take a quarter of the map.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import asin, cos, hypot, radians, sin, sqrt
from pathlib import Path
from typing import Any

from babel.core import get_global

from lib.charts.world import DATA, SCALE

Point = tuple[float, float]
Ring = list[Point]

TOLERANCE = 3.0
"""How far an outline may leave the true one, in units of the map (1/SCALE of the Earth's radius)."""
SMALLEST = 120.0
"""Islands of less than this area, in square units, are left out unless they are all that a country has."""
LEFT_OUT = {"AQ"}
WITHOUT_CODE = {"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}
OVERSEAS = {  # parts of other countries in Natural Earth, with codes of their own in ISO 3166-1
    "GF": (-53.1, 3.9), "GP": (-61.5, 16.2), "MQ": (-61.0, 14.65), "RE": (55.5, -21.1), "YT": (45.2, -12.8),
    "SJ": (18.0, 78.5), "BQ": (-68.3, 12.2), "CX": (105.7, -10.5), "CC": (96.9, -12.2), "TK": (-171.8, -9.2),
    "BV": (3.4, -54.4), "GI": (-5.35, 36.14), "TV": (179.2, -8.5), "UM": (-160.0, 0.4),
}  # fmt: skip
GUIANA = (-55.0, -51.0, 2.0, 6.0)
"""West, east, south, north of French Guiana, which the outline of France holds."""


def main(folder: Path) -> None:
    """Write world.json."""
    lands: dict[str, list[Ring]] = {}
    for code, rings in _countries(_read(folder / "countries-50m.json"), TOLERANCE):
        for ring in rings:
            lands.setdefault("GF" if code == "FR" and _is_within(ring[0], GUIANA) else code, []).append(ring)
    spots = {code: projected(place) for code, place in OVERSEAS.items()}
    for code, rings in _countries(_read(folder / "countries-10m.json"), 0):
        largest = max(
            ([projected(point) for point in ring] for ring in rings), key=lambda ring: abs(area(ring))
        )
        spots[code] = _middle(largest)
    drawn = {code: _worth_drawing([projected_ring(ring) for ring in rings]) for code, rings in lands.items()}
    found = {code: rings for code, rings in drawn.items() if rings}
    written = {
        "lands": {code: [_steps(ring) for ring in rings] for code, rings in sorted(found.items())},
        "spots": {code: [round(x), round(y)] for code, (x, y) in sorted(spots.items())},
    }
    DATA.write_text(json.dumps(written, separators=(",", ":")) + "\n", encoding="utf-8")
    points = sum(len(ring) for rings in found.values() for ring in rings)
    sys.stdout.write(
        f"{len(found)} lands, {points} points, {len(spots)} spots, {DATA.stat().st_size} bytes\n"
    )


def projected(place: Point) -> Point:
    """Degrees east and north, in units of the map. Equal Earth: Šavrič, Patterson, Jenny (2018), doi
    10.1080/13658816.2018.1504949.
    """
    first, second, third, fourth = 1.340264, -0.081106, 0.000893, 0.003796
    t = asin(sqrt(3) / 2 * sin(radians(place[1])))
    below = 9 * fourth * t**8 + 7 * third * t**6 + 3 * second * t**2 + first
    x = 2 * sqrt(3) / 3 * radians(place[0]) * cos(t) / below
    return SCALE * x, SCALE * (fourth * t**9 + third * t**7 + second * t**3 + first * t)


def projected_ring(ring: Ring) -> Ring:
    return [projected(point) for point in ring]


def area(ring: Ring) -> float:
    """Of a closed ring, in square units; negative where it runs clockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) / 2


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _countries(topology: dict[str, Any], tolerance: float) -> Iterator[tuple[str, list[Ring]]]:
    """The code and the rings, in degrees, of each country that has a code; a hole runs the other way."""
    arcs = [_simplified(arc, tolerance) for arc in _arcs(topology)]
    for shape in topology["objects"]["countries"]["geometries"]:
        code = _code(shape)
        if code and code not in LEFT_OUT and "arcs" in shape:
            parts = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
            yield code, [_whole(_joined(ring, arcs)) for part in parts for ring in part]


def _code(shape: dict[str, Any]) -> str:
    """ISO 3166-1 alpha-2; the files have the three digits."""
    codes = get_global("territory_aliases").get(shape.get("id", ""), [])
    return codes[0] if codes else WITHOUT_CODE.get(shape["properties"]["name"], "")


def _arcs(topology: dict[str, Any]) -> Iterator[Ring]:
    """The arcs in degrees; the files have whole steps."""
    (wide, high), (west, south) = topology["transform"]["scale"], topology["transform"]["translate"]
    for steps in topology["arcs"]:
        x = y = 0
        arc = []
        for step in steps:
            x, y = x + step[0], y + step[1]
            arc.append((x * wide + west, y * high + south))
        yield arc


def _joined(numbers: list[int], arcs: list[Ring]) -> Ring:
    """A ring of arcs; a negative number is an arc backwards."""
    ring: Ring = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[1:] if ring else arc
    return ring


def _whole(ring: Ring) -> Ring:
    """The ring in one piece: where it crosses 180° it goes on beyond, not in at the other side."""
    turns, before, found = 0, ring[0][0], []
    for x, y in ring:
        turns += (before - x > 180) - (before - x < -180)
        before = x
        found.append((x + 360 * turns, y))
    middle = sum(x for x, _ in found) / len(found)
    back = 360 * round(middle / 360)
    return [(x - back, y) for x, y in found]


def _simplified(arc: Ring, tolerance: float) -> Ring:
    """Douglas and Peucker, measured on the map; borders stay shared, for arcs are simplified before rings."""
    flat = projected_ring(arc)
    kept, open_parts = {0, len(arc) - 1}, [(0, len(arc) - 1)]
    while tolerance and open_parts:
        start, end = open_parts.pop()
        away = [(_distance(flat[place], flat[start], flat[end]), place) for place in range(start + 1, end)]
        farthest, place = max(away, default=(0.0, 0))
        if farthest > tolerance:
            kept.add(place)
            open_parts += [(start, place), (place, end)]
    return [arc[place] for place in sorted(kept)] if tolerance else arc


def _distance(point: Point, start: Point, end: Point) -> float:
    """Of a point from the straight line between two others, or from the one where they are the same."""
    wide, high = end[0] - start[0], end[1] - start[1]
    if not hypot(wide, high):
        return hypot(point[0] - start[0], point[1] - start[1])
    return abs(wide * (start[1] - point[1]) - (start[0] - point[0]) * high) / hypot(wide, high)


def _worth_drawing(rings: Iterable[Ring]) -> list[Ring]:
    """The largest ring first; specks of islands left out."""
    ordered = sorted((ring for ring in rings if len(ring) > 3), key=lambda ring: -abs(area(ring)))
    return [ring for place, ring in enumerate(ordered) if place == 0 or abs(area(ring)) >= SMALLEST]


def _middle(ring: Ring) -> Point:
    """The centre of gravity of a ring."""
    size = area(ring) or 1e-9
    x = y = 0.0
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        cross = a[0] * b[1] - b[0] * a[1]
        x, y = x + (a[0] + b[0]) * cross, y + (a[1] + b[1]) * cross
    return x / (6 * size), y / (6 * size)


def _steps(ring: Ring) -> list[int]:
    """x and y of the first point, then what each point adds: half the size of whole coordinates."""
    whole = [(round(x), round(y)) for x, y in ring]
    steps = [whole[0], *((b[0] - a[0], b[1] - a[1]) for a, b in pairwise(whole))]
    return [number for step in steps[:1] + [step for step in steps[1:] if step != (0, 0)] for number in step]


def _is_within(point: Point, box: tuple[float, float, float, float]) -> bool:
    west, east, south, north = box
    return west <= point[0] <= east and south <= point[1] <= north


if __name__ == "__main__":
    main(Path(sys.argv[1]))
