"""What was sold."""

from typing import Any

import numpy as np
import pandas as pd

from lib.model import Kind
from lib.reports.sections import groups
from lib.reports.sections.base import Section, World

STATED = ("gross_sales", "total_sales")
"""Amounts that only a sender tells."""


def make(world: World) -> Section:
    """Orders and what they brought; `products` has one row per product, the most revenue first,
    the long tail and what is not named at the end.

    Columns: name (orders, buyers, revenue, average_order, revenue_per_delivery, and those of STATED that the
    sender reports), count, share (of the deliveries), amount. Buyers are messages that led to an order, known
    from events only. Columns of products: product (None: not named, «*»: the long tail), orders, revenue.
    Unknown is NaN. The fact `mixed` says that the amounts are in several currencies, so that they have no
    sum.
    """
    row = world.row
    lines = _lines(world)
    if all(np.isnan(value) for line in lines for value in list(line.values())[1:]):
        return Section("commerce", None, "missing.commerce")
    table = pd.DataFrame(lines, columns=["name", "count", "share", "amount"])
    orders = world.covers(Kind.ORDERED) and row.counts.get("orders", 0) > 0
    mixed = bool(orders and row.counts.get("revenue") is None)
    products = _products(world)
    more = {} if products.empty else {"products": products}
    note = "report.few" if more and not world.scope.people else ""
    return Section("commerce", table, note=note, more=more, facts={"mixed": mixed, "currency": row.currency})


def _lines(world: World) -> list[dict[str, Any]]:
    orders, revenue, deliveries = (world.value(name) for name in ("orders", "revenue", "deliveries"))
    buyers = _buyers(world)
    stated = [{"name": name, "amount": world.row.reported.get(name)} for name in STATED]
    return [
        {"name": "orders", "count": orders},
        {"name": "buyers", "count": buyers, "share": _divided(buyers, deliveries)},
        {"name": "revenue", "amount": revenue},
        {"name": "average_order", "amount": _divided(revenue, orders)},
        {"name": "revenue_per_delivery", "amount": _divided(revenue, deliveries)},
        *(line for line in stated if line["amount"] is not None),
    ]


def _divided(part: float, whole: float) -> float:
    return part / whole if whole else np.nan


def _buyers(world: World) -> float:
    if not world.covers(Kind.ORDERED):
        return np.nan
    buyers = world.whole("buyers")
    return np.nan if buyers is None else float(buyers)


def _products(world: World) -> pd.DataFrame:
    """Empty where no order names a product."""
    names = ["product", "orders", "revenue"]
    if not world.covers(Kind.ORDERED):
        return pd.DataFrame(columns=names)
    part = world.part("product")
    table = groups.Groups(part.keys, {name: part.counts[name] for name in names[1:]})
    sold = table.taking(np.flatnonzero(table.columns["orders"] > 0))
    if all(key is None for key in sold.keys):
        return pd.DataFrame(columns=names)
    whole = sold.adding(orders=sold.columns["orders"].astype(np.int64))
    return groups.ordered(whole, ("revenue", "orders")).frame("product")
