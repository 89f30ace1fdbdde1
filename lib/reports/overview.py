"""All campaigns with their figures, from the records alone: no event and no rollup is read."""

import numpy as np
import pandas as pd

from lib.model import Form, Scope
from lib.reports import ledger
from lib.reports.metrics import ABOUT_MONEY, METRICS, in_people_form
from lib.store.analytics import Analytics


def campaigns(analytics: Analytics, scope: Scope, form: Form = Form.ALL) -> pd.DataFrame:
    """One row per campaign of the scope, the latest first.

    Columns: id, native_id, title, subject, audience, sender, sent_at (UTC), zone, currency, sample, tags
    (joined by «|»; for analysts), and one per metric of METRICS by its name. Rates are fractions of 1;
    unknown is NaN. In the form *people* an open or click metric stands without machines under its plain name
    too.
    """
    found = ledger.of(analytics) if scope.campaigns is None else ledger.of_some(analytics, scope.campaigns)
    # Tags are notes of the house; like raw links they are never in the scope of a share.
    words = found.words if scope.raw_links else found.words.assign(tags="")
    known = {name: found.figures[named(name, form)].value for name in METRICS}
    hidden = {name: np.full(len(words), np.nan) for name in ABOUT_MONEY if not scope.revenue}
    return pd.concat([words, pd.DataFrame(known | hidden)], axis=1)


def named(name: str, form: Form) -> str:
    """The metric that is meant by `name` when a report is read in a form."""
    return in_people_form(name) if form is Form.PEOPLE else name
