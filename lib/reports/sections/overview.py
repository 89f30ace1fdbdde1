"""All figures of the campaign in one table, beside the averages of its audience and its industry."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.reports import audience
from lib.reports.audience import Average
from lib.reports.figures import Column
from lib.reports.history import FEWEST
from lib.reports.metrics import ABOUT_MONEY, METRICS
from lib.reports.moments import last_at
from lib.reports.overview import named
from lib.reports.sections.base import Section, World


@dataclass(frozen=True)
class Line:
    """A row of the table: a count, the rate that it makes of another one, and when it happened last."""

    name: str
    base: str = ""
    rate: str = ""
    """A metric; without one the rate is the count divided by its base, if it has a base."""
    last: str = ""


LINES = (
    Line("recipients"),
    Line("deliveries", "recipients"),
    Line("unique_opens", "deliveries", "open_rate", last="opens"),
    Line("opens"),
    Line("unique_clicks", "deliveries", "click_rate", last="clicks"),
    Line("clicks"),
    Line("click_to_open_rate", "unique_opens", "click_to_open_rate"),
    Line("bounces", "recipients", "bounce_rate"),
    Line("hard_bounces", "recipients"),
    Line("soft_bounces", "recipients"),
    Line("unsubscribes", "deliveries", "unsubscribe_rate"),
    Line("complaints", "deliveries", "complaint_rate"),
    Line("forwards"),
    Line("forward_opens"),
)
RATES = tuple(line.rate for line in LINES if line.rate)


def make(world: World) -> Section:
    """Every figure of Mailchimp's overview, one row each.

    Columns: name, count, rate (a fraction of 1), base (what the rate divides by, the name of a count, or ""),
    last_at (aware), amount (money); and those of these averages that are known: audience_average with
    audience_campaigns (how many), sender_average and sender_industry (as the sender says), industry_average
    (as published). Unknown is NaN. Facts: audience, audience_campaigns (the most of the column), industry,
    industry_published, industry_before_proxy.
    """
    known = _known(world)
    rows = [_row(line, known, world) for line in LINES] + _money(known, world)
    columns: dict[str, Any] = {"name": [row["name"] for row in rows]}
    columns |= {name: _numbers(row.get(name) for row in rows) for name in ("count", "rate")}
    if np.isnan([columns["count"], columns["rate"]]).all():
        return Section("overview", None, "missing.overview")
    columns["base"] = [row.get("base", "") for row in rows]
    last: Any = [row.get("last_at") for row in rows]
    columns |= {"last_at": pd.to_datetime(last, utc=True)} if any(last) else {}
    averages, facts = _averages(world)
    by_line = [line.rate for line in LINES] + [""] * (len(rows) - len(LINES))
    more = {"amount": _numbers(row.get("amount") for row in rows)}
    more |= {name: _numbers(values.get(rate) for rate in by_line) for name, values in averages.items()}
    columns |= {name: column for name, column in more.items() if not np.isnan(column).all()}
    return Section("overview", pd.DataFrame(columns), facts={"audience": world.row.audience} | facts)


def _numbers(values: Iterable[float | None]) -> Column:
    """A column; None is NaN."""
    return np.array(list(values), dtype=np.float64)


def _known(world: World) -> dict[str, float]:
    """Every metric in the form that is read; money only where the scope shows it."""
    values = {name: world.value(named(name, world.form)) for name in METRICS}
    return values | ({} if world.scope.revenue else dict.fromkeys(ABOUT_MONEY, np.nan))


def _row(line: Line, known: dict[str, float], world: World) -> dict[str, Any]:
    base = known.get(line.base, np.nan)
    divided = known[line.name] / base if base else np.nan
    return {
        "name": line.name,
        "count": np.nan if line.name == line.rate else known[line.name],
        "rate": known[line.rate] if line.rate else divided,
        "base": line.base,
        "last_at": last_at(world, line.last) if line.last else None,
    }


def _money(known: dict[str, float], world: World) -> list[dict[str, Any]]:
    """Orders and what they brought, where there is anything to say of them."""
    orders, revenue = known["orders"], known["revenue"]
    if not world.scope.revenue or (np.isnan(orders) and np.isnan(revenue)):
        return []
    average = revenue / orders if orders else np.nan
    return [
        {"name": "orders", "count": orders},
        {"name": "average_order", "amount": average},
        {"name": "revenue", "amount": revenue},
    ]


def _averages(world: World) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """The columns of averages, each {rate: value}, and the facts about them."""
    reported, history = world.row.reported, world.scope.history
    of_audience = _of_audience(world)
    industry = world.industry
    stated = {
        kind: {
            name: reported[f"{kind}_{name}"] for name in RATES if reported.get(f"{kind}_{name}") is not None
        }
        for kind in ("list", "industry")
    }
    facts = {
        "audience_campaigns": max((one.number for one in of_audience.values()), default=None),
        "industry": industry.industry if industry else None,
        "industry_published": industry.published if industry else None,
        "industry_before_proxy": industry.before_proxy if industry else None,
    }
    return {
        "audience_average": {name: one.rate for name, one in of_audience.items()},
        "audience_campaigns": {name: one.number for name, one in of_audience.items()},
        "sender_average": stated["list"] if history else {},
        "sender_industry": stated["industry"],
        "industry_average": dict(industry.rates) if industry else {},
    }, facts


def _of_audience(world: World) -> dict[str, Average]:
    """None of fewer than FEWEST campaigns where some may lie outside of the scope: it would tell what a
    single one reached.
    """
    if not world.scope.history:
        return {}
    found = audience.averages(world.others, world.row, RATES, world.form)
    fewest = 1 if world.scope.campaigns is None else FEWEST
    return {name: one for name, one in found.items() if one.number >= fewest}
