"""Which links were clicked, and how often."""

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lib.reports.figures import quotient
from lib.reports.folding import Clicked, Clicks, page_of
from lib.reports.rollup import OTHER
from lib.reports.sections import groups
from lib.reports.sections.base import Section, World


def make(world: World) -> Section:
    """Each link with its clicks and its share of them, the most clicked first; from events, else as
    reported.

    `more` has `pages`, where links that lead to the same page are one, with their click rate and the number
    of their addresses; `addresses`, which says of each link that differs from its page what page it is; and
    `placements`, where the events say at which place in the mail somebody clicked.
    """
    found = world.clicked
    if found is None:
        return Section("links", None, "missing.links")
    note = "" if world.scope.people else "report.few"
    return Section("links", _frame(_ranked(found.links), "url"), note=note, more=_more(world, found))


def _more(world: World, found: Clicked) -> dict[str, pd.DataFrame]:
    more = {}
    if found.pages is not None:
        ranked = _ranked(found.pages)
        more["pages"] = _pages(world, found.links, ranked)
        addresses = _addresses(_ranked(found.links), ranked.keys)
        if addresses is not None:
            more["addresses"] = addresses
    if found.places is not None:
        more["placements"] = _frame(_ranked(found.places), "page")
    return more


def _ranked(table: Clicks) -> Clicks:
    """The most clicked first."""
    keys = [groups.places(table.keys), -table.unique_clicks, -table.clicks]
    return table.taking(np.lexsort([*([] if table.positions is None else [table.positions]), *keys]))


def _columns(table: Clicks) -> dict[str, npt.NDArray[Any]]:
    """With the shares by Mailchimp's denominators, which are the sums over the table (senders.md, 1.2)."""
    shares = {
        share: quotient(whole, np.nansum(whole, keepdims=True))
        for share, values in (("click_share", table.clicks), ("unique_click_share", table.unique_clicks))
        for whole in (values.astype(np.float64),)
    }
    placed = {} if table.positions is None else {"position": table.positions}
    return placed | {"clicks": table.clicks, "unique_clicks": table.unique_clicks} | shares


def _frame(table: Clicks, key: str, **more: npt.NDArray[np.float64]) -> pd.DataFrame:
    return pd.DataFrame({key: _texts(table, table.keys)} | _columns(table) | more)


def _texts(table: Clicks, texts: list[str]) -> "pd.Series[str]":
    return pd.Series(texts, dtype=object if table.clicks.dtype == np.int64 else None)


def _pages(world: World, links: Clicks, pages: Clicks) -> pd.DataFrame:
    """`addresses` is the number of links that lead there, unknown for the long tail."""
    count = Counter(map(page_of, links.keys))
    addresses = [count.get(page, np.nan) if page != OTHER else np.nan for page in pages.keys]
    uniques = pages.unique_clicks.astype(np.float64)
    rate = quotient(uniques, world.figures["deliveries"].value)
    return _frame(pages, "page", click_rate=rate, addresses=np.array(addresses, dtype=np.float64))


def _addresses(links: Clicks, pages: list[str]) -> pd.DataFrame | None:
    """The links in the order of their pages; None where each is its own page."""
    order = {page: place for place, page in enumerate(pages)}
    leads = [OTHER if url == OTHER else page_of(url) for url in links.keys]
    known = [page if page in order else OTHER for page in leads]
    if known == links.keys:
        return None
    places = np.array([order.get(page, len(order)) for page in known])
    rows = np.argsort(places, kind="stable")
    table = links.taking(rows)
    urls = {"page": [known[row] for row in rows], "url": _texts(table, table.keys)}
    return pd.DataFrame(urls | _columns(table))
