"""The reader's language: the sentences, escaped where Streamlit would read a name as Markdown."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st

from lib import words

WORD_JOINER = "\u2060"
SPACES = re.compile(r"[^\S\u00a0\u202f]+")
"""Also the ends of lines, but not what French has before a colon: there no line may end."""
SIGNS = re.compile(r"[!-/:-@\[-`{-~]")
PARTED = re.compile(r"@|:(?=\S)|\bwww(?=\.)|[-<](?=[->])|<(?=-)", re.IGNORECASE)
SPOKEN = "language"  # what the guard found, in st.session_state
WISH = "wish"  # what a stranger chose on the sign-in page, in st.session_state
LANGUAGE_NAMES = {"en": "English", "fr": "Français"}


_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)
"""What is in SPOKEN, nearer at hand: a page asks for it some hundred times."""
_is_held: ContextVar[bool] = ContextVar("held", default=False)
"""Whether the language stays what it is."""


def language() -> str:
    """The language of the reader: what the guard found, else what was chosen, else the browser's."""
    if spoken := _spoken.get():
        return spoken
    state = st.session_state
    return str(state.get(SPOKEN) or state.get(WISH) or words.best(st.context.locale))


def speak(chosen: str | None) -> None:
    """From here on speak `chosen`; None leaves it to the reader's wish and the browser."""
    if _is_held.get():
        return
    known = chosen if chosen in words.LANGUAGES else None
    _spoken.set(known)
    st.session_state[SPOKEN] = known


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Within this block speak `chosen`, whoever a guard finds meanwhile: what another person will read."""
    before = language()
    speak(chosen)
    held = _is_held.set(True)
    try:
        yield
    finally:
        _is_held.reset(held)
        speak(before)


def t(key: str, **holes: object) -> str:
    """The sentence of `key` in the reader's language. The caller escapes a name in a hole: `plain(name)`."""
    return words.t(language(), key, **holes)


def plain(text: object) -> str:
    """Write `text` so that Streamlit's Markdown shows it as it is: no link, colour, formula, icon or HTML.

    Every ASCII sign that is neither letter nor digit becomes a character reference, which starts no syntax.
    Links of addresses, icons and arrows are found after these were read; an invisible word joiner parts them.
    """
    line = PARTED.sub(lambda found: found[0] + WORD_JOINER, SPACES.sub(" ", str(text)).strip())
    return SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", line)
