"""A chart of the report as a picture: the Plotly figure of the screen, drawn by matplotlib as SVG or PNG.

One definition, two renderings: what a chart shows stands in lib/charts alone. Letters become outlines, so
that an SVG looks the same where our fonts are missing. The same figure always gives the same bytes.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import matplotlib as mpl
import plotly.graph_objects as go
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from lib.paper import colours, marks, scales
from lib.paper.colours import palette
from lib.paper.marks import DASHES, POINT, Sheet
from lib.paper.scales import UnknownMark
from lib.paper.text import FACES, FONTS, unmarked

WIDTH = 900
"""Pixels of the screen, of which 96 are an inch."""
SHARP = 192
"""Dots per inch of a PNG: twice a screen's."""
HEAD = 48
"""Pixels over the chart for its title."""
CROWDED = 12
"""Names along x from which on they are turned."""

_drawing = Lock()
"""matplotlib's settings belong to the whole process."""


def svg(figure: go.Figure, title: str = "", below: str = "", width: int = WIDTH) -> bytes:
    """The figure as SVG, `width` pixels wide, `title` over it and `below` under the title in small letters.

    Raises UnknownMark where the figure holds something that has no form on paper yet.
    """
    with _settings():
        drawn = _drawn(figure, title, below, width)
        FigureCanvasSVG(drawn)
        file = io.BytesIO()
        drawn.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
        return file.getvalue()


def png(figure: go.Figure, title: str = "", below: str = "") -> bytes:
    """The same as PNG, twice as sharp as a screen."""
    with _settings():
        drawn = _drawn(figure, title, below, WIDTH)
        FigureCanvasAgg(drawn)
        file = io.BytesIO()
        drawn.savefig(file, format="png", dpi=SHARP, metadata={"Software": None, "Title": title})
        return file.getvalue()


@contextmanager
def _settings() -> Iterator[None]:
    with _drawing, mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_manner())  # type: ignore[arg-type]  # names of settings
        _know_fonts()
        yield


def _manner() -> dict[str, Any]:
    look = palette()
    return {
        "font.family": list(FACES),
        "font.size": 9,
        "text.color": look.text,
        "text.parse_math": False,  # a dollar in a title is a dollar
        "axes.edgecolor": look.line,
        "axes.labelcolor": look.quiet,
        "axes.labelsize": 8.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.unicode_minus": True,
        "xtick.color": look.line,
        "ytick.color": look.line,
        "xtick.labelcolor": look.quiet,
        "ytick.labelcolor": look.quiet,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "ytick.major.size": 0,
        "xtick.major.size": 3,
        "grid.color": look.line,
        "grid.linewidth": 0.6,
        "svg.fonttype": "path",
        "svg.hashsalt": "vitrine",
        "savefig.facecolor": "white",
    }


def _know_fonts() -> None:
    known = {font.fname for font in font_manager.fontManager.ttflist}
    for path in sorted(FONTS.glob("*.ttf")):
        if str(path) not in known:
            font_manager.fontManager.addfont(str(path))


def _drawn(figure: go.Figure, title: str, below: str, width: int) -> Figure:
    layout = figure.layout
    head = HEAD if title else 0
    height = float(layout.height or 360) + head
    room = (0, 0, 1, 1 - head / height)
    engine = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06, rect=room)
    drawn = Figure(figsize=(width / 96, height / 96), layout=engine)
    axes = drawn.add_subplot()
    axes.set_axisbelow(True)
    axes.margins(x=0.02)
    sheets = _sheets(figure, axes)
    for sheet, traces in sheets:
        marks.prepare(sheet, traces)
    _share_names(sheets)
    for sheet, traces in sheets:
        marks.draw(sheet, traces)
        _dress(sheet)
    _shapes(sheets[0][0])
    _annotations(sheets[0][0])
    _legend(figure, [sheet for sheet, _ in sheets])
    if title:
        _title(drawn, title, below)
    return drawn


