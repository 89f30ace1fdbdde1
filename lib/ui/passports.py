"""The passport of a figure on its card: a small button that opens where the figure comes from."""

from collections.abc import Sequence

import streamlit as st

from lib.paper.passport import Passport
from lib.ui import places
from lib.ui.i18n import plain, t


def draw(passport: Passport, origins: Sequence[str] | None) -> None:
    """`origins`: the files that the figure is from; None for a viewer, who is told of no file."""
    label = t("passport.open", figure=passport.heading)
    with st.popover(label, icon=":material/info:", type="tertiary", key=f"passport-{passport.name}"):
        st.markdown(_text(passport, origins or ()))
        if origins is not None:
            places.link("definitions", t("passport.definitions"), icon=":material/menu_book:")


def _text(passport: Passport, origins: Sequence[str]) -> str:
    """As Markdown, all of it escaped: it holds the sender's own words."""
    blocks = [
        f"**{plain(passport.heading)}**  \n{plain(passport.meaning)}",
        _block(t("passport.formula"), [passport.formula, passport.other_form]),
        _block(
            t("passport.bases"),
            [t("passport.line", name=name, value=value) for name, value in passport.bases],
        ),
        _block(t("passport.reported_title"), [passport.reported]),
        _block(t("passport.source"), [passport.source, _files(origins), passport.rules]),
    ]
    return "\n\n".join(block for block in blocks if block)


def _block(title: str, lines: Sequence[str]) -> str:
    said = [plain(line) for line in lines if line]
    return "  \n".join([f":gray[:small[{title}]]", *said]) if said else ""


def _files(origins: Sequence[str]) -> str:
    return t("passport.files", names=", ".join(origins)) if origins else ""
