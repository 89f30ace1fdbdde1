"""What earlier campaigns to the same audience reached on average."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from lib.model import Form
from lib.reports.figures import columns
from lib.reports.overview import named
from lib.store.analytics import Analytics
from lib.store.records import reading
from lib.store.tables import campaigns

READ = ("counts", "covers", "reported")


@dataclass(frozen=True)
class Average:
    """The mean of a rate over `number` campaigns, each as heavy as the others: Mailchimp's list average."""

    rate: float
    number: int


def averages(analytics: Analytics, row: Any, rates: Sequence[str], form: Form) -> dict[str, Average]:
    """The average of each of `rates` over the campaigns of the sender to the same audience that were sent
    before `row`; none where no such campaign's rate is known. Samples are compared with samples.
    """
    if not row.audience or row.sent_at is None:
        return {}
    rows = _earlier(analytics, row)
    figures = columns(*([getattr(one, name) for one in rows] for name in READ))
    values = {name: figures[named(name, form)].value for name in rates}
    known = {name: column[np.isfinite(column)] for name, column in values.items()}
    return {name: Average(float(column.mean()), len(column)) for name, column in known.items() if len(column)}


def _earlier(analytics: Analytics, row: Any) -> Sequence[Any]:
    same = [campaigns.c[name] == getattr(row, name) for name in ("audience", "sender", "sample")]
    query = sa.select(*(campaigns.c[name] for name in READ)).where(
        *same, campaigns.c.sent_at < row.sent_at, campaigns.c.id != row.id
    )
    with reading(analytics.records) as db:
        return db.execute(query).all()