def _sheets(figure: go.Figure, axes: Any) -> list[tuple[Sheet, list[Any]]]:
    """The axes of the figure with their traces; a second y axis lies over the first."""
    by_axis: dict[str, list[Any]] = {}
    for trace in figure.data:
        if trace.type not in marks.KINDS:
            raise UnknownMark(f"trace {trace.type!r}")
        if (trace.xaxis or "x") != "x" or (trace.yaxis or "y") not in ("y", "y2"):
            raise UnknownMark(f"axes {trace.xaxis!r}, {trace.yaxis!r}")
        by_axis.setdefault(trace.yaxis or "y", []).append(trace)
    sheets = [(Sheet(axes, figure.layout), by_axis.get("y", []))]
    if "y2" in by_axis:
        second = Sheet(axes.twinx(), figure.layout, second=True)
        sheets.append((second, by_axis["y2"]))
    return sheets


def _share_names(sheets: list[tuple[Sheet, list[Any]]]) -> None:
    """Both y axes stand over the same x."""
    first = sheets[0][0]
    for sheet, _ in sheets[1:]:
        sheet.names["x"] = first.names.get("x", sheet.names.get("x", []))
        sheet.times["x"] = first.times.get("x", False)
        sheet.used = len(sheets[0][1])


def _dress(sheet: Sheet) -> None:
    separators = sheet.layout.separators or ".,"
    for which in ("x", "y"):
        axis, names = sheet.axis(which), sheet.names.get(which, [])
        scales.dress(sheet.axes, which, axis, separators, sheet.times.get(which, False), names)
    names = sheet.names.get("x", [])
    turned = sheet.axis("x").tickangle
    longest = max((len(name) for name in names), default=0)
    shown = len(names) if not sheet.axis("x").nticks else min(len(names), sheet.axis("x").nticks)
    if turned is None and shown * longest > CROWDED * 10:
        turned = -35
    if turned:
        sheet.axes.tick_params(axis="x", labelrotation=-float(turned))
        for label in sheet.axes.get_xticklabels():
            label.set_horizontalalignment("right" if turned < 0 else "left")
            label.set_rotation_mode("anchor")
    flat = bool(sheet.names.get("y"))
    sheet.axes.spines["left"].set_visible(flat)
    sheet.axes.spines["bottom"].set_visible(not flat and sheet.axis("x").visible is not False)
    if sheet.axis("y").scaleanchor or sheet.axis("x").scaleanchor:
        anchored = sheet.axis("y") if sheet.axis("y").scaleanchor else sheet.axis("x")
        sheet.axes.set_aspect(float(anchored.scaleratio or 1), adjustable="datalim")


# --- what lies over the traces --------------------------------------------------------------------


def _shapes(sheet: Sheet) -> None:
    for shape in sheet.layout.shapes:
        if shape.visible is False:
            continue
        if shape.type not in ("line", "rect"):
            raise UnknownMark(f"shape {shape.type!r}")
        (x0, x1), (y0, y1) = (_ends(sheet, shape, which) for which in ("x", "y"))
        transform = _across(sheet, shape.xref, shape.yref)
        opacity = 1.0 if shape.opacity is None else float(shape.opacity)
        edge = colours.colour(shape.line.color or palette().quiet, opacity)
        width = (2.0 if shape.line.width is None else float(shape.line.width)) * POINT
        under = shape.layer == "below"
        if shape.type == "line":
            style = DASHES.get(shape.line.dash or "solid", "--")
            sheet.axes.plot(
                [x0, x1], [y0, y1], transform=transform, color=edge, linewidth=width, linestyle=style,
                zorder=1 if under else 3.8, scalex=False, scaley=False, label="_",
            )  # fmt: skip
        else:
            fill = colours.colour(shape.fillcolor or palette().categories[0], opacity)
            box = Rectangle(
                (x0, y0), x1 - x0, y1 - y0, transform=transform, facecolor=fill, linewidth=width,
                edgecolor=edge if shape.line.width else "none", zorder=0.5 if under else 1.2,
            )  # fmt: skip
            sheet.axes.add_artist(box)
        if shape.label is not None and shape.label.text:
            _say(sheet, shape.label.text, (x0, max(y0, y1)), transform, {"va": "top", "ha": "left"})


