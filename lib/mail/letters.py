"""The letters to viewers: each in HTML and in plain text, escaped, nothing fetched, nothing attached."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import make_msgid, parseaddr
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from babel.dates import format_date, get_timezone_name

from lib.words import REGIONS, t

BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what follows: with them an address reads as another one."""

LONG_DAYS = {("fr", 1): "d'er' MMMM y"}
"""By language and day of the month, where it is written otherwise than `d MMMM y`."""
NOBODY = "vitrine@localhost"
"""The sender of mails that are only kept as files."""

LONGEST_LINE = 900
"""Of 998 that SMTP allows; a longer one is sent as quoted-printable."""


class _Folding(EmailPolicy):
    """Names and subjects keep every space; Python's own folding of encoded words drops or adds one at times.

    https://github.com/python/cpython/issues/92081
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        person = next(iter(getattr(value, "addresses", ())), None)
        text = person.display_name if person else str(value)
        if text.isascii():
            return bytes(super().fold_binary(name, value))
        encoded = Header(text, "utf-8", header_name=name).encode(linesep=self.linesep)
        address = f"{self.linesep} <{person.addr_spec}>" if person else ""
        return f"{name}: {encoded}{address}{self.linesep}".encode("ascii")


POLICY = _Folding(linesep="\r\n")

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=jinja2.select_autoescape(["html"]),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Writer:
    """The analyst who shares: the viewer reads the name, and an answer goes to the address."""

    name: str = ""
    address: str = ""


NOBODY_IN_PERSON = Writer()


class LetterRefused(ValueError):
    """A text that cannot stand in a mail; names the part that holds it, never the text."""


def _written(
    kind: str,
    settings_from: str,
    brand: str,
    language: str,
    address: str,
    link: str,
    password: str | None,
    message: str,
    campaign_titles: tuple[str, ...],
    expires_on: date | None,
    zone: str,
    writer: Writer = NOBODY_IN_PERSON,
    elsewhere: str = "hand",
) -> EmailMessage:
    """A letter of a `kind` of the locale `mail`. Without a `link` none is spoken of.

    `password` None: `elsewhere` says where it is, in a second mail (second), in a person's hand (hand) or the
    same as before (kept); the sentence is `mail.letter.password_<elsewhere>`.

    Raises LetterRefused for control or direction-turning characters; `message` may have line breaks.
    """
    titles = tuple(map(cleaned, campaign_titles))
    who = _who(language, brand, writer)
    words = _words(kind, language, titles, brand, who) | _common(
        language, link, password, expires_on, zone, brand, who, len(titles)
    )
    words |= {"message": message, "titles": titles}
    words |= {"password_elsewhere": "" if password else t(language, f"mail.letter.password_{elsewhere}")}
    return composed(settings_from, brand, address, words, writer)


invitation = partial(_written, "invitation")
"""The first letter."""
new_password = partial(_written, "password")
"""The letter after a change of password or a request for a new one."""
new_link = partial(_written, "link")
"""The letter after a change of the link alone."""
password_alone = partial(_written, "apart")
"""The second letter, with the password and never the link."""


def is_control(sign: str) -> bool:
    """Whether a sign is not shown but ends a line, or turns the direction of what follows."""
    return sign in BIDI or unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")


def _who(language: str, brand: str, writer: Writer) -> str:
    """The person with the brand, or the brand alone."""
    name = short(cleaned(writer.name))
    return t(language, "mail.letter.person", name=name, brand=brand) if name else brand


def _words(kind: str, language: str, titles: tuple[str, ...], brand: str, who: str) -> dict[str, object]:
    title = short(titles[0]) if titles else ""
    holes = {"count": len(titles), "title": title, "brand": brand, "who": who}
    parts = ("subject", "heading", "lead")
    return {part: t(language, f"mail.{kind}.{part}", **holes) for part in parts}


def _common(
    language: str,
    link: str,
    password: str | None,
    expires_on: date | None,
    zone: str,
    brand: str,
    who: str,
    count: int,
) -> dict[str, object]:
    parts = ("open", "link_label", "password_label", "campaigns_label", "unexpected")
    return {part: t(language, f"mail.letter.{part}", count=count) for part in parts} | {
        "language": language,
        "link": link,
        "password": password,
        "expiry": _expiry(language, expires_on, zone),
        "who": t(language, "mail.letter.who", who=who),
        "brand": brand,
    }


def _expiry(language: str, expires_on: date | None, zone: str) -> str:
    if expires_on is None:
        return ""
    place = get_timezone_name(ZoneInfo(zone), locale=REGIONS[language]) if "/" in zone else zone
    return t(language, "mail.letter.expires", day=long_day(expires_on, language), zone=place)


def long_day(on: date, language: str) -> str:
    """A day of the calendar, its month in full; in French the first of a month is «1er»."""
    return format_date(on, LONG_DAYS.get((language, on.day), "d MMMM y"), locale=REGIONS[language])


def composed(
    settings_from: str,
    brand: str,
    address: str,
    words: dict[str, object],
    writer: Writer = NOBODY_IN_PERSON,
    template: str = "letter",
) -> EmailMessage:
    """A mail of its `words` (subject and language among them), in plain text and HTML.

    Raises LetterRefused for control or direction-turning characters; the word `message` may have line breaks.
    """
    _refuse_controls(words | {"address": address, "sender": settings_from, "brand": brand})
    letter = EmailMessage(policy=POLICY)
    sender = _sender(settings_from, brand)
    letter["From"] = sender
    letter["To"] = _address("address", "", address)
    if writer.address:
        letter["Reply-To"] = _address("writer", cleaned(writer.name), writer.address)
    letter["Subject"] = str(words["subject"])
    letter["Message-ID"] = make_msgid(domain=sender.domain)
    letter["Auto-Submitted"] = "auto-generated"
    text = _templates.get_template(f"{template}.txt").render(words).strip() + "\n"
    letter.set_content(text, cte=_encoding(text))
    letter.add_alternative(
        _templates.get_template(f"{template}.html").render(words), subtype="html", cte="quoted-printable"
    )
    letter["Content-Language"] = str(words["language"])  # last, for each part takes such headers with it
    return letter


def _sender(settings_from: str, brand: str) -> Address:
    name, address = parseaddr(settings_from)
    return _address("sender", name or brand, address or NOBODY)


def _address(part: str, name: str, address: str) -> Address:
    try:
        return Address(display_name=name, addr_spec=address)
    except (HeaderParseError, ValueError, IndexError) as problem:
        raise LetterRefused(part) from problem


def _encoding(text: str) -> str:
    """Plain where possible, so that the link stands unbroken in the raw mail, too."""
    plain = text.isascii() and max(map(len, text.splitlines()), default=0) <= LONGEST_LINE
    return "7bit" if plain else "quoted-printable"


def _refuse_controls(parts: dict[str, object]) -> None:
    for name, text in parts.items():
        allowed = "\r\n\t" if name == "message" else ""
        if isinstance(text, str) and any(is_control(sign) and sign not in allowed for sign in text):
            raise LetterRefused(name)


def cleaned(title: str) -> str:
    """A campaign's title comes from a file, so it is mended, not refused."""
    return re.sub(r"\s+", " ", "".join(" " if is_control(sign) else sign for sign in title)).strip()


def short(title: str) -> str:
    return title if len(title) <= 80 else f"{title[:79].rstrip()}…"
