"""What earlier campaigns to the same audience reached on average."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lib.model import Form
from lib.reports.ledger import Ledger
from lib.reports.overview import named


@dataclass(frozen=True)
class Average:
    """The mean of a rate over `number` campaigns, each as heavy as the others: Mailchimp's list average."""

    rate: float
    number: int


def averages(ledger: Ledger, row: Any, rates: Sequence[str], form: Form) -> dict[str, Average]:
    """The average of each of `rates` over the campaigns of the sender to the same audience that were sent
    before `row`; none where no such campaign's rate is known. Samples are compared with samples.
    """
    if not row.audience:
        return {}
    rows = ledger.before(row)[::-1]
    values = {name: ledger.figures[named(name, form)].value[rows] for name in rates}
    known = {name: column[np.isfinite(column)] for name, column in values.items()}
    return {name: Average(float(column.mean()), len(column)) for name, column in known.items() if len(column)}
