"""A/B and multivariate tests: which combination won, and how sure that is."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from scipy import special

from lib.model import Form, Kind
from lib.reports import few, proportions
from lib.reports.figures import is_covered, quotient
from lib.reports.metrics import ABOUT_MONEY, COUNTS
from lib.reports.overview import named
from lib.reports.parts import once
from lib.reports.rollup import OTHER
from lib.reports.sections.base import Section, World
from lib.store.remembered import remembered

LEVELS = (0.8, 0.9, 0.95, 0.99)
"""How confident an interval may be; the first is Mailchimp's."""
SURE = 0.8
"""Below this chance of being the best nothing is called the winner."""
FEWEST_BUYERS = 30
"""In each variant: with fewer the mean of their amounts does not follow the normal curve."""

RATES = {"open_rate": "unique_opens", "click_rate": "unique_clicks"}
REVENUE = "revenue_per_delivery"
CRITERIA = ("click_rate", "open_rate", REVENUE)
"""By what the best variant may be chosen."""

Table = dict[str, Any]
"""Columns by name, of one length: one row per variant."""

MESSAGES = ("recipients", "deliveries", "unique_opens", "unique_clicks", "unsubscribes")
COLUMNS = (*MESSAGES, "orders", "revenue")


def make(world: World) -> Section:
    """One row per variant, in the order of their names.

    Columns: variant («*»: those of few people), subject (None: unknown), recipients, deliveries,
    unique_opens, unique_clicks, unsubscribes, open_rate, click_rate, click_to_open_rate, and for both rates
    `_low`, `_high` and `_margin` of the interval and `_chance` of being the highest; with revenue in the
    scope also orders, revenue, revenue_per_delivery with the same four. Unknown is NaN. The facts `level` and
    `by` say which interval and which criterion, `best` and `chance` the variant that is ahead by it.
    """
    table = _counted(world)
    if table is None:
        table = _reported(world)
    if table is None:
        only_all = world.form is Form.PEOPLE and any(_claims(world))
        return Section("variants", None, "missing.variants_people" if only_all else "missing.variants")
    shown = {name: table[name] for name in table if world.scope.revenue or not _is_about_money(name)}
    note = "" if world.scope.people else "report.few"
    return _judged(Section("variants", None, note=note), _with_chances(shown), LEVELS[0], "")


def judged(section: Section, level: float, by: str) -> Section:
    """The same test with intervals of another confidence (one of LEVELS) and judged by another of CRITERIA;
    one that is not known gives way to the first that is.
    """
    return _judged(section, _table_of(section), level, by)


def criteria(section: Section) -> tuple[str, ...]:
    """Those of CRITERIA that are known of at least two variants."""
    return _criteria(section.rows)


def _table_of(section: Section) -> Table:
    return {str(name): column for name, column in section.rows.items()}


def _judged(section: Section, table: Table, level: float, by: str) -> Section:
    known = _criteria(table)
    by = by if by in known else (known or CRITERIA)[0]
    columns: Table = {}
    for name, part in RATES.items():
        found = proportions.intervals(_floats(table, part), _floats(table, "deliveries"), level)
        columns |= {f"{name}_low": found.low, f"{name}_high": found.high, f"{name}_margin": found.margin}
    if REVENUE in table:
        margin = _floats(table, f"{REVENUE}_error") * special.ndtri((1 + level) / 2)
        middle = _floats(table, REVENUE)
        columns |= {f"{REVENUE}_low": middle - margin, f"{REVENUE}_high": middle + margin}
        columns[f"{REVENUE}_margin"] = margin
    facts = {"level": level, "by": by, "variants": int(_alone(table).sum())} | _ahead(table, by)
    return replace(section, table=pd.DataFrame(table | columns), facts=facts)


def _criteria(table: Table | pd.DataFrame) -> tuple[str, ...]:
    alone = _alone(table)
    return tuple(
        name for name in CRITERIA if name in table and (~np.isnan(_floats(table, name)[alone])).sum() > 1
    )


def _ahead(table: Table, by: str) -> dict[str, Any]:
    """The variant with the highest value, and the chance that it really has."""
    values, chances = _floats(table, by), _floats(table, f"{by}_chance")
    rivals = np.flatnonzero(_alone(table) & ~np.isnan(values))
    if len(rivals) < 2:  # one alone is ahead of nobody
        return {"best": None, "chance": None}
    top = rivals[np.lexsort((-chances[rivals], -values[rivals]))[0]]
    return {"best": table["variant"][top], "chance": None if np.isnan(chances[top]) else float(chances[top])}


# --- what is known of each variant ----------------------------------------------------------------


def _counted(world: World) -> Table | None:
    """From events; None when these name no two variants."""
    if world.rollup is None:
        return None
    part = world.part("variant")
    told = [place for place, key in enumerate(part.keys) if key is not None]
    if len(told) < 2 or not world.covers(Kind.SENT):
        return None
    order = sorted(told, key=lambda place: (part.keys[place] == OTHER, part.keys[place]))
    keys = [str(part.keys[place]) for place in order]
    subjects = {key: text for key, metric, _value, text in _claims(world) if metric == "subject"}
    table: Table = {"variant": pd.Series(keys, dtype=object)}
    table["subject"] = pd.Series([subjects.get(key) for key in keys])
    for name in COLUMNS:
        count = COUNTS[named(name, world.form)]
        known = is_covered(count.needs, part.covers)
        table[name] = part.counts[count.name][order] if known else np.full(len(order), np.nan)
    return _with_spread(_with_rates(table), world)


