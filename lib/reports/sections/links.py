"""Which links were clicked, and how often."""

import numpy as np
import pandas as pd

from lib.reports import tokens
from lib.reports.figures import columns, quotient
from lib.reports.folding import Clicked, clicked
from lib.reports.rollup import OTHER
from lib.reports.sections.base import Section, World


def make(world: World) -> Section:
    """Each link with its clicks and its share of them, the most clicked first; from events, else as
    reported.

    `more` has `pages`, where links that lead to the same page are one, with their click rate and the number
    of their addresses; `addresses`, which says of each link that differs from its page what page it is; and
    `placements`, where the events say at which place in the mail somebody clicked.
    """
    found = clicked(world)
    if found is None:
        return Section("links", None, "missing.links")
    note = "" if world.scope.people else "report.few"
    return Section("links", _ranked(found.links, "url"), note=note, more=_more(world, found))


def _more(world: World, found: Clicked) -> dict[str, pd.DataFrame]:
    more = {}
    if found.pages is not None:
        more["pages"] = _pages(world, found.links, found.pages)
        addresses = _addresses(found.links, more["pages"])
        if (addresses["url"] != addresses["page"]).any():
            more["addresses"] = addresses
    if found.places is not None:
        ranked = _ranked(found.places, "page", "position")
        more["placements"] = ranked[["page", "position", *ranked.columns.drop(["page", "position"])]]
    return more


def _ranked(table: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """With the shares by Mailchimp's denominators, which are the sums over the table (senders.md, 1.2)."""
    for name, share in (("clicks", "click_share"), ("unique_clicks", "unique_click_share")):
        values = table[name].to_numpy(dtype=np.float64)
        table = table.assign(**{share: quotient(values, np.nansum(values))})
    order = table.sort_values(
        ["clicks", "unique_clicks", *keys], ascending=[False, False, *(True for _ in keys)]
    )
    return order.reset_index(drop=True)


def _pages(world: World, links: pd.DataFrame, pages: pd.DataFrame) -> pd.DataFrame:
    """`addresses` is the number of links that lead there, unknown for the long tail."""
    ranked = _ranked(pages, "page")
    row = world.row
    deliveries = columns([row.counts], [row.covers], [row.reported])["deliveries"].value
    count = links["url"].map(tokens.folded).value_counts()
    addresses = ranked["page"].map(count).astype(np.float64).mask(ranked["page"] == OTHER)
    uniques = ranked["unique_clicks"].to_numpy(dtype=np.float64)
    return ranked.assign(click_rate=quotient(uniques, deliveries), addresses=addresses)


def _addresses(links: pd.DataFrame, pages: pd.DataFrame) -> pd.DataFrame:
    """The links in the order of their pages."""
    order = {page: place for place, page in enumerate(pages["page"])}
    leads = links["url"].map(lambda url: OTHER if url == OTHER else tokens.folded(url))
    known = leads.where(leads.isin(order), OTHER)
    table = _ranked(links, "url").merge(pd.DataFrame({"url": links["url"], "page": known}), on="url")
    table = table.assign(order=table["page"].map(order).fillna(len(order)))
    ranked = table.sort_values("order", kind="stable", ignore_index=True)
    return ranked[["page", "url", "clicks", "unique_clicks", "click_share", "unique_click_share"]]
