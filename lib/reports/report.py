"""The full report of one campaign."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from lib.model import Form, Kind, Scope
from lib.reports import few, tokens
from lib.reports.answers import Part, part_of, retrying
from lib.reports.figures import columns, is_covered, quotient
from lib.reports.metrics import ABOUT_MONEY, METRICS
from lib.reports.overview import named
from lib.reports.rollup import MOST_ACTIVE, OTHER
from lib.store.analytics import Analytics
from lib.store.records import reading
from lib.store.tables import campaigns, files

HOURS = 24


class UnknownCampaign(Exception):
    """No campaign of this id within the scope; that it exists elsewhere is not told."""


@dataclass(frozen=True)
class Figure:
    """A metric of one campaign.

    `value` is computed where the events cover all that the metric needs, else reported, else None.
    `claimed` is the sender's own text ("120.00%"), or "".
    """

    name: str
    value: float | None
    computed: float | None
    reported: float | None
    claimed: str


@dataclass(frozen=True)
class Section:
    """A table of the report; without one, `missing` is the key of the sentence that says what would fill
    it.
    """

    name: str
    table: pd.DataFrame | None
    missing: str = ""
    note: str = ""
    """The key of a sentence about how the table was made, or ""."""


@dataclass(frozen=True)
class CampaignView:
    """The header of a report."""

    id: str
    native_id: str
    sender: str
    title: str
    subject: str | None
    preview_text: str | None
    from_name: str | None
    from_email: str | None
    reply_to: str | None
    audience: str | None
    sent_at: datetime | None
    zone: str
    currency: str | None
    sample: bool
    has_events: bool


@dataclass(frozen=True)
class Report:
    """All of one campaign that a scope shows, in one form.

    `figures` has every metric of METRICS by name; in the form *people* an open or click metric stands
    without machines under its plain name too. `sections` has those that the scope shows. `claimed` is all
    that the sender claims of the campaign, by name and word for word, whether it is a metric of ours or not.
    """

    campaign: CampaignView
    form: Form
    figures: dict[str, Figure]
    sections: dict[str, Section]
    claimed: dict[str, str]


def report(analytics: Analytics, scope: Scope, campaign_id: str, form: Form = Form.ALL) -> Report:
    """The report of a campaign. Raises UnknownCampaign when there is none within the scope."""
    if not scope.allows(campaign_id):
        raise UnknownCampaign(campaign_id)
    return retrying(lambda: _report(analytics, scope, campaign_id, form))


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain values: rates as fractions of 1, unknown as null, times in ISO 8601.

    A section is a list of rows, or null where data is missing for it.
    """
    campaign = asdict(report.campaign)
    campaign["sent_at"] = _plain(report.campaign.sent_at)
    return {
        "campaign": campaign,
        "metrics": {name: _plain(figure.value) for name, figure in report.figures.items()},
        "sections": {name: _records(section.table) for name, section in report.sections.items()},
        "claimed": report.claimed,
    }


# --- figures --------------------------------------------------------------------------------------


def _report(analytics: Analytics, scope: Scope, campaign_id: str, form: Form) -> Report:
    with reading(analytics.records) as db:
        row = db.execute(sa.select(campaigns).where(campaigns.c.id == campaign_id)).first()
        people = list(db.scalars(sa.select(files.c.path).where(files.c.campaign_id == campaign_id)))
    if row is None:
        raise UnknownCampaign(campaign_id)
    known = {item.name: getattr(row, item.name) for item in fields(CampaignView) if item.name != "has_events"}
    view = CampaignView(**known, has_events=row.rollup is not None)
    rollup = analytics.events.read(row.rollup) if row.rollup else None
    world = _World(analytics, row, rollup, people, form, scope)
    shown = {name: make for name, make in SECTIONS.items() if scope.shows(name) and _allowed(name, scope)}
    sections = {name: make(world) for name, make in shown.items()}
    return Report(view, form, _figures(row, scope, form), sections, _claimed(row, scope))


def _claimed(row: Any, scope: Scope) -> dict[str, str]:
    """Of figures that no metric of ours is, any may tell of money: without revenue none is shown."""
    harmless = METRICS.keys() - set(ABOUT_MONEY)
    return {name: text for name, text in row.claimed.items() if text and (scope.revenue or name in harmless)}


def _figures(row: Any, scope: Scope, form: Form) -> dict[str, Figure]:
    known = columns([row.counts], [row.covers], [row.reported])
    figures = {}
    for name in METRICS:
        meant = named(name, form)
        one = known[meant]
        claimed = row.claimed.get(meant, "")
        value, computed, stated = (
            _number(name, column[0]) for column in (one.value, one.computed, one.reported)
        )
        figures[name] = Figure(name, value, computed, stated, claimed)
        if name in ABOUT_MONEY and not scope.revenue:
            figures[name] = Figure(name, None, None, None, "")
    return figures


