"""Where in the mail the clicks were."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from lib.reports import mail_html
from lib.reports.folding import Clicked, Clicks, bare_of, page_of, personal
from lib.reports.mail_html import Link
from lib.reports.rollup import OTHER
from lib.reports.sections.base import Section, World

Pair = tuple[float, float]
"""Clicks, unique clicks."""

MOST_LINKS = 500
"""No mail has so many; a page that was made to be large has."""

COLUMNS = ("place", "text", "page", "clicks", "unique_clicks", "click_share", "told")
TOLD = ("place", "page", "few")
"""What the numbers of a row are of: of this place alone; of all places that lead to the same page; or not
told, because they are counted with other links.
"""


def make(world: World) -> Section:
    """Each link of the mail that can be counted, in the order of the mail, with what was clicked there.

    `place` counts all links of the mail from 1. `click_share` is the part of all clicks on links. Where
    recipients are hidden and groups of few are one row, the links without a row of their own have no number,
    whether anybody clicked them or not.
    """
    if not world.row.html:
        return Section("click_map", None, "missing.click_map")
    found = world.clicked
    if found is None:
        return Section("click_map", None, "missing.click_map_clicks")
    rows = list(_rows(world, world.row.html, found))
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in COLUMNS}
    clicks = np.array(columns["clicks"], dtype=np.float64)
    columns["clicks"], columns["unique_clicks"] = clicks, np.array(columns["unique_clicks"], dtype=np.float64)
    whole = found.links.clicks
    columns["click_share"] = (
        clicks / whole[~np.isnan(whole)].sum() if found.links.keys else np.zeros(len(rows))
    )
    note = "" if world.scope.people else "report.few"
    return Section("click_map", pd.DataFrame(columns), note=note)


def _rows(world: World, page: str, found: Clicked) -> Iterator[dict[str, Any]]:
    by_page = found.links if found.pages is None else found.pages
    counts = zip(by_page.clicks.tolist(), by_page.unique_clicks.tolist(), strict=True)
    known: dict[str, Pair] = dict(zip(by_page.keys, counts, strict=True))
    tail = OTHER in known
    own = personal(world)
    leads = bare_of if found.pages is None else page_of
    places = {link.place: _page(known, leads(link.href, own)) for link in mail_html.links(page)}
    counted = [link for link in mail_html.links(page) if _is_counted(link) or places[link.place] in known]
    shared = Counter(places[link.place] for link in counted)
    alone = _told_apart(counted, places, known, found.places)
    for link in counted[:MOST_LINKS]:
        where = places[link.place]
        shown = where if where in known or world.scope.raw_links else _without_query(where)
        row: dict[str, Any] = {"place": link.place, "text": link.text, "page": shown, "told": "place"}
        if link.place in alone:
            clicks, uniques = alone[link.place]
        elif where in known:
            clicks, uniques = known[where]
            row["told"] = "page" if shared[where] > 1 else "place"
        else:
            clicks, uniques = (np.nan, np.nan) if tail else (0, 0)
            row["told"] = "few" if tail else "place"
        yield row | {"clicks": clicks, "unique_clicks": uniques}


def _page(known: dict[str, Pair], page: str) -> str:
    """As it was clicked: with a slash at its end or without."""
    other = page.removesuffix("/") if page.endswith("/") else f"{page}/"
    return other if page not in known and other in known else page


def _without_query(page: str) -> str:
    """The mail is one recipient's copy; of an address that nobody clicked no clicks tell what is theirs."""
    return re.split("[?#]", page, maxsplit=1)[0]


def _is_counted(link: Link) -> bool:
    """Senders count clicks on the web only: not on addresses of mail, anchors and their own placeholders."""
    return link.href.lower().startswith(("http://", "https://"))


def _told_apart(
    counted: list[Link], places: dict[int, str], known: dict[str, Pair], clicks: Clicks | None
) -> dict[int, Pair]:
    """place -> clicks, unique clicks, of the pages to which several links lead, where events tell by place.

    Senders number links as they like: all of them, or only those that they count. Of these two the numbering
    is taken under which more clicks stand at a link to their own page; a page that has a click elsewhere, or
    one without a place, is not told apart.
    """
    if clicks is None:
        return {}
    numberings = (list(places), [link.place for link in counted])
    shared = Counter(places[link.place] for link in counted)
    found = max((_by_numbering(numbers, places, clicks) for numbers in numberings), key=_weight)
    sums: dict[str, float] = {}
    for place, (number, _) in found.items():
        sums[places[place]] = sums.get(places[place], 0) + number
    whole = {page for page, total in sums.items() if page in known and total == known[page][0]}
    several = {page for page in whole if shared[page] > 1}
    return {link.place: found.get(link.place, (0, 0)) for link in counted if places[link.place] in several}


def _by_numbering(numbers: list[int], places: dict[int, str], clicks: Clicks) -> dict[int, Pair]:
    by_number = dict(enumerate(numbers, start=1))
    found: dict[int, Pair] = {}
    assert clicks.positions is not None  # noqa: S101 - these are clicks by place
    numbers_of = (clicks.positions.tolist(), clicks.clicks.tolist(), clicks.unique_clicks.tolist())
    for page, position, total, uniques in zip(clicks.keys, *numbers_of, strict=True):
        place = by_number.get(position)
        if place is not None and places[place] == page:
            found[place] = (total, uniques)
    return found


def _weight(found: dict[int, Pair]) -> float:
    return sum(clicks for clicks, _ in found.values())
