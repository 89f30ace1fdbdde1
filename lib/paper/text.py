"""Plotly reads a small HTML in the texts of a chart; on paper they are plain."""

import html
import re

BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
TAG = re.compile(r"</?(?:b|i|u|em|strong|sub|sup|span|a|s)(?:\s[^>]*)?>", re.IGNORECASE)


def unmarked(text: object) -> str:
    """The text as a reader sees it: Plotly's tags gone, its entities as signs, without signs of control."""
    plain = html.unescape(TAG.sub("", BREAK.sub("\n", str(text))))
    return "".join(sign for sign in plain if sign >= " " or sign == "\n")
