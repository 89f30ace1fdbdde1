"""Where it was opened.

A place counts its unique openers. The place of an image proxy is not its reader's: such an open has none.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from lib.model import Kind
from lib.reports import few
from lib.reports.metrics import COUNTS
from lib.reports.parts import Part
from lib.reports.rollup import OTHER
from lib.reports.sections import groups
from lib.reports.sections.base import Section, World
from lib.reports.sections.groups import Groups

NAMES = ("unique_opens", "opens", "clicks")
BY = ("unique_opens", "opens", "clicks")


def make(world: World) -> Section:
    """Countries, and in `more["regions"]` their regions.

    Columns: country (alpha-2; None is not known, «*» the long tail), of regions also `region` ("" is the rest
    of the country), then unique_opens, opens, clicks, and share of the unique opens. The fact `few_merged`:
    whether groups of few recipients stand together.
    """
    if not (world.covers(Kind.OPENED) or world.covers(Kind.CLICKED)):
        return _reported(world)
    countries, regions = world.part("country"), world.part("region")
    if not any(countries.keys):
        return _reported(world)
    if not world.scope.people:
        regions = _safe_beside(countries, regions)
    return _section(
        world,
        groups.counted(world, countries, NAMES),
        groups.counted(world, regions, NAMES),
        "locations.rule",
    )


def _reported(world: World) -> Section:
    """As the sender reports places: "<country>/<region>", or a country by itself."""
    places = groups.reported(world, "location", NAMES)
    if not places.keys:
        return Section("locations", None, "missing.locations")
    keys = [key if "/" in key or key == OTHER else f"{key}/" for key in places.keys]
    named = pd.DataFrame({"key": [key.partition("/")[0] for key in keys]} | places.columns)
    countries = named.groupby("key", sort=False, as_index=False).sum(min_count=1)
    return _section(world, groups.of_frame(countries), replace(places, keys=keys), "locations.reported")


def _section(world: World, countries: Groups, regions: Groups, note: str) -> Section:
    parts = _finished(world, regions)
    names = {
        "country": pd.Series([_country(key) for key in parts.keys], dtype=object),
        "region": pd.Series([_region(key) for key in parts.keys], dtype=object),
    }
    told = any(_region(key) for key in parts.keys)
    more = {"regions": pd.DataFrame(names | parts.columns)} if told else {}
    facts = {"few_merged": not world.scope.people}
    return Section(
        "locations", _finished(world, countries).frame("country"), note=note, more=more, facts=facts
    )


def _finished(world: World, table: Groups) -> Groups:
    return groups.ordered(groups.with_share(world, table, "unique_opens"), BY)


def _country(key: object) -> str | None:
    return (str(key).partition("/")[0] or None) if isinstance(key, str) else None


def _region(key: object) -> str | None:
    return str(key).partition("/")[2] if isinstance(key, str) and key != OTHER else None


def _safe_beside(countries: Part, regions: Part) -> Part:
    """The regions in such rows that no row of countries minus the regions in it tells of few recipients.

    Where it would, the smallest of these regions join «*», which adds up: someone in two of them is counted
    twice there. Regions of countries that have no row of their own lie in the countries' «*».
    """
    joining: set[object] = set()
    within = [_row_of(countries, key) for key in regions.keys]
    for place, country in enumerate(countries.keys):
        own = [row for row, key in enumerate(regions.keys) if key != OTHER and within[row] == country]
        if not own or not _tells_of_few(countries, place, regions, own):
            continue
        own.sort(key=lambda row: _size(regions, [row]))
        while own and _tells_of_few(countries, place, regions, own):
            joining.add(regions.keys[own.pop(0)])
    return _joined(regions, joining)


def _row_of(countries: Part, region: object) -> str | None:
    """The key of the countries' row in which a region is counted."""
    country = _country(region)
    return country if country in countries.keys else OTHER


def _tells_of_few(countries: Part, place: int, regions: Part, shown: list[int]) -> bool:
    rest = {
        name: max(0.0, countries.counts[name][place] - float(regions.counts[name][shown].sum()))
        for name, count in COUNTS.items()
        if count.of == "messages"
    }
    return 0 < few.size(rest) < few.FEWEST


def _size(part: Part, rows: list[int]) -> int:
    return few.size(
        {name: float(part.counts[name][rows].sum()) for name, one in COUNTS.items() if one.of == "messages"}
    )


def _joined(part: Part, keys: set[object]) -> Part:
    """The rows of `keys` added to the row «*»."""
    if not keys:
        return part
    stays = [row for row, key in enumerate(part.keys) if key not in keys and key != OTHER]
    joins = [row for row, key in enumerate(part.keys) if key in keys or key == OTHER]
    counts = {name: np.append(values[stays], values[joins].sum()) for name, values in part.counts.items()}
    return Part(part.covers, [*(part.keys[row] for row in stays), OTHER], counts)
