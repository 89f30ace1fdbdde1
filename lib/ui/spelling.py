"""A password read aloud on the telephone, sign by sign, in the analyst's language."""

import unicodedata

from lib.ui.i18n import t

SIGNS = {  # by their names in the locale
    "-": "hyphen", "_": "underscore", ".": "dot", ",": "comma", ";": "semicolon", ":": "colon",
    "!": "exclamation", "?": "question", "@": "at", "#": "hash", "$": "dollar", "%": "percent",
    "&": "ampersand", "*": "asterisk", "+": "plus", "=": "equals", "/": "slash", "\\": "backslash",
    "|": "bar", "(": "opening", ")": "closing", "[": "opening_square", "]": "closing_square",
    "{": "opening_curly", "}": "closing_curly", "<": "less", ">": "greater", "'": "apostrophe",
    '"': "quote", "`": "backtick", "^": "caret", "~": "tilde", " ": "space",
}  # fmt: skip
ACCENTS = {
    "\u0300": "grave", "\u0301": "acute", "\u0302": "circumflex", "\u0303": "tilde", "\u0308": "diaeresis",
    "\u0327": "cedilla",
}  # fmt: skip
GROUP_ENDS = "- "


def aloud(password: str) -> tuple[str, ...]:
    """One line per group of the password; the sign between two groups ends the first of them.

    Capitals are said where there are small letters too; where all letters are alike, `case` says so once.
    """
    mixed = password != password.lower() and password != password.upper()
    lines: list[list[str]] = [[]]
    for sign in unicodedata.normalize("NFC", password):
        lines[-1].append(_sign(sign, mixed))
        if sign in GROUP_ENDS:
            lines.append([])
    return tuple(", ".join(line) for line in lines if line)


def case(password: str) -> str:
    """«All letters are small», or that capitals are said; empty for a password without letters."""
    if password.lower() == password.upper():
        return ""
    if password == password.lower():
        return t("spell.all_small")
    return t("spell.all_capital" if password == password.upper() else "spell.mixed")


def _sign(sign: str, mixed: bool) -> str:
    if sign in SIGNS:
        return t(f"spell.sign.{SIGNS[sign]}")
    base, *marks = list(unicodedata.normalize("NFD", sign))
    letter = base.lower()
    if not ("a" <= letter <= "z") or any(mark not in ACCENTS for mark in marks):
        return sign
    said = t("spell.as_in", letter=base, word=t(f"spell.word.{letter}"))
    for mark in marks:
        said = t("spell.accented", letter=said, accent=t(f"spell.accent.{ACCENTS[mark]}"))
    return t("spell.capital", letter=said) if mixed and base != letter else said
