"""All campaigns with their figures, from the records alone: no event and no rollup is read."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from lib.model import Form, Scope
from lib.reports.figures import columns
from lib.reports.metrics import ABOUT_MONEY, METRICS, in_people_form
from lib.store.analytics import Analytics
from lib.store.records import reading
from lib.store.settlement import chunks
from lib.store.tables import campaigns as table

SHOWN = (
    "id",
    "native_id",
    "title",
    "subject",
    "audience",
    "sender",
    "sent_at",
    "zone",
    "currency",
    "sample",
    "tags",
)
READ = (*SHOWN, "counts", "covers", "reported")


def campaigns(analytics: Analytics, scope: Scope, form: Form = Form.ALL) -> pd.DataFrame:
    """One row per campaign of the scope, the latest first.

    Columns: id, native_id, title, subject, audience, sender, sent_at (UTC), zone, currency, sample, tags
    (joined by «|»; for analysts), and one per metric of METRICS by its name. Rates are fractions of 1;
    unknown is NaN. In the form *people* an open or click metric stands without machines under its plain name
    too.
    """
    rows = _rows(analytics, scope)
    frame = pd.DataFrame({name: [getattr(row, name) for row in rows] for name in SHOWN}, columns=list(SHOWN))
    # Tags are notes of the house; like raw links they are never in the scope of a share.
    frame["tags"] = ["|".join(tags) if scope.raw_links else "" for tags in frame["tags"]]
    frame["sent_at"] = pd.to_datetime(frame["sent_at"], utc=True)
    figures = columns(
        [row.counts for row in rows], [row.covers for row in rows], [row.reported for row in rows]
    )
    known = {name: figures[named(name, form)].value for name in METRICS}
    hidden = {name: np.full(len(rows), np.nan) for name in ABOUT_MONEY if not scope.revenue}
    return pd.concat([frame, pd.DataFrame(known | hidden)], axis=1)


def named(name: str, form: Form) -> str:
    """The metric that is meant by `name` when a report is read in a form."""
    return in_people_form(name) if form is Form.PEOPLE else name


def _rows(analytics: Analytics, scope: Scope) -> Sequence[Any]:
    query = sa.select(*(table.c[name] for name in READ))
    with reading(analytics.records) as db:
        if scope.campaigns is None:
            found = list(db.execute(query))
        else:
            found = [
                row for ids in chunks(scope.campaigns) for row in db.execute(query.where(table.c.id.in_(ids)))
            ]
    return sorted(found, key=lambda row: (row.sent_at is not None, row.sent_at or 0, row.id), reverse=True)
