"""The clicks of a campaign by link, by the page that links lead to, and by place in the mail.

Several tables of the same clicks could be subtracted from each other. Where recipients are hidden, a further
table is given only when each of its rows is made of whole rows of the finer one: then its clicks are sums
that the reader could have made, and no difference is the clicks of a group of few.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.model import Form, Kind, Scope
from lib.reports import few, tokens
from lib.reports.overview import named
from lib.reports.parts import part_of
from lib.reports.rollup import BARE_LINK, OTHER
from lib.reports.sections.base import World
from lib.reports.tokens import Differing

COUNTED = ("clicks", "unique_clicks")
NOTHING_HIDDEN = Scope()


@dataclass(frozen=True)
class Clicked:
    """What was clicked, each table with `clicks` and `unique_clicks`; the key «*» is the long tail.

    `links` has `url`, `pages` has `page`, `places` has `page` and `position` in the mail (NaN for the tail).
    None: the clicks are not known so, or the scope is not to see them so beside the others.
    """

    links: pd.DataFrame
    pages: pd.DataFrame | None
    places: pd.DataFrame | None


def clicked(world: World) -> Clicked | None:
    """From events where they hold all clicks, else as reported; None where neither tells."""
    if world.covers(Kind.CLICKED):
        return _counted(world)
    told = any(kind == "link" for kind, *_rest in world.row.reported_parts)
    if world.form is Form.PEOPLE or not told:
        return None
    return _reported(world.row.reported_parts, world.scope, world.most_recipients)


def personal(world: World) -> Differing:
    """The parameters that the clicked links have and their bare ones have not, by page: also those that only
    the clicks told to be each recipient's own, which nobody sees in one address.
    """
    if not world.covers(Kind.CLICKED):
        return frozenset()
    clicked, kept = (_keys(world, name, NOTHING_HIDDEN) for name in ("link", BARE_LINK))
    return tokens.parameters(clicked) - tokens.parameters(kept)


def refines(fine: Mapping[Any, str], coarse: Mapping[Any, str]) -> bool:
    """Whether each group of `coarse` is made of whole groups of `fine`; both give the group of a thing."""
    belongs: dict[str, str] = {}
    if fine.keys() != coarse.keys():
        return False
    return all(belongs.setdefault(group, coarse[thing]) == coarse[thing] for thing, group in fine.items())


# --- from events ----------------------------------------------------------------------------------


def _counted(world: World) -> Clicked:
    links, pages, places = (_rows(world, name) for name in ("link", "page", "placement"))
    links, pages = links.rename(columns={"key": "url"}), pages.rename(columns={"key": "page"})
    if not world.scope.people and not _pages_tell_no_more(world):
        return Clicked(links, None, None)
    if places.empty or (not world.scope.people and not _places_tell_no_more(world)):
        return Clicked(links, pages, None)
    return Clicked(links, pages, _placed(places))


def _rows(world: World, dimension: str) -> pd.DataFrame:
    """key, clicks, unique_clicks in the form of the report, of what was clicked at all."""
    part = world.part(dimension)
    counts = {name: part.counts[named(name, world.form)].astype(np.int64) for name in COUNTED}
    table = pd.DataFrame({"key": pd.Series(part.keys, dtype=object)} | counts)
    return table[table["key"].notna() & (table["clicks"] > 0)].reset_index(drop=True)


def _placed(places: pd.DataFrame) -> pd.DataFrame:
    parts = places["key"].str.partition(" ")
    tail = places["key"] == OTHER
    return places.drop(columns="key").assign(
        page=parts[2].where(~tail, OTHER), position=pd.to_numeric(parts[0].where(~tail), errors="coerce")
    )


def _pages_tell_no_more(world: World) -> bool:
    """Of the bare links, which are those of a reader from whom recipients are hidden."""
    links = set(_keys(world, BARE_LINK, NOTHING_HIDDEN))
    shown, pages = set(_keys(world, "link")), set(_keys(world, "page"))
    every = set(_keys(world, "page", NOTHING_HIDDEN))
    leads = {link: tokens.folded(link) for link in links}
    if OTHER in links or OTHER in every or not set(leads.values()) <= every:
        return False  # a long tail does not say what is in it
    fine = {link: link if link in shown else OTHER for link in links}
    coarse = {link: page if page in pages else OTHER for link, page in leads.items()}
    return refines(fine, coarse)


def _places_tell_no_more(world: World) -> bool:
    """Of the pages; clicks of which nobody knows the place must not be told by what is missing."""
    whole = _clicks(world, "page")
    leads = {place: place.partition(" ")[2] for place in _keys(world, "placement", NOTHING_HIDDEN)}
    if OTHER in leads or not set(leads.values()) <= whole.keys():
        return False
    sums = dict.fromkeys(whole, 0.0)
    for place, clicks in _clicks(world, "placement").items():
        sums[leads[place]] += clicks
    if sums != whole:
        return False
    shown, pages = set(_keys(world, "placement")), set(_keys(world, "page"))
    fine = {place: place if place in shown else OTHER for place in leads}
    coarse = {place: page if page in pages else OTHER for place, page in leads.items()}
    return refines(fine, coarse)


def _keys(world: World, dimension: str, scope: Scope | None = None) -> list[str]:
    part = part_of(world.rollup, dimension, world.row.covers, scope or world.scope)
    return [str(key) for key in part.keys if key is not None]


def _clicks(world: World, dimension: str) -> dict[str, float]:
    part = part_of(world.rollup, dimension, world.row.covers, NOTHING_HIDDEN)
    return {
        str(key): clicks
        for key, clicks in zip(part.keys, part.counts["clicks"], strict=True)
        if key is not None
    }


# --- as reported ----------------------------------------------------------------------------------


def _reported(parts: list[list[Any]], scope: Scope, most: float) -> Clicked:
    """The links as reported, as `scope` may see them; those that are shown as one are added up.

    Who clicked on two of them cannot be told, so that the sum of unique clicks may be too large; it never
    says more than `most`, the recipients of the campaign.
    """
    links: dict[str, dict[str, Any]] = {}
    for kind, key, metric, value, _claimed in parts:
        if kind == "link":
            links.setdefault(key, {"url": key, "clicks": np.nan, "unique_clicks": np.nan})[metric] = value
    raw = pd.DataFrame(list(links.values()), columns=["url", *COUNTED])
    raw = raw.astype(dict.fromkeys(COUNTED, np.float64))
    bare = _as_one(raw, raw["url"].map(tokens.bare), most)
    pages = _as_one(raw, raw["url"].map(tokens.folded), most)
    if scope.people:
        return Clicked(raw if scope.raw_links else bare, _of_pages(pages), None)
    fine, coarse = _groups(bare), _groups(pages)
    leads = {url: coarse[tokens.folded(url)] for url in bare["url"]}
    shown = _as_one(bare, bare["url"].map(fine), most)
    if not refines(fine, leads):
        return Clicked(shown, None, None)
    return Clicked(shown, _of_pages(_as_one(pages, pages["url"].map(coarse), most)), None)


def _of_pages(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={"url": "page"})


def _groups(table: pd.DataFrame) -> dict[str, str]:
    """As what each link is shown where recipients are hidden: as itself, or with others of few."""
    sizes = dict(zip(table["url"], table["unique_clicks"].fillna(0).astype(int), strict=True))
    # The same people may stand behind all of them: together they are as many as behind the largest, surely.
    small = few.merged(sizes, lambda urls: max(sizes[url] for url in urls), OTHER)
    return {url: OTHER if url in small else url for url in sizes}


def _as_one(table: pd.DataFrame, urls: "pd.Series[str]", most: float) -> pd.DataFrame:
    """The rows of links that have the same of `urls` added up; with an unknown number the sum is unknown."""
    sums = table.assign(url=urls).groupby("url", sort=False, as_index=False).sum(min_count=1)
    unknown = table.drop(columns="url").isna().groupby(urls.to_numpy(), sort=False).any()
    sums = sums.set_index("url").mask(unknown).reset_index()
    return sums.assign(unique_clicks=sums["unique_clicks"].clip(upper=most))
