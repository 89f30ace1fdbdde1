"""The report in a sentence or two, and in three figures: for whoever reads nothing else.

Made by rule, from figures alone: no praise, no guess. What would mislead somebody who stops reading here is
said here: that figures still come in, that machines are among the opens, that figures do not fit together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lib.model import Form
from lib.paper import durations, numbers
from lib.reports import Report
from lib.reports.history import SETTLED
from lib.words import t

SHARES = (
    *((1, 10), (1, 8), (1, 6), (1, 5), (1, 4), (3, 10), (1, 3)),
    *((2, 5), (1, 2), (3, 5), (2, 3), (7, 10), (3, 4), (4, 5), (9, 10)),
)
"""Shares that people picture."""
NEAR = 0.02
"""So far from a share a rate may lie to be told by it."""
MANY = 20
"""With fewer deliveries people are counted, not given as a share."""
PROXY = datetime(2021, 9, 1, tzinfo=UTC)
"""Since then Apple's proxy has opened e-mails by itself."""
JUDGED = ("usual", "high", "low")
THIRD = ("revenue", "click_to_open_rate", "unsubscribe_rate")
PARTS = {  # a rate: what it divides
    "open_rate": ("unique_opens", "deliveries"),
    "click_rate": ("unique_clicks", "deliveries"),
    "click_to_open_rate": ("unique_clicks", "unique_opens"),
    "unsubscribe_rate": ("unsubscribes", "deliveries"),
    "revenue": ("orders", "orders"),
}


@dataclass(frozen=True)
class Large:
    """One of the three figures: a metric, its value as it is read, and the same in plain words."""

    name: str
    value: str
    words: str


def sentences(report: Report, language: str) -> tuple[str, ...]:
    """What happened, how that compares, and what one must know to read it."""
    return (_happened(report, language), *_compared(report, language), *_cautions(report, language))


def figures(report: Report, language: str) -> tuple[Large, ...]:
    """Open rate, click rate, and revenue; without any revenue clicks among openers, else unsubscribes."""
    third = next((name for name in THIRD if _value(report, name)), _known(report, THIRD[1:]))
    return tuple(_large(report, name, language) for name in ("open_rate", "click_rate", third))


def _known(report: Report, names: tuple[str, ...]) -> str:
    return next((name for name in names if _value(report, name) is not None), names[-1])


def _value(report: Report, name: str) -> float | None:
    found = report.figures.get(name)
    return None if found is None or numbers.is_unknown(found.value) else found.value


# --- what happened --------------------------------------------------------------------------------


def _happened(report: Report, language: str) -> str:
    received = _value(report, "deliveries")
    did = {name: _value(report, name) for name in ("unique_opens", "unique_clicks")}
    if received is None:
        return _by_rates(report, did, language)
    if received == 0:
        return t(language, "story.nobody")
    if any(count is not None and count > received for count in did.values()):
        return _not_fitting(received, did, language)
    told = {name: _told(name, count, received, language) for name, count in did.items() if count is not None}
    key = f"story.{_which(did)}"
    number = numbers.whole(received, language)
    return t(language, key, count=round(received), number=number, **_holes(told))


def _which(did: dict[str, float | None]) -> str:
    """Which of opens and clicks are known: both, opens, clicks, neither."""
    known = [name.removeprefix("unique_") for name, count in did.items() if count is not None]
    return "both" if len(known) == 2 else known[0] if known else "neither"


def _holes(told: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix("unique_"): words for name, words in told.items()}


def _told(name: str, count: float, received: float, language: str) -> str:
    """How many of those who received it did that: nobody, one, all, a share one pictures, or a number."""
    key = f"story.{name}"
    if received == 1:
        return t(language, f"{key}.{'alone' if count else 'not_alone'}")
    if count in (0, received):
        return t(language, f"{key}.{'all' if count else 'none'}")
    share = _share(count / received) if name == "unique_opens" and received >= MANY else None
    if share:
        exact = share[0] * received == share[1] * count
        words = t(language, "story.share" if exact else "story.about", part=share[0], whole=share[1])
        return t(language, f"{key}.{'one_of' if share[0] == 1 else 'other'}", number=words)
    return t(language, key, count=round(count), number=numbers.whole(count, language))


