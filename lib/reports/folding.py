"""The clicks of a campaign by link, by the page that links lead to, and by place in the mail.

Several tables of the same clicks could be subtracted from each other. Where recipients are hidden, a further
table is given only when each of its rows is made of whole rows of the finer one: then its clicks are sums
that the reader could have made, and no difference is the clicks of a group of few.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lib.model import Form, Kind, Scope
from lib.reports import few, tokens
from lib.reports.columns import BARE_LINK
from lib.reports.overview import named
from lib.reports.rollup import OTHER
from lib.reports.tokens import Differing
from lib.store.remembered import remembered

if TYPE_CHECKING:
    from lib.reports.sections.base import World

COUNTED = ("clicks", "unique_clicks")
NOTHING_HIDDEN = Scope()

Numbers = npt.NDArray[Any]
"""Whole numbers where events were counted; where a sender reports them, numbers of which some are NaN."""


@dataclass(frozen=True)
class Clicks:
    """What was clicked, one row each: a link, a page, or a page at a position in the mail. The key «*» is the
    long tail, whose position is NaN.
    """

    keys: list[str]
    clicks: Numbers
    unique_clicks: Numbers
    positions: Numbers | None = None

    def taking(self, rows: npt.NDArray[np.int64]) -> "Clicks":
        positions = None if self.positions is None else self.positions[rows]
        keys = [self.keys[row] for row in rows]
        return Clicks(keys, self.clicks[rows], self.unique_clicks[rows], positions)


@dataclass(frozen=True)
class Clicked:
    """What was clicked by link, by page, and by page and place in the mail.

    None: the clicks are not known so, or the scope is not to see them so beside the others.
    """

    links: Clicks
    pages: Clicks | None
    places: Clicks | None


def clicked(world: "World") -> Clicked | None:
    """From events where they hold all clicks, else as reported; None where neither tells."""
    if world.covers(Kind.CLICKED):
        return _counted(world)
    told = any(kind == "link" for kind, *_rest in world.row.reported_parts)
    if world.form is Form.PEOPLE or not told:
        return None
    return _reported(world.row.reported_parts, world.scope, world.most_recipients)


def personal(world: "World") -> Differing:
    """The parameters that the clicked links have and their bare ones have not, by page: also those that only
    the clicks told to be each recipient's own, which nobody sees in one address.
    """
    if not world.covers(Kind.CLICKED):
        return frozenset()
    return _differing(*(tuple(_keys(world, name, NOTHING_HIDDEN)) for name in ("link", BARE_LINK)))


@remembered(20_000)  # a link is looked at by several tables of each report it stands in
def page_of(url: str, own: Differing = frozenset()) -> str:
    """The page that a link leads to; `own` are the parameters that are each recipient's own."""
    return tokens.folded(url, own)


@remembered(20_000)
def bare_of(url: str, own: Differing = frozenset()) -> str:
    """The link without what names a recipient."""
    return tokens.bare(url, own)


@remembered(64)
def _differing(clicked: tuple[str, ...], kept: tuple[str, ...]) -> Differing:
    return tokens.parameters(clicked) - tokens.parameters(kept)


def refines(fine: Mapping[Any, str], coarse: Mapping[Any, str]) -> bool:
    """Whether each group of `coarse` is made of whole groups of `fine`; both give the group of a thing."""
    belongs: dict[str, str] = {}
    if fine.keys() != coarse.keys():
        return False
    return all(belongs.setdefault(group, coarse[thing]) == coarse[thing] for thing, group in fine.items())


# --- from events ----------------------------------------------------------------------------------


def _counted(world: "World") -> Clicked:
    links, pages, places = (_rows(world, name) for name in ("link", "page", "placement"))
    if not world.scope.people and not _pages_tell_no_more(world):
        return Clicked(links, None, None)
    if not places.keys or (not world.scope.people and not _places_tell_no_more(world)):
        return Clicked(links, pages, None)
    return Clicked(links, pages, _placed(places))


def _rows(world: "World", dimension: str) -> Clicks:
    """The clicks in the form of the report, of what was clicked at all."""
    part = world.part(dimension)
    clicks, uniques = (part.counts[named(name, world.form)] for name in COUNTED)
    rows = [row for row in np.flatnonzero(clicks > 0) if part.keys[row] is not None]
    keys = [str(part.keys[row]) for row in rows]
    return Clicks(keys, clicks[rows].astype(np.int64), uniques[rows].astype(np.int64))


def _placed(places: Clicks) -> Clicks:
    """Keys of placements are «position page»."""
    told = [key.partition(" ") for key in places.keys]
    pages = [
        OTHER if key == OTHER else page
        for key, (_position, _space, page) in zip(places.keys, told, strict=True)
    ]
    positions = [
        None if key == OTHER else int(position) for key, (position, *_) in zip(places.keys, told, strict=True)
    ]
    whole = np.array(positions, dtype=np.float64 if None in positions else np.int64)
    return replace(places, keys=pages, positions=whole)


def _pages_tell_no_more(world: "World") -> bool:
    """Of the bare links, which are those of a reader from whom recipients are hidden."""
    links = set(_keys(world, BARE_LINK, NOTHING_HIDDEN))
    shown, pages = set(_keys(world, "link")), set(_keys(world, "page"))
    every = set(_keys(world, "page", NOTHING_HIDDEN))
    leads = {link: page_of(link) for link in links}
    if OTHER in links or OTHER in every or not set(leads.values()) <= every:
        return False  # a long tail does not say what is in it
    fine = {link: link if link in shown else OTHER for link in links}
    coarse = {link: page if page in pages else OTHER for link, page in leads.items()}
    return refines(fine, coarse)


def _places_tell_no_more(world: "World") -> bool:
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


def _keys(world: "World", dimension: str, scope: Scope | None = None) -> list[str]:
    part = world.part(dimension, scope)
    return [str(key) for key in part.keys if key is not None]


def _clicks(world: "World", dimension: str) -> dict[str, float]:
    part = world.part(dimension, NOTHING_HIDDEN)
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
    bare = _as_one(raw, raw["url"].map(bare_of), most)
    pages = _as_one(raw, raw["url"].map(page_of), most)
    if scope.people:
        return Clicked(_clicks_of(raw if scope.raw_links else bare), _clicks_of(pages), None)
    fine, coarse = _groups(bare), _groups(pages)
    leads = {url: coarse[page_of(url)] for url in bare["url"]}
    shown = _as_one(bare, bare["url"].map(fine), most)
    if not refines(fine, leads):
        return Clicked(_clicks_of(shown), None, None)
    return Clicked(_clicks_of(shown), _clicks_of(_as_one(pages, pages["url"].map(coarse), most)), None)


def _clicks_of(table: pd.DataFrame) -> Clicks:
    return Clicks(table["url"].tolist(), *(table[name].to_numpy(np.float64) for name in COUNTED))


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
