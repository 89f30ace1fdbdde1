"""The help: a few topics, each a text with pictures from docs/help, in the reader's language."""

import re
from pathlib import Path

import streamlit as st

from lib.config import ROOT
from lib.ui import places
from lib.ui.i18n import language, t

TEXTS = ROOT / "docs" / "help"
TOPICS = ("share", "add", "password", "revoke", "viewer", "trust")
TOPIC = "topic"  # in the address
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
TITLE = re.compile(r"# (.+)\n")


def draw() -> None:
    """The topics side by side, and the text of the chosen one."""
    asked = st.query_params.get(TOPIC, "")
    chosen = st.pills(
        t("help.topics"),
        TOPICS,
        default=asked if asked in TOPICS else TOPICS[0],
        required=True,
        format_func=title,
        key="help-topic",
        label_visibility="collapsed",
    )
    topic = str(chosen or TOPICS[0])
    st.query_params[TOPIC] = topic
    with st.container(width=860):
        _text(path(topic, language()))


def headline(words: str, topic: str) -> None:
    """The title of a page, and beside it the way to the topic that helps there."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(words, anchor=False, width="content")
        with st.container(width="content"):
            places.link("help", t("help.link"), {TOPIC: topic}, icon=":material/help:")


def title(topic: str) -> str:
    """The first line of its text."""
    found = TITLE.match(path(topic, language()).read_text(encoding="utf-8"))
    return found[1] if found else topic


def path(topic: str, language: str) -> Path:
    """Where the text of a topic lies."""
    return TEXTS / language / f"{topic}.md"


def _text(file: Path) -> None:
    """Markdown of our own; its pictures are drawn one by one, for the page has no folder of them."""
    parts = PICTURE.split(TITLE.sub(r"## \1\n", file.read_text(encoding="utf-8"), count=1))
    texts, alts, places = parts[::3], [*parts[1::3], ""], [*parts[2::3], ""]
    for words, alt, place in zip(texts, alts, places, strict=True):
        if words.strip():
            st.markdown(words)
        if place:
            st.image(file.parent / place, alt=alt)