def _number(name: str, value: float) -> float | None:
    """A plain number: counts are whole, what is unknown is None."""
    if np.isnan(value):
        return None
    whole = METRICS[name].format == "count" and float(value).is_integer()
    return int(value) if whole else float(value)


# --- sections -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _World:
    """What a section is made of."""

    analytics: Analytics
    row: Any
    rollup: pa.Table | None
    files: list[str]
    form: Form
    scope: Scope

    def covers(self, *kinds: Kind) -> bool:
        return self.rollup is not None and is_covered(kinds, self.row.covers)

    @property
    def most_recipients(self) -> float:
        """The recipients as reported; without limit where that is unknown."""
        return float(self.row.reported.get("recipients") or np.inf)

    def part(self, dimension: str) -> Part:
        return part_of(self.rollup, dimension, self.row.covers, self.scope)


def _first_day(world: _World) -> Section:
    """First opens and first clicks of each message, and all of them, in each of the first 24 hours."""
    covered = {"opens": world.covers(Kind.OPENED), "clicks": world.covers(Kind.CLICKED)}
    if not any(covered.values()):
        return Section("first_day", None, "missing.first_day")
    part = world.part("hour")
    hours: dict[Any, int] = {key: place for place, key in enumerate(part.keys) if key is not None}
    if not hours and any(world.row.counts.get(name, 0) for name in covered):
        return Section("first_day", None, "missing.times")
    table: dict[str, Any] = {"hour": np.arange(HOURS)}
    for name in ("first_opens", "first_clicks", "opens", "clicks"):
        counts = part.counts[named(name, world.form)]
        by_hour = [counts[hours[hour]] if hour in hours else 0 for hour in range(HOURS)]
        known = covered[name.removeprefix("first_")]
        table[name] = np.array(by_hour, dtype=np.int64) if known else np.full(HOURS, np.nan)
    return Section("first_day", pd.DataFrame(table))


def _links(world: _World) -> Section:
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


def _active_recipients(world: _World) -> Section:
    """The recipients who opened and clicked most, with the time of the last of it."""
    if not (world.covers(Kind.OPENED) or world.covers(Kind.CLICKED)):
        return Section("active_recipients", None, "missing.active_recipients")
    assert world.rollup is not None  # noqa: S101 - covers() says so
    rows = world.rollup.filter(pc.equal(world.rollup.column("dimension"), "message"))
    last = "last_at_people" if world.form is Form.PEOPLE else "last_at"
    opens, clicks = (rows.column(named(name, world.form)).to_numpy() for name in ("opens", "clicks"))
    table = pd.DataFrame(
        {
            "message": [int(key) for key in rows.column("key").to_pylist()],
            "opens": opens,
            "clicks": clicks,
            "last_at": pd.to_datetime(rows.column(last).to_pandas(), utc=True),
        }
    )
    table = table[table["opens"] + table["clicks"] > 0]
    table = table.assign(total=table["opens"] + table["clicks"]).sort_values(
        ["total", "clicks", "last_at", "message"], ascending=[False, False, False, True]
    )
    addresses = _addresses(world, table["message"].tolist())
    table = table.assign(address=[addresses.get(message, "") for message in table["message"]]).head(
        MOST_ACTIVE
    )
    return Section(
        "active_recipients", table[["address", "opens", "clicks", "last_at"]].reset_index(drop=True)
    )


def _addresses(world: _World, messages: list[int]) -> dict[int, str]:
    """The addresses of some messages, from the files of people."""
    found: dict[int, str] = {}
    for place in world.files:
        path = world.analytics.events.people(place)
        table = pq.read_table(
            path, columns=["message", "address"], filters=[("message", "in", messages or [0])]
        )
        found |= dict(
            zip(table.column("message").to_pylist(), table.column("address").to_pylist(), strict=True)
        )
    return found


SECTIONS: dict[str, Callable[[_World], Section]] = {
    "first_day": _first_day,
    "links": _links,
    "active_recipients": _active_recipients,
}

SECTION_NAMES = tuple(SECTIONS)
"""In the order of the report."""

NAMING_PEOPLE = frozenset({"active_recipients"})


def _allowed(name: str, scope: Scope) -> bool:
    return scope.people or name not in NAMING_PEOPLE


# --- plain values ---------------------------------------------------------------------------------


def _records(table: pd.DataFrame | None) -> list[dict[str, Any]] | None:
    if table is None:
        return None
    names = list(table.columns)
    rows = table.astype(object).itertuples(index=False, name=None)
    return [dict(zip(names, map(_plain, row), strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    return value