def _reported(world: World) -> Table | None:
    """As the sender reports them, which is in one form only."""
    variants: dict[str, dict[str, Any]] = {}
    for key, metric, value, text in _claims(world):
        variants.setdefault(key, {})[metric] = text if metric == "subject" else value
    if len(variants) < 2 or world.form is Form.PEOPLE:
        return None
    rows = [_stated(key, said) for key, said in variants.items()]
    table = pd.DataFrame(rows).astype(dict.fromkeys((*COLUMNS, *RATES), np.float64))
    if not world.scope.people:
        table = _without_few(table)
    known: Table = {str(name): column for name, column in table.items()}
    return _with_rates(known) | {f"{REVENUE}_error": np.full(len(table), np.nan)}


def _stated(key: str, said: Mapping[str, Any]) -> dict[str, Any]:
    row = {"variant": key, "subject": said.get("subject")} | {
        name: said.get(name) for name in (*COLUMNS, *RATES)
    }
    if row["deliveries"] is None and None not in (said.get("recipients"), said.get("bounces")):
        row["deliveries"] = said["recipients"] - said["bounces"]
    return row


def _claims(world: World) -> list[tuple[str, str, float | None, str]]:
    """Of the variants: label, metric, value, text."""
    return [
        (key, metric, value, text)
        for scope, key, metric, value, text in world.row.reported_parts
        if scope == "variant"
    ]


def _without_few(table: pd.DataFrame) -> pd.DataFrame:
    """Variants of few people as one: nobody is sent two of them, so all their counts add up."""
    told = {row["variant"]: {name: row[name] for name in MESSAGES} for _, row in table.iterrows()}
    sizes = {
        key: few.size({name: value for name, value in counts.items() if not np.isnan(value)})
        for key, counts in told.items()
    }
    small = few.merged(sizes, lambda keys: sum(sizes[key] for key in keys), OTHER)
    if not small:
        return table
    merged = table["variant"].isin(small)
    sums = table.loc[merged, list(COLUMNS)].sum(min_count=int(merged.sum()))
    row = pd.DataFrame([{"variant": OTHER, "subject": None} | sums.to_dict() | dict.fromkeys(RATES, np.nan)])
    return pd.concat([table[~merged], row.astype(table.dtypes)], ignore_index=True)


def _with_rates(table: Table) -> Table:
    """Rates of the counts; a stated rate stays where its counts are not known."""
    deliveries = _floats(table, "deliveries")
    rates: Table = {}
    for name, part in RATES.items():
        counted = quotient(_floats(table, part), deliveries)
        rates[name] = np.where(np.isnan(counted), _floats(table, name), counted)
    rates["click_to_open_rate"] = quotient(_floats(table, "unique_clicks"), _floats(table, "unique_opens"))
    rates[REVENUE] = quotient(_floats(table, "revenue"), deliveries)
    return table | rates


# --- how sure -------------------------------------------------------------------------------------


def _with_spread(table: Table, world: World) -> Table:
    """With the standard error of the revenue per delivery; NaN where there are too few buyers for one."""
    known: dict[str, float] = {}
    if world.scope.revenue and world.messages is not None and not np.isnan(_floats(table, "revenue")).all():
        known = once(_errors, world.messages)
    return table | {f"{REVENUE}_error": np.array([known.get(key, np.nan) for key in table["variant"]])}


@remembered(64)
def _errors(messages: Path, _written: int) -> dict[str, float]:
    """By variant, from all messages that were delivered; the error of a few buyers is not known."""
    every = pq.read_table(messages, columns=["variant", "sent", "bounce", "orders", "revenue"]).to_pandas()
    delivered = every[every["sent"] & every["bounce"].isna()]
    groups = delivered.fillna({"revenue": 0.0}).groupby("variant")
    buyers = delivered[delivered["orders"] > 0].groupby("variant").size()
    known = groups["revenue"].sem().where(buyers.reindex(groups.size().index, fill_value=0) >= FEWEST_BUYERS)
    return {str(variant): float(one) for variant, one in known.items()}


def _with_chances(table: Table) -> Table:
    """With the chance of each variant of being the best; what was merged competes with nobody."""
    alone = _alone(table)
    deliveries = _floats(table, "deliveries")[alone]
    chances = {
        name: proportions.chances_of_rates(_floats(table, part)[alone], deliveries)
        for name, part in RATES.items()
    }
    if REVENUE in table:
        means, errors = (_floats(table, name)[alone] for name in (REVENUE, f"{REVENUE}_error"))
        chances[REVENUE] = proportions.chances_of_means(means, errors)
    columns = {f"{name}_chance": np.full(len(alone), np.nan) for name in chances}
    for name, found in chances.items():
        columns[f"{name}_chance"][alone] = found
    return table | columns


def _alone(table: Table | pd.DataFrame) -> npt.NDArray[np.bool_]:
    return np.array([key != OTHER for key in table.get("variant", ())], dtype=np.bool_)


def _is_about_money(name: str) -> bool:
    return name in ABOUT_MONEY or name.startswith(REVENUE)


def _floats(table: Table | pd.DataFrame, name: str) -> "proportions.Column":
    """A column of numbers; what is not there is unknown."""
    column = table.get(name)
    return (
        np.full(len(table.get("variant", ())), np.nan) if column is None else np.asarray(column, np.float64)
    )
