"""How long a share lasts, and in which language: the fields, badges, and dates in words."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import streamlit as st
from babel.dates import format_date

from lib import wiring
from lib.paper import numbers
from lib.shares import policy
from lib.shares.shares import ShareLine, State
from lib.ui import badges, session
from lib.ui.i18n import LANGUAGE_NAMES, language, t
from lib.words import REGIONS

SOON = 7
"""Days: from here on the badge warns."""


def zone() -> str:
    """The reader's time zone: the browser's, else the installation's."""
    found = st.context.timezone
    return found if found in available_timezones() else session.app().settings.timezone


def today(zone_name: str = "") -> date:
    """The date in this zone; in the reader's without one."""
    return wiring.now().astimezone(ZoneInfo(zone_name or zone())).date()


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
    """The last day of a share, today at the earliest; None is «no end», which is warned of.

    A day that an admin does not allow cannot be chosen; «no end» neither, where shares must end.
    """
    rules, now = policy.load(session.app().records), today()
    last = rules.last(now)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.container(width=240)
        no_end = last is None and st.toggle(t("span.no_end"), value=endless, key=f"endless-{key}")
        chosen = place.date_input(
            t("span.until"),
            value=_within(value or rules.usual(now), now, last),
            min_value=now,
            max_value=last or now + timedelta(days=policy.LONGEST),
            format="DD/MM/YYYY",
            key=f"until-{key}",
            disabled=no_end,
            help=t("span.until_help", zone=zone()),
        )
    if last is not None:
        st.caption(t("days.most", count=rules.most, day=day(last)))
    if no_end:
        st.warning(t("span.no_end_warning"), icon=":material/all_inclusive:")
    return None if no_end or not isinstance(chosen, date) else chosen


def _within(chosen: date, first: date, last: date | None) -> date:
    return max(min(chosen, last) if last else chosen, first)


def badge(share: ShareLine) -> None:
    """How long a share is open still, by colour and in words; the last day for whoever points at it."""
    colour, icon, words = _verdict(share)
    badges.draw(words, icon, colour, until(share) if share.expires_on else None)


def _verdict(share: ShareLine) -> tuple[str, str, str]:
    """Colour, sign and words."""
    left = share.days_left
    if left is None:
        return "blue", "all_inclusive", t("days.endless")
    if share.state is State.EXPIRED or left < 0:
        return "gray", "event_busy", t("days.ended")
    if left == 0:
        return "red", "event_upcoming", t("days.last")
    soon = left <= SOON
    return (
        ("orange" if soon else "green"),
        ("event_upcoming" if soon else "event"),
        t("days.left", count=left),
    )


def until(share: ShareLine) -> str:
    """Until when a share is open, in words: «until 3 Mar 2027 (87 days left)»."""
    if share.expires_on is None:
        return t("span.endless")
    last, left = day(share.expires_on), share.days_left or 0
    if share.state is State.EXPIRED:
        return t("span.ended", day=last)
    return t("span.left", day=last, count=left) if left > 0 else t("span.last_day", day=last)


def day(on: date) -> str:
    """A day of the calendar, in the reader's language."""
    first = (language(), on.day) == ("fr", 1)
    return format_date(on, "d'er' MMM y" if first else "d MMM y", locale=REGIONS[language()])


def length(seconds: int) -> str:
    """A length of time, as exact as it matters: «40 s», «12 min», «2 h 5 min»."""
    if seconds < 60:
        return t("days.seconds", count=seconds)
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return t("days.minutes", count=minutes)
    return t("days.hours", hours=hours, minutes=minutes)
