"""What was sold."""

from typing import Any

import numpy as np
import pandas as pd

from lib.model import Kind
from lib.reports.figures import columns
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
    known = {
        name: float(column.value[0])
        for name, column in columns([row.counts], [row.covers], [row.reported]).items()
    }
    lines = _lines(world, known)
    if all(np.isnan(value) for line in lines for value in list(line.values())[1:]):
        return Section("commerce", None, "missing.commerce")
    table = pd.DataFrame(lines, columns=["name", "count", "share", "amount"])
    orders = world.covers(Kind.ORDERED) and row.counts.get("orders", 0) > 0
    mixed = bool(orders and row.counts.get("revenue") is None)
    products = _products(world)
    more = {} if products.empty else {"products": products}
    note = "report.few" if more and not world.scope.people else ""
    return Section("commerce", table, note=note, more=more, facts={"mixed": mixed, "currency": row.currency})


def _lines(world: World, known: dict[str, float]) -> list[dict[str, Any]]:
    orders, revenue, deliveries = known["orders"], known["revenue"], known["deliveries"]
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
    table = pd.DataFrame({"product": pd.Series(part.keys, dtype=object)})
    table = table.assign(orders=part.counts["orders"], revenue=part.counts["revenue"])
    sold = table[table["orders"] > 0]
    if sold["product"].isna().all():
        return pd.DataFrame(columns=names)
    order = groups.ordered(sold.rename(columns={"product": "key"}), ("revenue", "orders"))
    return order.rename(columns={"key": "product"}).astype({"orders": np.int64})
