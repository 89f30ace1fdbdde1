"""The full report of one campaign."""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from math import isnan
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import sqlalchemy as sa

from lib.model import Form, Scope
from lib.reports import origins
from lib.reports.metrics import ABOUT_MONEY, METRICS
from lib.reports.overview import named
from lib.reports.parts import read, retrying
from lib.reports.sections import (
    NAMING_PEOPLE,
    SECTION_NAMES,
    SECTIONS,
    TELLING_OTHERS,
    TELLING_REVENUE,
    Section,
    World,
)
from lib.store.analytics import Analytics
from lib.store.records import reading
from lib.store.tables import campaigns, files

OF_OTHERS = "list_"
"""With this begin the names of a sender's averages over other campaigns, such as list_open_rate."""


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
    imported_at: datetime | None
    """When something was last brought in for it."""


DERIVED = frozenset({"has_events", "imported_at"})
"""Fields of a CampaignView that its row of the records has not."""


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
    mark: str = field(default_factory=lambda: uuid4().hex, compare=False)
    """Of this very report: no other has it, so that what is made of it can be kept under it."""


def report(analytics: Analytics, scope: Scope, campaign_id: str, form: Form = Form.ALL) -> Report:
    """The report of a campaign. Raises UnknownCampaign when there is none within the scope."""
    if not scope.allows(campaign_id):
        raise UnknownCampaign(campaign_id)
    return retrying(lambda: _report(analytics, scope, campaign_id, form))


def sections_of(scope: Scope) -> tuple[str, ...]:
    """The sections that a scope shows, in the order of the report."""
    hidden = {name for shown, names in _kept_back(scope) if not shown for name in names}
    return tuple(name for name in SECTION_NAMES if scope.shows(name) and name not in hidden)


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain values: rates as fractions of 1, unknown as null, times in ISO 8601.

    A section is a list of rows, or null where data is missing for it; `details` has its single values and
    further tables.
    """
    campaign = asdict(report.campaign)
    campaign |= {name: _plain(campaign[name]) for name in ("sent_at", "imported_at")}
    return {
        "campaign": campaign,
        "metrics": {name: _plain(figure.value) for name, figure in report.figures.items()},
        "sections": {name: _records(section.table) for name, section in report.sections.items()},
        "details": {
            name: {"facts": {key: _plain(value) for key, value in section.facts.items()}}
            | {"tables": {key: _records(table) for key, table in section.more.items()}}
            for name, section in report.sections.items()
            if section.facts or section.more
        },
        "claimed": report.claimed,
    }


def _kept_back(scope: Scope) -> tuple[tuple[bool, frozenset[str]], ...]:
    """Sections that need more than being among those of the scope."""
    return (
        (scope.people, NAMING_PEOPLE),
        (scope.revenue, TELLING_REVENUE),
        (scope.history, TELLING_OTHERS),
    )


# --- figures --------------------------------------------------------------------------------------


def _report(analytics: Analytics, scope: Scope, campaign_id: str, form: Form) -> Report:
    with reading(analytics.records) as db:
        row = db.execute(sa.select(campaigns).where(campaigns.c.id == campaign_id)).first()
        people = list(db.scalars(sa.select(files.c.path).where(files.c.campaign_id == campaign_id)))
        imported_at = origins.imported_at(db, campaign_id)
    if row is None:
        raise UnknownCampaign(campaign_id)
    known = {item.name: getattr(row, item.name) for item in fields(CampaignView) if item.name not in DERIVED}
    view = CampaignView(**known, has_events=row.rollup is not None, imported_at=imported_at)
    rollup = read(analytics, row.rollup) if row.rollup else None
    world = World(analytics, row, rollup, people, form, scope, imported_at)
    sections = {name: SECTIONS[name](world) for name in sections_of(scope)}
    return Report(view, form, _figures(world), sections, _claimed(row, scope))


def _claimed(row: Any, scope: Scope) -> dict[str, str]:
    """Of figures that no metric of ours is, any may tell of money: without revenue none is shown. The
    sender's averages of a list tell of other campaigns.
    """
    harmless = METRICS.keys() - set(ABOUT_MONEY)
    return {
        name: text
        for name, text in row.claimed.items()
        if text and (scope.revenue or name in harmless) and (scope.history or not name.startswith(OF_OTHERS))
    }


def _figures(world: World) -> dict[str, Figure]:
    figures = {}
    for name in METRICS:
        meant = named(name, world.form)
        one = world.figures[meant]
        claimed = world.row.claimed.get(meant, "")
        value, computed, stated = (
            _number(name, float(column[0])) for column in (one.value, one.computed, one.reported)
        )
        figures[name] = Figure(name, value, computed, stated, claimed)
        if name in ABOUT_MONEY and not world.scope.revenue:
            figures[name] = Figure(name, None, None, None, "")
    return figures


def _number(name: str, value: float) -> float | None:
    """A plain number: counts are whole, what is unknown is None."""
    if isnan(value):
        return None
    return int(value) if METRICS[name].format == "count" and value.is_integer() else value


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