def _ends(sheet: Sheet, shape: Any, which: str) -> tuple[float, float]:
    reference = shape[f"{which}ref"] or which
    ends = (shape[f"{which}0"], shape[f"{which}1"])
    first, last = (_place(sheet, which, reference, end) for end in ends)
    return first, last


def _place(sheet: Sheet, which: str, reference: str, value: Any) -> float:
    """On the axis, or a fraction of the room of the axes."""
    if reference != which or (sheet.names.get(which) and isinstance(value, int | float)):
        return float(value)
    return float(sheet.along(which, [value])[0])


def _across(sheet: Sheet, xref: str | None, yref: str | None) -> Any:
    axes = sheet.axes
    in_x, in_y = (xref or "x") == "x", (yref or "y") == "y"
    if in_x and in_y:
        return axes.transData
    if in_x:
        return axes.get_xaxis_transform()
    return axes.get_yaxis_transform() if in_y else axes.transAxes


def _annotations(sheet: Sheet) -> None:
    for note in sheet.layout.annotations:
        if note.visible is False or not note.text:
            continue
        place = (
            _place(sheet, "x", note.xref or "x", note.x),
            _place(sheet, "y", note.yref or "y", note.y),
        )
        sides = {"left": "left", "right": "right", "center": "center"}
        ups = {"top": "top", "bottom": "bottom", "middle": "center"}
        more: dict[str, Any] = {
            "ha": sides.get(note.xanchor or "center", "center"),
            "va": ups.get(note.yanchor or ("bottom" if note.showarrow is not False else "middle"), "center"),
        }
        if note.font.color:
            more["color"] = colours.colour(note.font.color)
        if note.font.size:
            more["fontsize"] = float(note.font.size) * POINT
        shift = (float(note.xshift or 0), float(note.yshift or 0))
        if note.showarrow is not False:
            shift = (float(note.ax or 0) + shift[0], -float(-30 if note.ay is None else note.ay) + shift[1])
            more["arrowprops"] = {"arrowstyle": "-", "color": palette().quiet, "linewidth": 0.8}
        _say(sheet, note.text, place, _across(sheet, note.xref, note.yref), more, shift)


def _say(
    sheet: Sheet,
    text: str,
    place: tuple[float, float],
    transform: Any,
    more: dict[str, Any],
    shift: tuple[float, float] = (0, 0),
) -> None:
    given: dict[str, Any] = {"color": palette().quiet, "fontsize": 8.5} | more
    sheet.axes.annotate(
        unmarked(text),
        place,
        xycoords=transform,
        xytext=(shift[0] * POINT, shift[1] * POINT),
        textcoords="offset points",
        annotation_clip=False,
        zorder=6,
        **given,
    )


def _legend(figure: go.Figure, sheets: list[Sheet]) -> None:
    wanted = figure.layout.showlegend
    handles: list[Any] = []
    labels: list[str] = []
    for sheet in sheets:
        found, said = sheet.axes.get_legend_handles_labels()
        handles, labels = handles + found, labels + said
    if wanted is False or not labels or (len(figure.data) < 2 and wanted is not True):
        return
    sheets[0].axes.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.2, frameon=False,
        ncols=min(len(labels), 4), fontsize=8.5, handlelength=1.4, columnspacing=1.4, borderpad=0.3,
    )  # fmt: skip


def _title(drawn: Figure, title: str, below: str) -> None:
    """Left, as on the screen; long titles are cut where the picture ends."""
    inch = 1 / drawn.get_figheight()
    place: dict[str, Any] = {"ha": "left", "va": "top", "in_layout": False}
    drawn.text(0.01, 1 - 0.1 * inch, _cut(unmarked(title), 90), fontsize=12, fontweight="bold", **place)
    if below:
        note = _cut(unmarked(below), 130)
        drawn.text(0.01, 1 - 0.33 * inch, note, fontsize=8.5, color=palette().quiet, **place)


def _cut(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
