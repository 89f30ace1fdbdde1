"""Numbers, dates and addresses as the reader writes them."""

import math
import re
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

import pandas as pd
from babel.dates import format_datetime, get_timezone_name
from babel.numbers import format_currency, format_decimal, format_percent

from lib.charts import Manner
from lib.reports import METRICS, Figure
from lib.words import REGIONS

UNKNOWN = "–"
STEP = 0.0001
"""Two decimals of a percentage."""
MANNERS = {
    "en": Manner(),
    "fr": Manner(",\u202f", "\u00a0%", "{0}\u00a0h", "%d/%m/%Y", "%m/%Y", "%{x} après l’envoi", "{0}\u00a0j"),
}
PERCENT = {"en": "#,##0.{0}%", "fr": "#,##0.{0}\u00a0%"}


def show(metric: str, value: float | None, language: str, currency: str | None = None) -> str:
    """`value` of a metric, by its name: a rate with two decimals, money with its currency, a count whole."""
    if value is None or is_unknown(value):
        return UNKNOWN
    form = METRICS[metric].format
    if form == "money":
        return money(value, language, currency)
    return percent(value, language) if form == "rate" else whole(value, language)


def show_figure(figure: Figure, language: str, currency: str | None = None) -> str:
    """A figure of a report. One that the sender only claims keeps the decimals of the claim."""
    claim = re.fullmatch(r"[\d\s]+(?:[.,](\d{1,6}))?\s*%", figure.claimed.strip())
    if claim and figure.value is not None and is_unknown(figure.computed):
        return percent(figure.value, language, len(claim[1] or ""))
    return show(figure.name, figure.value, language, currency)


def is_unknown(value: float | None) -> bool:
    """None and NaN: nothing was counted, which is not zero."""
    return value is None or math.isnan(value)


def percent(fraction: float, language: str, decimals: int = 2) -> str:
    """A fraction of 1 as a percentage."""
    pattern = PERCENT[language].format("0" * decimals) if decimals else PERCENT[language].replace(".{0}", "")
    return format_percent(fraction, format=pattern, locale=REGIONS[language])


def for_table(rates: "pd.Series[float]") -> "pd.Series[float]":
    """Rates for a column of `step=STEP`, to be read there with the digits of `percent`.

    Streamlit cuts what lies behind the step off instead of rounding, so the values are rounded before, and
    lifted by less than anybody sees: 0.0003 * 10,000 is a little less than 3 in a browser.
    """
    return rates.map(_rounded, na_action="ignore")


@lru_cache(maxsize=50_000)  # the table is drawn on every run, mostly with the rates of the run before
def _rounded(rate: float) -> float:
    return float(Decimal(str(rate)).quantize(Decimal(str(STEP)), ROUND_HALF_EVEN)) + 1e-9


@lru_cache(maxsize=50_000)  # as above
def whole(value: float, language: str) -> str:
    """A count."""
    return format_decimal(round(value), locale=REGIONS[language])


def decimal(value: float, language: str) -> str:
    """A number with one decimal."""
    return format_decimal(value, format="#,##0.0", locale=REGIONS[language])


def money(value: float, language: str, currency: str | None) -> str:
    """An amount; without a currency when the sender does not say which."""
    if not currency:
        return format_decimal(value, format="#,##0.00", locale=REGIONS[language])
    return format_currency(value, currency, locale=REGIONS[language])


def moment(at: datetime | None, language: str, zone: str = "UTC") -> str:
    """A date with its time, in `zone`, which is named."""
    if at is None or pd.isna(at):
        return UNKNOWN
    local = at.astimezone(ZoneInfo(zone))
    return f"{format_datetime(local, 'd MMM y, HH:mm', locale=REGIONS[language])} {local.tzname()}"


def zone(name: str, language: str) -> str:
    """The name of a time zone in words, such as «Central European Time»."""
    return get_timezone_name(ZoneInfo(name), locale=REGIONS[language]) if "/" in name else name
