"""Which links were clicked, and how often."""

from typing import Any

import numpy as np
import pandas as pd

from lib.model import Form, Kind, Scope
from lib.reports import few, tokens
from lib.reports.figures import quotient
from lib.reports.overview import named
from lib.reports.rollup import OTHER
from lib.reports.sections.base import Section, World


def make(world: World) -> Section:
    """Each link with its clicks and its share of them, the most clicked first; from events, else as
    reported.
    """
    if world.covers(Kind.CLICKED):
        part = world.part("link")
        names = ("clicks", "unique_clicks")
        counts = {name: part.counts[named(name, world.form)].astype(np.int64) for name in names}
        table = pd.DataFrame({"url": pd.Series(part.keys, dtype=object)} | counts)
        table = table[table["url"].notna() & (table["clicks"] > 0)]
    else:
        table = _reported_links(world.row.reported_parts, world.scope, world.most_recipients)
        if table.empty or world.form is Form.PEOPLE:
            return Section("links", None, "missing.links")
    for name, share in (("clicks", "click_share"), ("unique_clicks", "unique_click_share")):
        values = table[name].to_numpy(dtype=np.float64)
        table = table.assign(**{share: quotient(values, np.nansum(values))})
    order = table.sort_values(["clicks", "unique_clicks", "url"], ascending=[False, False, True])
    note = "" if world.scope.people else "report.few"
    return Section("links", order.reset_index(drop=True), note=note)


def _reported_links(parts: list[list[Any]], scope: Scope, most: float) -> pd.DataFrame:
    """The links as reported, as `scope` may see them; those that are shown as one are added up.

    Who clicked on two of them cannot be told, so that the sum of unique clicks may be too large; it never
    says more than `most`, the recipients of the campaign.
    """
    links: dict[str, dict[str, Any]] = {}
    for kind, key, metric, value, _claimed in parts:
        if kind == "link":
            links.setdefault(key, {"url": key, "clicks": np.nan, "unique_clicks": np.nan})[metric] = value
    table = pd.DataFrame(list(links.values()), columns=["url", "clicks", "unique_clicks"])
    table = table.astype({"clicks": np.float64, "unique_clicks": np.float64})
    if scope.people and scope.raw_links:
        return table
    table = _as_one(table, table["url"].map(tokens.bare), most)
    if scope.people:
        return table
    sizes = dict(zip(table["url"], table["unique_clicks"].fillna(0).astype(int), strict=True))
    # The same people may stand behind all of them: together they are as many as behind the largest, surely.
    small = few.merged(sizes, lambda urls: max(sizes[url] for url in urls), OTHER)
    return _as_one(table, table["url"].where(~table["url"].isin(small), OTHER), most)


def _as_one(table: pd.DataFrame, urls: "pd.Series[str]", most: float) -> pd.DataFrame:
    """The rows of links that have the same of `urls` added up; with an unknown number the sum is unknown."""
    sums = table.assign(url=urls).groupby("url", sort=False, as_index=False).sum(min_count=1)
    unknown = table.drop(columns="url").isna().groupby(urls.to_numpy(), sort=False).any()
    sums = sums.set_index("url").mask(unknown).reset_index()
    return sums.assign(unique_clicks=sums["unique_clicks"].clip(upper=most))
