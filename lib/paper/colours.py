"""The colours of charts on paper: those of the light theme, read where they stand, never written here."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from matplotlib import colors

from lib.config import ROOT

CSS = re.compile(r"rgba?\(([^)]*)\)")
CLEAR = (0.0, 0.0, 0.0, 0.0)

Colour = tuple[float, float, float, float]


@dataclass(frozen=True)
class Palette:
    """What a chart, a cover and a table are coloured with, as #rrggbb."""

    categories: tuple[str, ...]
    sequence: tuple[str, ...]
    text: str
    quiet: str
    line: str
    ground: str
    accent: str


@cache
def palette() -> Palette:
    """Of the light theme in .streamlit/config.toml."""
    text = (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    light = tomllib.loads(text)["theme"]["light"]
    return Palette(
        tuple(light["chartCategoricalColors"]),
        tuple(light["chartSequentialColors"]),
        light["textColor"],
        light["grayColor"],
        light["borderColor"],
        light["secondaryBackgroundColor"],
        light["primaryColor"],
    )


def colour(given: str, opacity: float = 1.0) -> Colour:
    """A colour as Plotly takes it (#rgb, a name, rgb(), rgba()) for matplotlib."""
    if given == "transparent":
        return CLEAR
    found = CSS.fullmatch(given.strip())
    if found is None:
        red, green, blue, alpha = colors.to_rgba(given)
        return red, green, blue, alpha * opacity
    parts = [float(part.strip().rstrip("%")) for part in found[1].split(",")]
    alpha = parts[3] if len(parts) > 3 else 1.0
    return parts[0] / 255, parts[1] / 255, parts[2] / 255, alpha * opacity


def sequence() -> colors.Colormap:
    """The theme's scale from little to much."""
    return colors.LinearSegmentedColormap.from_list("theme", list(palette().sequence))


def scale(given: object) -> colors.Colormap:
    """Plotly's colour scale for matplotlib; the theme's where the chart leaves it to the theme."""
    if not isinstance(given, list | tuple):
        return sequence()
    return colors.LinearSegmentedColormap.from_list(
        "given", [(float(place), colour(str(one))) for place, one in given]
    )
