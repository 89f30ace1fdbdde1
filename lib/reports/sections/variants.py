"""A/B and multivariate tests: which combination won, and how sure that is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy import stats

from lib.model import Form, Kind
from lib.reports import few, proportions
from lib.reports.figures import is_covered, quotient
from lib.reports.metrics import ABOUT_MONEY, COUNTS
from lib.reports.overview import named
from lib.reports.rollup import OTHER
from lib.reports.sections.base import Section, World

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
    table = _with_chances(table.drop(columns=[] if world.scope.revenue else _about_money(table)))
    note = "" if world.scope.people else "report.few"
    return judged(Section("variants", table, note=note), LEVELS[0], "")


def judged(section: Section, level: float, by: str) -> Section:
    """The same test with intervals of another confidence (one of LEVELS) and judged by another of CRITERIA;
    one that is not known gives way to the first that is.
    """
    table = section.rows
    known = criteria(section)
    by = by if by in known else (known or CRITERIA)[0]
    columns: dict[str, Any] = {}
    for name, part in RATES.items():
        found = proportions.intervals(_floats(table, part), _floats(table, "deliveries"), level)
        columns |= {f"{name}_low": found.low, f"{name}_high": found.high, f"{name}_margin": found.margin}
    if REVENUE in table:
        margin = _floats(table, f"{REVENUE}_error") * stats.norm.ppf((1 + level) / 2)
        middle = _floats(table, REVENUE)
        columns |= {f"{REVENUE}_low": middle - margin, f"{REVENUE}_high": middle + margin}
        columns[f"{REVENUE}_margin"] = margin
    facts = {"level": level, "by": by, "variants": int(_alone(table).sum())} | _ahead(table, by)
    return replace(section, table=table.assign(**columns), facts=facts)


def criteria(section: Section) -> tuple[str, ...]:
    """Those of CRITERIA that are known of at least two variants."""
    table = section.rows[_alone(section.rows)]
    return tuple(name for name in CRITERIA if name in table and table[name].notna().sum() > 1)


def _ahead(table: pd.DataFrame, by: str) -> dict[str, Any]:
    """The variant with the highest value, and the chance that it really has."""
    known = _alone(table) & (table[by].notna() if by in table else False)
    if known.sum() < 2:  # one alone is ahead of nobody
        return {"best": None, "chance": None}
    rivals = table[known]
    top = rivals.sort_values([by, f"{by}_chance"], ascending=False, kind="stable").iloc[0]
    chance = float(top[f"{by}_chance"])
    return {"best": top["variant"], "chance": None if np.isnan(chance) else chance}


# --- what is known of each variant ----------------------------------------------------------------


def _counted(world: World) -> pd.DataFrame | None:
    """From events; None when these name no two variants."""
    if world.rollup is None:
        return None
    part = world.part("variant")
    named_keys = [place for place, key in enumerate(part.keys) if key is not None]
    if len(named_keys) < 2 or not world.covers(Kind.SENT):
        return None
    table = pd.DataFrame({"variant": pd.Series([part.keys[place] for place in named_keys], dtype=object)})
    subjects = {key: text for key, metric, _value, text in _claims(world) if metric == "subject"}
    table["subject"] = [subjects.get(str(key)) for key in table["variant"]]
    for name in COLUMNS:
        count = COUNTS[named(name, world.form)]
        counts = part.counts[count.name][named_keys]
        table[name] = counts if is_covered(count.needs, part.covers) else np.nan
    order = table.assign(tail=~_alone(table)).sort_values(["tail", "variant"]).drop(columns="tail")
    return _with_spread(_with_rates(order.reset_index(drop=True)), world)


def _reported(world: World) -> pd.DataFrame | None:
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
    return _with_rates(table).assign(**{f"{REVENUE}_error": np.nan})


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


def _with_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Rates of the counts; a stated rate stays where its counts are not known."""
    deliveries = _floats(table, "deliveries")
    rates = {}
    for name, part in RATES.items():
        counted = quotient(_floats(table, part), deliveries)
        rates[name] = np.where(np.isnan(counted), _floats(table, name), counted)
    rates["click_to_open_rate"] = quotient(_floats(table, "unique_clicks"), _floats(table, "unique_opens"))
    rates[REVENUE] = quotient(_floats(table, "revenue"), deliveries)
    return table.assign(**rates)


# --- how sure -------------------------------------------------------------------------------------


def _with_spread(table: pd.DataFrame, world: World) -> pd.DataFrame:
    """With the standard error of the revenue per delivery; NaN where there are too few buyers for one."""
    error = f"{REVENUE}_error"
    if not world.scope.revenue or world.messages is None or table["revenue"].isna().all():
        return table.assign(**{error: np.nan})
    messages = pq.read_table(
        world.messages, columns=["variant", "sent", "bounce", "orders", "revenue"]
    ).to_pandas()
    delivered = messages[messages["sent"] & messages["bounce"].isna()]
    groups = delivered.fillna({"revenue": 0.0}).groupby("variant")
    buyers = delivered[delivered["orders"] > 0].groupby("variant").size()
    known = groups["revenue"].sem().where(buyers.reindex(groups.size().index, fill_value=0) >= FEWEST_BUYERS)
    return table.assign(**{error: table["variant"].map(known).astype(np.float64)})


def _with_chances(table: pd.DataFrame) -> pd.DataFrame:
    """With the chance of each variant of being the best; what was merged competes with nobody."""
    alone = _alone(table).to_numpy()
    rivals = table[alone]
    deliveries = _floats(rivals, "deliveries")
    chances = {
        name: proportions.chances_of_rates(_floats(rivals, part), deliveries) for name, part in RATES.items()
    }
    if REVENUE in table:
        means, errors = (_floats(rivals, name) for name in (REVENUE, f"{REVENUE}_error"))
        chances[REVENUE] = proportions.chances_of_means(means, errors)
    columns = {}
    for name, found in chances.items():
        columns[f"{name}_chance"] = np.full(len(table), np.nan)
        columns[f"{name}_chance"][alone] = found
    return table.assign(**columns)


def _alone(table: pd.DataFrame) -> "pd.Series[bool]":
    return table["variant"] != OTHER


def _about_money(table: pd.DataFrame) -> list[str]:
    return [name for name in map(str, table) if name in ABOUT_MONEY or name.startswith(REVENUE)]


def _floats(table: pd.DataFrame, name: str) -> "proportions.Column":
    column = table[name] if name in table else pd.Series(np.nan, index=table.index)
    return np.asarray(column, dtype=np.float64)
