"""How long a share lasts, and in which language: the fields, and dates in words."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import streamlit as st
from babel.dates import format_date

from lib import wiring
from lib.shares.shares import ShareLine, State
from lib.ui import numbers, session
from lib.ui.i18n import LANGUAGE_NAMES, language, t

USUAL = timedelta(days=90)


def zone() -> str:
    """The reader's time zone: the browser's, else the installation's."""
    found = st.context.timezone
    return found if found in available_timezones() else session.app().settings.timezone


def today() -> date:
    """The reader's date."""
    return wiring.now().astimezone(ZoneInfo(zone())).date()


def moment(at: datetime | None) -> str:
    """A date and time in the reader's zone."""
    return numbers.moment(at, language(), zone())


def language_field(label: str, *, key: str, default: str) -> str:
    """One of our languages."""
    chosen = st.segmented_control(
        label,
        list(LANGUAGE_NAMES),
        format_func=LANGUAGE_NAMES.__getitem__,
        default=default,
        required=True,
        key=key,
    )
    return str(chosen or default)


def last_day_field(*, key: str, value: date | None = None, endless: bool = False) -> date | None:
    """The last day of a share, today at the earliest; None is «no end», which is warned of."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.container(width=240)
        no_end = st.toggle(t("span.no_end"), value=endless, key=f"endless-{key}")
        chosen = place.date_input(
            t("span.until"),
            value=max(value or today() + USUAL, today()),
            min_value=today(),
            format="DD/MM/YYYY",
            key=f"until-{key}",
            disabled=no_end,
            help=t("span.until_help", zone=zone()),
        )
    if no_end:
        st.warning(t("span.no_end_warning"), icon=":material/all_inclusive:")
    return None if no_end or not isinstance(chosen, date) else chosen


def until(share: ShareLine) -> str:
    """Until when a share is open, in words: «until 3 Mar 2027 (87 days left)»."""
    if share.expires_on is None:
        return t("span.endless")
    last = day(share.expires_on)
    if share.state is State.EXPIRED:
        return t("span.ended", day=last)
    left = (share.expires_on - wiring.now().astimezone(ZoneInfo(share.zone)).date()).days
    return t("span.left", day=last, count=left) if left > 0 else t("span.last_day", day=last)


def day(on: date) -> str:
    """A day of the calendar, in the reader's language."""
    return format_date(on, "d MMM y", locale=numbers.LOCALES[language()])