def _share(rate: float) -> tuple[int, int] | None:
    part, whole = min(SHARES, key=lambda one: abs(one[0] / one[1] - rate))
    return (part, whole) if abs(part / whole - rate) <= NEAR else None


def _by_rates(report: Report, did: dict[str, float | None], language: str) -> str:
    """Nobody says how many received it."""
    rates = [
        t(language, f"story.rate.{name}", rate=numbers.show_figure(report.figures[name], language))
        for name in ("open_rate", "click_rate")
        if _value(report, name) is not None
    ]
    if rates:
        return t(language, "story.rates", rates=t(language, "story.and").join(rates))
    told = _holes({name: numbers.whole(count, language) for name, count in did.items() if count is not None})
    if not told:
        return t(language, "story.nothing")
    return t(language, f"story.received_unknown.{_which(did)}", **told)


def _not_fitting(received: float, did: dict[str, float | None], language: str) -> str:
    """More opened or clicked than received it: as reported, and not to be told as a share of people."""
    counts = {
        name: numbers.UNKNOWN if count is None else numbers.whole(count, language)
        for name, count in did.items()
    }
    return t(language, "story.over", number=numbers.whole(received, language), **_holes(counts))


# --- how that compares, and what one must know ----------------------------------------------------


def _compared(report: Report, language: str) -> Iterator[str]:
    verdicts = [
        t(
            language,
            f"story.verdict.{row.metric}.{row.verdict}",
            low=numbers.percent(row.low, language, 1),
            high=numbers.percent(row.high, language, 1),
        )
        for row in _judged(report)
    ]
    if verdicts:
        yield t(language, "story.compared", verdicts=t(language, "story.semicolon").join(verdicts))


def _judged(report: Report) -> list[Any]:
    section = report.sections.get("history")
    if section is None or section.table is None:
        return []
    return [
        row
        for row in section.table.itertuples()
        if row.metric in ("open_rate", "click_rate") and row.verdict in JUDGED
    ]


def _cautions(report: Report, language: str) -> Iterator[str]:
    section = report.sections.get("history")
    if _is_coming(report):
        hours = section.facts.get("hours") if section is not None and _judged(report) else None
        if hours:
            yield t(language, "story.coming_after", age=durations.in_words(hours * 3600, language))
        else:
            yield t(language, "story.coming")
    yield from _machines(report, language)


def _is_coming(report: Report) -> bool:
    """Whether figures may still rise. Who is not shown the campaign's history is told so all the same, as
    far as the import shows it.
    """
    section = report.sections.get("history")
    if section is not None and "coming" in section.facts:
        return bool(section.facts["coming"])
    sent_at, imported_at = report.campaign.sent_at, report.campaign.imported_at
    return bool(sent_at and imported_at and imported_at - sent_at < SETTLED)


def _machines(report: Report, language: str) -> Iterator[str]:
    opens = _value(report, "unique_opens")
    if not opens:
        return
    people = _value(report, "unique_opens_people")
    if report.form is Form.PEOPLE:
        yield t(language, "story.people_form")
    elif people is not None and people < opens:
        count = round(opens - people)
        yield t(language, "story.machines", count=count, number=numbers.whole(count, language))
    elif people is None and _since_proxy(report):
        yield t(language, "story.machines_unknown")


def _since_proxy(report: Report) -> bool:
    sent_at = report.campaign.sent_at
    return sent_at is None or sent_at >= PROXY


# --- three figures --------------------------------------------------------------------------------


def _large(report: Report, name: str, language: str) -> Large:
    value = numbers.show_figure(report.figures[name], language, report.campaign.currency)
    part, whole = (_value(report, one) for one in PARTS[name])
    if _value(report, name) is None:
        return Large(name, value, t(language, "story.unknown"))
    if part is None or not whole:
        of = "orders" if name == "revenue" else "counts"
        return Large(name, value, t(language, f"story.{of}_unknown"))
    holes = {"number": numbers.whole(part, language), "whole": numbers.whole(whole, language)}
    return Large(name, value, t(language, f"story.words.{name}", count=round(part), **holes))
