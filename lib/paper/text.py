"""The texts of a chart on paper: plain, where Plotly reads a small HTML, in signs that our fonts have."""

import html
import re
import unicodedata
from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib.ft2font import FT2Font

FONTS = Path(__file__).parent / "fonts"
"""Roboto (Apache License 2.0); signs that it has not come from DejaVu Sans, which matplotlib brings."""
DEJAVU = Path(mpl.get_data_path()) / "fonts" / "ttf"
FACES = ("Roboto", "DejaVu Sans")

BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
TAG = re.compile(r"</?(?:b|i|u|em|strong|sub|sup|span|a|s)(?:\s[^>]*)?>", re.IGNORECASE)
UNKNOWN_SIGN = "□"
UNSEEN = ("Cf", "Mn", "Cc", "Cs")
"""Signs that join or change others; where the fonts have them not, nothing stands for them."""


def unmarked(text: object) -> str:
    """The text as a reader sees it: Plotly's tags gone, its entities as signs, the unknown as a box."""
    plain = html.unescape(TAG.sub("", BREAK.sub("\n", str(text))))
    return "".join(map(_drawable, plain))


def _drawable(sign: str) -> str:
    if sign == "\n" or ord(sign) in _known():
        return sign
    return "" if unicodedata.category(sign) in UNSEEN else UNKNOWN_SIGN


@cache
def _known() -> frozenset[int]:
    """The signs of both fonts."""
    files = (FONTS / "Roboto-Regular.ttf", DEJAVU / "DejaVuSans.ttf")
    return frozenset(code for file in files for code in FT2Font(str(file)).get_charmap() if code >= ord(" "))
