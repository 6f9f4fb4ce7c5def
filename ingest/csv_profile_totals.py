"""Totals that a CSV file leaves to the gateway: the sums of its lines, parent by parent."""

import polars as pl

from market.frames import text_column
from market.layout import Item, Record
from market.number_text import decimal_text


def totals_of(record: Record, line: Record, lines: pl.DataFrame, parents: int) -> pl.DataFrame:
    """The text columns of a total's items, a row for each of the parents of `lines` in their order.

    Each is the exact sum of what can be read of the lines' item of that name; an optional one is empty where all of
    them are.
    """
    sums = lines.group_by("up", maintain_order=True).agg(_sum(line.item(item.column)) for item in record.items)
    assert sums.height == parents
    return sums.select(text_column(item.column) for item in record.items)


def _sum(item: Item) -> pl.Expr:
    total = decimal_text(pl.col(item.column).sum(), item.type.decimals)
    name = text_column(item.column)
    return (total if item.presence == "M" else pl.when(pl.col(name).is_not_null().any()).then(total)).alias(name)
