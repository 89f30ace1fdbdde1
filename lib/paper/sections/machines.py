"""What machines did, in the reader's language."""

from collections.abc import Iterator

import pandas as pd
import plotly.graph_objects as go

from lib import charts
from lib.paper import numbers
from lib.paper.charted import Draw
from lib.paper.tables import Column, Table
from lib.reports import OTHER, Report, Section
from lib.reports.rules import FEWEST_LINKS, FEWEST_SHARING, RULES, Rule, senders_own
from lib.words import t

FEWEST_WINDOWS = 2
"""Time windows from which on it can be told what hangs on them."""
AS_THEY_ARE = 0  # seconds: the windows of the rules themselves


def reason_in_words(reason: object, language: str) -> str:
    """The rule behind a reason; a reason of the sender is quoted where we have no words for it."""
    if reason == OTHER:
        return t(language, "machines.rest")
    own = senders_own(str(reason))
    if own:
        return rule_in_words(RULES[own], language) if own in RULES else own
    return rule_in_words(RULES[str(reason)], language)


def rule_in_words(rule: Rule, language: str) -> str:
    """A rule with its numbers."""
    limits = {"links": FEWEST_LINKS, "recipients": FEWEST_SHARING}
    return t(language, f"machines.rule.{rule.reason}", window=rule.window, **limits)


def windows_in_words() -> str:
    """The seconds of all rules in which time plays a part: «5, 10, 60»."""
    return ", ".join(str(rule.window) for rule in RULES.values() if rule.window)


def whose_in_words(whose: object, language: str) -> str:
    return t(language, f"machines.whose.{whose}") if whose else numbers.UNKNOWN


def window_in_words(seconds: object, language: str) -> str:
    """«10 s», «5 min», or that the windows are those of the rules."""
    number = int(str(seconds))
    if number == AS_THEY_ARE:
        return t(language, "machines.as_set")
    minutes, rest = divmod(number, 60)
    unit, count = ("seconds", number) if rest or not minutes else ("minutes", minutes)
    return t(language, f"machines.{unit}", number=count)


def band_in_words(report: Report, metric: str, language: str) -> str:
    """«Between 2.90% and 3.40%, whichever window one takes»; "" where nothing is known."""
    facts = report.sections["machines"].facts
    low, high = facts[f"{metric}_low"], facts[f"{metric}_high"]
    if low is None:
        return ""
    ends = [numbers.percent(end, language) for end in (low, high)]
    if ends[0] == ends[1]:
        return t(language, "machines.steady", value=ends[0])
    return t(language, "machines.between", low=ends[0], high=ends[1])


def summary(section: Section, language: str) -> str:
    """How many opens and clicks machines made; that nobody saw any, where it is so."""
    opens, clicks = section.facts["opens"], section.facts["clicks"]
    if not opens and not clicks:
        return t(language, "machines.none")
    counted = [
        t(language, f"machines.set_apart.{name}", count=count, number=numbers.whole(count, language))
        for name, count in (("opens", opens), ("clicks", clicks))
    ]
    return t(language, "machines.summary", opens=counted[0], clicks=counted[1])


def version(section: Section, language: str) -> str:
    """By which version of the rules, and which of them goes first."""
    return t(language, "machines.version", version=section.facts["version"])


def has_windows(section: Section) -> bool:
    """Whether other time windows were tried."""
    return len(section.more["windows"]) >= FEWEST_WINDOWS


def windows_why(language: str) -> str:
    """Why the rates are also told for other time windows."""
    return t(language, "machines.windows_why", windows=windows_in_words())


def bands(report: Report, language: str) -> Iterator[str]:
    """What other time windows would make of the rates of opens and of clicks, a line each."""
    for name in ("open_rate", "click_rate"):
        text = band_in_words(report, name, language)
        if text:
            yield t(language, "machines.line", figure=t(language, f"metric.{name}"), text=text)


def sentences(report: Report, language: str) -> Iterator[str]:
    """What was set apart, by which rules, and how much hangs on their time windows."""
    section = report.sections["machines"]
    yield summary(section, language)
    yield version(section, language)
    if has_windows(section):
        yield windows_why(language)
        yield from bands(report, language)


TABLES = {
    "machines": Table(
        (
            Column("metric", "machines.figure", "text", lambda name, at: t(at, f"metric.{name}")),
            Column("all", "report.all", "rate"),
            Column("people", "report.people", "rate"),
        )
    ),
    "machines.rules": Table(
        (
            Column("reason", "machines.reason", "text", reason_in_words, wide=True),
            Column("whose", "machines.by", "text", whose_in_words),
            Column("opens", "machines.opens"),
            Column("clicks", "machines.clicks"),
        )
    ),
    "machines.windows": Table(
        (
            Column("seconds", "machines.window", "text", window_in_words),
            *(
                Column(name, f"metric.{name}_people", "rate")
                for name in ("open_rate", "click_rate", "click_to_open_rate")
            ),
        )
    ),
}


def _chart(report: Report, language: str) -> go.Figure | None:
    """Each rate of people as it is, on the band of what it would be with other windows."""
    section = report.sections.get("machines")
    if section is None or section.table is None:
        return None
    rows = [
        {
            "name": label,
            "value": row["people"],
            "low": section.facts[f"{row['metric']}_low"],
            "high": section.facts[f"{row['metric']}_high"],
            "words": t(language, "machines.line", figure=label, text=_ends(section, row["metric"], language)),
        }
        for row in section.rows.to_dict("records")
        if section.facts[f"{row['metric']}_low"] is not None
        for label in [t(language, f"metric.{row['metric']}")]
    ]
    if not rows or not has_windows(section):
        return None
    labels = {"value": t(language, "machines.now"), "band": t(language, "machines.band")}
    return charts.intervals_apart(pd.DataFrame(rows), labels, numbers.MANNERS[language])


def _ends(section: Section, metric: object, language: str) -> str:
    """«6.93% – 7.34%», or one of them where they are the same."""
    ends = (section.facts[f"{metric}_{end}"] for end in ("low", "high"))
    return " – ".join(dict.fromkeys(numbers.percent(end, language) for end in ends))


CHARTS: dict[str, Draw] = {"machines": _chart}
