"""Cells to values: numbers, rates, money, times, addresses. What is doubtful raises BadCell."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from lib.store.remembered import remembered


class BadCell(ValueError):
    """A cell that cannot be read. `reason` is a key of the locale `reject`."""

    def __init__(self, reason: str, value: str, column: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = value
        self.column = column

    def holes(self) -> tuple[tuple[str, str], ...]:
        return (("column", self.column), ("value", self.value[:200]))


P = ParamSpec("P")
Value = TypeVar("Value")


def named(column: str, parse: Callable[P, Value], *cell: P.args, **how: P.kwargs) -> Value:
    """Reads a cell and names its column when it is bad."""
    try:
        return parse(*cell, **how)
    except BadCell as problem:
        problem.column = column
        raise


@dataclass(frozen=True)
class Money:
    amount: float
    currency: str | None


POINT = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,15})?")
GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3}){1,9}(\.[0-9]{1,15})?")
COMMA = re.compile(r"[+-]?[0-9]{1,30}(,[0-9]{1,15})?")
SPACED = re.compile(r"[+-]?[0-9]{1,3}([ \u00a0\u202f][0-9]{3}){1,9}([.,][0-9]{1,15})?")
TOO_LARGE = 10**14
"""From there on a float no longer tells all cents apart."""
NOTHING = {"n/a", "na", "-", "—"}
"""What senders write where they claim no figure."""


def number(text: str, comma: bool = False) -> float:
    """A number as it stands in a file.

    The rule: in a file whose columns are separated by semicolons (`comma`) a comma is the decimal sign,
    because such files come from places that write numbers so; everywhere else it groups thousands. Counts,
    rates and amounts are told apart by their columns, so 1,751 has one reading per column (see `count`).
    """
    cleaned = text.strip().removeprefix(
        "'"
    )  # Mailchimp writes '-122.29, so that no spreadsheet takes it for a formula
    if SPACED.fullmatch(cleaned):
        cleaned = re.sub(r"\s", "", cleaned)
    for form in (POINT, COMMA if comma else GROUPED):
        if form.fullmatch(cleaned):
            return _kept(text, float(cleaned.replace(",", "." if comma else "")))
    raise BadCell("bad_number", text)


def _kept(text: str, value: float) -> float:
    if abs(value) >= TOO_LARGE:
        raise BadCell("number_too_large", text)
    return value


POINT_OF_THOUSANDS = re.compile(r"[0-9]{1,3}\.[0-9]{3}")


def count(text: str, comma: bool = False) -> float:
    """A whole number, not negative.

    Nobody writes three decimals of a count, so that 1,751 is one thousand and more in every file: Mailchimp
    groups so, and a French Excel saves it as it stood. 1.000 may be one or a thousand, and is refused.
    """
    cleaned = text.strip()
    if POINT_OF_THOUSANDS.fullmatch(cleaned):
        raise BadCell("bad_number", text)
    value = number(cleaned, comma and not GROUPED.fullmatch(cleaned))
    if value < 0 or value != int(value):
        raise BadCell("bad_number", text)
    return value


def rate(text: str, comma: bool = False) -> float:
    """A percentage as a fraction of 1; without its sign a rate could be either, and is refused."""
    cleaned = text.strip()
    if not cleaned.endswith("%"):
        raise BadCell("bad_rate", text)
    value = _within("bad_rate", text, cleaned.removesuffix("%"), comma)
    if value < 0:
        raise BadCell("bad_rate", text)
    return float(Decimal(str(value)) / 100)


def _within(reason: str, text: str, digits: str, comma: bool) -> float:
    """The number within a cell; without one the cell is bad for this `reason`."""
    try:
        return number(digits, comma)
    except BadCell as problem:
        raise BadCell(reason if problem.reason == "bad_number" else problem.reason, text) from None


WITH_RATE = re.compile(r"(?P<count>[^()]+)\((?P<rate>[^()]+%)\)")


def count_with_rate(text: str) -> tuple[str, str]:
    """The two claims in "141 (8.1%)"."""
    match = WITH_RATE.fullmatch(text.strip())
    if match is None:
        raise BadCell("bad_number", text)
    return match["count"].strip(), match["rate"].strip()


SYMBOLS = {
    "€": "EUR",
    "£": "GBP",
    "CA$": "CAD",
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "R$": "BRL",
}
"""A bare $ or ¥ is left out: several countries write it."""
MONEY = re.compile(
    r"(?P<sign>-?)(?P<before>[A-Z]{0,3}[$€£¥]|[A-Z]{3})? ?"
    r"(?P<number>[0-9][0-9., \u00a0\u202f]*?) ?(?P<after>[€£$¥]|[A-Z]{3})?"
)


def money(text: str, comma: bool = False) -> Money:
    match = MONEY.fullmatch(text.strip().removeprefix("'").replace("\u00a0", " "))
    if match is None or (match["before"] and match["after"]):
        raise BadCell("bad_money", text)
    amount = _within("bad_money", text, match["sign"] + match["number"], comma)
    return Money(amount, _currency(match["before"] or match["after"] or ""))


def _currency(sign: str) -> str | None:
    return SYMBOLS.get(sign) or (sign if re.fullmatch("[A-Z]{3}", sign) else None)


NAMES_OF_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: place for place, name in enumerate(NAMES_OF_MONTHS, start=1)}
LONG = re.compile(
    r"(?:[a-z]{3}, )?(?P<month>[a-z]{3}) (?P<day>[0-9]{1,2}), (?P<year>[0-9]{4})"
    r" (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?: ?(?P<half>[ap]m))?",
    re.IGNORECASE,
)
SHORT = re.compile(
    r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{2}|[0-9]{4})"
    r" (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
)
ISO = re.compile(
    r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?)?)"
    r"(?P<offset> ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?",
    re.IGNORECASE,
)


def account_time(text: str, zone: str) -> datetime:
    """A time as Mailchimp shows it ("Jun 09, 2018 09:30 pm", "Mon, Apr 26, 2021 12:25"), in UTC.

    The files say no zone; it is the account's. Of an hour that summer time repeats the first is taken.
    """
    match = LONG.fullmatch(" ".join(text.split()))
    if match is None:
        return iso_time(text, zone)
    return _utc(text, MONTHS.get(match["month"].lower(), 0), match, _hour(match), zone)


def short_time(text: str, zone: str) -> datetime:
    """ "1/7/26 17:40": month, day, year, as the single report writes its last dates."""
    match = SHORT.fullmatch(" ".join(text.split()))
    if match is None:
        return account_time(text, zone)
    return _utc(text, int(match["month"]), match, int(match["hour"]), zone)


def _hour(match: re.Match[str]) -> int:
    hour = int(match["hour"])
    if match["half"] is None:
        return hour
    if not 1 <= hour <= 12:
        return -1  # 13 pm is no time
    return hour % 12 + (12 if match["half"].lower() == "pm" else 0)


def _utc(text: str, month: int, match: re.Match[str], hour: int, zone: str) -> datetime:
    year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
    try:
        local = datetime(year, month, int(match["day"]), hour, int(match["minute"]), tzinfo=ZoneInfo(zone))
    except ValueError:
        raise BadCell("bad_date", text) from None
    return _plausible(text, local)


def iso_time(text: str, zone: str = "UTC") -> datetime:
    """ISO 8601; a time without an offset is in `zone`."""
    match = ISO.fullmatch(text.strip())
    if match is None:
        raise BadCell("bad_date", text)
    offset = (match["offset"] or "").strip().upper().replace("UTC", "Z")
    try:
        moment = datetime.fromisoformat(match["time"].upper() + offset)
    except ValueError:
        raise BadCell("bad_date", text) from None
    return _plausible(text, moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone)))


def _plausible(text: str, moment: datetime) -> datetime:
    """Outside these years it is a damaged digit: no campaign was mailed then."""
    if not 1990 <= moment.year <= 2100:
        raise BadCell("bad_date", text)
    return moment.astimezone(UTC)


ADDRESS = re.compile(
    r"[^\s@<>(),;:\\\"\[\]\x00-\x1f\x7f]{1,64}@(?=.{3,253}$)[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+"
)


def address(text: str) -> str:
    """An e-mail address in lower case: senders differ in case for the same person."""
    cleaned = text.strip().lower()
    if len(cleaned) > 320 or not ADDRESS.fullmatch(cleaned):
        raise BadCell("bad_address", text)
    return cleaned


@remembered(50_000)
def ip(text: str) -> str | None:
    """An IP address in its shortest form; empty is unknown."""
    cleaned = text.strip()
    if not cleaned:
        return None
    try:
        return str(ipaddress.ip_address(cleaned))
    except ValueError:
        raise BadCell("bad_ip", text) from None


def currency(text: str) -> str | None:
    """Three letters (ISO 4217); empty is unknown."""
    cleaned = text.strip().upper()
    if cleaned and not re.fullmatch("[A-Z]{3}", cleaned):
        raise BadCell("bad_currency", text)
    return cleaned or None


def zone(text: str) -> str:
    """The IANA name of a time zone."""
    cleaned = text.strip()
    if cleaned not in _zones():
        raise BadCell("bad_zone", text)
    return cleaned


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


FLAGS = {"": None, "true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def flag(text: str) -> bool | None:
    """true or false; empty is «the sender does not say»."""
    cleaned = text.strip().lower()
    if cleaned not in FLAGS:
        raise BadCell("bad_flag", text)
    return FLAGS[cleaned]


def snake(text: str) -> str:
    """A heading as a name: "Pages/Visit" is pages_visit. Columns are matched so, whatever case and spaces."""
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")


def slug(text: str) -> str:
    """A title as it stands in the file names of an account export."""
    return snake(text).replace("_", "-")
