"""The style of somebody else's mail, as far as it can only be looked at.

Kept are plain declarations and the rules for narrow and wide screens. Whatever loads something (`url()`,
`@import`, fonts), ran in old browsers (`expression()`, `behavior`) or names a recipient is left out; nothing
is mended, what does not parse is dropped. CSS Syntax: https://www.w3.org/TR/css-syntax-3/, read by tinycss2.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import tinycss2

from lib.reports import tokens

LONGEST_STYLE = 20_000
LONGEST_SHEET = 400_000
"""Characters; longer ones are left out, as no mail is drawn better by them."""

LOADING = frozenset(
    {
        *("url", "src", "image", "image-set", "-webkit-image-set", "cross-fade", "-webkit-cross-fade"),
        *("element", "-moz-element", "paint", "expression", "attr", "env"),
    }
)
"""Functions that load or run something, or that write a hidden attribute into the picture."""

RUNNING = frozenset({"behavior", "-moz-binding", "-ms-behavior"})
CONDITIONS = frozenset({"media", "supports"})
DARK = "prefers-color-scheme"
"""The mail is drawn as it is on white, whatever the reader's screen prefers."""

DEEPEST = 4
"""Conditions within conditions."""

PLAIN = re.compile(r"[\w\s:;,.#%!()'\"/+*-]*")
SUSPECT = re.compile(r"\(|binding|behavior|/\*|//", re.I)

SELECTOR = re.compile(r"""[\w\s.#:,>+~*()\[\]="'|^$-]{1,2000}""")
"""Without a backslash, so that no name can be written in another way."""

OF_BUBBLES = re.compile(r"\[[^\]]*\b(style|title)\b|vitrine", re.I)
"""Selectors that could ask what stands on our bubbles, and load another picture for each answer."""

Pictures = Callable[[str], bool]
"""Whether a picture may be loaded from this address."""


def no_pictures(_address: str) -> bool:
    return False


def declarations(style: str, pictures: Pictures = no_pictures) -> str:
    """What may stay of an attribute `style`; "" when nothing does."""
    if len(style) > LONGEST_STYLE:
        return ""
    if PLAIN.fullmatch(style) and not SUSPECT.search(style):
        return "" if tells(style) else style  # most of them: there is nothing in it that could do anything
    return _declarations(style, pictures)


def sheet(text: str, pictures: Pictures = no_pictures) -> str:
    """What may stay of an element `style`. Nothing in it can end the element."""
    if len(text) > LONGEST_SHEET:
        return ""
    try:
        rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        kept = "\n".join(_rules(rules, pictures, DEEPEST))
    except RecursionError:  # brackets within brackets, thousands deep
        return ""
    return re.sub(r"<(?![=\s\d])", r"\\3c ", kept)


def tells(text: str) -> bool:
    """Whether a word of it names a recipient, as a link's parameter would."""
    return any(_names_somebody(word) for word in re.split(r"[\s;,:'\"()]+", text))


@lru_cache(maxsize=20_000)  # a mail says the same few hundred words thousands of times
def _names_somebody(word: str) -> bool:
    if len(word) < 6:  # no address is shorter, nor any token
        return False
    address = f"https://a.example/?a={quote(word, safe='')}"
    return tokens.bare(address) != address


def _declarations(style: str, pictures: Pictures) -> str:
    try:
        parsed = tinycss2.parse_declaration_list(style, skip_comments=True, skip_whitespace=True)
        return ";".join(_kept(parsed, pictures))
    except RecursionError:
        return ""


def _rules(rules: Iterable[Any], pictures: Pictures, deep: int) -> Iterable[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            style = _declarations(tinycss2.serialize(rule.content), pictures)
            selector = tinycss2.serialize(rule.prelude)
            if style and _may_select(selector):
                yield f"{selector}{{{style}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in CONDITIONS and rule.content and deep:
            condition = tinycss2.serialize(rule.prelude)
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if DARK not in condition.lower() and not tells(condition):
                yield f"@{rule.lower_at_keyword}{condition}{{{''.join(_rules(inner, pictures, deep - 1))}}}"


def _may_select(selector: str) -> bool:
    return bool(SELECTOR.fullmatch(selector)) and not (OF_BUBBLES.search(selector) or tells(selector))


def _kept(parsed: Iterable[Any], pictures: Pictures) -> Iterable[str]:
    for one in parsed:
        if one.type != "declaration" or one.lower_name in RUNNING:
            continue
        value = tinycss2.serialize(_without_loading(one.value, pictures)).strip()
        if value and not tells(value):
            yield f"{one.name}:{value}{' !important' if one.important else ''}"


def _without_loading(values: Iterable[Any], pictures: Pictures) -> list[Any]:
    return [value for value in values if not _loads(value, pictures)]


def _loads(value: Any, pictures: Pictures) -> bool:
    if value.type == "error":
        return True
    if value.type == "url":
        return not pictures(value.value)
    if value.type == "function":
        if value.lower_name == "url":
            texts = [part.value for part in value.arguments if part.type == "string"]
            return len(texts) != 1 or not pictures(texts[0])
        return value.lower_name in LOADING or any(_loads(part, pictures) for part in value.arguments)
    return any(_loads(part, pictures) for part in getattr(value, "content", None) or ())
