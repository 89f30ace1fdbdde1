"""What became of each message: the file of messages beside a campaign's rollup, one row per message.

Columns: message; sent; bounce (hard, soft or null), bounced_at, bounce_reason; opens, clicks,
first_opened_at, last_opened_at, first_clicked_at, last_clicked_at, each also with `_people`; unsubscribed,
unsubscribed_at, unsubscribe_reason; complained, complained_at; variant; orders; revenue (null where amounts
are in several currencies). Times are UTC. The rows are in the order of the messages.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.reports.codes import Numbers, firsts
from lib.reports.columns import NO_TIME, Columns
from lib.reports.tallies import sold

FORMS = tuple(
    (verb, name, end)
    for verb, name in (("opened", "opens"), ("clicked", "clicks"))
    for end in ("", "_people")
)
"""Verb and count of opens and clicks, and what ends them in each form."""

BOUNCES = ("soft", "hard")
LATEST = np.iinfo(np.int64).max


def outcomes(columns: Columns) -> pa.Table:
    """The rows of the files of messages, campaign by campaign; needs the dimensions reason and variant."""
    found = {"message": pa.array(columns.messages), "sent": _is(columns, "recipients")}
    found |= _bounces(columns)
    for verb, name, end in FORMS:
        rows = columns.having(f"{name}{end}")
        found[f"{name}{end}"] = pa.array(np.bincount(columns.message[rows], minlength=len(columns.messages)))
        found[f"first_{verb}_at{end}"] = _times(first_at(columns, rows))
        found[f"last_{verb}_at{end}"] = _times(_last_at(columns, rows))
    found |= _deed(columns, "unsubscribed", "unsubscribes")
    found["unsubscribe_reason"] = _first_reason(columns, columns.having("unsubscribes"))
    found |= _deed(columns, "complained", "complaints")
    found["variant"] = _texts(columns.keyed["variant"].names, _last_code(columns))
    bought = sold(columns, columns.message, columns.of_message)
    found["orders"] = pa.array(bought["orders"], pa.int64())
    found["revenue"] = pa.array(bought["revenue"], pa.float64(), from_pandas=True)
    return pa.table(found)


def first_at(columns: Columns, rows: Numbers) -> Numbers:
    """By message the first known time of some rows, else NO_TIME."""
    times = np.where(columns.at[rows] == NO_TIME, LATEST, columns.at[rows])
    found = _reduced(columns, rows, times, np.minimum)
    return np.where(found == LATEST, NO_TIME, found)


def _last_at(columns: Columns, rows: Numbers) -> Numbers:
    return _reduced(columns, rows, columns.at[rows], np.maximum)


def _reduced(columns: Columns, rows: Numbers, values: Numbers, how: np.ufunc) -> Numbers:
    """One number per message, NO_TIME for one without rows."""
    found = np.full(len(columns.messages), NO_TIME)
    if len(rows):
        message = columns.message[rows]
        places = firsts(message)
        found[message[places]] = how.reduceat(values, places)
    return found


def _deed(columns: Columns, verb: str, mark: str) -> dict[str, pa.Array]:
    return {verb: _is(columns, mark), f"{verb}_at": _times(first_at(columns, columns.having(mark)))}


def _is(columns: Columns, mark: str) -> pa.Array:
    held = np.zeros(len(columns.messages), dtype=bool)
    held[columns.message[columns.having(mark)]] = True
    return pa.array(held)


def _bounces(columns: Columns) -> dict[str, pa.Array]:
    """The bounces that stand: a message has one at most."""
    rows = columns.having("bounces")
    bounce = np.full(len(columns.messages), -1)
    for code, name in enumerate(BOUNCES):
        bounce[columns.message[columns.having(f"{name}_bounces")]] = code
    reason = np.full(len(columns.messages), -1)
    reason[columns.message[rows]] = columns.keyed["reason"].codes[rows]
    return {
        "bounce": _texts(pa.array(BOUNCES), bounce),
        "bounced_at": _times(_last_at(columns, rows)),
        "bounce_reason": _texts(columns.keyed["reason"].names, reason),
    }


def _first_reason(columns: Columns, rows: Numbers) -> pa.Array:
    """Of several reasons the first in time; at the same time, or at none, the first in the alphabet."""
    reason = columns.keyed["reason"]
    rows = rows[reason.codes[rows] >= 0]
    times = np.where(columns.at[rows] == NO_TIME, LATEST, columns.at[rows])
    order = rows[np.lexsort((reason.codes[rows], times, columns.message[rows]))][::-1]
    codes = np.full(len(columns.messages), -1)
    codes[columns.message[order]] = reason.codes[order]  # the first stays: it is written last
    return _texts(reason.names, codes)


def _last_code(columns: Columns) -> npt.NDArray[np.int32]:
    codes = columns.keyed["variant"].codes
    if not len(codes):
        return codes
    return np.maximum.reduceat(codes, np.searchsorted(columns.message, np.arange(len(columns.messages))))


def _texts(names: pa.StringArray, codes: npt.NDArray[np.integer]) -> pa.Array:
    return names.take(pa.array(codes, mask=codes < 0))


def _times(times: Numbers) -> pa.Array:
    return pa.array(times, pa.timestamp("us"), mask=times == NO_TIME)
