"""The letter to an analyst: what happened since the last one, each thing a sentence with a link."""

from dataclasses import dataclass
from email.message import EmailMessage

from lib.mail import letters
from lib.words import t

MOST = 30
"""Sentences in one letter; how many more there are is said."""


@dataclass(frozen=True)
class Line:
    """One sentence; `link` leads to where it is looked after, "" for nowhere."""

    said: str
    link: str = ""


def digest(
    settings_from: str, brand: str, language: str, address: str, lines: tuple[Line, ...], all_of_them: str
) -> EmailMessage:
    """A letter with at least one of `lines`; `all_of_them` is the address of the page with all notices.

    The links are those of the analysts' own pages: whoever reads the letter sees nothing without signing in.
    Raises LetterRefused for control or direction-turning characters in brand or addresses.
    """
    shown = tuple(Line(letters.cleaned(line.said), line.link) for line in lines[:MOST])
    words: dict[str, object] = {
        part: t(language, f"notice.letter.{part}", brand=brand) for part in ("open", "all", "why")
    }
    more = len(lines) - len(shown)
    words |= {
        "language": language,
        "brand": brand,
        "subject": _subject(language, brand, shown, more),
        "heading": t(language, "notice.letter.heading", count=len(lines)),
        "lines": shown,
        "more": t(language, "notice.letter.more", count=more) if more else "",
        "all_of_them": all_of_them,
    }
    return letters.composed(settings_from, brand, address, words, template="notice")


def trial(settings_from: str, brand: str, language: str, address: str, page: str) -> EmailMessage:
    """The letter that only shows that letters arrive; `page` is where it was asked for."""
    parts = {
        part: t(language, f"notice.trial.{part}", brand=letters.cleaned(brand))
        for part in ("subject", "heading", "all", "why")
    }
    words: dict[str, object] = {"language": language, "brand": brand, "more": "", "all_of_them": page}
    words |= parts | {"lines": (Line(t(language, "notice.trial.said")),)}
    return letters.composed(settings_from, brand, address, words, template="notice")


def _subject(language: str, brand: str, lines: tuple[Line, ...], more: int) -> str:
    """The sentence itself when it is the only one."""
    said = letters.short(lines[0].said) if len(lines) == 1 else ""
    return t(
        language, "notice.letter.subject", count=len(lines) + more, said=said, brand=letters.cleaned(brand)
    )
