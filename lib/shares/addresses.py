"""Mail addresses: taken out of a text, cleaned, refused."""

import re
import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from lib.shares.refusal import ShareRefused

NAMED = re.compile(r"(?<![^\s,;])(?:\"[^\"<>]{0,200}\"\s*|[^,;<>\r\n\"@]{0,200})<([^<>]*)>")
"""A pasted «"Ann Lee" <ann@example.org>»: the name is left away."""
GAPS = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class Bad:
    """A piece of the text that is no address; `reason` is a locale key (hole: address)."""

    text: str
    reason: str


@dataclass(frozen=True)
class Parsed:
    """The addresses of a text, each once, in their order; and what is none."""

    good: tuple[str, ...]
    bad: tuple[Bad, ...]


def parse(text: str) -> Parsed:
    """Take apart what was typed or pasted: by comma, semicolon, space or line, with names or without."""
    good: dict[str, str] = {}
    bad: list[Bad] = []
    for piece in filter(None, GAPS.split(NAMED.sub(r" \1 ", text))):
        try:
            address = clean(piece)
        except ShareRefused as refusal:
            bad.append(Bad(piece, refusal.reason))
        else:
            good.setdefault(key(address), address)
    return Parsed(tuple(good.values()), tuple(bad))


def clean(address: str, field: str = "viewers") -> str:
    """One address as it is stored: the domain in lower case and ASCII (IDN as punycode), the rest as it is.

    Raises ShareRefused for everything else, before anything of it can reach a mail's header: control and
    direction-turning characters, also percent-encoded; a name beside the address; a domain without a dot.
    Whether the domain exists is not asked: that is for the mail server to find out.
    """
    if any(unicodedata.category(sign)[0] in "CZ" for sign in address) or re.search(
        "%0[ad]|%00", address, re.I
    ):
        raise ShareRefused(field, "refusal.address.signs", address=_printable(address))
    try:
        found = _validated(address)
    except EmailNotValidError as problem:
        raise ShareRefused(field, "refusal.address.wrong", address=_printable(address)) from problem
    if found.ascii_email is None or "." not in str(found.ascii_domain):
        raise ShareRefused(field, "refusal.address.wrong", address=_printable(address))
    return found.ascii_email


def key(address: str) -> str:
    """By this two addresses are the same one."""
    return address.casefold()


def _validated(address: str) -> ValidatedEmail:
    return validate_email(
        address, check_deliverability=False, allow_smtputf8=False, strict=True, test_environment=True
    )


def _printable(address: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in address)[:80]
